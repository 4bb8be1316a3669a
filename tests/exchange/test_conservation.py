"""What holds whatever clients do: money, quantities, reduce-only, and repetition."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.exchange import (
    BookShape,
    Fees,
    OrderFact,
    OrderType,
    RandomWalk,
    Rejection,
    Side,
    TimeInForce,
    TriggerBy,
)
from tests import elsewhere
from tests.exchange.made import PROPERTY, D, Venue, after, pass_to, venue

SIDES = st.sampled_from(list(Side))
QUANTITIES = st.sampled_from([300, 777, 1001, 2503, 5000, 12_007]).map(Decimal)
PRICES = st.integers(1900, 2100).map(lambda ticks: ticks * D("0.00001"))
FLAGS = st.booleans()

ACTIONS = st.one_of(
    st.tuples(st.just("deposit"), st.integers(-50, 500).map(lambda cents: cents * D("0.01"))),
    st.tuples(st.just("wait"), st.integers(1, 40)),
    st.tuples(st.just("market"), SIDES, QUANTITIES, FLAGS),
    st.tuples(st.just("limit"), SIDES, QUANTITIES, PRICES, FLAGS, st.just(TimeInForce.GTC)),
    st.tuples(
        st.just("limit"), SIDES, QUANTITIES, PRICES, FLAGS, st.sampled_from(list(TimeInForce))
    ),
    st.tuples(
        st.just("stop"),
        SIDES,
        QUANTITIES,
        PRICES,
        FLAGS,
        st.sampled_from([kind for kind in OrderType if kind.conditional]),
        st.sampled_from(list(TriggerBy)),
    ),
    st.tuples(st.just("close"), SIDES, PRICES),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
)


def busy_venue(seed: int = 1) -> Venue:
    return venue(
        RandomWalk(D("0.02"), sigma=0.004),
        book=BookShape(quantity=D(3000), levels=6, growth=D("1.3"), refill_ns=3_000_000_000),
        deposit="300",
        fees=Fees(maker=D("0.00018"), taker=D("0.00045")),
        seed=seed,
    )


def act(made: Venue, action: tuple[Any, ...]) -> Decimal:
    """Do it, refused or not; returns what it deposited."""
    match action:
        case ("deposit", amount):
            made.exchange.deposit("bot", amount)
            return Decimal(amount)
        case ("wait", seconds):
            pass_to(made.env, int(made.env.now) + seconds * 1_000_000_000)
        case ("cancel", index):
            orders = made.exchange.open_orders("bot")
            if orders:
                chosen = orders[index % len(orders)]
                with suppress(Rejection):  # the price of this moment may have ended it
                    made.exchange.cancel("bot", "SKLUSDT", order_id=chosen.order_id)
        case _:
            with suppress(Rejection):  # refusals are part of the sequence
                order(made, action)
    return Decimal(0)


def order(made: Venue, action: tuple[Any, ...]) -> None:
    match action:
        case ("market", side, quantity, reduce_only):
            made.market(side, quantity, reduce_only=reduce_only)
        case ("limit", side, quantity, price, reduce_only, time_in_force):
            made.limit(side, quantity, price, reduce_only=reduce_only, time_in_force=time_in_force)
        case ("stop", side, quantity, price, reduce_only, kind, trigger_by):
            made.place(
                side,
                kind,
                quantity,
                trigger_price=price,
                price=None if kind.market else price,
                reduce_only=reduce_only,
                trigger_by=trigger_by,
            )
        case ("close", side, price):
            made.stop(side, None, price, close_position=True)


SEQUENCES = st.lists(ACTIONS, min_size=40, max_size=80)


@given(actions=SEQUENCES)
@PROPERTY
def test_money_is_conserved_to_the_last_digit(actions: list[tuple[Any, ...]]) -> None:
    made = busy_venue()
    deposited = D(300)
    for action in actions:
        deposited += act(made, action)
        fills = made.exchange.fills("bot")
        wallet = made.exchange.wallet("bot").balance
        fees = sum((fill.fee for fill in fills), D(0))
        realized = sum((fill.realized_pnl for fill in fills), D(0))
        spent = sum((fill.side.sign * fill.price * fill.quantity for fill in fills), D(0))
        held = sum((fill.side.sign * fill.quantity for fill in fills), D(0))
        position = made.exchange.position("bot", "SKLUSDT")
        mark = made.exchange.mark_price("SKLUSDT")
        assert deposited + realized - fees == wallet
        assert held == position.quantity
        assert realized == position.realized_pnl
        unrealized = position.unrealized_pnl(mark)
        assert deposited - spent - fees + held * mark == wallet + unrealized
        assert made.exchange.margin("bot").equity == wallet + unrealized


@given(actions=SEQUENCES)
@PROPERTY
def test_no_order_is_filled_beyond_its_quantity_and_all_sums_agree(
    actions: list[tuple[Any, ...]],
) -> None:
    made = busy_venue()
    for action in actions:
        act(made, action)
    fills = made.exchange.fills("bot")
    for each in made.exchange.orders("bot"):
        own = [fill for fill in fills if fill.order_id == each.order_id]
        assert each.filled == sum(fill.quantity for fill in own)
        assert each.cost == sum(fill.price * fill.quantity for fill in own)
        assert each.filled <= each.quantity
        assert (each.status.value == "FILLED") == (each.filled == each.quantity > 0)
        if each.price is not None:
            assert all((each.price - fill.price) * each.side.sign >= 0 for fill in own)
    assert [fill.trade_id for fill in fills] == list(range(1, len(fills) + 1))


@given(actions=SEQUENCES)
@PROPERTY
def test_reduce_only_orders_never_grow_nor_flip_a_position(
    actions: list[tuple[Any, ...]],
) -> None:
    made = busy_venue()
    for action in actions:
        act(made, action)
    held = D(0)
    for fact in made.order_facts():
        if fact.position is None:
            continue
        before, held = held, fact.position.quantity
        if fact.order.reduce_only or fact.order.close_position:
            assert abs(held) < abs(before)
            assert held * before >= 0


@given(actions=SEQUENCES)
@PROPERTY
def test_open_orders_and_facts_tell_the_same_story(actions: list[tuple[Any, ...]]) -> None:
    made = busy_venue()
    for action in actions:
        act(made, action)
    latest = {fact.order.order_id: fact.order for fact in made.order_facts()}
    assert [each for each in latest.values() if each.status.open] == sorted(
        made.exchange.open_orders("bot"), key=lambda each: each.order_id
    )
    assert list(latest.values()) == made.exchange.orders("bot")
    times = [fact.time_ns for fact in made.facts]
    assert times == sorted(times)


def story(seed: int) -> str:
    """A digest of all facts of a busy run."""
    made = busy_venue(seed)
    for step in range(120):
        act(made, ("market", Side.BUY if step % 3 else Side.SELL, D(300 + 7 * step), False))
        act(made, ("limit", Side.BUY, D(500), D("0.0199"), False, TimeInForce.GTC))
        act(made, ("wait", 1 + step % 5))
    assert any(isinstance(fact, OrderFact) and fact.fill for fact in made.facts)
    return hashlib.sha256(repr(made.facts).encode()).hexdigest()


def test_the_same_seed_tells_the_same_story_and_another_does_not() -> None:
    assert story(1) == story(1) != story(2)


def test_the_story_is_the_same_in_another_process_with_another_hash_seed() -> None:
    code = "from tests.exchange.test_conservation import story; print(story(1))"
    for hash_seed in ("1", "2"):
        told = elsewhere.python("-c", code, PYTHONHASHSEED=hash_seed)
        assert told.stdout.strip() == story(1)


def test_candles_hold_every_price_that_was_told() -> None:
    made = busy_venue()
    lows, highs = [], []

    def note(fact: object) -> None:
        lows.append(made.exchange.last_price("SKLUSDT"))
        highs.append(lows[-1])

    made.exchange.watch("SKLUSDT", note)
    made.run_to(59)
    (candle,) = made.exchange.candles("SKLUSDT", 60_000_000_000, start_ns=after(0), limit=1)
    assert candle.low == min([*lows, D("0.02")])
    assert candle.high == max([*highs, D("0.02")])
