"""Orders and executions as queries show them: which, for how long, in what order and how late."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, LagRule
from tests.bybit.rest.conftest import MS, START_MS, S, Venue, make_venue
from tests.bybit.rest.test_orders import moving

REALTIME, HISTORY, EXECUTIONS = "/v5/order/realtime", "/v5/order/history", "/v5/execution/list"
LIMIT = {"orderType": "Limit", "price": "95000", "qty": "0.001"}
DAY = 86_400 * S


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["orderId"] for row in rows]


# realtime


def test_open_orders_are_listed_the_latest_first(venue: Venue) -> None:
    first = venue.placed(**LIMIT)
    second = venue.placed(**LIMIT)
    venue.advance(1 * MS)
    third = venue.placed(**LIMIT)
    venue.placed()
    assert ids(venue.rows(REALTIME, symbol="BTCUSDT")) == [third, second, first]
    assert ids(venue.rows(REALTIME, settleCoin="USDT")) == [third, second, first]
    assert venue.rows(REALTIME, settleCoin="USDC") == []
    assert ids(venue.rows(REALTIME, baseCoin="BTC")) == [third, second, first]


def test_a_linear_query_needs_a_symbol_or_a_coin(venue: Venue) -> None:
    reply = venue.get(REALTIME, category="linear")
    assert (reply["retCode"], reply["retMsg"]) == (
        10001,
        "Missing some parameters that must be filled in, symbol or settleCoin or baseCoin",
    )


def test_a_query_needs_its_category(venue: Venue) -> None:
    assert venue.get(REALTIME, symbol="BTCUSDT")["retCode"] == 10001
    assert venue.get(REALTIME, category="swap", symbol="BTCUSDT")["retCode"] == 10001


def test_by_its_id_an_order_is_found_open_or_not(venue: Venue) -> None:
    filled = venue.placed(orderLinkId="mine")
    by_id = venue.rows(REALTIME, symbol="BTCUSDT", orderId=filled, openOnly=0)
    by_link_id = venue.rows(REALTIME, symbol="BTCUSDT", orderLinkId="mine")
    assert ids(by_id) == ids(by_link_id) == [filled]


def test_the_order_id_wins_over_the_link_id(venue: Venue) -> None:
    first, second = venue.placed(**LIMIT), venue.placed(**LIMIT, orderLinkId="mine")
    assert ids(venue.rows(REALTIME, symbol="BTCUSDT", orderId=first, orderLinkId="mine")) == [first]
    assert second


@pytest.mark.parametrize("unknown", ["00000000-0000-0000-0000-000000000007", "not-a-uuid"])
def test_an_unknown_id_gives_an_empty_list(venue: Venue, unknown: str) -> None:
    venue.placed()
    assert venue.result(REALTIME, category="linear", symbol="BTCUSDT", orderId=unknown) == {
        "list": [],
        "nextPageCursor": "",
        "category": "linear",
    }


def test_closed_orders_are_listed_when_asked_for(venue: Venue) -> None:
    filled, resting = venue.placed(), venue.placed(**LIMIT)
    assert ids(venue.rows(REALTIME, symbol="BTCUSDT", openOnly=1)) == [filled]
    assert ids(venue.rows(REALTIME, symbol="BTCUSDT")) == [resting]


def test_of_closed_orders_the_last_so_many_are_known() -> None:
    venue = make_venue(behaviour=Behaviour(settings={"closed_orders_kept": 2}))
    placed = [venue.placed(qty="0.001") for _ in range(3)]
    assert ids(venue.rows(REALTIME, symbol="BTCUSDT", openOnly=1)) == placed[:0:-1]
    assert venue.rows(REALTIME, symbol="BTCUSDT", orderId=placed[0]) == []
    assert ids(venue.rows(HISTORY, orderId=placed[0])) == [placed[0]]


def test_five_hundred_closed_orders_are_known() -> None:
    assert make_venue().desk.settings.closed_orders_kept == 500


def test_after_a_service_restart_only_the_history_knows_closed_orders() -> None:
    venue = make_venue(behaviour=Behaviour(settings={"closed_orders_kept": 0}))
    filled, resting = venue.placed(), venue.placed(**LIMIT)
    assert venue.rows(REALTIME, symbol="BTCUSDT", orderId=filled) == []
    assert ids(venue.rows(REALTIME, symbol="BTCUSDT", orderId=resting)) == [resting]
    assert ids(venue.rows(HISTORY, symbol="BTCUSDT")) == [filled]


def test_the_filter_tells_conditional_orders_from_others(venue: Venue) -> None:
    resting = venue.placed(**LIMIT)
    waiting = venue.placed(triggerPrice="101000", triggerDirection=1)
    assert ids(venue.rows(REALTIME, symbol="BTCUSDT")) == [waiting, resting]
    assert ids(venue.rows(REALTIME, symbol="BTCUSDT", orderFilter="StopOrder")) == [waiting]
    assert ids(venue.rows(REALTIME, symbol="BTCUSDT", orderFilter="Order")) == [resting]


def test_other_categories_have_no_orders(venue: Venue) -> None:
    result = venue.result(REALTIME, category="inverse", settleCoin="BTC")
    assert result == {"list": [], "nextPageCursor": "", "category": "inverse"}


# history


def test_the_history_has_orders_that_ended(venue: Venue) -> None:
    filled, resting = venue.placed(), venue.placed(**LIMIT)
    venue.post("/v5/order/cancel-all", category="linear", symbol="BTCUSDT")
    venue.placed(**LIMIT)
    assert ids(venue.rows(HISTORY)) == [resting, filled]
    assert ids(venue.rows(HISTORY, orderStatus="Filled")) == [filled]
    assert ids(venue.rows(HISTORY, orderStatus="Cancelled")) == [resting]
    row = venue.rows(HISTORY, symbol="BTCUSDT")[0]
    assert (row["slippageToleranceType"], row["extraFees"]) == ("UNKNOWN", "")


def test_the_history_forgets_orders_without_a_fill_after_a_day(venue: Venue) -> None:
    filled, resting = venue.placed(), venue.placed(**LIMIT)
    venue.post("/v5/order/cancel-all", category="linear", symbol="BTCUSDT")
    venue.advance(DAY)
    assert ids(venue.rows(HISTORY)) == [resting, filled]
    venue.advance(1)
    assert ids(venue.rows(HISTORY)) == [filled]


def test_the_history_spans_seven_days(venue: Venue) -> None:
    filled = venue.placed()
    venue.advance(7 * DAY + 1 * MS)
    assert venue.rows(HISTORY) == []
    assert ids(venue.rows(HISTORY, startTime=START_MS)) == [filled]
    assert ids(venue.rows(HISTORY, orderId=filled)) == [filled]
    week_ms = 7 * 86_400_000
    reply = venue.get(
        HISTORY, category="linear", startTime=START_MS, endTime=START_MS + week_ms + 1
    )
    assert reply["retCode"] == 10001


# what is seen how late


def test_realtime_history_and_lists_lag_each_by_themselves() -> None:
    lags = {"order": 100, "open_orders": 200, "order_history": 300, "fills": 400}
    rules = tuple(LagRule(window=name, lag=Fixed(ms * MS)) for name, ms in lags.items())
    venue = make_venue(behaviour=Behaviour(visibility=rules))
    filled, resting = venue.placed(), venue.placed(**LIMIT)

    def seen() -> list[bool]:
        return [
            bool(venue.rows(REALTIME, symbol="BTCUSDT", orderId=filled))
            and bool(venue.rows(REALTIME, symbol="BTCUSDT", openOnly=1)),
            ids(venue.rows(REALTIME, symbol="BTCUSDT")) == [resting],
            bool(venue.rows(HISTORY, symbol="BTCUSDT")),
            bool(venue.rows(EXECUTIONS, symbol="BTCUSDT")),
        ]

    assert seen() == [False, False, False, False]
    for expected in (
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ):
        venue.advance(100 * MS)
        assert seen() == expected


def test_an_order_seen_late_has_no_more_fees_than_fills() -> None:
    lag = LagRule(window="order", lag=Fixed(100 * MS))
    venue = make_venue(
        behaviour=Behaviour(visibility=(lag,)), paths={"BTCUSDT": moving("100000", "95000")}
    )
    order_id = venue.placed(**LIMIT)
    venue.advance(1 * S)
    assert venue.position()["size"] == "0.001"
    row = venue.order(order_id)
    assert (row["orderStatus"], row["cumExecFee"], row["cumFeeDetail"]) == ("New", "0", {})
    venue.advance(100 * MS)
    row = venue.order(order_id)
    assert (row["orderStatus"], row["cumExecFee"]) == ("Filled", "0.019")


# executions


def test_an_execution_tells_of_the_order_and_of_what_it_closed(venue: Venue) -> None:
    venue.placed(qty="0.010")
    order_id = venue.placed(side="Sell", qty="0.015", orderLinkId="turn")
    row, _ = venue.rows(EXECUTIONS, symbol="BTCUSDT")
    assert row["orderId"] == order_id
    assert row["orderLinkId"] == "turn"
    assert row["closedSize"] == "0.01"
    assert row["execQty"] == "0.015"
    assert row["orderQty"] == "0.015"
    assert row["leavesQty"] == "0"
    assert row["orderPrice"] == "95000"  # the protection price of a sale
    assert row["execPrice"] == "100000"
    assert row["execValue"] == "1500"
    assert row["execFee"] == "0.825"
    assert row["feeRate"] == "0.00055"
    assert row["execType"] == "Trade"
    assert row["isMaker"] is False
    assert row["execTime"] == str(START_MS)


def test_each_level_of_the_book_is_an_execution(venue: Venue) -> None:
    order_id = venue.placed("HNTUSDT", qty="250")
    rows = venue.rows(EXECUTIONS, orderId=order_id)
    assert [(row["execQty"], row["leavesQty"]) for row in rows] == [
        ("50", "0"),
        ("100", "50"),
        ("100", "150"),
    ]
    assert len({row["execId"] for row in rows}) == 3


def test_executions_are_found_by_link_id_type_and_time(venue: Venue) -> None:
    venue.placed(orderLinkId="one")
    venue.advance(5 * MS)
    second = venue.placed()
    assert len(venue.rows(EXECUTIONS, orderLinkId="one")) == 1
    assert venue.rows(EXECUTIONS, execType="Funding") == []
    assert ids(venue.rows(EXECUTIONS, startTime=START_MS + 1)) == [second]
    # More than the documented 100 is asked for by clients and clamped.
    assert len(venue.rows(EXECUTIONS, limit=200)) == 2


# paging


def pages(venue: Venue, path: str, **params: object) -> list[list[str]]:
    found, cursor = [], ""
    while True:
        query = {"category": "linear", **params}
        text = "&".join(f"{name}={value}" for name, value in query.items())
        if cursor:
            # Sent just as it came, which is percent-encoded.
            text += f"&cursor={cursor}"
        result = json.loads(venue.signed("GET", path, query=text).text)["result"]
        found.append(ids(result["list"]))
        cursor = result["nextPageCursor"]
        if not cursor:
            return found


def test_pages_follow_each_other_without_a_gap(venue: Venue) -> None:
    placed = [venue.placed(**LIMIT) for _ in range(5)][::-1]
    assert pages(venue, REALTIME, symbol="BTCUSDT", limit=2) == [
        placed[:2],
        placed[2:4],
        placed[4:],
    ]


def test_the_last_page_has_no_cursor(venue: Venue) -> None:
    for _ in range(4):
        venue.placed(**LIMIT)
    assert [len(page) for page in pages(venue, REALTIME, symbol="BTCUSDT", limit=2)] == [2, 2]


def test_an_order_that_ends_between_two_pages_hides_no_other(venue: Venue) -> None:
    placed = [venue.placed(**LIMIT) for _ in range(4)][::-1]
    result = venue.result(REALTIME, category="linear", symbol="BTCUSDT", limit=2)
    venue.post("/v5/order/cancel", category="linear", symbol="BTCUSDT", orderId=placed[1])
    query = f"category=linear&symbol=BTCUSDT&limit=2&cursor={result['nextPageCursor']}"
    rest = json.loads(venue.signed("GET", REALTIME, query=query).text)["result"]
    assert ids(rest["list"]) == placed[2:]


def test_a_cursor_that_a_client_encodes_again_is_understood(venue: Venue) -> None:
    placed = [venue.placed(**LIMIT) for _ in range(3)][::-1]
    cursor = venue.result(REALTIME, category="linear", symbol="BTCUSDT", limit=2)["nextPageCursor"]
    assert "%" in cursor
    query = f"category=linear&symbol=BTCUSDT&limit=2&cursor={quote(cursor)}"
    rest = json.loads(venue.signed("GET", REALTIME, query=query).text)["result"]
    assert ids(rest["list"]) == placed[2:]


def test_a_cursor_of_nothing_is_10001(venue: Venue) -> None:
    assert venue.get(REALTIME, category="linear", symbol="BTCUSDT", cursor="x")["retCode"] == 10001


@pytest.mark.parametrize(
    ("path", "default", "most"), [(REALTIME, 20, 50), (HISTORY, 20, 50), (EXECUTIONS, 50, 100)]
)
def test_lists_have_their_own_lengths(path: str, default: int, most: int) -> None:
    venue = make_venue()
    for _ in range(most + 1):
        venue.placed(qty="0.001")
        venue.advance(100 * MS)
    closed = {"symbol": "BTCUSDT", "openOnly": 1}
    assert len(venue.rows(path, **closed)) == default
    assert len(venue.rows(path, **closed, limit=1000)) == most
