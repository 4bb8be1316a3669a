"""Stop-loss and take-profit of a position: trading-stop, and those that come with an order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, LagRule
from simulator.exchange.prices import Constant
from tests.bybit.rest.conftest import START_NS, S, Venue, make_venue
from tests.bybit.rest.test_orders import moving

PATH = "/v5/position/trading-stop"


def put(venue: Venue, symbol: str = "BTCUSDT", **params: object) -> tuple[int, str]:
    """retCode and retMsg of a trading-stop."""
    given = {"tpslMode": "Full", "positionIdx": 0, **params}
    reply = venue.post(PATH, category="linear", symbol=symbol, **given)
    assert reply["result"] == {}
    return reply["retCode"], reply["retMsg"]


def waiting(venue: Venue, symbol: str = "BTCUSDT") -> list[tuple[str, str, str]]:
    """Kind, side and price of the orders that wait to close the position, the oldest first."""
    rows = venue.rows("/v5/order/realtime", symbol=symbol, orderFilter="StopOrder")
    return [(row["stopOrderType"], row["side"], row["triggerPrice"]) for row in rows[::-1]]


# setting them


def test_a_position_gets_its_stop_loss_and_take_profit(venue: Venue) -> None:
    venue.placed()
    assert put(venue, stopLoss="95000", takeProfit="110000") == (0, "OK")
    assert waiting(venue) == [("StopLoss", "Sell", "95000"), ("TakeProfit", "Sell", "110000")]
    position = venue.position()
    assert (position["stopLoss"], position["takeProfit"]) == ("95000", "110000")


def test_its_orders_are_the_venue_s_own(venue: Venue) -> None:
    venue.placed()
    put(venue, stopLoss="95000")
    (row,) = venue.rows("/v5/order/realtime", symbol="BTCUSDT")
    assert row["orderLinkId"] == ""
    assert row["createType"] == "CreateByStopLoss"
    assert row["orderStatus"] == "Untriggered"
    assert row["tpslMode"] == "Full"
    assert row["reduceOnly"] is True
    assert row["closeOnTrigger"] is True
    assert row["triggerBy"] == "LastPrice"
    assert row["price"] == "0"


def test_a_stop_is_replaced_and_the_other_stays(venue: Venue) -> None:
    venue.placed()
    put(venue, stopLoss="95000", takeProfit="110000")
    assert put(venue, stopLoss="96000")[0] == 0
    assert waiting(venue) == [("TakeProfit", "Sell", "110000"), ("StopLoss", "Sell", "96000")]


def test_zero_clears_a_stop(venue: Venue) -> None:
    venue.placed()
    put(venue, stopLoss="95000", takeProfit="110000")
    assert put(venue, stopLoss="0")[0] == 0
    assert waiting(venue) == [("TakeProfit", "Sell", "110000")]
    position = venue.position()
    assert (position["stopLoss"], position["takeProfit"]) == ("", "110000")


def test_an_unchanged_stop_is_34040(venue: Venue) -> None:
    venue.placed()
    put(venue, stopLoss="95000")
    not_modified = (34040, "not modified")
    assert put(venue, stopLoss="95000") == not_modified
    assert put(venue, stopLoss="95000.0") == not_modified
    assert put(venue, takeProfit="0") == not_modified
    assert put(venue) == not_modified
    assert put(venue, stopLoss="95000", slTriggerBy="MarkPrice")[0] == 0
    assert put(venue, stopLoss="95000", takeProfit="110000", slTriggerBy="MarkPrice")[0] == 0


def test_without_a_position_there_is_nothing_to_protect(venue: Venue) -> None:
    assert put(venue, stopLoss="95000") == (10001, "can not set tp/sl/ts for zero position")


def test_the_position_counts_as_it_is_not_as_queries_show_it() -> None:
    lag = LagRule(window="positions", lag=Fixed(10 * S))
    venue = make_venue(behaviour=Behaviour(visibility=(lag,)))
    venue.placed()
    assert venue.position()["size"] == "0"
    assert put(venue, stopLoss="95000")[0] == 0


@pytest.mark.parametrize(
    ("side", "params", "text"),
    [
        (
            "Buy",
            {"stopLoss": "3.24"},
            "StopLoss:324000000 set for Buy position should lower than base_price:161600000",
        ),
        (
            "Buy",
            {"takeProfit": "1.6"},
            "TakeProfit:160000000 set for Buy position should be higher than base_price:161600000",
        ),
        (
            "Sell",
            {"stopLoss": "1.6"},
            "StopLoss:160000000 set for Sell position should greater base_price:161600000",
        ),
        (
            "Sell",
            {"takeProfit": "3.24"},
            "TakeProfit:324000000 set for Sell position should be lower than base_price:161600000",
        ),
    ],
)
def test_a_stop_on_the_wrong_side_is_10001_in_the_venue_s_words(
    venue: Venue, side: str, params: dict[str, Any], text: str
) -> None:
    venue.placed("HNTUSDT", side=side, qty="10")
    assert put(venue, "HNTUSDT", **params) == (10001, f"{text}??LastPrice")
    assert waiting(venue, "HNTUSDT") == []


def test_prices_with_coarse_ticks_are_scaled_by_ten_thousand() -> None:
    # As in a captured text about 25797.0 and 25947.7.
    venue = make_venue(paths={"BTCUSDT": Constant(Decimal("25947.7"))})
    venue.placed(side="Sell")
    assert put(venue, stopLoss="25797") == (
        10001,
        "StopLoss:257970000 set for Sell position should greater base_price:259477000??LastPrice",
    )


def test_a_wrong_stop_leaves_the_other_unset(venue: Venue) -> None:
    venue.placed()
    assert put(venue, stopLoss="95000", takeProfit="90000")[0] == 10001
    assert put(venue, stopLoss="95000", takeProfit="110000.05") == (10001, "Price invalid")
    assert waiting(venue) == []


@pytest.mark.parametrize(
    "params",
    [
        {"trailingStop": "500"},
        {"stopLoss": "95000", "tpslMode": "Partial", "slSize": "0.001"},
        {"stopLoss": "95000", "slOrderType": "Limit", "slLimitPrice": "94990"},
    ],
)
def test_what_is_not_modelled_is_refused(venue: Venue, params: dict[str, object]) -> None:
    venue.placed()
    code, text = put(venue, **params)
    assert code == 10001
    assert text.endswith("is not supported here")


def test_hedge_mode_s_positions_do_not_exist(venue: Venue) -> None:
    venue.placed()
    assert put(venue, stopLoss="95000", positionIdx=1) == (
        10001,
        "position idx not match position mode",
    )


# what becomes of them


def test_a_stop_loss_closes_all_that_is_held_and_takes_the_take_profit_along() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "100000", "94000")})
    venue.placed(qty="0.010")
    put(venue, stopLoss="95000", takeProfit="110000")
    (profit, loss) = venue.rows("/v5/order/realtime", symbol="BTCUSDT")
    venue.advance(1 * S)
    venue.placed(qty="0.010")
    venue.advance(1 * S)
    assert venue.position()["size"] == "0"
    row = venue.order(loss["orderId"])
    assert (row["orderStatus"], row["cumExecQty"], row["stopOrderType"]) == (
        "Filled",
        "0.020",
        "StopLoss",
    )
    row = venue.order(profit["orderId"])
    assert (row["orderStatus"], row["cancelType"]) == ("Deactivated", "CancelByTpSlTsClear")
    assert waiting(venue) == []


def test_a_take_profit_of_a_short_position_buys() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "89000")})
    venue.placed(side="Sell")
    put(venue, takeProfit="90000")
    assert waiting(venue) == [("TakeProfit", "Buy", "90000")]
    venue.advance(1 * S)
    assert venue.position()["size"] == "0"


def test_stops_go_with_the_position_at_the_end_of_the_instant(venue: Venue) -> None:
    venue.placed()
    put(venue, stopLoss="95000", takeProfit="110000")
    venue.placed(side="Sell", qty="0", reduceOnly=True)
    venue.settle()
    assert waiting(venue) == []
    venue.placed()
    assert venue.position()["stopLoss"] == ""


def test_stops_go_when_the_position_turns_round(venue: Venue) -> None:
    venue.placed()
    put(venue, stopLoss="95000")
    venue.placed(side="Sell", qty="0.03")
    venue.settle()
    assert waiting(venue) == []


def test_stops_stay_while_the_position_grows_and_shrinks(venue: Venue) -> None:
    venue.placed()
    put(venue, stopLoss="95000")
    venue.placed()
    venue.placed(side="Sell", qty="0.005")
    venue.settle()
    assert waiting(venue) == [("StopLoss", "Sell", "95000")]


def test_stops_of_other_symbols_stay(venue: Venue) -> None:
    venue.placed()
    venue.placed("HNTUSDT", qty="10")
    put(venue, stopLoss="95000")
    put(venue, "HNTUSDT", stopLoss="1.5")
    venue.placed("HNTUSDT", side="Sell", qty="0", reduceOnly=True)
    venue.settle()
    assert waiting(venue) == [("StopLoss", "Sell", "95000")]
    assert waiting(venue, "HNTUSDT") == []


def test_a_client_s_own_conditional_orders_stay_when_the_position_goes(venue: Venue) -> None:
    venue.placed()
    venue.placed(side="Sell", triggerPrice="95000", triggerDirection=2, reduceOnly=True)
    venue.placed(side="Sell", qty="0", reduceOnly=True)
    venue.settle()
    assert waiting(venue) == [("Stop", "Sell", "95000")]


# those that come with an order


def test_an_order_brings_its_stops_to_the_position(venue: Venue) -> None:
    order_id = venue.placed(stopLoss="95000", takeProfit="110000")
    row = venue.order(order_id)
    assert (row["stopLoss"], row["takeProfit"], row["tpslMode"]) == ("95000", "110000", "Full")
    assert (row["slTriggerBy"], row["tpTriggerBy"]) == ("LastPrice", "LastPrice")
    venue.settle()
    assert waiting(venue) == [("StopLoss", "Sell", "95000"), ("TakeProfit", "Sell", "110000")]


def test_the_stops_of_a_resting_order_wait_for_its_fill() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "95000")})
    venue.placed(orderType="Limit", price="95000", stopLoss="94000")
    venue.settle()
    assert waiting(venue) == []
    venue.advance(1 * S)
    assert waiting(venue) == [("StopLoss", "Sell", "94000")]


def test_an_order_s_stop_on_the_wrong_side_refuses_the_order(venue: Venue) -> None:
    reply = venue.create(stopLoss="100500")
    assert (reply["retCode"], reply["retMsg"]) == (
        10001,
        "StopLoss:1005000000 set for Buy position should lower than "
        "base_price:1000000000??LastPrice",
    )
    assert venue.position()["size"] == "0"


def test_a_stop_that_the_price_jumped_over_closes_the_position_at_once() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "93000")})
    venue.placed(orderType="Limit", price="95000", stopLoss="94000")
    venue.advance(1 * S)
    assert venue.position()["size"] == "0"
    closing = venue.rows("/v5/execution/list", symbol="BTCUSDT")[0]
    assert (closing["side"], closing["stopOrderType"]) == ("Sell", "StopLoss")


def test_an_order_that_only_reduces_brings_no_stops(venue: Venue) -> None:
    venue.placed(qty="0.02")
    venue.placed(side="Sell", qty="0.01", stopLoss="105000")
    venue.settle()
    assert waiting(venue) == []
    assert venue.position()["size"] == "0.01"


def test_a_further_order_of_the_same_instant_leaves_the_stops_to_come(venue: Venue) -> None:
    venue.placed(stopLoss="95000")
    venue.placed()
    venue.settle()
    assert waiting(venue) == [("StopLoss", "Sell", "95000")]


def test_the_price_of_a_limit_order_is_what_its_stops_are_measured_by(venue: Venue) -> None:
    limit = {"orderType": "Limit", "price": "95000"}
    assert venue.create(**limit, stopLoss="96000")["retCode"] == 10001
    assert venue.create(**limit, takeProfit="96000")["retCode"] == 0


def test_the_instant_of_the_fill_is_the_instant_of_the_stop(venue: Venue) -> None:
    venue.placed(stopLoss="95000")
    venue.settle()
    (row,) = venue.rows("/v5/order/realtime", symbol="BTCUSDT")
    assert row["createdTime"] == str(START_NS // 1_000_000)
