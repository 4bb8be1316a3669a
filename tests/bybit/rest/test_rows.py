"""The fields of rows: those of the v5 pages in REST, those of the messages seen in streams."""

from __future__ import annotations

import json
from typing import Any

from simulator.bybit.rows import execution_row, order_row, position_row, wallet_row
from tests.bybit.rest.conftest import START_MS, Venue

ORDER = """
orderId orderLinkId parentOrderLinkId blockTradeId symbol price qty side isLeverage positionIdx
orderStatus createType cancelType rejectReason avgPrice leavesQty leavesValue cumExecQty
cumExecValue cumExecFee timeInForce orderType stopOrderType orderIv marketUnit triggerPrice
takeProfit stopLoss tpslMode ocoTriggerBy tpLimitPrice slLimitPrice tpTriggerBy slTriggerBy
triggerDirection triggerBy lastPriceOnCreated basePrice reduceOnly closeOnTrigger placeType smpType
smpGroup smpOrderId createdTime updatedTime cumFeeDetail
"""
HISTORY = "slippageToleranceType slippageTolerance extraFees rpiTakerAccess rpiMatchedQty"
EXECUTION = """
symbol orderType underlyingPrice orderLinkId side indexPrice orderId stopOrderType leavesQty
execTime feeCurrency isMaker execFee feeRate execId tradeIv blockTradeId markPrice execPrice markIv
orderQty orderPrice execValue execType execQty closedSize extraFees seq createType
"""
POSITION = """
positionIdx riskId riskLimitValue symbol side size avgPrice positionValue tradeMode autoAddMargin
positionStatus leverage breakEvenPrice markPrice liqPrice bustPrice positionIM positionIMByMp
positionMM positionMMByMp positionBalance takeProfit stopLoss trailingStop tpslMode sessionAvgPrice
unrealisedPnl curRealisedPnl cumRealisedPnl adlRankIndicator createdTime updatedTime openTime seq
isReduceOnly mmrSysUpdatedTime leverageSysUpdatedTime
"""
ORDER_MESSAGE = """
{"category":"linear","symbol":"BTCUSDT","orderId":"9aac161b-8ed6-450d-9cab-c5cc67c21784",
"orderLinkId":"","parentOrderLinkId":"","blockTradeId":"","side":"Buy","positionIdx":0,
"orderStatus":"Filled","createType":"CreateByUser","cancelType":"UNKNOWN",
"rejectReason":"EC_NoError","timeInForce":"IOC","isLeverage":"","price":"104000","qty":"0.003",
"avgPrice":"99500","leavesQty":"0.000","leavesValue":"0","cumExecQty":"0.003",
"cumExecValue":"298.5","cumExecFee":"0.164175","cumFeeDetail":{"USDT":"0.164175"},"closedPnl":"0",
"feeCurrency":"","orderType":"Market","stopOrderType":"","orderIv":"","marketUnit":"",
"triggerPrice":"","takeProfit":"","stopLoss":"","tpslMode":"","ocoTriggerBy":"","tpLimitPrice":"",
"slLimitPrice":"","tpTriggerBy":"","slTriggerBy":"","triggerDirection":0,"triggerBy":"",
"lastPriceOnCreated":"99490","reduceOnly":false,"closeOnTrigger":false,"placeType":"","smpType":"None",
"smpGroup":0,"smpOrderId":"","slippageToleranceType":"UNKNOWN","slippageTolerance":"0",
"rpiTakerAccess":false,"rpiMatchedQty":"0","createdTime":"1757405570350",
"updatedTime":"1757405570352"}
"""
EXECUTION_MESSAGE = """
{"category":"linear","symbol":"BTCUSDT","closedSize":"0","execFee":"0.164175",
"execId":"0ab1bdf7-4219-438b-b30a-32ec863018f7","execPrice":"99500","execQty":"0.003",
"execType":"Trade","execValue":"298.5","feeRate":"0.00055","tradeIv":"","markIv":"",
"blockTradeId":"","markPrice":"99501.4","indexPrice":"","underlyingPrice":"","leavesQty":"0",
"orderId":"9aac161b-8ed6-450d-9cab-c5cc67c21784","orderLinkId":"","orderPrice":"104000",
"orderQty":"0.003","orderType":"Market","stopOrderType":"UNKNOWN","side":"Buy",
"execTime":"1757405570352","isLeverage":"0","isMaker":false,"seq":9122399925,"marketUnit":"",
"execPnl":"0","createType":"CreateByUser","extraFees":[],"feeCurrency":"USDT"}
"""
POSITION_MESSAGE = """
{"category":"linear","symbol":"BTCUSDT","positionIdx":0,"tradeMode":0,"riskId":1,
"riskLimitValue":"2000000","side":"Buy","size":"0.003","entryPrice":"99500","leverage":"10",
"breakEvenPrice":"99609","positionValue":"298.5","positionBalance":"0","markPrice":"99501.4",
"positionIM":"30","positionIMByMp":"30","positionMM":"1.6","positionMMByMp":"1.6","takeProfit":"0",
"stopLoss":"0","trailingStop":"0","unrealisedPnl":"0.0042","curRealisedPnl":"-0.164175",
"cumRealisedPnl":"-0.164175","sessionAvgPrice":"0","createdTime":"1757405570350",
"updatedTime":"1757405570352","tpslMode":"Full","liqPrice":"","bustPrice":"",
"positionStatus":"Normal","adlRankIndicator":2,"autoAddMargin":0,"leverageSysUpdatedTime":"",
"mmrSysUpdatedTime":"","seq":9122399925,"isReduceOnly":false}
"""
WALLET_MESSAGE = """
{"accountType":"UNIFIED","accountLTV":"0","accountIMRate":"0.0030","accountIMRateByMp":"0.0030",
"accountMMRate":"0.0002","accountMMRateByMp":"0.0002","totalEquity":"10000",
"totalWalletBalance":"9999.8","totalMarginBalance":"9999.8","totalAvailableBalance":"9969.8",
"totalPerpUPL":"0.0042","totalInitialMargin":"30","totalInitialMarginByMp":"30",
"totalMaintenanceMargin":"1.6","totalMaintenanceMarginByMp":"1.6","coin":[{"coin":"USDT",
"equity":"9999.8","usdValue":"9999.8","walletBalance":"9999.8","availableToWithdraw":"",
"availableToBorrow":"","borrowAmount":"0","accruedInterest":"0","totalOrderIM":"0",
"totalPositionIM":"30","totalPositionMM":"1.6","unrealisedPnl":"0.0042",
"cumRealisedPnl":"-0.164175","bonus":"0","collateralSwitch":true,"marginCollateral":true,
"locked":"0","spotHedgingQty":"0","spotBorrow":"0"}]}
"""


