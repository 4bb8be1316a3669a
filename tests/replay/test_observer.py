"""What was true at the venue over time, and how a symbol is said to have ended."""

from __future__ import annotations

from decimal import Decimal

import pytest

from replay.evidence import Evidence
from replay.hidden import hidden_exceptions
from replay.judge import outcome_of
from replay.observer import ExchangeObserver
from replay.result import Milestone
from simulator.clock import Clock
from simulator.exchange.exchange import Exchange
from simulator.exchange.listings import Listing
from simulator.exchange.orders import OrderRequest, OrderType, Side
from simulator.exchange.prices import Constant
from simulator.randomness import Streams
from simulator.venues import kind
from tests.exchange.made import SKL, START_NS

S = 1_000_000_000


class Watched:
    """An exchange with one account, observed."""

    def __init__(self) -> None:
        self.env = Clock(START_NS)
        listing = Listing(instrument=SKL, prices=Constant(Decimal("0.02")))
        self.exchange = Exchange(self.env, [listing], streams=Streams(1), name="binance")
        self.exchange.open_account("bot", Decimal(1_000))
        self.exchange.start()
        self.observer = ExchangeObserver(self.exchange, "bot", self.env.now, kind("binance"))

    def wait(self, seconds: int) -> None:
        self.env.move_to(self.env.now + seconds * S)

    def trade(self, side: Side, quantity: int) -> None:
        request = OrderRequest(
            symbol="SKLUSDT", side=side, type=OrderType.MARKET, quantity=Decimal(quantity)
        )
        self.exchange.place("bot", request)

    def stop(self, quantity: int, side: Side = Side.SELL, trigger: str = "0.019") -> None:
        request = OrderRequest(
            symbol="SKLUSDT",
            side=side,
            type=OrderType.STOP_MARKET,
            quantity=Decimal(quantity),
            trigger_price=Decimal(trigger),
            reduce_only=True,
        )
        self.exchange.place("bot", request)

    def evidence(self, *milestones: Milestone) -> Evidence:
        return Evidence(
            protection=self.observer.protection(self.env.now),
            end_positions=self.observer.positions(),
            end_orders=self.observer.orders(),
            milestones=milestones,
        )


@pytest.fixture
def watched() -> Watched:
    return Watched()


def rows(evidence: Evidence) -> list[tuple[int, bool, int]]:
    """Quantity, protected, whole seconds; intervals without length left out."""
    return [
        (int(each.quantity), each.protected, (each.end_ns - each.start_ns) // S)
        for each in evidence.protection
        if each.end_ns > each.start_ns
    ]


def test_a_position_is_protected_from_the_moment_its_stop_rests(watched: Watched) -> None:
    watched.trade(Side.BUY, 1_000)
    watched.wait(3)
    watched.stop(1_000)
    watched.wait(4)
    assert rows(watched.evidence()) == [(1_000, False, 3), (1_000, True, 4)]
    assert outcome_of("SKLUSDT", watched.evidence()) == "opened"


@pytest.mark.parametrize(
    ("quantity", "side", "trigger"), [(999, Side.SELL, "0.019"), (1_000, Side.BUY, "0.021")]
)
def test_a_stop_that_does_not_close_the_whole_position_protects_nothing(
    watched: Watched, quantity: int, side: Side, trigger: str
) -> None:
    watched.trade(Side.BUY, 1_000)
    watched.stop(quantity, side, trigger)
    watched.wait(1)
    assert rows(watched.evidence()) == [(1_000, False, 1)]
    assert outcome_of("SKLUSDT", watched.evidence()) == "naked"


def test_a_cancelled_stop_protects_no_longer(watched: Watched) -> None:
    watched.trade(Side.BUY, 1_000)
    watched.stop(1_000)
    watched.wait(2)
    watched.exchange.cancel_all("bot", "SKLUSDT")
    watched.wait(5)
    assert rows(watched.evidence()) == [(1_000, True, 2), (1_000, False, 5)]


def test_what_is_asked_twice_is_answered_alike(watched: Watched) -> None:
    watched.trade(Side.BUY, 1_000)
    watched.wait(1)
    assert watched.evidence() == watched.evidence()


def test_a_position_that_is_gone_was_closed_or_rolled_back(watched: Watched) -> None:
    assert outcome_of("SKLUSDT", watched.evidence()) == "untouched"
    watched.trade(Side.BUY, 1_000)
    watched.wait(1)
    watched.trade(Side.SELL, 1_000)
    watched.wait(1)
    assert outcome_of("SKLUSDT", watched.evidence()) == "closed"
    started, failed = (
        Milestone(name=name, time_ns=watched.env.now, host="bot", text="", groups=groups)
        for name, groups in (
            ("operation_started", {"symbol": "SKLUSDT"}),
            ("operation_failed", {}),
        )
    )
    assert outcome_of("SKLUSDT", watched.evidence(started, failed)) == "rolled_back"


def test_orders_from_before_the_run_are_not_the_bots_to_know(watched: Watched) -> None:
    watched.trade(Side.BUY, 1_000)
    later = ExchangeObserver(watched.exchange, "bot", watched.env.now, kind("binance"))
    assert later.orders() == ()
    assert later.positions() == {"SKLUSDT": Decimal(1_000)}
    watched.stop(1_000)
    assert [order.open for order in later.orders()] == [True]


def test_hidden_exceptions_are_counted_by_type_text_and_place() -> None:
    def log(t: int, place: str, *, hidden: bool = True) -> dict[str, object]:
        error = {"type": "KeyError", "message": "'x'", "place": place}
        entry = {"t": t, "kind": "log", "logger": "core", "level": "DEBUG", "exception": error}
        return {**entry, "hidden": True} if hidden else entry

    entries = [log(5, "a.py:1"), log(6, "a.py:1"), log(7, "b.py:2"), log(8, "a.py:1", hidden=False)]
    found = hidden_exceptions(entries, start_ns=100)
    assert [(each.place, each.count, each.first_ns) for each in found] == [
        ("a.py:1", 2, 105),
        ("b.py:2", 1, 107),
    ]
