"""The bot as a plain program and as a guest of a replay."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot_under_test.__main__ import run
from bot_under_test.reference import Settings
from tests.bot_under_test.conftest import BUY_308, SELL_27, MakeTrading


def test_a_program_opens_a_position_for_each_line_of_its_input(
    make_trading: MakeTrading, monkeypatch: pytest.MonkeyPatch
) -> None:
    trading = make_trading(started=False)
    lines = [json.dumps(BUY_308), "", "no signal", json.dumps(SELL_27)]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
    settings = Settings.read(trading.settings)
    trading.world.hosts["bot"].run(lambda: asyncio.run(run(settings)))
    assert trading.quantity("SKLUSDT") == 308
    assert trading.quantity("VELVETUSDT") == -27
    assert trading.lines.times("⚠️ Not a signal")


def test_importing_the_bot_configures_no_logging() -> None:
    assert not logging.getLogger("core").handlers
    assert logging.getLogger("core").level == logging.NOTSET


def test_the_bot_tells_what_it_believes_also_after_its_end(make_trading: MakeTrading) -> None:
    trading = make_trading()
    trading.deliver(BUY_308)
    before = trading.bot.believes()
    trading.stop()
    assert trading.bot.believes() == before
    assert before["positions"] == [
        {
            "venue": "binance",
            "symbol": "SKLUSDT",
            "side": "BUY",
            "quantity": 308.0,
            "stop_loss": True,
        }
    ]
    assert before["rows"] == [{"symbol": "SKLUSDT", "status": "active"}]


@pytest.mark.parametrize("version", ["2025-10-28", "current"])
def test_the_bot_knows_every_order_that_the_venue_knows(
    make_trading: MakeTrading, version: str
) -> None:
    trading = make_trading(version)
    trading.deliver(BUY_308)
    known = trading.bot.believes()["orders"]
    for order in trading.exchange.orders("trader"):
        assert order.client_order_id in known


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("current", [("position_created", 1, "SKLUSDT")]),
        (
            "2025-10-29",
            [("position_error", 1, "SKLUSDT"), ("signal_execution_failed", 1, "SKLUSDT")],
        ),
    ],
)
def test_events_can_be_counted_by_day_and_type_with_their_symbols(
    make_trading: MakeTrading,
    tmp_path: Path,
    version: str,
    expected: list[tuple[str, int, str]],
) -> None:
    path = tmp_path / "bot.sqlite"
    trading = make_trading(version, database=str(path))
    trading.deliver(BUY_308)
    with closing(sqlite3.connect(path)) as connection:
        counted = connection.execute(
            "SELECT date(created_at), event_type, count(*),"
            " group_concat(json_extract(event_data, '$.symbol'))"
            " FROM events GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
    assert counted == [("2025-10-28", *each) for each in expected]
