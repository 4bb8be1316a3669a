"""Market and limit orders: what they get, at which price, and in which order it is told."""

from __future__ import annotations

from itertools import count

import pytest

from simulator.exchange import (
    BookShape,
    Constant,
    Exchange,
    Fees,
    Listing,
    OrderRequest,
    OrderStatus,
    OrderType,
    Points,
    Reason,
    Rejection,
    Side,
    TimeInForce,
)
from simulator.randomness import Streams
from tests.exchange.made import BTC, SECOND_NS, SKL, D, Venue, after, clock, venue

# 1,000 at the best level, then 1,000 a tick further, and so on
EVEN = BookShape(quantity=D(1000), growth=D(1), levels=5)


def fills(made: Venue) -> list[tuple[str, str]]:
    return [(str(fill.price), str(fill.quantity)) for fill in made.exchange.fills("bot")]


def reason_of(call: object, *args: object, **kwargs: object) -> Reason:
    with pytest.raises(Rejection) as rejected:
        call(*args, **kwargs)  # type: ignore[operator]
    return rejected.value.reason


def path(*prices: str) -> Points:
    """A new price every second, the first from the start on."""
    return Points(tuple((after(second), D(price)) for second, price in enumerate(prices)))


# -- market orders -------------------------------------------------------------------------


def test_a_market_order_is_filled_at_once_at_the_best_price() -> None:
    made = venue(book=EVEN)
    order = made.market(Side.BUY, "500")
    assert order.status is OrderStatus.FILLED
    assert order.average_price == D("0.02001")
    assert made.market(Side.SELL, "500").average_price == D("0.02")


def test_a_large_market_order_walks_the_book_with_one_fill_per_level() -> None:
    made = venue(book=EVEN)
    order = made.market(Side.BUY, "2500")
    assert fills(made) == [("0.02001", "1000"), ("0.02002", "1000"), ("0.02003", "500")]
    assert order.cost == D("50.045")
    assert order.average_price == D("0.020018")


def test_a_market_order_is_accepted_then_filled_level_by_level() -> None:
    # A recorded stream of Binance USD-M (two fills, 0.02 and 1.55): NEW, position 0.02,
    # PARTIALLY_FILLED, position 1.57, FILLED, all in one moment.
    book = BookShape(quantity=D("0.02"), growth=D("77.5"), levels=2)
    made = venue(Constant(D("4000")), instrument=BTC, book=book)
    made.market(Side.BUY, "1.57", symbol="BTCUSDT")
    told = [
        (fact.change.value, fact.order.status.value, fact.position and fact.position.quantity)
        for fact in made.order_facts()
    ]
    assert told == [
        ("ACCEPTED", "NEW", None),
        ("FILLED", "PARTIALLY_FILLED", D("0.02")),
        ("FILLED", "FILLED", D("1.57")),
    ]
    assert len({fact.time_ns for fact in made.order_facts()}) == 1


def test_a_fill_carries_the_wallet_that_it_left() -> None:
    made = venue(book=EVEN)
    made.market(Side.BUY, "2000")
    wallets = [fact.wallet.balance for fact in made.order_facts() if fact.wallet]
    # fees: 0.05 % of 20.01 and of 20.02
    assert wallets == [D("9999.989995"), D("9999.979985")]


def test_the_fee_and_the_profit_are_those_of_a_recorded_close() -> None:
    # Recorded from Binance USD-M: SELL 0.002 BTC at 90853.20, n 0.09085320, rp -1.77340000;
    # so the position had been entered at 91739.90.
    book = BookShape(spread_ticks=1, quantity=D(10))
    made = venue(
        Points(((after(0), D("91739.80")), (after(5), D("90853.20")))), instrument=BTC, book=book
    )
    made.market(Side.BUY, "0.002", symbol="BTCUSDT")
    made.run_to(5)
    made.market(Side.SELL, "0.002", symbol="BTCUSDT", reduce_only=True)
    fill = made.exchange.fills("bot")[-1]
    assert (fill.fee, fill.realized_pnl) == (D("0.09085320"), D("-1.77340000"))


