"""An httpx client answered straight from the venue's model: no world, no loop, no network."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import httpx
import respx

from simulator.binance.desk import Call
from simulator.binance.parameters import Parameters
from tests.binance.conftest import API_KEY, MS, Desk, sign


def answer(desk: Desk, request: httpx.Request) -> httpx.Response:
    query, body = request.url.query.decode(), request.content.decode()
    answered = desk.venue.answer(
        Call(
            method=request.method,
            path=request.url.path,
            query=query,
            body=body,
            headers={"x-mbx-apikey": request.headers.get("X-MBX-APIKEY", "")},
            parameters=Parameters.parse(query, body),
        )
    )
    return httpx.Response(answered.status, text=answered.text, headers=answered.headers)


def test_a_respx_router_can_answer_from_the_model(desk: Desk) -> None:
    order = {"symbol": "SKLUSDT", "side": "BUY", "type": "MARKET", "quantity": "308"}
    signed = sign(urlencode({**order, "timestamp": desk.env.now // MS}))
    with respx.mock(base_url="https://fapi.binance.com") as router:
        router.route().mock(side_effect=lambda request: answer(desk, request))
        with httpx.Client(
            base_url="https://fapi.binance.com", headers={"X-MBX-APIKEY": API_KEY}
        ) as client:
            placed = client.post("/fapi/v1/order", content=signed)
            refused = client.post("/fapi/v1/order", content=signed + "0")
    assert placed.status_code == 200
    assert placed.headers["x-mbx-order-count-10s"] == "1"
    assert refused.status_code == 400
    assert json.loads(refused.text) == {
        "code": -1022,
        "msg": "Signature for this request is not valid.",
    }
    assert desk.exchange.position("trader", "SKLUSDT").quantity == 308
