"""One position from its signal to its end: opened, verified, protected, stopped out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.incidents.conftest import ROUND_TRIP_S, MakeTrading, Trading, buy, coin, steps

ENTRY, BELOW_THE_STOP = "0.01946", "0.01905"
"""The stops lie 2% and 2.5% below the fill at 0.01947: at 0.01908 and 0.01898."""


def test_binance_market_order_full_cycle(make_trading: MakeTrading) -> None:
    path = steps((0, ENTRY), (40, BELOW_THE_STOP))
    trading = make_trading(binance=[coin("SKLUSDT", path)])
    market = trading.markets["binance"]
    trading.deliver(buy("SKLUSDT", "binance", quantity=308.0))
    assert market.asked() == [
        "GET /fapi/v3/positionRisk",
        "GET /fapi/v3/account",
        "GET /fapi/v3/account",
        "GET /fapi/v3/positionRisk",
        "GET /fapi/v1/ticker/24hr",
        "POST /fapi/v1/leverage",
        "POST /fapi/v1/order",
        "GET /fapi/v1/order",
        "GET /fapi/v1/order",  # verification, which asks for the order's status first
        "GET /fapi/v1/openAlgoOrders",
        "GET /fapi/v1/ticker/24hr",
        "POST /fapi/v1/algoOrder",
        "POST /fapi/v1/algoOrder",  # the second stop
    ]
    (leverage,) = market.requests("/leverage")
    assert leverage["params"]["leverage"] == "1"
    entry, query, _ = market.requests("/v1/order")
    assert entry["params"]["type"] == "MARKET"
    assert entry["params"]["newOrderRespType"] == "RESULT"
    assert query["at"] - entry["at"] == pytest.approx(ROUND_TRIP_S + 0.1, abs=0.002)
    for stop in market.requests("/algoOrder"):
        assert stop["params"]["type"] == "STOP_MARKET"
        assert stop["params"]["reduceOnly"] == "true"
        assert stop["params"]["side"] == "SELL"
    assert_stands(trading, "SKLUSDT")
    assert_stopped_out(trading, "SKLUSDT")


def test_bybit_market_order_full_cycle(make_trading: MakeTrading) -> None:
    path = steps((0, ENTRY), (40, BELOW_THE_STOP))
    trading = make_trading(bybit=[coin("SKLUSDT", path)])
    market = trading.markets["bybit"]
    trading.deliver(buy("SKLUSDT", "bybit", quantity=308.0))
    asked = market.asked()
    assert asked[:9] == [
        "GET /v5/position/list",
        "GET /v5/account/wallet-balance",
        "GET /v5/account/wallet-balance",
        "GET /v5/position/list",
        "GET /v5/market/tickers",
        "POST /v5/position/set-leverage",
        "POST /v5/order/create",
        "GET /v5/order/realtime",
        "GET /v5/order/realtime",  # verification
    ]
    assert [each for each in asked[9:] if each.startswith("POST")] == [
        "POST /v5/position/trading-stop",
        "POST /v5/order/create",  # the second stop
    ]
    entry, second_stop = market.requests("/order/create")
    query = market.requests("/order/realtime")[0]
    assert entry["params"]["orderType"] == "Market"
    assert query["params"]["orderId"]
    assert query["at"] - entry["at"] == pytest.approx(ROUND_TRIP_S + 0.5, abs=0.002)
    assert second_stop["params"]["reduceOnly"] in (True, "true")
    assert Decimal(second_stop["params"]["triggerPrice"]) == Decimal("0.01898")
    (stop_loss,) = market.requests("/trading-stop")
    assert Decimal(stop_loss["params"]["stopLoss"]) == Decimal("0.01908")
    assert_stands(trading, "SKLUSDT")
    assert_stopped_out(trading, "SKLUSDT")


def test_bybit_answers_a_new_order_with_its_ids_alone(make_trading: MakeTrading) -> None:
    trading = make_trading(bybit=[coin("SKLUSDT")])
    trading.deliver(buy("SKLUSDT", "bybit"))
    (created,) = trading.lines.texts("[create_market_order completed]")
    assert "status=unknown, filled=0.0/0.0" in created
    (fetched,) = trading.lines.texts("✅ Fetched bybit order")
    assert "filled=600.0/600.0" in fetched  # 6 USDT at 0.01


def test_a_leverage_that_is_so_already_is_no_failure(make_trading: MakeTrading) -> None:
    trading = make_trading(bybit=[coin("SKLUSDT")], leverage=1)
    trading.deliver(buy("SKLUSDT", "bybit"))
    market = trading.markets["bybit"]
    (request,) = market.requests("/set-leverage")
    assert market.reply_to(request)["retCode"] == 110043
    assert trading.quantity("SKLUSDT") == 600


def assert_stands(trading: Trading, symbol: str) -> None:
    """A long of 308 with two stops below it, and the bot knows it all."""
    assert trading.lines.times("✅ Position verified by Order status")
    assert trading.quantity(symbol) == 308
    triggers = sorted(str(stop.trigger_price) for stop in trading.stops(symbol))
    assert triggers == ["0.01898", "0.01908"]
    assert trading.rows() == [(symbol, "active")]
    assert trading.believed() == {symbol: 308.0}
    assert trading.events("position_created") == [symbol]
    assert trading.unknown_orders() == []


def assert_stopped_out(trading: Trading, symbol: str) -> None:
    """The price falls through the first stop at second 40; the second goes with the position."""
    trading.run_to(39)
    assert trading.quantity(symbol) == 308
    trading.run_to(50)
    assert trading.quantity(symbol) == 0
    assert trading.stops(symbol) == []
    assert trading.rows() == [(symbol, "closed")]
    assert trading.believed() == {}
    assert trading.events("position_error") == []
