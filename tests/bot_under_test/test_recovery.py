"""What the bot does after a start with what it was in the middle of."""

from __future__ import annotations

import json

import pytest

from replay import runner
from replay.result import RunResult
from scenarios import catalogue

TEXT = catalogue.find("crash_binance").read_text(encoding="utf-8")


def run(
    behaviour: dict[str, object] | None = None, *, again: str = "+50 s", **settings: object
) -> RunResult:
    """`current`, killed when the venue has its entry order, at a venue that behaves so; the
    signal comes `again`."""
    book = "        book: {quantity: 100000}\n"
    text = TEXT.replace("at: +50 s", f"at: {again}")
    text = text.replace(book, f"{book}    behaviour: {json.dumps(behaviour or {})}\n")
    own = json.dumps({"usdt_size": 6, **settings})
    text = text.replace("settings: {usdt_size: 6}", f"settings: {own}")
    return runner.play(runner.load_text(text, "x.yaml"), "x.yaml", version="current")


def bought(result: RunResult) -> int:
    """How many entry orders were filled."""
    return sum(
        each.change == "FILLED" and each.side == "BUY" and not each.conditional
        for each in result.truth[0].orders
    )


LATE_POSITIONS: dict[str, object] = {"visibility": [{"window": "positions", "lag": "10 s"}]}


def test_a_signal_is_refused_while_an_interrupted_opening_may_come_through() -> None:
    # Killed at 10.26 s, up again at 15.26 s; the position is shown from 20.26 s on.
    result = run(LATE_POSITIONS, again="+17 s")
    assert bought(result) == 1
    assert result.outcomes == {"ADAUSDT": "opened"}
    (failure,) = [each for each in result.events if each.type == "signal_execution_failed"]
    assert "duplicate" in str(failure.data["error"])


def test_without_what_it_wrote_down_it_opens_twice() -> None:
    assert bought(run(LATE_POSITIONS, again="+17 s", remembers_openings=False)) == 2


def test_a_position_that_is_shown_late_is_protected_within_a_retry() -> None:
    result = run(LATE_POSITIONS)
    # Shown at 20.26 s; the guard asks every 2 s and its round takes two round trips of 40 ms.
    (placed,) = [each for each in result.milestones if each.name == "stop_loss_placed"]
    assert 20.26 <= (placed.time_ns - result.start_ns) / 1e9 <= 22.5


def test_without_what_it_wrote_down_it_is_protected_only_with_the_next_round() -> None:
    result = run(LATE_POSITIONS, remembers_openings=False)
    placed = [each for each in result.milestones if each.name == "stop_loss_placed"]
    assert (placed[0].time_ns - result.start_ns) / 1e9 > 40


def test_an_order_that_the_venue_takes_late_is_found_and_protected() -> None:
    slow = {"latency": [{"endpoint": "POST /fapi/v1/order", "request": "9 s"}]}
    result = run(slow)  # taken at 10.26 s, carried out at 19.26 s
    assert bought(result) == 1
    assert result.outcomes == {"ADAUSDT": "opened"}
    assert result.unprotected_ns["ADAUSDT"] < 2_500_000_000


def test_an_opening_of_which_nothing_came_is_given_up_after_an_interval() -> None:
    refused = {
        "faults": [
            {
                "name": "lost",
                "endpoint": "POST /fapi/v1/order",
                "kind": "hang",
                "nth": [1],
            }
        ]
    }
    result = run(refused)
    assert next(each.type for each in result.events) == "opening_left_nothing"
    assert result.outcomes == {"ADAUSDT": "opened"}  # by the second signal
    assert bought(result) == 1


def test_an_opening_that_has_its_row_already_is_taken_up_once() -> None:
    text = TEXT.replace(
        "request: POST /fapi/v1/order\n    when: taken", "milestone: verification_started"
    )
    result = runner.play(runner.load_text(text, "x.yaml"), "x.yaml", version="current")
    names = [each.name for each in result.milestones]
    assert names.count("opening_interrupted") == 1
    assert [each.type for each in result.events] == [
        "position_recovered",
        "signal_execution_failed",
    ]


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_the_orders_of_a_former_life_are_known(venue: str) -> None:
    result = runner.run(f"crash_{venue}", version="current")
    (finding,) = [each for each in result.verdict.findings if each.name == "no_unknown_order"]
    assert finding.held