def test_a_market_order_beyond_the_book_expires_with_a_rest() -> None:
    made = venue(book=EVEN)
    order = made.market(Side.BUY, "6000")
    assert (order.status, order.filled) == (OrderStatus.EXPIRED, D(5000))
    assert made.changes() == ["ACCEPTED", *["FILLED"] * 5, "EXPIRED"]
    assert made.exchange.open_orders("bot") == []


def test_a_market_order_into_an_emptied_book_is_refused() -> None:
    made = venue(book=EVEN)
    made.market(Side.BUY, "5000")
    assert reason_of(made.market, Side.BUY, "500") is Reason.NO_LIQUIDITY_IN_BAND
    made.run_to(1)
    assert made.market(Side.BUY, "500").status is OrderStatus.FILLED


def test_an_offset_book_fills_far_from_the_ticker() -> None:
    made = venue(book=BookShape(offset=D("0.05")))
    order = made.market(Side.BUY, "500")
    assert made.exchange.last_price("SKLUSDT") == D("0.02")
    assert order.average_price == D("0.02101")


def test_ids_count_up_from_where_they_are_set() -> None:
    made = venue()
    first, second = made.market(Side.BUY, "500"), made.market(Side.BUY, "500")
    assert (first.order_id, second.order_id) == (1, 2)
    assert [fill.trade_id for fill in made.exchange.fills("bot")] == [1, 2]
    assert first.client_order_id == "auto-1"


def test_a_refused_order_spends_no_id() -> None:
    made = venue()
    reason_of(made.market, Side.BUY, "0")
    assert made.market(Side.BUY, "500").order_id == 1


# -- limit orders that take ------------------------------------------------------------------


def test_a_limit_order_takes_what_is_no_dearer_and_rests_with_the_remainder() -> None:
    made = venue(book=EVEN)
    order = made.limit(Side.BUY, "2500", "0.02002")
    assert fills(made) == [("0.02001", "1000"), ("0.02002", "1000")]
    assert (order.status, order.remaining) == (OrderStatus.PARTIALLY_FILLED, D(500))
    assert made.exchange.open_orders("bot") == [order]


def test_immediate_or_cancel_ends_with_what_it_got() -> None:
    made = venue(book=EVEN)
    order = made.limit(Side.BUY, "2500", "0.02002", time_in_force=TimeInForce.IOC)
    assert (order.status, order.filled) == (OrderStatus.EXPIRED, D(2000))
    nothing = made.limit(Side.BUY, "2500", "0.019", time_in_force=TimeInForce.IOC)
    assert (nothing.status, nothing.filled) == (OrderStatus.EXPIRED, D(0))


def test_fill_or_kill_gets_all_or_is_refused() -> None:
    made = venue(book=EVEN)
    kill = {"price": "0.02002", "time_in_force": TimeInForce.FOK}
    assert reason_of(made.limit, Side.BUY, "2001", **kill) is Reason.FILL_OR_KILL_NOT_FILLABLE
    assert made.facts == []
    assert made.limit(Side.BUY, "2000", **kill).status is OrderStatus.FILLED  # type: ignore[arg-type]


def test_post_only_rests_or_is_refused() -> None:
    made = venue(book=EVEN)
    post = {"time_in_force": TimeInForce.POST_ONLY}
    assert reason_of(made.limit, Side.BUY, "500", "0.02001", **post) is Reason.POST_ONLY_WOULD_TAKE
    assert made.limit(Side.BUY, "500", "0.02", **post).status is OrderStatus.NEW


# -- resting orders --------------------------------------------------------------------------


def test_a_resting_buy_is_filled_at_its_own_price_when_the_last_price_reaches_it() -> None:
    made = venue(path("0.02", "0.01991", "0.0199", "0.02"), book=EVEN)
    order = made.limit(Side.BUY, "500", "0.0199")
    made.run_to(1)
    assert made.exchange.order("bot", "SKLUSDT", order_id=order.order_id) == order
    made.run_to(2)
    (fill,) = made.exchange.fills("bot")
    assert (fill.price, fill.maker, fill.time_ns) == (D("0.0199"), True, after(2))
    assert fill.fee == D("0.00199")  # 0.02 % of 9.95


