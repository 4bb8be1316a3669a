"""Rate limits: what fits a window, and when it ends."""

from __future__ import annotations

from itertools import accumulate

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from simulator.exchange import LimitRule, RateLimiter
from tests.exchange.made import PROPERTY, SECOND_NS, START_NS, clock, pass_to

MINUTE_NS = 60 * SECOND_NS
WEIGHT = LimitRule(name="REQUEST_WEIGHT", limit=2400, interval_ns=MINUTE_NS)
ORDERS_10S = LimitRule(name="ORDERS", limit=300, interval_ns=10 * SECOND_NS)
ORDERS_1M = LimitRule(name="ORDERS", limit=1200, interval_ns=MINUTE_NS)
SLIDING = LimitRule(name="REQUESTS", limit=3, interval_ns=SECOND_NS, aligned=False)


def limiter(*rules: LimitRule) -> tuple[simpy.Environment, RateLimiter]:
    env = clock()
    return env, RateLimiter(env, rules)


def test_the_limit_itself_is_let_through_and_one_more_is_not() -> None:
    _, limits = limiter(WEIGHT)
    assert not limits.spend("REQUEST_WEIGHT", "1.2.3.4", 2400).exceeded
    assert limits.spend("REQUEST_WEIGHT", "1.2.3.4", 1).exceeded


def test_usage_says_what_a_reply_header_needs() -> None:
    _, limits = limiter(WEIGHT)
    limits.spend("REQUEST_WEIGHT", "1.2.3.4", 5)
    usage = limits.spend("REQUEST_WEIGHT", "1.2.3.4", 40)
    assert (usage.used, usage.limit, usage.rule) == (45, 2400, WEIGHT)


def test_an_aligned_window_ends_with_the_clock_minute() -> None:
    env, limits = limiter(WEIGHT)
    env.run(until=START_NS + 59 * SECOND_NS)  # the start is a whole minute
    usage = limits.spend("REQUEST_WEIGHT", "1.2.3.4", 2400)
    assert usage.resets_in_ns == SECOND_NS
    env.run(until=START_NS + MINUTE_NS)
    assert limits.used("REQUEST_WEIGHT", "1.2.3.4", MINUTE_NS) == 0
    assert not limits.spend("REQUEST_WEIGHT", "1.2.3.4", 2400).exceeded


def test_refused_units_count_in_an_aligned_window() -> None:
    _, limits = limiter(WEIGHT)
    limits.spend("REQUEST_WEIGHT", "1.2.3.4", 2400)
    assert limits.spend("REQUEST_WEIGHT", "1.2.3.4", 1).used == 2401
    assert limits.spend("REQUEST_WEIGHT", "1.2.3.4", 1).used == 2402


def test_every_key_has_its_own_count() -> None:
    _, limits = limiter(WEIGHT)
    limits.spend("REQUEST_WEIGHT", "1.2.3.4", 2400)
    assert not limits.spend("REQUEST_WEIGHT", "5.6.7.8", 1).exceeded


def test_rules_that_share_a_name_are_spent_together() -> None:
    env, limits = limiter(ORDERS_10S, ORDERS_1M)
    limits.spend("ORDERS", "bot", 300)
    usage = limits.spend("ORDERS", "bot", 1)
    assert (usage.exceeded, usage.rule) == (True, ORDERS_10S)
    env.run(until=START_NS + 10 * SECOND_NS)
    assert limits.used("ORDERS", "bot", 10 * SECOND_NS) == 0
    assert limits.used("ORDERS", "bot", MINUTE_NS) == 301


def test_the_minute_refuses_although_the_ten_seconds_would_not() -> None:
    env, limits = limiter(ORDERS_10S, ORDERS_1M)
    for moment in range(4):
        env.run(until=START_NS + moment * 10 * SECOND_NS + 1)
        limits.spend("ORDERS", "bot", 300)
    env.run(until=START_NS + 40 * SECOND_NS)
    usage = limits.spend("ORDERS", "bot", 1)
    assert (usage.exceeded, usage.rule) == (True, ORDERS_1M)
    assert usage.resets_in_ns == 20 * SECOND_NS


def test_the_rule_with_the_least_room_is_reported_while_none_is_exceeded() -> None:
    _, limits = limiter(ORDERS_1M, ORDERS_10S)
    assert limits.spend("ORDERS", "bot", 100).rule == ORDERS_10S


def test_units_leave_a_sliding_window_one_interval_after_they_came() -> None:
    env, limits = limiter(SLIDING)
    limits.spend("REQUESTS", "bot", 2)
    env.run(until=START_NS + SECOND_NS // 2)
    limits.spend("REQUESTS", "bot", 1)
    refused = limits.spend("REQUESTS", "bot", 1)
    assert refused.exceeded
    assert refused.resets_in_ns == SECOND_NS // 2
    env.run(until=START_NS + SECOND_NS)
    assert limits.used("REQUESTS", "bot", SECOND_NS) == 1
    assert not limits.spend("REQUESTS", "bot", 2).exceeded


def test_refused_units_do_not_count_in_a_sliding_window() -> None:
    env, limits = limiter(SLIDING)
    limits.spend("REQUESTS", "bot", 3)
    for moment in range(1, 10):
        env.run(until=START_NS + moment * SECOND_NS // 10)
        assert limits.spend("REQUESTS", "bot", 1).exceeded
    env.run(until=START_NS + SECOND_NS)
    assert not limits.spend("REQUESTS", "bot", 3).exceeded


def test_a_name_or_interval_without_a_rule_is_an_error() -> None:
    _, limits = limiter(WEIGHT)
    with pytest.raises(KeyError):
        limits.spend("ORDERS", "bot", 1)
    with pytest.raises(KeyError, match="no limit REQUEST_WEIGHT with an interval of 5 ns"):
        limits.used("REQUEST_WEIGHT", "bot", 5)


def test_an_interval_of_nothing_is_refused() -> None:
    rule = LimitRule(name="ORDERS", limit=1, interval_ns=0)
    with pytest.raises(ValueError, match="limit ORDERS: interval must be above 0 ns, was 0"):
        limiter(rule)


SPENDS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), min_size=1, max_size=80)


@given(spends=SPENDS, limit=st.integers(1, 12))
@PROPERTY
def test_never_more_than_the_limit_gets_through_an_aligned_window(
    spends: list[tuple[int, int]], limit: int
) -> None:
    env, limits = limiter(LimitRule(name="X", limit=limit, interval_ns=100))
    passed: dict[int, int] = {}
    for moment, (_, units) in zip(accumulate(gap for gap, _ in spends), spends, strict=True):
        pass_to(env, START_NS + moment)
        if not limits.spend("X", "bot", units).exceeded:
            window = int(env.now) // 100
            passed[window] = passed.get(window, 0) + units
    assert all(units <= limit for units in passed.values())


@given(spends=SPENDS, limit=st.integers(1, 12))
@PROPERTY
def test_never_more_than_the_limit_gets_through_any_sliding_window(
    spends: list[tuple[int, int]], limit: int
) -> None:
    env, limits = limiter(LimitRule(name="X", limit=limit, interval_ns=100, aligned=False))
    passed: list[tuple[int, int]] = []
    for moment, (_, units) in zip(accumulate(gap for gap, _ in spends), spends, strict=True):
        pass_to(env, START_NS + moment)
        usage = limits.spend("X", "bot", units)
        if not usage.exceeded:
            passed.append((moment, units))
        within = sum(units for then, units in passed if then > moment - 100)
        assert within <= limit
        if usage.exceeded:
            assert within + units > limit, "refused although it would have fitted"
