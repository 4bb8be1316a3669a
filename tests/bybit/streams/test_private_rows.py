"""Private topics: the fields and values of their rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulator.exchange.prices import Constant
from tests.bybit.streams.clients import ALL, told, watch
from tests.bybit.streams.conftest import MS, START_NS
from tests.venue_world import MakeWorld

# The fields of each row on the pages under websocket/private, and of a captured message.
ORDER = """
    category symbol orderId orderLinkId parentOrderLinkId blockTradeId side positionIdx orderStatus
    createType cancelType rejectReason timeInForce isLeverage price qty avgPrice leavesQty
    leavesValue cumExecQty cumExecValue cumExecFee cumFeeDetail closedPnl feeCurrency orderType
    stopOrderType orderIv marketUnit triggerPrice takeProfit stopLoss tpslMode ocoTriggerBy
    tpLimitPrice slLimitPrice tpTriggerBy slTriggerBy triggerDirection triggerBy lastPriceOnCreated
    reduceOnly closeOnTrigger placeType smpType smpGroup smpOrderId slippageToleranceType
    slippageTolerance rpiTakerAccess rpiMatchedQty createdTime updatedTime
"""
EXECUTION = """
    category symbol closedSize execFee execId execPrice execQty execType execValue feeRate tradeIv
    markIv blockTradeId markPrice indexPrice underlyingPrice leavesQty orderId orderLinkId
    orderPrice orderQty orderType stopOrderType side execTime isLeverage isMaker seq marketUnit
    execPnl createType extraFees feeCurrency
"""
POSITION = """
    category symbol positionIdx tradeMode riskId riskLimitValue side size entryPrice leverage
    breakEvenPrice positionValue positionBalance markPrice positionIM positionIMByMp positionMM
    positionMMByMp takeProfit stopLoss trailingStop unrealisedPnl curRealisedPnl cumRealisedPnl
    sessionAvgPrice createdTime updatedTime tpslMode liqPrice bustPrice positionStatus
    adlRankIndicator autoAddMargin leverageSysUpdatedTime mmrSysUpdatedTime seq isReduceOnly
"""
WALLET = """
    accountType accountLTV accountIMRate accountIMRateByMp accountMMRate accountMMRateByMp
    totalEquity totalWalletBalance totalMarginBalance totalAvailableBalance totalPerpUPL
    totalInitialMargin totalInitialMarginByMp totalMaintenanceMargin totalMaintenanceMarginByMp coin
"""


def bought(make_world: MakeWorld) -> list[Any]:
    """A message of each topic, at the captured messages' price and with their fees."""
    venue = make_world(mark=Constant(Decimal("99501.4")))
    return watch(venue, lambda bot: bot.create(), *ALL)


def test_a_market_order_brings_one_message_of_each_topic(make_world: MakeWorld) -> None:
    order, execution, position, wallet = bought(make_world)
    assert told([order, execution, position, wallet]) == [
        "order/Filled",
        "execution/0.003",
        "position/0.003",
        "wallet",
    ]
    now_ms = START_NS // MS
    for message, fields in (
        (order, ORDER),
        (execution, EXECUTION),
        (position, POSITION),
        (wallet, WALLET),
    ):
        assert set(message) == {"id", "topic", "creationTime", "data"}
        assert message["creationTime"] == now_ms
        (row,) = message["data"]
        assert set(row) == set(fields.split())


def test_the_values_are_those_of_the_captured_messages(make_world: MakeWorld) -> None:
    order, execution, position, wallet = bought(make_world)
    row = order["data"][0]
    expected = {
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "positionIdx": 0,
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoError",
        "timeInForce": "IOC",
        "qty": "0.003",
        "avgPrice": "99500",
        "leavesQty": "0.000",
        "cumExecQty": "0.003",
        "cumExecValue": "298.5",
        "cumExecFee": "0.164175",
        "cumFeeDetail": {"USDT": "0.164175"},
        "closedPnl": "0",
        "stopOrderType": "",
        "triggerPrice": "",
        "triggerBy": "",
    }
    assert {name: row[name] for name in expected} == expected
    row = execution["data"][0]
    expected = {
        "closedSize": "0",
        "execFee": "0.164175",
        "execPrice": "99500",
        "execType": "Trade",
        "execValue": "298.5",
        "feeRate": "0.00055",
        "markPrice": "99501.4",
        "leavesQty": "0",
        "isMaker": False,
        "isLeverage": "0",
        "stopOrderType": "UNKNOWN",
        "orderId": order["data"][0]["orderId"],
    }
    assert {name: row[name] for name in expected} == expected
    assert execution["id"] == order["id"]
    assert order["id"].endswith(f"_BTCUSDT_{row['seq']}")
    row = position["data"][0]
    expected = {
        "side": "Buy",
        "entryPrice": "99500",
        "leverage": "10",
        "positionValue": "298.5",
        "unrealisedPnl": "0.0042",
        "curRealisedPnl": "-0.164175",
        "seq": execution["data"][0]["seq"],
    }
    assert {name: row[name] for name in expected} == expected
    (coin,) = wallet["data"][0]["coin"]
    assert (coin["walletBalance"], coin["availableToWithdraw"]) == ("9999.835825", "")
