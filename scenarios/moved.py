"""A venue as a scenario describes it, at another time."""

from __future__ import annotations

from typing import TypeVar

from scenarios.markets import Fault, Instrument, LatencyRule, Price, Venue, VisibilityRule

_Rule = TypeVar("_Rule", LatencyRule, VisibilityRule, Fault)


def moved(venue: Venue, by_ns: int) -> Venue:
    """The venue with every moment in it so much later: those of its prices and of its rules."""
    rules = venue.behaviour
    behaviour = rules.model_copy(
        update={
            "latency": tuple(_rule(rule, by_ns) for rule in rules.latency),
            "visibility": tuple(_rule(rule, by_ns) for rule in rules.visibility),
            "faults": tuple(_rule(rule, by_ns) for rule in rules.faults),
        }
    )
    instruments = {symbol: _instrument(each, by_ns) for symbol, each in venue.instruments.items()}
    return venue.model_copy(update={"instruments": instruments, "behaviour": behaviour})


def _rule(rule: _Rule, by_ns: int) -> _Rule:
    since, until = (None if each is None else each + by_ns for each in (rule.since, rule.until))
    return rule.model_copy(update={"since": since, "until": until})


def _instrument(instrument: Instrument, by_ns: int) -> Instrument:
    mark = instrument.mark_price
    return instrument.model_copy(
        update={
            "price": _price(instrument.price, by_ns),
            "mark_price": None if mark is None else _price(mark, by_ns),
        }
    )


def _price(price: Price, by_ns: int) -> Price:
    if price.points is None:
        return price
    points = tuple((moment_ns + by_ns, value) for moment_ns, value in price.points)
    return price.model_copy(update={"points": points})