def differing(row: dict[str, Any], message: str) -> dict[str, Any]:
    """What a row has otherwise than the message; both have the same fields of the same types."""
    seen = json.loads(message)
    assert set(row) == set(seen)
    assert {name: type(value) for name, value in row.items()} == {
        name: type(value) for name, value in seen.items()
    }
    return {name: value for name, value in row.items() if value != seen[name]}


def test_rows_of_queries_have_the_fields_of_the_pages(venue: Venue) -> None:
    order_id = venue.placed()
    assert set(venue.order(order_id)) == set(ORDER.split())
    (row,) = venue.rows("/v5/order/history")
    assert set(row) == set((ORDER + HISTORY).split())
    (row,) = venue.rows("/v5/execution/list")
    assert set(row) == set(EXECUTION.split())
    assert set(venue.position()) == set(POSITION.split())


def test_an_order_in_a_stream_is_as_it_was_seen(venue: Venue) -> None:
    venue.placed(qty="0.003")
    (order,) = venue.exchange.orders("trader")
    row = order_row(venue.desk, order, stream=True)
    assert differing(row, ORDER_MESSAGE) == {
        "orderId": row["orderId"],
        "price": "105000",
        "avgPrice": "100000.1",
        "cumExecValue": "300.0003",
        "cumExecFee": "0.16500016",
        "cumFeeDetail": {"USDT": "0.16500016"},
        "lastPriceOnCreated": "100000",
        "createdTime": str(START_MS),
        "updatedTime": str(START_MS),
    }


def test_an_execution_in_a_stream_is_as_it_was_seen(venue: Venue) -> None:
    venue.placed(qty="0.003")
    (fill,) = venue.exchange.fills("trader")
    row = execution_row(venue.desk, fill, stream=True)
    assert differing(row, EXECUTION_MESSAGE) == {
        "execFee": "0.16500016",
        "execId": row["execId"],
        "execPrice": "100000.1",
        "execValue": "300.0003",
        "markPrice": "100000",
        "orderId": row["orderId"],
        "orderPrice": "105000",
        "execTime": str(START_MS),
        "seq": row["seq"],
    }


def test_a_position_in_a_stream_is_as_it_was_seen(venue: Venue) -> None:
    venue.placed(qty="0.003")
    position = venue.exchange.position("trader", "BTCUSDT")
    row = position_row(venue.desk, position, stream=True)
    assert differing(row, POSITION_MESSAGE) == {
        "entryPrice": "100000.1",
        "breakEvenPrice": "100110.10011",
        "positionValue": "300.0003",
        "markPrice": "100000",
        "positionMM": "1.5",
        "positionMMByMp": "1.5",
        "unrealisedPnl": "-0.0003",
        "curRealisedPnl": "-0.16500016",
        "cumRealisedPnl": "-0.16500016",
        "createdTime": str(START_MS),
        "updatedTime": str(START_MS),
        "seq": row["seq"],
    }


def test_a_closed_position_in_a_stream_has_no_side(venue: Venue) -> None:
    venue.placed()
    venue.placed(side="Sell", qty="0", reduceOnly=True)
    position = venue.exchange.position("trader", "BTCUSDT")
    row = position_row(venue.desk, position, stream=True)
    assert (row["side"], row["size"], row["entryPrice"]) == ("", "0", "0")


def test_a_wallet_in_a_stream_is_as_it_was_seen(venue: Venue) -> None:
    venue.placed(qty="0.003")
    row = wallet_row(venue.desk, "trader", stream=True)
    assert set(row["coin"][0]) == set(json.loads(WALLET_MESSAGE)["coin"][0])
    assert differing(row, WALLET_MESSAGE)["totalWalletBalance"] == "9999.83499984"


def test_a_resting_order_in_a_stream_has_nothing_for_what_it_is_not(venue: Venue) -> None:
    venue.placed(orderType="Limit", price="95000")
    (order,) = venue.exchange.orders("trader")
    row = order_row(venue.desk, order, stream=True)
    assert (row["avgPrice"], row["triggerPrice"], row["stopOrderType"]) == ("", "", "")
    assert row["orderStatus"] == "New"
