"""What anybody may ask."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from simulator.exchange.prices import Points
from tests.bybit.rest.conftest import START_MS, START_NS, S, Venue, make_venue

INSTRUMENTS = "/v5/market/instruments-info"
TICKER_FIELDS = """
symbol lastPrice indexPrice markPrice prevPrice24h price24hPcnt highPrice24h lowPrice24h prevPrice1h
openInterest openInterestValue turnover24h volume24h fundingRate nextFundingTime
predictedDeliveryPrice basisRate basis basisRateYear deliveryFeeRate deliveryTime bid1Price bid1Size
ask1Price ask1Size preOpenPrice preQty curPreListingPhase fundingIntervalHour fundingCap
"""


def result(venue: Venue, path: str, query: str) -> Any:
    """Of an unsigned query."""
    reply = json.loads(venue.send("GET", path, query=query).text)
    assert reply["retCode"] == 0, reply
    return reply["result"]


def symbols(found: Any) -> list[str]:
    return [each["symbol"] for each in found["list"]]


def test_instruments_are_those_that_trade(venue: Venue) -> None:
    found = result(venue, INSTRUMENTS, "category=linear")
    assert found["category"] == "linear"
    assert found["nextPageCursor"] == ""
    assert symbols(found) == ["BTCUSDT", "HNTUSDT", "SKLUSDT"]
    assert symbols(result(venue, INSTRUMENTS, "category=linear&status=PreLaunch")) == []
    assert symbols(result(venue, INSTRUMENTS, "category=linear&status=Closed")) == ["MYROUSDT"]
    assert symbols(result(venue, INSTRUMENTS, "category=linear&baseCoin=HNT")) == ["HNTUSDT"]
    assert symbols(result(venue, INSTRUMENTS, "category=linear&symbol=BTCUSDT")) == ["BTCUSDT"]


def test_an_instrument_tells_its_rules(venue: Venue) -> None:
    (row,) = result(venue, INSTRUMENTS, "category=linear&symbol=BTCUSDT")["list"]
    assert row["contractType"] == "LinearPerpetual"
    assert row["status"] == "Trading"
    assert (row["baseCoin"], row["quoteCoin"], row["settleCoin"]) == ("BTC", "USDT", "USDT")
    assert row["deliveryTime"] == "0"
    assert row["priceFilter"] == {"minPrice": "0.1", "maxPrice": "1999999.8", "tickSize": "0.1"}
    assert row["lotSizeFilter"]["qtyStep"] == "0.001"
    assert row["lotSizeFilter"]["minNotionalValue"] == "5"
    assert row["lotSizeFilter"]["maxMktOrderQty"] == "500.000"
    assert row["leverageFilter"]["maxLeverage"] == "100.00"
    assert row["fundingInterval"] == 480
    assert row["isPreListing"] is False
    assert row["preListingInfo"] is None


def test_a_symbol_about_to_be_delisted_has_a_delivery_time(venue: Venue) -> None:
    (row,) = result(venue, INSTRUMENTS, "category=linear&symbol=SKLUSDT")["list"]
    assert row["status"] == "Trading"
    assert int(row["deliveryTime"]) > START_MS


def test_spot_markets_are_those_that_are_said_to_be(venue: Venue) -> None:
    assert symbols(result(venue, INSTRUMENTS, "category=spot")) == ["BTCUSDT"]
    for category in ("inverse", "option"):
        assert result(venue, INSTRUMENTS, f"category={category}") == {
            "category": category,
            "list": [],
            "nextPageCursor": "",
        }


def test_instruments_come_in_pages(venue: Venue) -> None:
    first = result(venue, INSTRUMENTS, "category=linear&limit=2")
    assert symbols(first) == ["BTCUSDT", "HNTUSDT"]
    assert "%" in first["nextPageCursor"]
    query = f"category=linear&limit=2&cursor={first['nextPageCursor']}"
    last = result(venue, INSTRUMENTS, query)
    assert (symbols(last), last["nextPageCursor"]) == (["SKLUSDT"], "")


def test_a_ticker_has_the_fields_of_the_page(venue: Venue) -> None:
    (row,) = result(venue, "/v5/market/tickers", "category=linear&symbol=BTCUSDT")["list"]
    assert set(row) == set(TICKER_FIELDS.split())
    assert (row["lastPrice"], row["bid1Price"], row["ask1Price"]) == (
        "100000.0",
        "100000.0",
        "100000.1",
    )
    assert row["bid1Size"] == "5.000"
    assert row["nextFundingTime"] == "1761696000000"  # 2025-10-29 00:00 UTC


def test_tickers_are_of_one_symbol_or_of_all(venue: Venue) -> None:
    assert len(result(venue, "/v5/market/tickers", "category=linear")["list"]) == 4
    assert result(venue, "/v5/market/tickers", "category=spot")["list"] == []
    answer = venue.send("GET", "/v5/market/tickers", query="category=linear&symbol=NONE")
    assert json.loads(answer.text)["retMsg"] == "params error: symbol invalid NONE"


def test_a_ticker_tells_the_change_of_the_day() -> None:
    day = 86_400 * S
    path = Points(((START_NS - 2 * day, Decimal("100000")), (START_NS - S, Decimal("103000"))))
    venue = make_venue(paths={"BTCUSDT": path})
    (row,) = result(venue, "/v5/market/tickers", "category=linear&symbol=BTCUSDT")["list"]
    assert (row["prevPrice24h"], row["price24hPcnt"]) == ("100000.0", "0.03")
    assert (row["highPrice24h"], row["lowPrice24h"]) == ("103000.0", "100000.0")


def test_the_book_has_25_levels_by_default(venue: Venue) -> None:
    book = result(venue, "/v5/market/orderbook", "category=linear&symbol=BTCUSDT&limit=2")
    assert book["s"] == "BTCUSDT"
    assert book["b"] == [["100000.0", "5.000"], ["99999.9", "6.000"]]
    assert book["a"] == [["100000.1", "5.000"], ["100000.2", "6.000"]]
    assert book["ts"] == START_MS
    # Twenty are all that is offered.
    book = result(venue, "/v5/market/orderbook", "category=linear&symbol=BTCUSDT")
    assert len(book["b"]) == 20


def test_candles_come_newest_first(venue: Venue) -> None:
    query = "category=linear&symbol=BTCUSDT&interval=1&limit=3"
    found = result(venue, "/v5/market/kline", query)
    assert found["category"] == "linear"
    assert found["symbol"] == "BTCUSDT"
    minute = 60_000
    assert [int(row[0]) for row in found["list"]] == [
        START_MS,
        START_MS - minute,
        START_MS - 2 * minute,
    ]
    assert all(
        len(row) == 7 and all(isinstance(part, str) for part in row) for row in found["list"]
    )


def test_the_candle_that_contains_the_start_is_the_first(venue: Venue) -> None:
    hour = 3_600_000
    full_hour = START_MS - START_MS % hour
    query = f"symbol=BTCUSDT&interval=60&start={full_hour - 5 * hour + 1}&limit=2"
    found = result(venue, "/v5/market/kline", query)
    assert [int(row[0]) for row in found["list"]] == [full_hour - 4 * hour, full_hour - 5 * hour]
    query = f"symbol=BTCUSDT&interval=D&end={full_hour}&limit=1"
    (row,) = result(venue, "/v5/market/kline", query)["list"]
    assert int(row[0]) % 86_400_000 == 0


@pytest.mark.parametrize("interval", ["", "2", "1m", "M"])
def test_other_intervals_are_10001(venue: Venue, interval: str) -> None:
    query = f"category=linear&symbol=BTCUSDT&interval={interval}"
    reply = json.loads(venue.send("GET", "/v5/market/kline", query=query).text)
    assert reply["retCode"] == 10001


def test_public_trades_come_newest_first(venue: Venue) -> None:
    query = "category=linear&symbol=BTCUSDT&limit=3"
    rows = result(venue, "/v5/market/recent-trade", query)["list"]
    times = [int(row["time"]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert {row["side"] for row in rows} <= {"Buy", "Sell"}
    assert rows[0]["isBlockTrade"] is False


def test_each_symbol_has_one_risk_tier(venue: Venue) -> None:
    rows = result(venue, "/v5/market/risk-limit", "category=linear")["list"]
    assert len(rows) == 4
    assert rows[0]["symbol"] == "BTCUSDT"
    assert rows[0]["maintenanceMargin"] == "0.005"
    assert rows[0]["initialMargin"] == "0.01"
    assert rows[0]["maxLeverage"] == "100.00"
    assert rows[0]["isLowestRisk"] == 1


def test_there_is_neither_funding_nor_maintenance(venue: Venue) -> None:
    query = "category=linear&symbol=BTCUSDT"
    assert result(venue, "/v5/market/funding/history", query)["list"] == []
    assert result(venue, "/v5/system/status", "") == {"list": []}


def test_only_market_data_may_be_shortened_in_records(venue: Venue) -> None:
    assert venue.send("GET", "/v5/market/time").public
    assert not venue.signed("GET", "/v5/account/info").public
