"""The pasted forms of production logs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from replay.logs import milestones, production_log, rows
from replay.logs.reader import KEPT
from replay.result import Milestone
from simulator.errors import InputError
from tests.replay.made import OFFSET_S, clock

LOG = Path(__file__).parents[2] / "fixtures" / "logs" / "sklusdt_2025-10-28.log"
DAY = date(2025, 10, 28)


@pytest.fixture(autouse=True, params=[0, rows.SMALL], ids=["at once", "line by line"])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of so few bytes are read line by line."""
    monkeypatch.setattr(rows, "SMALL", request.param)


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


def test_a_log_without_times_is_a_list_of_lines_in_order() -> None:
    log = production_log.read(LOG.with_name("wave_limit_2025-10-12.log"))
    assert not log.timed
    assert log.milestones() == ()
    told = [(line.number, line.time_ns, line.milestone, dict(line.groups)) for line in log.named]
    opened = [(2, "VELO"), (2, "ZENT"), (2, "MYRO"), (3, "GLMR"), (3, "JOE")]
    assert told == [
        *(
            (
                number,
                None,
                "wave_counter",
                {"counted": str(counted), "limit": "5", "symbol": f"{coin}USDT"},
            )
            for number, (counted, coin) in enumerate(opened, start=1)
        ),
        (7, None, "wave_complete", {"opened": "4", "positions": "7"}),
    ]
    assert log.unread == ()
    assert log.notes == ("no line has a time; only their order is known",)


def test_the_day_in_the_file_s_name_is_enough(log: production_log.ProductionLog) -> None:
    assert production_log.read(LOG, utc_offset_s=OFFSET_S) == log


def test_a_remark_is_kept_with_its_line() -> None:
    log = production_log.read(LOG.with_name("velvetusdt_2025-10-29.log"))
    [fetched] = [line for line in log.lines if line.milestone == "order_fetched"]
    assert fetched.note == "ИСПОЛНЕН!"
    assert fetched.groups["quantity"] == "27.0"
    assert fetched.file == "velvetusdt_2025-10-29.log"


def test_of_what_says_nothing_known_the_first_lines_are_kept_and_the_rest_is_counted(
    tmp_path: Path,
) -> None:
    file = tmp_path / "bot.log"
    heartbeat = "2025-10-28 22:34:12,246 - core.pm - INFO - heartbeat\n"
    told = "2025-10-28 22:34:12,250 - core.pm - INFO - ⚡ Pre-registered SKLUSDT\n"
    file.write_text("what is this?\n" + heartbeat * 2500 + told, encoding="utf-8")
    log = production_log.read(file)
    assert [line.number for line in log.named] == [2502]
    assert len(log.lines) == 1 + KEPT
    assert log.unread[:2] == ("1: what is this?", f"2: {heartbeat.strip()}")
    assert log.unread_count == 2501
    assert log.told_unread()[-1] == f"and {2501 - len(log.unread):,} more"


def test_of_several_files_each_unread_line_names_its_own(tmp_path: Path) -> None:
    (tmp_path / "bot.log").write_text("22:34:12 - b\n")
    (tmp_path / "bot.log.1").write_text("22:34:11 - a\n")
    log = production_log.read(tmp_path / "bot.log", DAY)
    assert log.unread == ("bot.log.1:1: 22:34:11 - a", "bot.log:1: 22:34:12 - b")


def test_what_was_put_right_is_told(tmp_path: Path) -> None:
    file = tmp_path / "bot.log"
    wrong = "22:34:12.250 - ⚡ Pre-registered SKLUSDT".encode().decode("mac_roman")
    file.write_text(wrong, encoding="utf-8")
    log = production_log.read(file, DAY)
    [line] = log.named
    assert line.text == "⚡ Pre-registered SKLUSDT"
    assert log.notes == ("1 line was UTF-8 that had been read as Mac Roman, and was put right",)


def test_patterns_of_one_s_own_name_lines_too() -> None:
    patterns = milestones.with_patterns({"armed": ("*", "armed: (?P<symbol>[A-Z]+)")})
    log = production_log.parse("22:34:12 - armed: SKLUSDT", DAY, patterns=patterns)
    [found] = log.milestones()
    assert (found.name, found.groups) == ("armed", {"symbol": "SKLUSDT"})


def test_a_missing_file_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        production_log.read(tmp_path / "none.log", DAY, OFFSET_S)
