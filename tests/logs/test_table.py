"""Logs as tables, read at once where that can be, and the same as line by line."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date as Date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from replay.logs import at_once, files, production_log, reader, rows, table
from replay.logs.at_once import Columns
from replay.logs.calendar import Calendar
from replay.logs.files import Block
from replay.logs.reader import Reading
from simulator.errors import InputError
from tests.bench.logs import write_log

FIXTURES = Path(__file__).parents[2] / "fixtures" / "logs"
DAY = Date(2025, 10, 28)
PROPERTY = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

STAMPS = st.one_of(
    st.just("2025-10-28 22:34:12,246"),
    st.builds(
        "{}-{:02}-{:02} {:02}:{:02}:{:02},{:03}".format,
        st.sampled_from([1899, 1900, 2024, 2025, 2099, 2100, 9999]),
        st.integers(0, 13),
        st.sampled_from([0, 1, 28, 29, 30, 31, 32]),
        st.sampled_from([0, 11, 23, 24]),
        st.sampled_from([0, 59, 60]),
        st.sampled_from([0, 59, 60]),
        st.integers(0, 999),
    ),
    st.builds(
        "{:02}:{:02}:{:02}{}{}".format,
        st.integers(0, 23),
        st.integers(0, 59),
        st.integers(0, 59),
        st.sampled_from([",", "."]),
        st.sampled_from(["000", "246", "9XX", "5", "246813"]),
    ),
    st.sampled_from(["22:34:13-23", "22:34:12 → 22:34:13,5", "22:34", "２２:34:12,246"]),
)
GAPS = st.sampled_from([" - ", " - ", " - ", " | ", " -", "  - ", " -  ", " → ", " "])
HEADS = st.sampled_from(
    [
        "core.pm - INFO",
        "core.pm - WARNING",
        "websocket.binance - DEBUG",
        "core.pm - LOUD",
        "торговля - INFO",
        "two words - INFO",
        " - INFO",
    ]
)
TEXTS = st.one_of(
    st.sampled_from(
        [
            "✅ Leverage set to 1x",
            "‚úÖ Leverage set to 1x",
            "cafÃ© Ð¸Ñ…",
            "не увеличился!  ← again",
            "filled  <-- NOTE",
            "a <- b - INFO - c",
            "",
            "  ",
            "a\rb\x0bc\u2028d\x85e",
        ]
    ),
    st.text("ab -|:,.09→←<‚úÖÐé📊\t\r", max_size=12),
)
BETWEEN = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "...",
            "(7 more)",
            "Traceback:",
            '  File "x.py"',
            "\t| - a: True  <-- b",
            "\u3000x",
        ]
    ),
    TEXTS,
)
LOGGED = st.builds("{}{}{}{}{}".format, STAMPS, GAPS, HEADS, GAPS, TEXTS)
SAME_FORM = st.builds(
    "2025-10-28 22:34:{:02},{:03} - {} - INFO - {}".format,
    st.integers(0, 59),
    st.integers(0, 999),
    st.sampled_from(["core.pm", "websocket.binance"]),
    st.sampled_from(["✅ Leverage set to 1x", "a - b - INFO - c", " x ", "é", ""]),
)
UNDATED = st.builds(
    "{:02}:{:02}:{:02},{:03} - core.pm - INFO - x".format,
    st.sampled_from([0, 0, 12, 23, 23]),
    st.sampled_from([0, 4, 6, 55, 59]),
    st.integers(0, 59),
    st.integers(0, 999),
)
LINES = st.one_of(
    st.lists(st.one_of(LOGGED, BETWEEN), max_size=12),
    st.lists(st.one_of(SAME_FORM, SAME_FORM, BETWEEN), max_size=12),
    st.lists(SAME_FORM, min_size=1, max_size=30),
    st.lists(UNDATED, min_size=1, max_size=30),
    st.lists(st.one_of(UNDATED, UNDATED, UNDATED, SAME_FORM), min_size=1, max_size=20),
)


def line_by_line(block: Block, calendar: Calendar) -> Columns | None:
    """Stands in for `at_once.columns`: nothing can be read at once."""
    return None


def outcome(file: Path) -> tuple[pd.DataFrame | None, object]:
    """The table, and what came of reading; or the error."""
    try:
        found, reading = table.read_table(file, date=DAY, utc_offset_s=4 * 3600)
    except InputError as error:
        return None, str(error)
    return found, asdict(reading)


def same(one: pd.DataFrame | None, other: pd.DataFrame | None) -> bool:
    if one is None or other is None:
        return one is other
    assert_frame_equal(one, other, check_exact=True, check_freq=True)
    return True


@given(
    lines=LINES,
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    block=st.sampled_from([7, 64, 200, 1000, files.BLOCK]),
)
@settings(PROPERTY, max_examples=150)
def test_reading_at_once_gives_what_reading_line_by_line_gives(
    tmp_path: Path, lines: list[str], end: str, last: bool, block: int
) -> None:
    file = tmp_path / "bot.log"
    file.write_bytes((end.join(lines) + (end if last else "")).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at_once, "columns", line_by_line)
        slow, of_slow = outcome(file)  # in one block
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "BLOCK", block)
        fast, of_fast = outcome(file)
    assert of_fast == of_slow
    assert same(fast, slow)


@given(lines=LINES, block=st.sampled_from([64, 1000]))
@settings(PROPERTY, max_examples=50)
def test_the_lines_of_a_log_are_the_same_at_once_and_line_by_line(
    tmp_path: Path, lines: list[str], block: int
) -> None:
    file = tmp_path / "bot.log"
    file.write_bytes("\n".join([*lines, "2025-10-28 22:34:12,246 - a - INFO - ✅ x"]).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at_once, "columns", line_by_line)
        slow = production_log.read(file, DAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "BLOCK", block)
        patch.setattr(rows, "SMALL", 0)
        fast = production_log.read(file, DAY)
    assert fast == slow


def test_what_a_bot_writes_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(block: Block, calendar: Calendar, reading: Reading) -> object:
        raise AssertionError(f"line {block.first} and on were read line by line")

    file = tmp_path / "bot.log"
    write_log(file, 1_000_000)
    monkeypatch.setattr(files, "BLOCK", 1 << 16)
    monkeypatch.setattr(reader, "timed_records", refused)
    found, _ = table.read_table(file)
    assert len(found) == file.read_text(encoding="utf-8").count(" - INFO - ")


@pytest.mark.parametrize(
    "line",
    [
        "2025-10-28 22:34:12,246 - core.pm - INFO - a  <-- note",
        "2025-10-28 22:34:12,246 - core.pm - INFO - ‚úÖ",
        "2025-10-28 22:34:12,246 - core.pm - INFO - a\n...",
        "2025-10-28 22:34:12,246 - core.pm - INFO - a\n22:34:13 - b",
        "2025-02-30 22:34:12,246 - core.pm - INFO - a",
        "3025-10-28 22:34:12,246 - core.pm - INFO - a",
        "22:34:12.246 - a",
        "24:34:12,246 - core.pm - INFO - a",
        "22:60:12,246 - core.pm - INFO - a",
        "22:34:60,246 - core.pm - INFO - a",
    ],
)
def test_what_needs_a_closer_look_is_not_read_at_once(line: str) -> None:
    block = Block(Path("bot.log"), 1, line.encode())
    assert at_once.columns(block, Calendar(DAY, 0)) is None


def test_every_column_of_a_pasted_log_holds_what_its_lines_say() -> None:
    found, reading = table.read_table(FIXTURES / "velvetusdt_2025-10-29.log", utc_offset_s=4 * 3600)
    assert tuple(found.columns) == table.COLUMNS
    fill = found[found["line"] == 4].iloc[0]
    assert str(fill["time"]) == "2025-10-29 01:34:14.200000+04:00"
    assert pd.isna(fill["end"])
    assert fill["exact_ns"] == 1_000_000
    assert fill["message"] == (
        "✅ Fetched binance order data: id=392129879, status=closed, filled=27.0/27.0"
    )
    assert fill["note"] == "ИСПОЛНЕН!"
    last = found.iloc[-1]
    assert last["message"].split("\n")[1:] == [
        "Sources tried:",
        "- WebSocket: True",
        "- Order status: False",
        "- REST API: True",
    ]
    assert last["note"].split("\n")[1] == "НЕ ПРОВЕРЯЛОСЬ!"
    assert reading.unread_lines == [("velvetusdt_2025-10-29.log", 11, "... (еще 7 WS обновлений)")]


def test_a_range_a_logger_and_a_level_have_their_columns() -> None:
    found, _ = table.read_table(FIXTURES / "sklusdt_2025-10-28.log")
    [ranged] = found[found["end"].notna()].to_dict("records")
    assert str(ranged["time"]) == "2025-10-28 22:34:13+00:00"
    assert str(ranged["end"]) == "2025-10-28 22:34:23+00:00"
    assert ranged["exact_ns"] == 10**9
    [stream] = found[found["logger"] == "websocket.binance_hybrid_stream"].to_dict("records")
    assert (stream["level"], stream["file"], stream["line"]) == (
        "INFO",
        "sklusdt_2025-10-28.log",
        14,
    )


def test_a_log_without_times_is_a_table_in_order() -> None:
    found, reading = table.read_table(FIXTURES / "wave_limit_2025-10-12.log")
    assert not reading.timed
    assert found["time"].isna().all()
    assert found["message"].str.slice(8, 11).tolist() == [
        "2/5",
        "2/5",
        "2/5",
        "3/5",
        "3/5",
        "4 i",
    ]


def test_chunks_are_parts_of_the_whole_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bot.log"
    write_log(file, 300_000)
    whole, _ = table.read_table(file)
    monkeypatch.setattr(files, "BLOCK", 1 << 16)
    found = list(table.chunks(file, Reading()))
    assert len(found) > 4
    assert_frame_equal(table.joined(found), whole)


def production(size: int) -> Iterator[str]:
    for number in range(size // 100):
        yield (
            f"2025-10-28 22:{number // 1000 % 60:02}:12,{number % 1000:03} - core.pm - INFO - "
            f"📊 Position update: number {number:<10} - and so on{'.' * 9}\n"
        )


def remarked(size: int) -> Iterator[str]:
    return (line.replace("...\n", "  <-- a\n") for line in production(size))


def untimed(size: int) -> Iterator[str]:
    return (line[26:] for line in production(size))


@pytest.mark.parametrize("form", [production, remarked, untimed])
def test_eight_times_the_log_takes_no_more_memory(
    form: Callable[[int], Iterator[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BLOCK", 1 << 14)
    monkeypatch.setattr(files, "LONGEST_RECORD", 1 << 16)

    def peak(size: int) -> int:
        file = tmp_path / f"bot-{size}.log"
        # Not compressed: from 3.12 on Python reads 128 KiB of a packed file ahead, and a small
        # file would not fill them.
        with gzip.open(file, "wt", compresslevel=0, encoding="utf-8") as packed:
            packed.writelines(form(size))
        tracemalloc.start()
        rows = sum(len(chunk) for chunk in table.chunks(file, Reading()))
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert rows == size // 100
        return highest

    peak(100_000)  # what is loaded and cached only once
    assert peak(2_000_000) < 1.2 * peak(250_000)
