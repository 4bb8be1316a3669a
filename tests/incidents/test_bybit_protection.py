"""How a Bybit position gets its stop-loss when the venue makes it hard."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule, LagRule
from simulator.exchange.listings import BookShape
from tests.incidents.conftest import MakeTrading, S, Trading, buy, coin, sell

SYMBOL = "SKLUSDT"
CREATE = "POST /v5/order/create"
TRADING_STOP = "POST /v5/position/trading-stop"
NOT_YET = "can not set tp/sl/ts for zero position"


def fault(
    kind: FaultKind, endpoint: str, *nth: int, status: int = 0, code: int = 0, text: str = ""
) -> dict[str, Behaviour]:
    """Something that goes wrong at Bybit, the first time unless told otherwise."""
    rule = FaultRule(
        name="fault",
        endpoint=endpoint,
        kind=kind,
        status=status,
        body=f'{{"retCode":{code},"retMsg":"{text}","result":{{}},"retExtInfo":{{}},"time":0}}',
        nth=frozenset(nth or (1,)),
    )
    return {"bybit": Behaviour(faults=(rule,))}


def fired(trading: Trading) -> int:
    return trading.markets["bybit"].venue.faults.fired["fault"]


def assert_protected(trading: Trading) -> None:
    assert trading.quantity(SYMBOL) == 600
    assert len(trading.stops(SYMBOL)) == 2
    assert trading.rows() == [(SYMBOL, "active")]
    assert trading.believed() == {SYMBOL: 600.0}
    assert trading.unknown_orders() == []


# where positions are looked up


@pytest.mark.parametrize("spot", [True, False])
def test_a_raw_id_as_filter_drops_the_row_where_a_spot_market_has_the_same_id(
    make_trading: MakeTrading, spot: bool
) -> None:
    # Leaves verification with REST positions alone.
    others = ["order_result_read_as_dict", "no_cached_position"]
    trading = make_trading(
        bybit=[coin(SYMBOL, spot=spot)],
        add_defects=["filters_positions_by_raw_symbol", *others],
    )
    trading.deliver(buy(SYMBOL, "bybit"))
    if spot:
        (timeout,) = trading.lines.texts("Multi-source verification TIMEOUT")
        assert timeout.endswith("WebSocket: False\n  - Order status: False\n  - REST API: True")
        assert trading.quantity(SYMBOL) == 0
    else:
        assert trading.lines.times("✅ Position verified by REST API")
        assert_protected(trading)


@pytest.mark.parametrize("spot", [True, False])
def test_a_unified_symbol_as_filter_finds_the_row_either_way(
    make_trading: MakeTrading, spot: bool
) -> None:
    others = ["order_result_read_as_dict", "no_cached_position"]
    trading = make_trading(bybit=[coin(SYMBOL, spot=spot)], add_defects=others)
    trading.deliver(buy(SYMBOL, "bybit"))
    assert trading.lines.times("✅ Position verified by REST API")
    assert_protected(trading)


# the position's own stop


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_stop_for_a_position_that_is_not_there_yet_is_asked_for_again(
    make_trading: MakeTrading, times: int
) -> None:
    not_yet = fault(
        FaultKind.ERROR, TRADING_STOP, *range(1, times + 1), status=200, code=10001, text=NOT_YET
    )
    trading = make_trading(bybit=[coin(SYMBOL)], behaviours=not_yet)
    trading.deliver(buy(SYMBOL, "bybit"))
    assert fired(trading) == times
    assert len(trading.markets["bybit"].requests("/trading-stop")) == times + 1
    assert len([t for t in trading.lines.texts("⚠️ Stop of SKLUSDT") if NOT_YET in t]) == times
    assert_protected(trading)


def test_a_stop_that_stays_impossible_ends_the_position(make_trading: MakeTrading) -> None:
    not_yet = fault(
        FaultKind.ERROR, TRADING_STOP, *range(1, 99), status=200, code=10001, text=NOT_YET
    )
    trading = make_trading(bybit=[coin(SYMBOL)], behaviours=not_yet)
    trading.deliver(buy(SYMBOL, "bybit"))
    trading.run_for(5)
    assert trading.quantity(SYMBOL) == 0
    assert trading.stops(SYMBOL) == []
    assert trading.rows() == [(SYMBOL, "rolled_back")]


@pytest.mark.parametrize(("signal", "offset"), [(buy, "0.05"), (sell, "-0.05")])
def test_a_stop_beyond_the_price_closes_the_position(
    make_trading: MakeTrading, signal: type, offset: str
) -> None:
    # The book lies 5% off the price: 2% from the fill is on the wrong side of the mark price.
    book = BookShape(quantity=Decimal(1_000_000), offset=Decimal(offset), refill_ns=0)
    trading = make_trading(bybit=[coin(SYMBOL, book=book)])
    trading.deliver(signal(SYMBOL, "bybit"))
    trading.run_for(5)
    assert trading.lines.times("StopBeyondPriceError")
    assert len(trading.markets["bybit"].requests("/trading-stop")) == 1
    assert trading.quantity(SYMBOL) == 0
    assert trading.stops(SYMBOL) == []
    assert trading.rows() == [(SYMBOL, "rolled_back")]
    assert trading.believed() == {}


# the entry order


@pytest.mark.parametrize(
    ("kind", "code", "text"),
    [
        (FaultKind.REPLY_LOST, 0, ""),
        (FaultKind.RESET_AFTER, 0, ""),
        (FaultKind.ERROR_AFTER, 10000, "Server Timeout"),
        (FaultKind.ERROR_AFTER, 10016, "Internal System Error."),
    ],
)
def test_an_order_whose_reply_is_lost_is_found_by_its_order_link_id(
    make_trading: MakeTrading, kind: FaultKind, code: int, text: str
) -> None:
    status = 200 if kind is FaultKind.ERROR_AFTER else 0
    lost = fault(kind, CREATE, status=status, code=code, text=text)
    trading = make_trading(bybit=[coin(SYMBOL)], behaviours=lost)
    trading.deliver(buy(SYMBOL, "bybit"))
    assert fired(trading) == 1
    market = trading.markets["bybit"]
    entry, _ = market.requests("/order/create")
    own_id = entry["params"]["orderLinkId"]
    queries = [r["params"].get("orderLinkId") for r in market.requests("/order/realtime")]
    assert own_id in queries
    assert trading.lines.times("🔎 Found the order after all")
    assert_protected(trading)


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.RESET])
def test_an_order_that_never_came_to_be_leaves_nothing(
    make_trading: MakeTrading, kind: FaultKind
) -> None:
    trading = make_trading(bybit=[coin(SYMBOL)], behaviours=fault(kind, CREATE))
    trading.deliver(buy(SYMBOL, "bybit"))
    assert fired(trading) == 1
    assert trading.markets["bybit"].exchange.orders("trader") == []
    assert trading.events("position_error") == [SYMBOL]
    assert trading.believed() == {}


def test_an_order_whose_reply_is_lost_and_that_shows_late_is_found_all_the_same(
    make_trading: MakeTrading,
) -> None:
    lost = fault(FaultKind.REPLY_LOST, CREATE)["bybit"].faults
    late = LagRule(window="order", lag=Fixed(4 * S))
    trading = make_trading(
        bybit=[coin(SYMBOL)], behaviours={"bybit": Behaviour(faults=lost, visibility=(late,))}
    )
    trading.deliver(buy(SYMBOL, "bybit"))
    assert_protected(trading)


def test_without_ids_of_its_own_the_bot_closes_what_it_cannot_find(
    make_trading: MakeTrading,
) -> None:
    lost = fault(FaultKind.REPLY_LOST, CREATE)
    trading = make_trading(bybit=[coin(SYMBOL)], behaviours=lost, own_client_ids=False)
    trading.deliver(buy(SYMBOL, "bybit"))
    assert trading.quantity(SYMBOL) == 0
    assert not trading.lines.times("🔎 Found the order after all")
