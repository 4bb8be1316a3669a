"""What is served, and what is said of faults, without a network."""

from __future__ import annotations

import pytest

from replay import runner
from replay.serving.plan import Plan, plan
from replay.serving.service import Service
from scenarios import catalogue
from scenarios.markets import Fault
from simulator.clock import Clock
from simulator.trace import Trace

START_NS = 1_795_280_904_000_000_000


def test_a_fault_without_end_is_told_at_powers_of_ten_and_counted() -> None:
    plain = plan(None, start_ns=START_NS)
    part = plain.venues["binance"]
    fault = Fault.model_validate({"name": "deaf", "endpoint": "GET /fapi/v1/time", "kind": "reset"})
    behaviour = part.behaviour.model_copy(update={"faults": (fault,)})
    faulty = part.model_copy(update={"behaviour": behaviour})
    clock, said = Clock(START_NS), list[str]()
    found = Plan(scenario=None, seed=1, start_ns=START_NS, venues={"binance": faulty})
    service = Service(found, clock, Trace(clock), said.append)
    venue = service.venues["binance"]
    for _ in range(120):
        call = venue.read(
            method="GET", path="/fapi/v1/time", query="", body="", headers={}, ip="127.0.0.1"
        )
        assert list(venue.course(call)) == []
    assert said == [
        "binance: fault deaf fired: GET /fapi/v1/time",
        "binance: fault deaf fired 10 times by now: GET /fapi/v1/time",
        "binance: fault deaf fired 100 times by now: GET /fapi/v1/time",
    ]
    assert service.summary()[-1] == "binance: fault deaf fired 120 times"


@pytest.mark.parametrize("name", catalogue.names())
def test_the_venues_of_every_scenario_at_hand_can_be_served_now(name: str) -> None:
    """Whatever its date: an instrument has a price, and time goes on over its events."""
    scenario = runner.load(name)
    clock = Clock(START_NS)
    service = Service(plan(scenario, start_ns=START_NS), clock, Trace(clock), lambda line: None)
    clock.pass_ns(5_000_000_000)
    assert list(service.venues) == list(scenario.venues)
    for venue_name, venue in service.venues.items():
        for symbol in scenario.venues[venue_name].instruments:
            assert venue.exchange.last_price(symbol) > 0
