"""What a log says, in figures."""

from __future__ import annotations

from datetime import date as Date

import pytest

from replay.logs import milestones, summary
from replay.logs.reader import Reading
from replay.logs.rows import rows_of
from replay.logs.shapes import shape
from replay.logs.summary import Summary

DAY = Date(2025, 10, 28)


def summarised(text: str) -> Summary:
    return summary.summarise(rows_of(text, Reading(), name="bot.log", date=DAY), milestones.known())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "Order 1020563016 of SKLUSDT filled 2925.0/2925.0",
            "Order <n> of <symbol> filled <n>/<n>",
        ),
        ("id=512b1d4c-352b-4ceb-a20c-5288f2aa7715, side=-1.5e-7", "id=<id>, side=<n>"),
        ("SKL/USDT:USDT and 1000000BABYDOGEUSDT", "<symbol> and <symbol>"),
        ("clientOrderId x-Bot17aa22bb33", "clientOrderId x-<id>"),
        ("took 1,234.5 ms at 22:34:12", "took <n> ms at <n>:<n>:<n>"),
        ("[USER] Connected to wss://fstream", "[USER] Connected to wss://fstream"),
        ("ПОДКЛЮЧЕНО 5 раз", "ПОДКЛЮЧЕНО <n> раз"),
        ("Failed:\nTraceback 1\n  line 2", "Failed:"),
    ],
)
def test_a_shape_keeps_the_words_and_leaves_out_what_changes(text: str, kept: str) -> None:
    assert shape(text) == kept


def test_a_word_of_any_length_has_the_same_shape() -> None:
    assert shape(f"({'7' * 500})") == shape("(7)") == "(<n>)"


def test_a_milestone_is_counted_with_its_first_and_last_moment_whatever_the_order() -> None:
    found = summarised(
        "22:34:12.250 - Pre-registered SKLUSDT\n"
        "22:34:11.100 - Pre-registered RADUSDT\n"
        "22:34:11.898 - Leverage set to 1x\n"
        "22:34:13.000 - Pre-registered VELOUSDT\n"
    )
    tally = found.milestones["pre_registered"]
    assert tally.count == 3
    assert summary.moment(tally.first, 0) == "2025-10-28 22:34:11.100"
    assert summary.moment(tally.last, 4 * 3600) == "2025-10-29 02:34:13.000"
    assert found.milestones["leverage_set"].count == 1
    assert found.unmatched_lines == 0


def test_lines_without_a_milestone_are_grouped_by_logger_and_shape_most_frequent_first() -> None:
    line = "22:34:12,250 - {} - INFO - {}\n"
    found = summarised(
        line.format("core.b", "tick 1")
        + line.format("core.a", "tick 2")
        + line.format("core.b", "order 77 of SKLUSDT is odd")
        + line.format("core.a", "tick 3.5")
        + line.format("core.b", "order 78 of RADUSDT is odd")
        + line.format("core.b", "order 79 of RADUSDT is odd")
    )
    assert [
        (logger, kept, tally.count, summary.place(tally.first))
        for logger, kept, tally in found.by_count
    ] == [
        ("core.b", "order <n> of <symbol> is odd", 3, "bot.log:3"),
        ("core.a", "tick <n>", 2, "bot.log:2"),
        ("core.b", "tick <n>", 1, "bot.log:1"),
    ]
    assert found.unmatched_lines == 6


def test_of_too_many_shapes_the_lines_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "SHAPES", 2)
    found = summarised("".join(f"22:34:12 - {word}\n" for word in ("a", "b", "c", "a", "d")))
    assert [(kept, tally.count) for _, kept, tally in found.by_count] == [("a", 2), ("b", 1)]
    assert found.beyond == 2
    assert found.unmatched_lines == 5
