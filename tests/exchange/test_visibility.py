"""When a published value shows."""

from __future__ import annotations

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from simulator.distributions import Empirical, Fixed, LogNormal, Uniform
from simulator.exchange import LagRule, Span, Visibility
from simulator.randomness import Streams
from tests.exchange.made import MS_NS, PROPERTY, SECOND_NS, START_NS, clock


def windows(*rules: LagRule, seed: int = 1) -> tuple[simpy.Environment, Visibility]:
    env = clock()
    return env, Visibility(env, rules, Streams(seed), "venue")


def at(env: simpy.Environment, ns_after_start: int) -> None:
    """Move the clock; simpy stops just before what is due at that moment."""
    env.run(until=START_NS + ns_after_start)


def test_a_value_shows_at_once_in_a_window_without_a_rule() -> None:
    _, visibility = windows(LagRule(window="positions", lag=Fixed(SECOND_NS)))
    visibility.publish("order", 1, "NEW", symbol="SKLUSDT")
    assert visibility.seen("order", 1) == "NEW"


def test_a_value_shows_when_its_lag_is_over_and_not_a_nanosecond_before() -> None:
    env, visibility = windows(LagRule(window="order", lag=Fixed(500 * MS_NS)))
    visibility.publish("order", 1, "NEW", symbol="SKLUSDT")
    at(env, 500 * MS_NS - 1)
    assert visibility.seen("order", 1) is None
    at(env, 500 * MS_NS)
    assert visibility.seen("order", 1) == "NEW"


def test_the_earlier_value_stays_visible_until_the_later_one_shows() -> None:
    env, visibility = windows(LagRule(window="order", lag=Fixed(500 * MS_NS)))
    visibility.publish("order", 1, "NEW", symbol="SKLUSDT")
    at(env, 200 * MS_NS)
    visibility.publish("order", 1, "FILLED", symbol="SKLUSDT")
    at(env, 600 * MS_NS)
    assert visibility.seen("order", 1) == "NEW"
    at(env, 700 * MS_NS)
    assert visibility.seen("order", 1) == "FILLED"


def test_a_later_value_with_a_shorter_lag_waits_for_the_earlier_one() -> None:
    rules = (
        LagRule(window="order", lag=Fixed(SECOND_NS)),
        LagRule(window="order", lag=Fixed(0), span=Span(start_ns=START_NS + 1)),
    )
    env, visibility = windows(*rules)
    visibility.publish("order", 1, "NEW", symbol="SKLUSDT")
    at(env, 10)
    visibility.publish("order", 1, "FILLED", symbol="SKLUSDT")
    assert visibility.seen("order", 1) is None
    at(env, SECOND_NS)
    assert visibility.seen("order", 1) == "FILLED"


def test_a_default_stands_in_for_what_is_not_visible() -> None:
    _, visibility = windows(LagRule(window="positions", lag=Fixed(SECOND_NS)))
    visibility.publish("positions", "SKLUSDT", 5, symbol="SKLUSDT")
    assert visibility.seen("positions", "SKLUSDT", 0) == 0
    assert visibility.seen("order", "unknown", "nothing") == "nothing"


def test_of_several_rules_that_match_the_last_one_written_wins() -> None:
    _, visibility = windows(
        LagRule(window="*", lag=Fixed(7)),
        LagRule(window="order", lag=Fixed(9)),
    )
    assert visibility.draw_lag_ns("order", "SKLUSDT") == 9
    assert visibility.draw_lag_ns("balance", "SKLUSDT") == 7


def test_a_rule_holds_for_its_symbol_only() -> None:
    _, visibility = windows(LagRule(window="order", lag=Fixed(9), symbol="SKLUSDT"))
    assert visibility.draw_lag_ns("order", "SKLUSDT") == 9
    assert visibility.draw_lag_ns("order", "BTCUSDT") == 0


def test_a_rule_holds_from_its_start_up_to_but_without_its_end() -> None:
    span = Span(start_ns=START_NS + 10, end_ns=START_NS + 20)
    env, visibility = windows(LagRule(window="order", lag=Fixed(9), span=span))
    drawn = []
    for moment in (9, 10, 19, 20):
        at(env, moment)
        drawn.append(visibility.draw_lag_ns("order", "SKLUSDT"))
    assert drawn == [0, 9, 9, 0]


def test_a_pattern_matches_the_windows_of_streams_only() -> None:
    _, visibility = windows(LagRule(window="stream.*", lag=Fixed(9)))
    assert visibility.draw_lag_ns("stream.ACCOUNT_UPDATE", "SKLUSDT") == 9
    assert visibility.draw_lag_ns("order", "SKLUSDT") == 0
    assert not visibility.lagged("order")
    assert visibility.lagged("stream.ORDER_TRADE_UPDATE")


