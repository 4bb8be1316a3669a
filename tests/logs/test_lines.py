"""Single lines, in the forms that people paste."""

from __future__ import annotations

import pytest

from replay.logs.lines import record, untimed_record

MS, S = 1_000_000, 1_000_000_000
AT_2234 = (22 * 3600 + 34 * 60) * S


@pytest.mark.parametrize(
    ("line", "after_2234_ns", "exact_ns", "message"),
    [
        ("22:34:12.246 - text", 12_246 * MS, MS, "text"),
        ("22:34:12,246 | text", 12_246 * MS, MS, "text"),
        ("22:34:12 - text", 12 * S, S, "text"),
        ("22:34:12.9XX - text", 12_900 * MS, 100 * MS, "text"),
        ("22:34:12.95x - text", 12_950 * MS, 10 * MS, "text"),
        ("22:34:12.XXX - text", 12 * S, S, "text"),
        ("22:34:12.246813 - text", 12_246_813_000, 1_000, "text"),
        ("22:34:12,246 - core.pm - INFO - a - b", 12_246 * MS, MS, "a - b"),
        ("2025-10-28T22:34:12.246 - text", 12_246 * MS, MS, "text"),
    ],
)
def test_a_time_is_read_to_what_it_is_given(
    line: str, after_2234_ns: int, exact_ns: int, message: str
) -> None:
    found = record(1, line)
    assert found is not None
    assert found.of_day_ns == AT_2234 + after_2234_ns
    assert (found.exact_ns, found.message) == (exact_ns, message)


@pytest.mark.parametrize(
    ("line", "end_of_day_ns"),
    [
        ("22:34:13-23  - text", AT_2234 + 23 * S),
        ("22:34:13-35:23 - text", AT_2234 + 83 * S),
        ("22:34:13,219 → 22:34:23,732 (10.0 seconds)", AT_2234 + 23_732 * MS),
        ("22:34:13 -> 22:34:23 - text", AT_2234 + 23 * S),
    ],
)
def test_a_range_has_an_end(line: str, end_of_day_ns: int) -> None:
    found = record(1, line)
    assert found is not None
    assert found.end_of_day_ns == end_of_day_ns


@pytest.mark.parametrize(
    ("line", "message", "note"),
    [
        ("22:34:12 - filled  <-- ИСПОЛНЕН!", "filled", "ИСПОЛНЕН!"),
        ("22:34:12 - filled ← NEVER MARKED", "filled", "NEVER MARKED"),
        ("22:34:12 - a <- b", "a <- b", ""),
        ("22:34:12 - a → b", "a → b", ""),
    ],
)
def test_a_remark_is_kept_apart_from_the_message(line: str, message: str, note: str) -> None:
    found = record(1, line)
    assert found is not None
    assert (found.message, found.note) == (message, note)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "text",
        "  22:34:12 - indented",
        "25:34:12 - no such hour",
        "22:60:12 - no such minute",
        "2025-02-30 22:34:12,246 - core.pm - INFO - no such day",
        "0000-01-01 22:34:12,246 - core.pm - INFO - no such year",
        "3025-10-28 22:34:12,246 - core.pm - INFO - a year of no log",
        "2025-13-01 22:34:12,246 - core.pm - INFO - no such month",
        "22:34:12 text right behind it",
    ],
)
def test_what_does_not_begin_with_a_time_begins_no_record(line: str) -> None:
    assert record(1, line) is None


def test_what_a_program_wrote_goes_on_as_it_stands() -> None:
    found = record(1, "22:34:12,246 - core.pm - ERROR - failed")
    assert found is not None
    for line in (
        "Traceback (most recent call last):",
        '  File "x.py", line 3',
        "    ...<2 lines>...",
    ):
        assert found.continued(line)
    assert found.message.split("\n")[1:] == [
        "Traceback (most recent call last):",
        '  File "x.py", line 3',
        "    ...<2 lines>...",
    ]


def test_what_somebody_shortened_goes_on_only_where_it_is_indented() -> None:
    found = record(1, "22:34:12.246 - TIMEOUT")
    assert found is not None
    assert not found.continued("Timeline:")
    assert found.continued("    | - WebSocket: True  <-- checked")
    assert (found.message, found.note) == ("TIMEOUT\n- WebSocket: True", "checked")


@pytest.mark.parametrize("line", ["...", "… (7 more)", "(10 updates, ZERO quantity)"])
def test_what_was_left_out_continues_no_program(line: str) -> None:
    found = record(1, "22:34:12,246 - core.pm - INFO - text")
    assert found is not None
    assert not found.continued(line)


def test_without_times_every_line_that_is_not_indented_begins_a_record() -> None:
    found = untimed_record(3, "opened: 2/5 → ZENTUSDT  ← once more")
    assert found is not None
    assert (found.message, found.note, found.of_day_ns) == (
        "opened: 2/5 → ZENTUSDT",
        "once more",
        None,
    )
    assert untimed_record(4, "  indented") is None
