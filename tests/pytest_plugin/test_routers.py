"""Venues behind respx: httpx clients without a world, in virtual time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from replay.pytest_plugin.routing import venue_router
from replay.pytest_plugin.venue import SimulatedVenue

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def signed(venue: SimulatedVenue, timestamp_ms: int | None = None, **parameters: str) -> str:
    """As Binance's documentation has it: HMAC SHA256 of the query, in hex."""
    timestamp = round(time.time() * 1000) if timestamp_ms is None else timestamp_ms
    query = urlencode({**parameters, "timestamp": timestamp, "recvWindow": 1000})
    signature = hmac.new(venue.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
    return f"/fapi/v1/order?{query}&signature={signature}"


def client(venue: SimulatedVenue, **more: Any) -> httpx.Client:
    return httpx.Client(base_url=venue.url, headers={"X-MBX-APIKEY": venue.api_key}, **more)


def test_a_client_is_answered_by_the_venue_itself(binance_router: SimulatedVenue) -> None:
    with client(binance_router) as http:
        placed = http.post(signed(binance_router, **ORDER))
        forged = http.post(signed(binance_router, **ORDER) + "0")
        unknown = http.get("/fapi/v1/nothing")
    assert (placed.status_code, placed.json()["status"]) == (200, "NEW")
    assert placed.headers["x-mbx-order-count-10s"] == "1"
    assert binance_router.positions == {"BTCUSDT": Decimal("0.01")}
    assert (forged.status_code, forged.json()["code"]) == (400, -1022)
    assert unknown.status_code == 404
    assert placed.headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert binance_router.router is not None
    assert binance_router.router["binance"].call_count == 3


async def test_an_asynchronous_client_is_too(binance_router: SimulatedVenue) -> None:
    keys = {"X-MBX-APIKEY": binance_router.api_key}
    async with httpx.AsyncClient(base_url=binance_router.url, headers=keys) as http:
        placed = await asyncio.gather(
            *(http.post(signed(binance_router, **ORDER)) for _ in range(3))
        )
    assert [each.status_code for each in placed] == [200] * 3
    assert binance_router.positions == {"BTCUSDT": Decimal("0.03")}


test_an_asynchronous_client_is_too = pytest.mark.asyncio(test_an_asynchronous_client_is_too)


def test_bybit_signs_in_headers(bybit_router: SimulatedVenue) -> None:
    body = '{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"0.01"}'
    stamp = str(round(time.time() * 1000))
    text = f"{stamp}{bybit_router.api_key}5000{body}"
    headers = {
        "X-BAPI-API-KEY": bybit_router.api_key,
        "X-BAPI-TIMESTAMP": stamp,
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": hmac.new(
            bybit_router.secret.encode(), text.encode(), hashlib.sha256
        ).hexdigest(),
        "Content-Type": "application/json",
    }
    url = f"{bybit_router.url}/v5/order/create"
    assert httpx.post(url, content=body, headers=headers).json()["retCode"] == 0
    assert bybit_router.positions == {"BTCUSDT": Decimal("0.01")}
    forged = httpx.post(url, content=body + " ", headers=headers)
    assert forged.json()["retCode"] == 10004


def test_time_stands_still_until_the_test_moves_it(binance_router: SimulatedVenue) -> None:
    began_ms = round(time.time() * 1000)
    assert datetime.now(UTC) == datetime(2026, 1, 1, tzinfo=UTC)
    with client(binance_router) as http:
        binance_router.advance(1.5)
        assert http.get("/fapi/v1/time").json() == {"serverTime": began_ms + 1_500}
        assert round(time.time() * 1000) == began_ms + 1_500
        stale = http.post(signed(binance_router, began_ms, **ORDER))
    assert (stale.status_code, stale.json()["code"]) == (400, -1021)


def test_faults_and_lags_are_what_a_client_would_see(binance_router: SimulatedVenue) -> None:
    endpoint = "POST /fapi/v1/order"
    binance_router.behave(
        latency=[{"endpoint": endpoint, "request": "200 ms"}],
        visibility=[{"window": "order", "lag": "2 s"}],
        faults=[
            {"name": "reset", "endpoint": endpoint, "kind": "reset", "nth": [1]},
            {"name": "lost", "endpoint": endpoint, "kind": "reply_lost", "nth": [2]},
        ],
    )
    began = time.time()
    with client(binance_router, timeout=5) as http:
        with pytest.raises(httpx.ReadError):
            http.post(signed(binance_router, **ORDER))
        assert time.time() - began == pytest.approx(0.2)
        assert binance_router.positions == {}
        with pytest.raises(httpx.ReadTimeout):
            http.post(signed(binance_router, **ORDER))
        assert time.time() - began == pytest.approx(0.2 + 0.2 + 5)
        assert len(binance_router.positions) == 1  # only the reply was lost
        order_id = http.post(signed(binance_router, **ORDER)).json()["orderId"]
        query = {"symbol": "BTCUSDT", "orderId": str(order_id)}
        assert http.get(signed(binance_router, **query)).json()["code"] == -2013
        binance_router.advance(2)
        assert http.get(signed(binance_router, **query)).json()["status"] == "FILLED"
    assert binance_router.faults_fired == {"reset": 1, "lost": 1}


def test_orders_that_rest_are_filled_while_time_passes(binance_router: SimulatedVenue) -> None:
    limit = {**ORDER, "type": "LIMIT", "timeInForce": "GTC", "price": "59000"}
    with client(binance_router) as http:
        http.post(signed(binance_router, **limit))
    assert len(binance_router.open_orders) == 1
    binance_router.set_price("BTCUSDT", 58_999)
    assert binance_router.positions == {"BTCUSDT": Decimal("0.01")}


def test_a_router_can_be_had_without_the_fixture() -> None:
    with venue_router("binance", start="2030-01-01T00:00:00Z", seed=3) as venue:
        asked = httpx.get(f"{venue.url}/fapi/v1/time")
        assert asked.json() == {"serverTime": 1_893_456_000_000}
    with pytest.raises(KeyError, match="binanse"), venue_router("binanse"):
        pass


def test_two_venues_share_the_clock(
    binance_router: SimulatedVenue, bybit_router: SimulatedVenue
) -> None:
    binance_router.advance(60)
    stamps = [
        httpx.get(f"{binance_router.url}/fapi/v1/time").json()["serverTime"],
        httpx.get(f"{bybit_router.url}/v5/market/time").json()["time"],
    ]
    assert stamps == [1_767_225_660_000] * 2