def test_seen_all_keeps_the_order_of_first_publication() -> None:
    env, visibility = windows(LagRule(window="open_orders", lag=Fixed(5)))
    for key in ("c", "a", "b", "a"):
        visibility.publish("open_orders", key, key.upper(), symbol="SKLUSDT")
    assert list(visibility.seen_all("open_orders")) == []
    at(env, 5)
    assert list(visibility.seen_all("open_orders")) == ["C", "A", "B"]


def test_a_final_value_removes_its_key_when_it_would_show() -> None:
    env, visibility = windows(LagRule(window="open_orders", lag=Fixed(100)))
    visibility.publish("open_orders", 1, "NEW", symbol="SKLUSDT")
    at(env, 50)
    visibility.publish("open_orders", 1, "FILLED", symbol="SKLUSDT", final=True)
    at(env, 149)
    assert list(visibility.seen_all("open_orders")) == ["NEW"]
    assert visibility.seen("open_orders", 1) == "NEW"
    at(env, 150)
    assert visibility.seen("open_orders", 1) is None
    assert list(visibility.seen_all("open_orders")) == []


def test_a_final_value_removes_its_key_from_a_window_without_a_rule() -> None:
    _, visibility = windows()
    visibility.publish("open_orders", 1, "NEW", symbol="SKLUSDT")
    visibility.publish("open_orders", 1, "FILLED", symbol="SKLUSDT", final=True)
    assert list(visibility.seen_all("open_orders")) == []


def test_a_key_that_comes_back_after_its_final_value_is_shown_again() -> None:
    env, visibility = windows(LagRule(window="open_orders", lag=Fixed(100)))
    visibility.publish("open_orders", 1, "ended", symbol="SKLUSDT", final=True)
    at(env, 10)
    visibility.publish("open_orders", 1, "again", symbol="SKLUSDT")
    at(env, 200)
    assert list(visibility.seen_all("open_orders")) == ["again"]


def test_hides_tells_a_key_to_come_from_one_that_is_visible_or_unknown() -> None:
    env, visibility = windows(LagRule(window="fills", lag=Fixed(100)))
    visibility.publish("fills", 1, "fill", symbol="SKLUSDT", final=True)
    assert visibility.hides("fills", 1)
    assert not visibility.hides("fills", 2)
    at(env, 100)
    assert not visibility.hides("fills", 1)


def test_a_given_lag_replaces_the_drawn_one() -> None:
    _, visibility = windows(LagRule(window="balance", lag=Fixed(SECOND_NS)))
    visibility.publish("balance", "bot", 10, symbol="", lag_ns=0)
    assert visibility.seen("balance", "bot") == 10


@pytest.mark.parametrize("final", [False, True])
def test_memory_stays_flat_however_often_a_key_is_published(final: bool) -> None:
    env, visibility = windows(LagRule(window="order", lag=Fixed(10)))
    for step in range(2000):
        at(env, step * 20 + 1)
        visibility.publish("order", step if final else 1, step, symbol="SKLUSDT", final=final)
    view = visibility._windows["order"]
    assert sum(len(entry.values) for entry in view.entries.values()) <= 2
    assert len(view.finals) <= 1


def test_an_extra_draw_in_one_window_moves_nothing_in_another() -> None:
    rule = LagRule(window="*", lag=Uniform(0, SECOND_NS))
    _, plain = windows(rule)
    _, disturbed = windows(rule)
    for _ in range(5):
        disturbed.draw_lag_ns("positions", "SKLUSDT")
    assert [plain.draw_lag_ns("order", "SKLUSDT") for _ in range(10)] == [
        disturbed.draw_lag_ns("order", "SKLUSDT") for _ in range(10)
    ]


@pytest.mark.parametrize(
    "lag",
    [
        Fixed(3 * MS_NS),
        Uniform(0, 5 * MS_NS),
        LogNormal(2 * MS_NS, 1.0),
        Empirical(((0.5, MS_NS), (1.0, 9 * MS_NS))),
    ],
)
@given(gaps=st.lists(st.integers(0, 4 * MS_NS), min_size=1, max_size=12))
@PROPERTY
def test_what_is_seen_never_goes_back(lag: object, gaps: list[int]) -> None:
    env, visibility = windows(LagRule(window="order", lag=lag))  # type: ignore[arg-type]
    seen = [-1]
    for number, gap in enumerate(gaps):
        visibility.publish("order", 1, number, symbol="SKLUSDT")
        seen.append(visibility.seen("order", 1, -1))
        env.run(until=int(env.now) + gap + 1)
        seen.append(visibility.seen("order", 1, -1))
    env.run(until=int(env.now) + 10**12)
    seen.append(visibility.seen("order", 1, -1))
    assert seen == sorted(seen)
    assert seen[-1] == len(gaps) - 1
