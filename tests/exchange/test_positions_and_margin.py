"""Positions, reduce-only, wallet, leverage and margin. Expected values are worked by hand."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest

from simulator.exchange import (
    BookShape,
    Constant,
    Fees,
    LeverageFact,
    OrderChange,
    OrderStatus,
    Points,
    Reason,
    Rejection,
    Side,
)
from tests.exchange.made import BTC, D, after, venue

FREE = Fees(maker=D(0), taker=D(0))
DEEP = BookShape(quantity=D(1_000_000), levels=1)


def path(*prices: str) -> Points:
    """A new price every second, the first from the start on."""
    return Points(tuple((after(second), D(price)) for second, price in enumerate(prices)))


# -- positions ----------------------------------------------------------------------------------


def test_buys_add_up_at_their_average_price() -> None:
    made = venue(path("0.01999", "0.02999"), book=DEEP)
    made.market(Side.BUY, "1000")
    made.run_to(1)
    made.market(Side.BUY, "3000")
    position = made.exchange.position("bot", "SKLUSDT")
    assert (position.quantity, position.entry_price) == (D(4000), D("0.0275"))


def test_a_partial_close_realises_its_share_and_keeps_the_entry_price() -> None:
    made = venue(path("0.01999", "0.03"), book=DEEP, fees=FREE)
    made.market(Side.BUY, "1000")
    made.run_to(1)
    made.market(Side.SELL, "400")
    position = made.exchange.position("bot", "SKLUSDT")
    assert (position.quantity, position.entry_price) == (D(600), D("0.02"))
    assert position.realized_pnl == D(4)
    assert made.exchange.wallet("bot").balance == D("10004")
    assert position.unrealized_pnl(D("0.03")) == D(6)


def test_a_short_earns_when_the_price_falls() -> None:
    made = venue(path("0.02", "0.01499"), book=DEEP, fees=FREE)
    made.market(Side.SELL, "1000")
    assert made.exchange.position("bot", "SKLUSDT").quantity == -1000
    made.run_to(1)
    made.market(Side.BUY, "1000")
    assert made.exchange.wallet("bot").balance == D("10005")


def test_an_order_larger_than_the_position_flips_it() -> None:
    made = venue(path("0.01999", "0.03"), book=DEEP, fees=FREE)
    made.market(Side.BUY, "1000")
    made.run_to(1)
    made.market(Side.SELL, "1500")
    position = made.exchange.position("bot", "SKLUSDT")
    assert (position.quantity, position.entry_price) == (D(-500), D("0.03"))
    assert made.exchange.fills("bot")[-1].realized_pnl == D(10)


def test_a_flat_position_has_no_cost_left_however_it_was_closed() -> None:
    made = venue(path("0.01999", "0.02", "0.02003"), book=BookShape(quantity=D(7), levels=20))
    made.market(Side.BUY, "300")
    for second, quantity in ((1, "77"), (2, "100"), (2, "123")):
        made.run_to(second)
        made.market(Side.SELL, quantity, reduce_only=True)
    position = made.exchange.position("bot", "SKLUSDT")
    assert position.quantity == position.cost == 0


def test_a_position_that_was_never_there_is_flat() -> None:
    made = venue()
    position = made.exchange.position("bot", "SKLUSDT")
    assert position.quantity == position.entry_price == position.updated_ns == 0
    assert made.exchange.positions("bot") == []


# -- reduce-only --------------------------------------------------------------------------------


@pytest.mark.parametrize(("held", "side"), [(None, Side.SELL), ("1000", Side.BUY)])
def test_reduce_only_is_refused_when_it_would_not_reduce(held: str | None, side: Side) -> None:
    made = venue()
    if held:
        made.market(Side.BUY, held)
    with pytest.raises(Rejection) as rejected:
        made.market(side, "500", reduce_only=True)
    assert rejected.value.reason is Reason.REDUCE_ONLY_REJECTED


def test_reduce_only_is_clipped_to_the_position() -> None:
    made = venue()
    made.market(Side.BUY, "1000")
    order = made.market(Side.SELL, "5000", reduce_only=True)
    assert (order.quantity, order.status) == (D(1000), OrderStatus.FILLED)
    assert made.exchange.position("bot", "SKLUSDT").quantity == 0


def test_resting_reduce_only_orders_expire_when_the_position_is_gone() -> None:
    made = venue()
    made.market(Side.BUY, "1000")
    profit = made.limit(Side.SELL, "1000", "0.021", reduce_only=True)
    other = made.limit(Side.SELL, "1000", "0.0215")
    made.market(Side.SELL, "1000")
    last = made.order_facts()[-1]
    assert (last.change, last.order.order_id) == (OrderChange.EXPIRED, profit.order_id)
    assert made.exchange.open_orders("bot") == [other]


def test_resting_reduce_only_orders_never_fill_beyond_the_position() -> None:
    made = venue(path("0.02", "0.022"), book=BookShape(quantity=D(10000)))
    made.market(Side.BUY, "1000")
    first = made.limit(Side.SELL, "800", "0.021", reduce_only=True)
    second = made.limit(Side.SELL, "800", "0.021", reduce_only=True)
    made.run_to(1)
    assert made.exchange.position("bot", "SKLUSDT").quantity == 0
    states = [
        made.exchange.order("bot", "SKLUSDT", order_id=order.order_id) for order in (first, second)
    ]
    assert [(state.status.value, state.filled) for state in states if state] == [
        ("FILLED", D(800)),
        ("EXPIRED", D(200)),
    ]


# -- margin -------------------------------------------------------------------------------------


def test_margin_of_a_position_follows_the_mark_price() -> None:
    made = venue(
        Constant(D("90000")),
        instrument=BTC,
        mark=Constant(D("90100")),
        book=BookShape(quantity=D(10), spread_ticks=2),
        fees=FREE,
    )
    made.market(Side.BUY, "0.1", symbol="BTCUSDT")  # at 90,000.10
    margin = made.exchange.margin("bot")
    assert margin.initial == D("450.5")  # 9,010 / 20
    assert margin.maintenance == D("90.1")  # 1 % of 9,010
    assert margin.unrealized_pnl == D("9.99")
    assert margin.equity == D("10009.99")
    assert margin.available == D("9559.49")
    assert made.exchange.symbol_margin("bot", "BTCUSDT").initial == margin.initial


def test_resting_orders_bind_margin_for_the_side_that_could_grow_most() -> None:
    made = venue(book=DEEP)
    made.limit(Side.BUY, "10000", "0.019")  # 190
    assert made.exchange.margin("bot").orders == D("9.5")
    made.limit(Side.SELL, "10000", "0.021")  # 210; both cannot fill at once in one direction
    assert made.exchange.margin("bot").orders == D("10.5")


def test_orders_against_the_position_bind_nothing_until_they_exceed_it() -> None:
    made = venue(Constant(D("0.02")), book=DEEP)
    made.market(Side.BUY, "10000")  # 200 at mark
    made.limit(Side.SELL, "10000", "0.021")
    assert made.exchange.margin("bot").orders == 0
    made.limit(Side.SELL, "10000", "0.021")  # 420 - 200 = 220 short, 20 more than the 200
    assert made.exchange.margin("bot").orders == D(1)


def test_reduce_only_and_waiting_orders_bind_nothing() -> None:
    made = venue(book=DEEP)
    made.market(Side.BUY, "1000")
    before = made.exchange.margin("bot")
    for _ in range(3):  # together more than the position: not even then
        made.limit(Side.SELL, "1000", "0.021", reduce_only=True)
    made.stop(Side.SELL, "100000", "0.018")
    assert made.exchange.margin("bot") == before


def test_an_order_is_refused_when_its_margin_is_not_there() -> None:
    # 20 times 100 USDT buys 2,000 USDT: 105,263 at 0.019, of which 105,264 is one too many
    made = venue(deposit="100", book=DEEP)
    with pytest.raises(Rejection) as rejected:
        made.limit(Side.BUY, "105264", "0.019")
    assert rejected.value.reason is Reason.MARGIN_INSUFFICIENT
    made.limit(Side.BUY, "105263", "0.019")
    with pytest.raises(Rejection) as rejected:
        made.limit(Side.BUY, "300", "0.019")
    assert rejected.value.reason is Reason.MARGIN_INSUFFICIENT


def test_a_market_order_needs_margin_at_its_worst_price_and_for_its_opening_loss() -> None:
    # 100,000 at 0.02001: 2,001 / 20 = 100.05, and 100,000 * 0.00001 = 1 lost against the mark
    made = venue(deposit="101.04", book=DEEP)
    with pytest.raises(Rejection, match=r"101\.05000000 is needed, 101\.04000000 is free"):
        made.market(Side.BUY, "100000")
    made.exchange.deposit("bot", D("0.01"))
    assert made.market(Side.BUY, "100000").status is OrderStatus.FILLED


def test_a_sale_below_the_mark_price_is_margined_at_the_mark_price() -> None:
    # 10,000 at the mark price of 0.021 are 210, a twentieth 10.5; the 0.001 below it cost 10
    made = venue(mark=Constant(D("0.021")), deposit="20.49", book=DEEP)
    with pytest.raises(Rejection, match=r"20\.50000000 is needed, 20\.49000000 is free"):
        made.limit(Side.SELL, "10000", "0.02")


def test_a_reducing_order_passes_however_little_margin_is_left() -> None:
    made = venue(path("0.02", "0.0191"), deposit="102", book=DEEP)
    made.market(Side.BUY, "100000")
    made.run_to(1)
    assert made.exchange.margin("bot").free < 0
    assert made.exchange.margin("bot").available == 0
    assert made.market(Side.SELL, "100000").status is OrderStatus.FILLED


def test_a_flip_needs_margin_for_what_it_opens_only() -> None:
    made = venue(deposit="110", book=DEEP, fees=FREE)
    made.market(Side.BUY, "100000")
    # free: 110 - 1 opening loss - 100 initial = 9
    made.market(Side.SELL, "200000")
    assert made.exchange.position("bot", "SKLUSDT").quantity == -100000
    with pytest.raises(Rejection) as rejected:
        made.market(Side.BUY, "220000")
    assert rejected.value.reason is Reason.MARGIN_INSUFFICIENT


# -- leverage and margin type -------------------------------------------------------------------


def test_leverage_is_the_accounts_until_it_is_set_and_capped_by_the_symbol() -> None:
    made = venue(max_leverage=50)
    made.exchange.open_account("bold", D(100), leverage=75)
    assert made.exchange.leverage("bot", "SKLUSDT") == 20
    assert made.exchange.leverage("bold", "SKLUSDT") == 50
    made.exchange.set_leverage("bot", "SKLUSDT", 10)
    assert made.exchange.leverage("bot", "SKLUSDT") == 10
    (fact,) = made.facts
    assert isinstance(fact, LeverageFact)
    assert (fact.account, fact.symbol, fact.leverage) == ("bot", "SKLUSDT", 10)


@pytest.mark.parametrize(
    ("leverage", "reason"),
    [
        (0, Reason.LEVERAGE_INVALID),
        (51, Reason.LEVERAGE_INVALID),
        (20, Reason.LEVERAGE_UNCHANGED),
    ],
)
def test_leverage_out_of_range_or_unchanged_is_refused(leverage: int, reason: Reason) -> None:
    made = venue(max_leverage=50)
    with pytest.raises(Rejection) as rejected:
        made.exchange.set_leverage("bot", "SKLUSDT", leverage)
    assert rejected.value.reason is reason
    assert made.facts == []


def test_leverage_cannot_fall_below_what_the_margin_carries() -> None:
    made = venue(deposit="110", book=DEEP)
    made.market(Side.BUY, "100000")
    with pytest.raises(Rejection) as rejected:
        made.exchange.set_leverage("bot", "SKLUSDT", 10)
    assert rejected.value.reason is Reason.MARGIN_INSUFFICIENT
    assert made.exchange.leverage("bot", "SKLUSDT") == 20
    made.exchange.set_leverage("bot", "SKLUSDT", 25)


def test_the_margin_type_changes_while_there_is_neither_order_nor_position() -> None:
    made = venue()
    exchange = made.exchange

    def refused(isolated: bool) -> Reason:
        with pytest.raises(Rejection) as rejected:
            exchange.set_isolated("bot", "SKLUSDT", isolated)
        return rejected.value.reason

    assert refused(False) is Reason.MARGIN_TYPE_UNCHANGED
    exchange.set_isolated("bot", "SKLUSDT", True)
    assert exchange.isolated("bot", "SKLUSDT")
    order = made.limit(Side.BUY, "500", "0.019")
    assert refused(False) is Reason.MARGIN_TYPE_HAS_ORDERS
    exchange.cancel("bot", "SKLUSDT", order_id=order.order_id)
    made.market(Side.BUY, "500")
    assert refused(False) is Reason.MARGIN_TYPE_HAS_POSITION


# -- accounts -----------------------------------------------------------------------------------


def test_an_account_is_opened_once_and_before_it_is_used() -> None:
    made = venue()
    with pytest.raises(ValueError, match="account 'bot' is open already"):
        made.exchange.open_account("bot", D(1))
    with pytest.raises(ValueError, match="account 'nobody' is not open: call open_account first"):
        made.exchange.wallet("nobody")
    with pytest.raises(ValueError, match="leverage must be at least 1, was 0"):
        made.exchange.open_account("new", D(1), leverage=0)


def test_accounts_do_not_touch_each_other() -> None:
    made = venue()
    made.exchange.open_account("other", D(50))
    made.market(Side.BUY, "1000")
    assert made.exchange.wallet("other").balance == 50
    assert made.exchange.position("other", "SKLUSDT").quantity == 0
    assert made.exchange.fills("other") == []


def test_a_bots_decimal_context_does_not_round_the_books() -> None:
    with localcontext() as context:
        context.prec = 4
        made = venue(Constant(D("0.0212345")), book=BookShape(quantity=D(12345)))
        order = made.market(Side.BUY, "123457")
    fills = made.exchange.fills("bot")
    assert order.filled == 123457
    assert order.cost == sum((fill.price * fill.quantity for fill in fills), Decimal(0))
    assert made.exchange.wallet("bot").balance == 10000 - sum(fill.fee for fill in fills)
    assert str(made.exchange.mark_price("SKLUSDT")) == "0.02123450"
