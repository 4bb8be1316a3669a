"""Logs as files: days, parts, encodings, and what cannot be read."""

from __future__ import annotations

import gzip
from datetime import date as Date
from pathlib import Path

import pytest

from replay.logs import files
from replay.logs import rows as log_rows
from replay.logs.lines import Record
from replay.logs.reader import KEPT, Reading
from simulator.errors import InputError

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "logs").glob("*.log"))
DAY = Date(2025, 10, 28)
MIDNIGHT_S = 1_761_609_600  # 2025-10-28T00:00:00Z, by `date -u -d ... +%s`
DAY_S = 86_400


@pytest.fixture(autouse=True, params=[0, log_rows.SMALL], ids=["at once", "line by line"])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of so few bytes are read line by line."""
    monkeypatch.setattr(log_rows, "SMALL", request.param)


def records(path: Path, reading: Reading, *, date: Date | None = None) -> list[Record]:
    return list(log_rows.records(log_rows.rows(path, reading, date=date)))


def records_of(
    text: str,
    reading: Reading,
    *,
    name: str = "text",
    date: Date | None = None,
    utc_offset_s: int = 0,
) -> list[Record]:
    found = log_rows.rows_of(text, reading, name=name, date=date, utc_offset_s=utc_offset_s)
    return list(log_rows.records(found))


def times_s(text: str, name: str = "bot.log", day: Date | None = DAY) -> list[float]:
    """Seconds after the midnight with which the day begins."""
    found = records_of(text, Reading(), name=name, date=day)
    return [((each.time_ns or 0) - MIDNIGHT_S * 10**9) / 1e9 for each in found]


@pytest.mark.parametrize("log", FIXTURES, ids=lambda log: log.stem)
def test_no_line_of_a_real_log_is_lost(log: Path) -> None:
    reading = Reading()
    found = records(log, reading)
    written = [line for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
    # One text for each line that was read, and one for each that continues it.
    assert sum(len(each.texts) for each in found) + reading.unread == len(written)


def test_the_clock_s_offset_is_taken_off() -> None:
    [found] = records_of("00:00:00 - x", Reading(), date=DAY, utc_offset_s=4 * 3600)
    assert found.time_ns == (MIDNIGHT_S - 4 * 3600) * 10**9


def test_a_line_without_a_date_is_of_the_day_of_the_line_before() -> None:
    text = "2025-10-28 01:00:00,000 - a - INFO - x\n02:00:00 - y\n"
    assert times_s(text, day=None) == [3600, 7200]


@pytest.mark.parametrize(
    "name", ["skl_2025-10-28.log", "bot-20251028.log", "bot.2025_10_28.log", "x.log.2025-10-28"]
)
def test_a_line_without_a_date_is_of_the_day_in_the_file_s_name(name: str) -> None:
    assert times_s("01:00:00 - x", name=name, day=None) == [3600]


def test_a_number_in_a_name_is_no_day() -> None:
    assert times_s("01:00:00 - x", name="1000000_20259999_2025-10-28.log", day=None) == [3600]


def test_the_day_that_was_given_holds_whatever_the_file_is_called() -> None:
    assert times_s("01:00:00 - x", name="skl_2024-01-01.log") == [3600]


def test_a_line_whose_day_nothing_tells_is_named() -> None:
    with pytest.raises(InputError, match=r"^bot\.log:2: the line has no date.*give the day"):
        times_s("\n01:00:00 - x", day=None)


def test_a_day_that_no_log_is_of_is_refused() -> None:
    with pytest.raises(InputError, match=r"^9999-12-31: the day of a log must lie in the years"):
        times_s("01:00:00 - x", day=Date(9999, 12, 31))


def test_after_midnight_it_is_the_next_day() -> None:
    text = "23:59:59.999 - a\n00:00:00.001 - b\n12:00:00 - c\n"
    assert times_s(text) == [DAY_S - 0.001, DAY_S + 0.001, 1.5 * DAY_S]


def test_a_line_that_comes_late_at_midnight_is_of_the_day_before() -> None:
    text = "23:59:59.998 - a\n00:00:00.001 - b\n23:59:59.999 - c\n00:00:00.002 - d\n"
    assert times_s(text) == [DAY_S - 0.002, DAY_S + 0.001, DAY_S - 0.001, DAY_S + 0.002]


def test_an_excerpt_that_begins_again_is_of_the_same_day() -> None:
    assert times_s("22:34:25 - a\n22:34:12 - b\n") == [81265, 81252]


def test_a_range_may_end_after_midnight() -> None:
    [found] = records_of("23:59:55 → 00:00:05 (10 s)", Reading(), date=DAY)
    assert found.end_ns == (MIDNIGHT_S + DAY_S + 5) * 10**9


def test_in_a_log_with_times_a_line_that_continues_nothing_is_counted_and_shown() -> None:
    reading = Reading()
    text = "heading\n22:34:12 - a\n\n  - indented after a gap\nTimeline:\n22:34:13 - b\n"
    assert len(list(records_of(text, reading, name="bot.log", date=DAY))) == 2
    assert reading.timed
    assert reading.unread == 3
    assert reading.unread_lines == [
        ("bot.log", 1, "heading"),
        ("bot.log", 4, "- indented after a gap"),
        ("bot.log", 5, "Timeline:"),
    ]


def test_a_log_without_any_time_is_a_list_in_order() -> None:
    reading = Reading()
    text = "opened: 2/5\n\nResult: 4\n  - and more\n"
    found = list(records_of(text, reading))
    assert [(each.number, each.time_ns, each.message) for each in found] == [
        (1, None, "opened: 2/5"),
        (3, None, "Result: 4\n- and more"),
    ]
    assert not reading.timed
    assert reading.unread == 0
    assert reading.notes() == ["no line has a time; only their order is known"]


def test_a_record_of_a_bot_s_own_log_is_whole() -> None:
    line = "2025-10-28 22:34:12,246 - core.pm - ERROR - failed"
    [found] = records_of(f"{line}\nTraceback:\n  x\n\nValueError\n", Reading(), name="bot.log")
    assert (found.source, found.texts) == (line, ["failed", "Traceback:", "  x", "ValueError"])
    assert (found.logger, found.level, found.file) == ("core.pm", "ERROR", "bot.log")
    assert (found.number, found.exact_ns, found.end_ns) == (1, 1_000_000, None)


def test_of_the_lines_that_cannot_be_read_the_first_are_kept() -> None:
    reading = Reading()
    list(records_of("what?\n" * 2500 + "22:34:12 - a\n", reading, date=DAY))
    assert reading.unread == 2500
    assert len(reading.unread_lines) == KEPT
    assert reading.unread_lines[-1] == ("text", KEPT, "what?")


def test_what_is_put_right_in_a_log_without_times_is_counted_once() -> None:
    reading = Reading()
    [found] = records_of("✅ opened".encode().decode("mac_roman"), reading)
    assert found.message == "✅ opened"
    assert reading.repairs.wrong_codecs == {"Mac Roman": 1}


def test_a_record_is_not_torn_where_a_line_of_its_text_begins_with_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bot.log"
    text = "failed\n" + "22:34:12 is when it began\n" * 20
    file.write_text(f"2025-10-28 22:34:12,246 - core.pm - ERROR - {text}")
    monkeypatch.setattr(files, "BLOCK", 200)
    [found] = records(file, Reading())
    assert found.message == text.rstrip()


def test_a_gzipped_log_is_unpacked_whatever_it_is_called(tmp_path: Path) -> None:
    file = tmp_path / "bot.log"
    file.write_bytes(gzip.compress("22:34:12 - 📊 x\n".encode()))
    [found] = records(file, Reading(), date=DAY)
    assert found.message == "📊 x"


def test_a_gzipped_log_that_breaks_off_is_unusable(tmp_path: Path) -> None:
    file = tmp_path / "bot.log.gz"
    file.write_bytes(gzip.compress(b"22:34:12 - x\n" * 1000)[:-20])
    with pytest.raises(InputError, match=r"bot\.log\.gz: the log cannot be read"):
        records(file, Reading(), date=DAY)


def test_a_rotated_set_is_read_from_its_oldest_part_on(tmp_path: Path) -> None:
    line = "2025-10-28 22:34:{:02},000 - a - INFO - {}\n"
    (tmp_path / "bot.log").write_text(line.format(5, "newest"))
    (tmp_path / "bot.log.1").write_text(line.format(4, "one"))
    (tmp_path / "bot.log.2.gz").write_bytes(gzip.compress(line.format(3, "two").encode()))
    (tmp_path / "bot.log.10").write_text(line.format(2, "ten"))
    (tmp_path / "bot.log.bak").write_text(line.format(1, "not of the set"))
    (tmp_path / "bot.log2").write_text(line.format(1, "not of the set"))
    reading = Reading()
    found = records(tmp_path / "bot.log", reading)
    assert [(each.file, each.number, each.message) for each in found] == [
        ("bot.log.10", 1, "ten"),
        ("bot.log.2.gz", 1, "two"),
        ("bot.log.1", 1, "one"),
        ("bot.log", 1, "newest"),
    ]
    assert reading.files == ["bot.log.10", "bot.log.2.gz", "bot.log.1", "bot.log"]


def test_a_set_rotated_by_day_gives_each_part_its_day(tmp_path: Path) -> None:
    (tmp_path / "bot.log.2025-10-28").write_text("23:00:00 - a\n")
    (tmp_path / "bot.log.2025-10-29").write_text("22:00:00 - b\n")
    (tmp_path / "bot.log").write_text("01:00:00 - c\n")
    found = [each.time_ns for each in records(tmp_path / "bot.log", Reading())]
    hours = [23, 24 + 22, 48 + 1]
    assert found == [(MIDNIGHT_S + hour * 3600) * 10**9 for hour in hours]


def test_a_set_that_logrotate_dated_is_read_by_day(tmp_path: Path) -> None:
    (tmp_path / "bot.log-20251028.gz").write_bytes(gzip.compress(b"23:00:00 - a\n"))
    (tmp_path / "bot.log-20251029").write_text("22:00:00 - b\n")
    (tmp_path / "bot.log").write_text("01:00:00 - c\n")
    found = [each.time_ns for each in records(tmp_path / "bot.log", Reading())]
    hours = [23, 24 + 22, 48 + 1]
    assert found == [(MIDNIGHT_S + hour * 3600) * 10**9 for hour in hours]


def test_one_part_of_a_rotated_set_can_be_read_alone(tmp_path: Path) -> None:
    (tmp_path / "bot.log").write_text("22:34:13 - a\n")
    (tmp_path / "bot.log.1").write_text("22:34:12 - b\n")
    [found] = records(tmp_path / "bot.log.1", Reading(), date=DAY)
    assert found.message == "b"


def test_the_newest_part_of_a_rotated_set_may_be_empty(tmp_path: Path) -> None:
    (tmp_path / "bot.log").touch()
    (tmp_path / "bot.log.1").write_text("22:34:12 - b\n")
    assert len(records(tmp_path / "bot.log", Reading(), date=DAY)) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \n\n", "no line could be read"),
        (b"\x7fELF\x02\x01\x00\x00", "a binary file"),
        ("22:34:12 - x\n".encode("utf-16"), "a binary file"),
    ],
)
def test_what_is_no_log_is_unusable(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "bot.log"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        records(file, Reading(), date=DAY)
    assert str(raised.value).startswith(f"{file}: ")


@pytest.mark.parametrize(("name", "message"), [("none.log", "no such file"), (".", "a folder")])
def test_what_is_no_file_is_unusable(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        records(tmp_path / name, Reading())


def test_a_line_without_an_end_is_unusable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BLOCK", 1 << 10)
    monkeypatch.setattr(files, "LONGEST_RECORD", 4 << 20)
    file = tmp_path / "bot.log"
    file.write_bytes(b"22:34:12 - x\n" + b"x" * (5 << 20))
    with pytest.raises(InputError, match=r"bot\.log:\d: the line is longer than 4 MiB"):
        records(file, Reading(), date=DAY)


def test_windows_line_ends_and_a_byte_order_mark_leave_no_trace(tmp_path: Path) -> None:
    file = tmp_path / "bot.log"
    file.write_bytes("\ufeff22:34:12 - a\r\n  - b\r\n22:34:13 - c\r\n".encode())
    found = records(file, Reading(), date=DAY)
    assert [(each.number, each.message) for each in found] == [(1, "a\n- b"), (3, "c")]
