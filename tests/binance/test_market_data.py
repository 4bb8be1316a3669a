"""Public endpoints, with the types of the documentation's tables."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.binance import NOVEMBER_2026
from simulator.exchange.prices import Points
from tests.binance.conftest import MS, START_NS, Desk, S, make_desk

_NUMBERS_24H = ["openTime", "closeTime", "firstId", "lastId", "count"]


def get(desk: Desk, path: str, **params: object) -> object:
    status, reply, _ = desk.call("GET", path, **params)
    assert status == 200, reply
    return reply


def test_time_and_ping(desk: Desk) -> None:
    assert get(desk, "/fapi/v1/ping") == {}
    assert get(desk, "/fapi/v1/time") == {"serverTime": START_NS // MS}


def test_exchange_info_has_what_clients_read(desk: Desk) -> None:
    info = get(desk, "/fapi/v1/exchangeInfo")
    assert info["timezone"] == "UTC"
    assert [(each["rateLimitType"], each["limit"]) for each in info["rateLimits"]] == [
        ("REQUEST_WEIGHT", 2400),
        ("ORDERS", 300),
        ("ORDERS", 1200),
    ]
    btc = info["symbols"][1]
    assert (btc["symbol"], btc["contractType"], btc["status"]) == (
        "BTCUSDT",
        "PERPETUAL",
        "TRADING",
    )
    assert btc["deliveryDate"] == 4133404800000
    assert (btc["pricePrecision"], btc["quantityPrecision"]) == (2, 3)
    assert "STOP_MARKET" in btc["orderTypes"]
    filters = {each["filterType"]: each for each in btc["filters"]}
    assert filters["PRICE_FILTER"]["tickSize"] == "0.10"
    assert filters["LOT_SIZE"]["stepSize"] == "0.001"
    assert filters["MIN_NOTIONAL"] == {"filterType": "MIN_NOTIONAL", "notional": "100"}
    assert "MAX_NUM_ALGO_ORDERS" in filters


def test_the_algo_order_filter_is_gone_since_december_2025() -> None:
    info = get(make_desk(profile=NOVEMBER_2026), "/fapi/v1/exchangeInfo")
    kinds = [each["filterType"] for each in info["symbols"][0]["filters"]]
    assert "MAX_NUM_ALGO_ORDERS" not in kinds
    assert "MAX_NUM_ORDERS" in kinds


def test_depth_is_padded_and_knows_only_certain_limits(desk: Desk) -> None:
    book = get(desk, "/fapi/v1/depth", symbol="BTCUSDT", limit=5)
    assert book["bids"][0] == ["90853.20", "5.000"]
    assert book["asks"][0] == ["90853.30", "5.000"]
    assert len(book["bids"]) == len(book["asks"]) == 5
    assert isinstance(book["lastUpdateId"], int)
    status, reply, _ = desk.call("GET", "/fapi/v1/depth", symbol="BTCUSDT", limit=7)
    assert (status, reply) == (400, {"code": -4021, "msg": "7 is not valid depth limit."})


def test_tickers_answer_one_symbol_or_all(desk: Desk) -> None:
    assert get(desk, "/fapi/v1/ticker/price", symbol="SKLUSDT") == {
        "symbol": "SKLUSDT",
        "price": "0.02000",
        "time": START_NS // MS,
    }
    assert len(get(desk, "/fapi/v2/ticker/price")) == 3
    best = get(desk, "/fapi/v1/ticker/bookTicker", symbol="SKLUSDT")
    assert (best["bidPrice"], best["askPrice"]) == ("0.02000", "0.02001")
    day = get(desk, "/fapi/v1/ticker/24hr", symbol="SKLUSDT")
    assert day["lastPrice"] == "0.02000"
    assert "bidPrice" not in day
    for name, value in day.items():
        assert isinstance(value, int if name in _NUMBERS_24H else str), name


def test_the_premium_index_has_eight_decimals_and_the_next_eight_hours(desk: Desk) -> None:
    row = get(desk, "/fapi/v1/premiumIndex", symbol="SKLUSDT")
    assert row["markPrice"] == "0.02000000"
    assert row["nextFundingTime"] == 1761696000000  # 2025-10-29 00:00 UTC


def test_klines_are_arrays_of_twelve() -> None:
    path = Points(points=((START_NS, Decimal("0.02000")), (START_NS + 60 * S, Decimal("0.02100"))))
    desk = make_desk(paths={"SKLUSDT": path})
    desk.advance(90 * S)
    rows = get(desk, "/fapi/v1/klines", symbol="SKLUSDT", interval="1m", limit=2)
    assert [len(row) for row in rows] == [12, 12]
    before, current = rows
    assert before[0] == START_NS // MS
    assert before[6] == START_NS // MS + 59_999
    assert (before[4], current[4]) == ("0.02000", "0.02100")
    assert [type(value) for value in current] == [
        int, str, str, str, str, str, int, str, int, str, str, str,
    ]  # fmt: skip
    status, reply, _ = desk.call("GET", "/fapi/v1/klines", symbol="SKLUSDT", interval="7m")
    assert (status, reply) == (400, {"code": -1120, "msg": "Invalid interval."})


@pytest.mark.parametrize("path", ["/fapi/v1/trades", "/fapi/v1/aggTrades"])
def test_the_tape_ascends(desk: Desk, path: str) -> None:
    desk.advance(3600 * S)
    rows = get(desk, path, symbol="SKLUSDT", limit=10)
    key = "id" if path.endswith("/trades") else "a"
    ids = [row[key] for row in rows]
    assert ids == sorted(ids)
    assert ids


@pytest.mark.parametrize(
    ("path", "params", "weight"),
    [
        ("/fapi/v1/depth", {"symbol": "SKLUSDT", "limit": 50}, 2),
        ("/fapi/v1/depth", {"symbol": "SKLUSDT", "limit": 100}, 5),
        ("/fapi/v1/depth", {"symbol": "SKLUSDT"}, 10),
        ("/fapi/v1/depth", {"symbol": "SKLUSDT", "limit": 1000}, 20),
        ("/fapi/v1/klines", {"symbol": "SKLUSDT", "interval": "1m", "limit": 99}, 1),
        ("/fapi/v1/klines", {"symbol": "SKLUSDT", "interval": "1m", "limit": 1000}, 5),
        ("/fapi/v1/ticker/24hr", {}, 40),
        ("/fapi/v1/ticker/bookTicker", {"symbol": "SKLUSDT"}, 2),
        ("/fapi/v1/premiumIndex", {}, 10),
        ("/fapi/v1/exchangeInfo", {}, 1),
    ],
)
def test_weights_are_the_documented_ones(
    desk: Desk, path: str, params: dict[str, object], weight: int
) -> None:
    assert desk.call("GET", path, **params)[2]["x-mbx-used-weight-1m"] == str(weight)