def test_a_stop_that_waits_keeps_nothing_in_the_book_from_being_filled() -> None:
    made = venue(path("0.02", "0.019"), book=EVEN)
    made.stop(Side.BUY, "500", "0.03")
    made.limit(Side.BUY, "500", "0.0195")
    made.run_to(1)
    assert fills(made) == [("0.0195", "500")]


def test_a_resting_sell_is_filled_when_the_price_jumps_over_it() -> None:
    made = venue(path("0.02", "0.025"), book=EVEN)
    made.limit(Side.SELL, "500", "0.021")
    made.run_to(1)
    assert fills(made) == [("0.021", "500")]


def test_a_resting_order_gets_no_more_than_the_depth_at_each_change_of_price() -> None:
    made = venue(path("0.02", "0.0199", "0.0199001", "0.01989"), book=EVEN)
    made.limit(Side.BUY, "3500", "0.0199")
    filled = []
    for second in (1, 2, 3):
        made.run_to(second)
        filled.append(sum(fill.quantity for fill in made.exchange.fills("bot")))
    # 1,000 at its price, 1,000 again once that is back, then a tick through: two levels
    assert filled == [1000, 2000, 3500]


def test_the_better_price_goes_first_and_the_older_order_among_equals() -> None:
    made = venue(path("0.02", "0.0198"), book=BookShape(quantity=D(1500), levels=1))
    late = made.limit(Side.BUY, "1000", "0.0198")
    older = made.limit(Side.BUY, "1000", "0.0199")
    younger = made.limit(Side.BUY, "1000", "0.0199")
    made.run_to(1)
    assert [fill.order_id for fill in made.exchange.fills("bot")] == [
        older.order_id,
        younger.order_id,
    ]
    still_open = [order.order_id for order in made.exchange.open_orders("bot")]
    assert still_open == [late.order_id, younger.order_id]


def test_a_resting_order_is_not_touched_while_the_price_stands_still() -> None:
    made = venue(Constant(D("0.02")), book=EVEN)
    made.limit(Side.BUY, "500", "0.02")
    made.run_to(100)
    assert made.exchange.fills("bot") == []


def test_maker_and_taker_pay_their_own_fees() -> None:
    fees = Fees(maker=D("-0.0001"), taker=D("0.001"))
    made = venue(path("0.02", "0.019"), book=EVEN, fees=fees)
    made.limit(Side.BUY, "1000", "0.0195")
    made.market(Side.BUY, "1000")
    made.run_to(1)
    assert [fill.fee for fill in made.exchange.fills("bot")] == [D("0.02001"), D("-0.00195")]


# -- cancelling -------------------------------------------------------------------------------


def test_a_cancelled_order_fills_no_more() -> None:
    made = venue(path("0.02", "0.019"), book=EVEN)
    order = made.limit(Side.BUY, "500", "0.0195")
    canceled = made.exchange.cancel("bot", "SKLUSDT", order_id=order.order_id)
    assert canceled.status is OrderStatus.CANCELED
    made.run_to(1)
    assert made.exchange.fills("bot") == []
    assert made.changes() == ["ACCEPTED", "CANCELED"]


def test_an_order_is_cancelled_by_its_client_id() -> None:
    made = venue()
    made.limit(Side.BUY, "500", "0.0195", client_order_id="mine")
    assert made.exchange.cancel("bot", "SKLUSDT", client_order_id="mine").status.value == "CANCELED"


def test_what_is_not_open_cannot_be_cancelled() -> None:
    made = venue()
    filled = made.market(Side.BUY, "500", client_order_id="gone")
    cancel = made.exchange.cancel
    for which in ({"order_id": filled.order_id}, {"order_id": 99}, {"client_order_id": "gone"}):
        assert reason_of(cancel, "bot", "SKLUSDT", **which) is Reason.UNKNOWN_ORDER


def test_another_account_cannot_cancel_nor_see_the_order() -> None:
    made = venue()
    made.exchange.open_account("other", D(100))
    order = made.limit(Side.BUY, "500", "0.0195")
    cancel = made.exchange.cancel
    assert reason_of(cancel, "other", "SKLUSDT", order_id=order.order_id) is Reason.UNKNOWN_ORDER
    assert made.exchange.order("other", "SKLUSDT", order_id=order.order_id) is None


