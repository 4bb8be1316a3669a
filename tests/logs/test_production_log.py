"""The pasted forms of production logs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from replay.logs import production_log
from replay.result import Milestone
from simulator.errors import InputError
from tests.replay.made import OFFSET_S, clock

LOG = Path(__file__).parents[2] / "fixtures" / "logs" / "sklusdt_2025-10-28.log"
DAY = date(2025, 10, 28)


@pytest.fixture(scope="module")
def log() -> production_log.ProductionLog:
    return production_log.read(LOG, DAY, OFFSET_S)


def one(text: str) -> Milestone:
    [milestone] = production_log.parse(text, DAY, OFFSET_S).milestones()
    return milestone


def test_the_sklusdt_log_tells_its_story_in_order(log: production_log.ProductionLog) -> None:
    told = [(m.name, m.time_ns) for m in log.milestones() if m.name != "mark_price_update"]
    assert told == [
        ("operation_started", clock("22:34:11.543")),
        ("leverage_set", clock("22:34:11.898")),
        ("ws_position_update", clock("22:34:12.246")),
        ("ws_update_skipped", clock("22:34:12.248")),
        ("pre_registered", clock("22:34:12.250")),
        ("position_row_created", clock("22:34:12.850")),
        ("verification_started", clock("22:34:12.857")),
        ("verification_timeout", clock("22:34:23.371")),
        ("rollback_close_order", clock("22:34:23.724")),
        ("position_closed", clock("22:34:24.074")),
        ("rollback_verified", clock("22:34:25.574")),
        ("operation_failed", clock("22:34:25.575")),
    ]


def test_an_event_pasted_in_two_forms_is_one_and_told_in_the_log_s_own_words(
    log: production_log.ProductionLog,
) -> None:
    [skipped] = [m for m in log.milestones() if m.name == "ws_update_skipped"]
    assert skipped.text == "→ Skipped: SKLUSDT not in tracked positions (['RADUSDT']...)"
    assert skipped.groups == {"symbol": "SKLUSDT", "tracked": "['RADUSDT']..."}


def test_a_range_of_time_stays_one(log: production_log.ProductionLog) -> None:
    [ranged] = [m for m in log.milestones() if m.end_ns is not None]
    assert (ranged.name, ranged.time_ns, ranged.end_ns) == (
        "mark_price_update",
        clock("22:34:13"),
        clock("22:34:23"),
    )


def test_what_cannot_be_read_is_handed_back_with_its_line_number(
    log: production_log.ProductionLog,
) -> None:
    assert log.unread == ("19: ...", "20: (10 mark_price updates, but ZERO quantity updates)")


def test_no_line_gets_lost(log: production_log.ProductionLog) -> None:
    written = [line for line in LOG.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(log.lines) + len(log.unread) == len(written)


def test_a_full_line_gives_logger_and_level() -> None:
    text = "22:34:12,250 - core.position_manager - INFO - ⚡ Pre-registered SKLUSDT"
    [line] = production_log.parse(text, DAY, OFFSET_S).lines
    assert (line.logger, line.level, line.text) == (
        "core.position_manager",
        "INFO",
        "⚡ Pre-registered SKLUSDT",
    )
    assert line.time_ns == clock("22:34:12.250")


def test_indented_lines_continue_the_line_above() -> None:
    timeout = one(
        "22:34:23.371 - ❌ Multi-source verification TIMEOUT!\n"
        "  Sources tried:\n"
        "    - WebSocket: True  <-- ПРОВЕРЕНО, НЕ НАШЛИ\n"
        "    - Order status: False  <-- НЕ ПРОВЕРЯЛОСЬ!\n"
        "    - REST API: True\n"
    )
    assert timeout.groups == {"websocket": "True", "order_status": "False", "rest_api": "True"}


def test_lines_with_bars_are_read_and_their_bars_left_out() -> None:
    fetched = one(
        "02:35:25,217 | ✅ Fetched binance order on attempt 1/5:\n"
        "              | id=1020563016, filled=2925.0/2925.0, avgPrice=0.00205\n"
    )
    assert fetched.groups["id"] == "1020563016"
    assert "|" not in fetched.text


def test_a_line_with_a_time_but_no_known_milestone_counts_as_unread() -> None:
    log = production_log.parse("02:35:25,219 → 02:35:35,732 (10.0 seconds)", DAY, OFFSET_S)
    assert log.unread == ("1: 02:35:25,219 → 02:35:35,732 (10.0 seconds)",)
    assert log.lines[0].end_ns == clock("02:35:35.732")


def test_an_indented_line_after_a_gap_continues_nothing() -> None:
    log = production_log.parse("22:34:11.543 - Leverage set to 1x\n\n  - WebSocket", DAY, OFFSET_S)
    assert log.unread == ("3: - WebSocket",)


def test_a_file_without_times_is_unusable(tmp_path: Path) -> None:
    file = tmp_path / "waves.log"
    file.write_text("opened: 2/5 → VELOUSDT\n", encoding="utf-8")
    with pytest.raises(InputError, match="no line starts with a time"):
        production_log.read(file, DAY, OFFSET_S)


def test_a_missing_file_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        production_log.read(tmp_path / "none.log", DAY, OFFSET_S)
