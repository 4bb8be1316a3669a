"""What the database says of openings: one `position_created` for each that stands, one
`position_error` for each that does not."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule
from tests.incidents.conftest import MakeTrading, Trading, buy, coin

# A version of October 12 takes Bybit's answer for a failed order, whatever becomes of it.
ON_SUCCESS = [
    ("current", "binance", 1),
    ("current", "bybit", 1),
    ("2025-10-12", "binance", 2),
    ("2025-10-12-single-log", "binance", 1),
]
ON_FAILURE = [
    ("current", "binance", 0),
    ("current", "bybit", 0),
    ("2025-10-12", "binance", 1),
    ("2025-10-12", "bybit", 1),
    ("2025-10-12-single-log", "binance", 0),
    ("2025-10-12-single-log", "bybit", 0),
]
REFUSED = {
    "binance": Behaviour(
        faults=(
            FaultRule(
                name="refused",
                endpoint="POST /fapi/v1/order",
                kind=FaultKind.ERROR,
                status=400,
                body='{"code":-2019,"msg":"Margin is insufficient."}',
            ),
        )
    ),
    "bybit": Behaviour(
        faults=(
            FaultRule(
                name="refused",
                endpoint="POST /v5/order/create",
                kind=FaultKind.ERROR,
                status=200,
                body='{"retCode":110007,"retMsg":"ab not enough for new order","result":{},'
                '"retExtInfo":{},"time":1761676350000}',
            ),
        )
    ),
}
MONITORING_QUERY = """
    SELECT date(created_at) AS day, event_type, count(*) AS times,
           group_concat(json_extract(event_data, '$.symbol')) AS symbols
    FROM events
    WHERE event_type IN ('position_error', 'signal_execution_failed')
    GROUP BY day, event_type
    ORDER BY day, event_type
"""


def severities(trading: Trading, event_type: str) -> list[tuple[str, str]]:
    """Signal and severity of the events of a type."""
    return [
        (str(event["correlation_id"]), str(event["severity"]))
        for event in trading.bot.believes()["events"]
        if event["event_type"] == event_type
    ]


@pytest.mark.parametrize(("version", "venue", "created"), ON_SUCCESS)
def test_position_created_logged_once_on_success(
    make_trading: MakeTrading, version: str, venue: str, created: int
) -> None:
    trading = make_trading(version, **{venue: [coin("SKLUSDT")]})
    trading.deliver(buy("SKLUSDT", venue))
    assert trading.quantity("SKLUSDT") == 600
    assert severities(trading, "position_created") == [("buy SKLUSDT", "INFO")] * created
    assert trading.events("position_created") == ["SKLUSDT"] * created
    assert trading.events("position_error") == []
    assert trading.events("signal_execution_failed") == []


@pytest.mark.parametrize(("version", "venue", "created"), ON_FAILURE)
def test_position_error_logged_on_failure(
    make_trading: MakeTrading, version: str, venue: str, created: int
) -> None:
    listed = {venue: [coin("SKLUSDT")]}
    trading = make_trading(version, **listed, behaviours={venue: REFUSED[venue]})
    trading.deliver(buy("SKLUSDT", venue))
    assert trading.markets[venue].venue.faults.fired == {"refused": 1}
    assert trading.quantity("SKLUSDT") == 0
    assert trading.events("position_created") == ["SKLUSDT"] * created
    assert severities(trading, "position_error") == [("buy SKLUSDT", "ERROR")]
    assert trading.events("signal_execution_failed") == ["SKLUSDT"]


@pytest.mark.parametrize(("version", "created"), [("2025-10-12", 1), ("2025-10-12-single-log", 0)])
def test_bybit_opens_and_the_versions_of_october_12_log_an_error(
    make_trading: MakeTrading, version: str, created: int
) -> None:
    trading = make_trading(version, bybit=[coin("ZENTUSDT")])
    trading.deliver(buy("ZENTUSDT", "bybit"))
    assert trading.quantity("ZENTUSDT") == 600
    assert trading.stops("ZENTUSDT") == []
    assert trading.rows() == [("ZENTUSDT", "rolled_back")]
    assert trading.events("position_created") == ["ZENTUSDT"] * created
    assert trading.events("position_error") == ["ZENTUSDT"]


def test_the_rollback_of_october_12_asks_bybit_to_close_nothing(make_trading: MakeTrading) -> None:
    trading = make_trading("2025-10-12", bybit=[coin("ZENTUSDT")])
    trading.deliver(buy("ZENTUSDT", "bybit"))
    market = trading.markets["bybit"]
    entry, close = market.requests("/order/create")
    assert (entry["params"]["side"], entry["params"]["qty"]) == ("Buy", "600")
    assert (close["params"]["side"], close["params"]["qty"]) == ("Sell", "0")
    reply = market.reply_to(close)
    assert reply["retCode"] == 10001
    assert reply["retMsg"] == "The number of contracts exceeds minimum limit allowed"


def test_the_monitoring_query_works_on_what_is_left_behind(
    make_trading: MakeTrading, tmp_path: Path
) -> None:
    path = tmp_path / "bot.sqlite"
    trading = make_trading(
        bybit=[coin("SKLUSDT"), coin("ZENTUSDT")],
        behaviours={"bybit": REFUSED["bybit"]},
        database=str(path),
    )
    trading.deliver(buy("SKLUSDT", "bybit"))
    trading.deliver(buy("ZENTUSDT", "bybit"))
    with sqlite3.connect(path) as connection:
        found = connection.execute(MONITORING_QUERY).fetchall()
    connection.close()
    assert found == [
        ("2025-10-28", "position_error", 2, "SKLUSDT,ZENTUSDT"),
        ("2025-10-28", "signal_execution_failed", 2, "SKLUSDT,ZENTUSDT"),
    ]