@pytest.mark.parametrize(
    ("conditional", "left"), [(None, []), (True, ["LIMIT"]), (False, ["STOP_MARKET"])]
)
def test_cancel_all_takes_plain_orders_conditional_ones_or_both(
    conditional: bool | None, left: list[str]
) -> None:
    made = venue()
    made.limit(Side.BUY, "500", "0.0195")
    made.stop(Side.SELL, "500", "0.018")
    made.exchange.cancel_all("bot", "SKLUSDT", conditional)
    assert [order.type.value for order in made.exchange.open_orders("bot")] == left


# -- time --------------------------------------------------------------------------------------


def test_a_cancel_in_the_moment_of_the_price_change_comes_too_late() -> None:
    # Whatever comes first in the event queue: the price of a moment acts before its requests.
    outcomes = []
    for early in (True, False):
        made = venue(path("0.02", "0.019"), book=EVEN)
        if early:
            request = made.env.timeout(SECOND_NS)
        order = made.limit(Side.BUY, "500", "0.0195")
        if not early:
            request = made.env.timeout(SECOND_NS)
        made.env.run(until=request)
        with pytest.raises(Rejection):
            made.exchange.cancel("bot", "SKLUSDT", order_id=order.order_id)
        outcomes.append(fills(made))
    assert outcomes == [[("0.0195", "500")]] * 2


def test_prices_do_nothing_until_the_exchange_is_started() -> None:
    env = clock()
    listing = Listing(instrument=SKL, prices=path("0.02", "0.019", "0.0189"))
    exchange = Exchange(env, (listing,), streams=Streams(1), name="venue", order_ids=count(70))
    exchange.open_account("bot", D(100))
    request = OrderRequest(
        symbol="SKLUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=D(500),
        price=D("0.0195"),
    )
    assert exchange.place("bot", request).order_id == 70
    env.run(until=after(1.5))
    assert exchange.fills("bot") == []
    exchange.start()
    env.run(until=after(3))
    assert [fill.time_ns for fill in exchange.fills("bot")] == [after(2)]


def test_a_symbol_can_number_its_own_orders() -> None:
    listings = (
        Listing(instrument=SKL, prices=Constant(D("0.02")), next_order_id=2802865253),
        Listing(instrument=BTC, prices=Constant(D("90000")), book=BookShape(quantity=D(10))),
    )
    made = venue(listings=listings)
    ids = [
        made.market(Side.BUY, "500").order_id,
        made.market(Side.BUY, "0.01", symbol="BTCUSDT").order_id,
        made.market(Side.BUY, "500").order_id,
    ]
    assert ids == [2802865253, 1, 2802865254]


def test_a_symbol_that_is_closing_takes_only_orders_that_reduce() -> None:
    made = venue(closing=True)
    with pytest.raises(Rejection) as refused:
        made.market(Side.BUY, "500")
    assert refused.value.reason is Reason.SYMBOL_CLOSING
    with pytest.raises(Rejection) as refused:
        made.market(Side.SELL, "500", reduce_only=True)
    assert refused.value.reason is Reason.REDUCE_ONLY_REJECTED


@pytest.mark.parametrize(
    ("time_in_force", "reason"),
    [
        (TimeInForce.POST_ONLY, Reason.POST_ONLY_WOULD_TAKE),
        (TimeInForce.FOK, Reason.FILL_OR_KILL_NOT_FILLABLE),
    ],
)
def test_a_venue_may_take_an_order_first_and_end_it_then(
    time_in_force: TimeInForce, reason: Reason
) -> None:
    made = venue(accepts_first=frozenset({reason}))
    order = made.limit(Side.BUY, "900000", "0.02001", time_in_force=time_in_force)
    assert (order.status, order.refusal, order.filled) == (OrderStatus.EXPIRED, reason, 0)
    assert made.changes() == ["ACCEPTED", "EXPIRED"]
    assert made.exchange.open_orders("bot") == []
    with pytest.raises(Rejection):
        venue().limit(Side.BUY, "900000", "0.02001", time_in_force=time_in_force)
