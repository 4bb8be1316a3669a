"""The exchange's own time over a request."""

from __future__ import annotations

import pytest
import simpy

from simulator.distributions import Distribution, Empirical, Fixed, LogNormal, Uniform
from simulator.exchange import Latency, LatencyRule, Span
from simulator.randomness import Streams
from tests.exchange.made import MS_NS, START_NS, clock

ORDER = "POST /fapi/v1/order"


def latency(*rules: LatencyRule, seed: int = 1) -> tuple[simpy.Environment, Latency]:
    env = clock()
    return env, Latency(env, rules, Streams(seed), "venue")


def test_without_a_rule_the_exchange_takes_no_time() -> None:
    _, made = latency()
    assert (made.request_ns(ORDER, None), made.reply_ns(ORDER, None)) == (0, 0)


def test_each_half_has_its_own_delay() -> None:
    _, made = latency(LatencyRule(request=Fixed(3), reply=Fixed(5)))
    assert (made.request_ns(ORDER, None), made.reply_ns(ORDER, None)) == (3, 5)


def test_a_later_rule_that_says_nothing_about_a_half_leaves_it_alone() -> None:
    _, made = latency(
        LatencyRule(request=Fixed(3), reply=Fixed(5)),
        LatencyRule(endpoint="POST *", reply=Fixed(9)),
    )
    assert (made.request_ns(ORDER, None), made.reply_ns(ORDER, None)) == (3, 9)
    assert made.reply_ns("GET /fapi/v1/order", None) == 5


def test_a_rule_holds_for_its_symbol_and_its_span() -> None:
    span = Span(end_ns=START_NS + 10)
    env, made = latency(LatencyRule(request=Fixed(3), symbol="SKLUSDT", span=span))
    assert made.request_ns(ORDER, "SKLUSDT") == 3
    assert made.request_ns(ORDER, "BTCUSDT") == 0
    assert made.request_ns(ORDER, None) == 0
    env.run(until=START_NS + 10)
    assert made.request_ns(ORDER, "SKLUSDT") == 0


def test_a_draw_of_one_half_moves_nothing_in_the_other() -> None:
    rule = LatencyRule(request=Uniform(0, MS_NS), reply=Uniform(0, MS_NS))
    _, plain = latency(rule)
    _, disturbed = latency(rule)
    for _ in range(7):
        disturbed.request_ns(ORDER, None)
    assert [plain.reply_ns(ORDER, None) for _ in range(10)] == [
        disturbed.reply_ns(ORDER, None) for _ in range(10)
    ]


@pytest.mark.parametrize(
    ("distribution", "least", "median", "most"),
    [
        (Fixed(MS_NS), MS_NS, MS_NS, MS_NS),
        (Uniform(MS_NS, 3 * MS_NS), MS_NS, 2 * MS_NS, 3 * MS_NS),
        (LogNormal(MS_NS, 0.5), 0, MS_NS, 20 * MS_NS),
        # half of the draws at 1 ms or below, the rest spread evenly up to 9 ms
        (Empirical(((0.5, MS_NS), (1.0, 9 * MS_NS))), MS_NS, MS_NS, 9 * MS_NS),
    ],
    ids=["fixed", "uniform", "log-normal", "empirical"],
)
def test_every_distribution_keeps_its_bounds_and_its_median(
    distribution: Distribution, least: int, median: int, most: int
) -> None:
    _, made = latency(LatencyRule(request=distribution))
    drawn = sorted(made.request_ns(ORDER, None) for _ in range(2001))
    assert least <= drawn[0]
    assert drawn[-1] <= most
    assert drawn[1000] == pytest.approx(median, rel=0.1)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    rule = LatencyRule(request=LogNormal(MS_NS, 0.5))
    runs = [
        [made.request_ns(ORDER, None) for _ in range(20)]
        for made in (latency(rule)[1], latency(rule)[1], latency(rule, seed=2)[1])
    ]
    assert runs[0] == runs[1] != runs[2]
