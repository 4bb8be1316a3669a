"""Faults: what fires, how often, and that nothing else moves."""

from __future__ import annotations

from typing import Any

import pytest
import simpy

from simulator.exchange import FaultKind, FaultRule, Faults, Span
from simulator.randomness import Streams
from tests.exchange.made import START_NS, clock

ORDER = "POST /fapi/v1/order"


def rule(name: str, endpoint: str = ORDER, **fields: Any) -> FaultRule:
    return FaultRule(name=name, endpoint=endpoint, kind=FaultKind.ERROR, **fields)


def faults(*rules: FaultRule, seed: int = 1) -> tuple[simpy.Environment, Faults]:
    env = clock()
    return env, Faults(env, rules, Streams(seed), "venue")


def fires(made: Faults, count: int, endpoint: str = ORDER, symbol: str | None = None) -> list[int]:
    """Which of `count` occurrences fire, counted from 1."""
    return [number for number in range(1, count + 1) if made.match(endpoint, symbol)]


def test_a_rule_fires_at_each_match_and_is_counted() -> None:
    _, made = faults(rule("down"))
    assert fires(made, 3) == [1, 2, 3]
    assert made.fired == {"down": 3}


def test_another_endpoint_is_left_alone() -> None:
    _, made = faults(rule("down"))
    assert made.match("GET /fapi/v1/order") is None
    assert made.fired == {"down": 0}


def test_a_pattern_matches_stream_messages() -> None:
    _, made = faults(rule("silent", "stream.ORDER_*"))
    assert made.match("stream.ORDER_TRADE_UPDATE", "SKLUSDT") is not None
    assert made.match("stream.ACCOUNT_UPDATE", "SKLUSDT") is None


def test_nth_counts_matches_from_one() -> None:
    _, made = faults(rule("third", nth=frozenset({3, 5})))
    assert fires(made, 7) == [3, 5]


def test_times_ends_a_rule() -> None:
    _, made = faults(rule("twice", times=2))
    assert fires(made, 5) == [1, 2]


def test_a_rule_for_a_symbol_matches_neither_others_nor_none() -> None:
    _, made = faults(rule("skl", symbol="SKLUSDT", nth=frozenset({1})))
    assert made.match(ORDER, "BTCUSDT") is None
    assert made.match(ORDER, None) is None
    assert made.match(ORDER, "SKLUSDT") is not None


def test_a_rule_fires_within_its_span_only() -> None:
    span = Span(start_ns=START_NS + 10, end_ns=START_NS + 20)
    env, made = faults(rule("window", span=span, nth=frozenset({1})))
    assert made.match(ORDER) is None
    env.run(until=START_NS + 10)
    assert made.match(ORDER) is not None  # the occurrence before the span was not counted
    env.run(until=START_NS + 20)
    assert made.match(ORDER) is None


def test_probability_is_met_in_the_long_run_and_repeats_with_the_seed() -> None:
    chance = rule("chance", probability=0.3)
    _, made = faults(chance)
    _, again = faults(chance)
    fired = fires(made, 4000)
    assert fired == fires(again, 4000)
    assert 1100 < len(fired) < 1300
    _, other = faults(chance, seed=2)
    assert fires(other, 4000) != fired


def test_probability_zero_never_fires_and_shows_as_zero() -> None:
    _, made = faults(rule("never", probability=0.0))
    assert fires(made, 100) == []
    assert made.fired == {"never": 0}


def test_of_several_rules_that_would_fire_the_last_one_written_does() -> None:
    _, made = faults(rule("first"), rule("second", times=1))
    winners = [fired.name for _ in range(3) if (fired := made.match(ORDER))]
    assert winners == ["second", "first", "first"]
    assert made.fired == {"first": 2, "second": 1}


def test_a_rule_that_lost_keeps_its_times() -> None:
    _, made = faults(rule("once", times=1), rule("early", nth=frozenset({1})))
    winners = [fired.name for _ in range(3) if (fired := made.match(ORDER))]
    assert winners == ["early", "once"]


def test_an_extra_rule_moves_nothing_about_another() -> None:
    chance = rule("chance", probability=0.5)
    _, alone = faults(chance)
    _, beside = faults(rule("other", probability=0.5), chance)
    fired = fires(alone, 50)
    together = [n for n in range(1, 51) if (won := beside.match(ORDER)) and won.name == "chance"]
    assert together == fired


def test_switched_off_nothing_fires_and_nothing_is_counted() -> None:
    _, made = faults(rule("second", nth=frozenset({2})))
    assert made.match(ORDER) is None
    made.enabled = False
    assert fires(made, 5) == []
    made.enabled = True
    assert made.match(ORDER) is not None


def test_each_firing_is_told() -> None:
    told: list[tuple[str, str]] = []
    made = Faults(
        clock(),
        [rule("down", "POST *", nth=frozenset({2}))],
        Streams(1),
        "venue",
        lambda fired, endpoint: told.append((fired.name, endpoint)),
    )
    for _ in range(3):
        made.match(ORDER)
    assert told == [("down", ORDER)]


def test_two_rules_with_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two fault rules are called 'down': names must differ"):
        faults(rule("down"), rule("down"))
