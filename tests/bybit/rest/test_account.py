"""Wallet, positions, leverage, modes, fees and profits."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from simulator.bybit.profiles import NOVEMBER_2026
from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, LagRule
from tests.bybit.rest.conftest import API_KEY, MS, START_MS, S, Venue, make_venue
from tests.bybit.rest.test_orders import moving

WALLET = "/v5/account/wallet-balance"
POSITIONS = "/v5/position/list"


def wallet(venue: Venue) -> dict[str, Any]:
    (row,) = venue.result(WALLET, accountType="UNIFIED")["list"]
    return dict(row)


# the wallet


def test_the_wallet_binds_margin_and_pays_fees(venue: Venue) -> None:
    venue.placed(qty="0.010")
    row = wallet(venue)
    assert row["accountType"] == "UNIFIED"
    assert row["totalWalletBalance"] == "9999.44999945"  # less 0.055 % of 1000.001
    assert row["totalPerpUPL"] == "-0.001"
    assert row["totalInitialMargin"] == "100"  # a tenth
    assert row["totalMaintenanceMargin"] == "5"  # 0.5 %
    assert row["accountIMRate"] == "0.0100"
    (coin,) = row["coin"]
    assert coin["coin"] == "USDT"
    assert coin["walletBalance"] == "9999.44999945"
    assert coin["equity"] == "9999.44899945"
    assert coin["totalPositionIM"] == "100"
    assert coin["cumRealisedPnl"] == "-0.55000055"
    assert coin["borrowAmount"] == "0"


def test_resting_orders_bind_margin_too(venue: Venue) -> None:
    venue.placed(orderType="Limit", price="95000", qty="0.010")
    assert wallet(venue)["coin"][0]["totalOrderIM"] == "95"


def test_what_can_be_withdrawn_is_not_told_any_more(venue: Venue) -> None:
    coin = wallet(venue)["coin"][0]
    assert (coin["availableToWithdraw"], coin["availableToBorrow"]) == ("", "")
    older = make_venue(profile=replace(NOVEMBER_2026, available_to_withdraw=True))
    assert wallet(older)["coin"][0]["availableToWithdraw"] == "10000"


def test_isolated_margin_mode_has_no_totals(venue: Venue) -> None:
    reply = venue.post("/v5/account/set-margin-mode", setMarginMode="ISOLATED_MARGIN", leverage=5)
    assert reply["result"] == {"reasons": []}
    assert venue.result("/v5/account/info")["marginMode"] == "ISOLATED_MARGIN"
    row = wallet(venue)
    assert (row["totalEquity"], row["accountIMRate"]) == ("", "")
    assert row["coin"][0]["walletBalance"] == "10000"


def test_the_margin_mode_can_be_set_again_but_not_with_a_position(venue: Venue) -> None:
    path = "/v5/account/set-margin-mode"
    assert venue.post(path, setMarginMode="REGULAR_MARGIN")["retCode"] == 0
    venue.placed()
    reply = venue.post(path, setMarginMode="ISOLATED_MARGIN")
    assert (reply["retCode"], reply["retMsg"]) == (3400045, "Set margin mode failed")
    assert reply["result"]["reasons"]
    assert venue.post(path, setMarginMode="PORTFOLIO_MARGIN")["retCode"] == 10001


def test_the_wallet_asks_for_the_unified_account(venue: Venue) -> None:
    assert venue.get(WALLET)["retCode"] == 10001
    assert venue.get(WALLET, accountType="SPOT")["retCode"] == 10001
    (row,) = venue.result(WALLET, accountType="UNIFIED", coin="BTC,ETH")["list"]
    assert row["coin"] == []


def test_a_wallet_that_is_seen_late_shows_the_old_balance() -> None:
    lag = LagRule(window="balance", lag=Fixed(100 * MS))
    venue = make_venue(behaviour=Behaviour(visibility=(lag,)))
    venue.placed()
    assert wallet(venue)["totalWalletBalance"] == "10000"
    venue.advance(100 * MS)
    assert wallet(venue)["totalWalletBalance"] == "9999.44999945"


def test_withdrawal_tells_what_is_free(venue: Venue) -> None:
    venue.placed(orderType="Limit", price="95000", qty="0.010")
    assert venue.result("/v5/account/withdrawal", coinName="USDT,BTC") == {
        "availableWithdrawal": "9905",
        "availableWithdrawalMap": {"USDT": "9905", "BTC": "0"},
    }


# positions


def test_a_flat_symbol_has_one_row(venue: Venue) -> None:
    (row,) = venue.rows(POSITIONS, symbol="BTCUSDT")
    assert row["positionIdx"] == 0
    assert (row["side"], row["size"]) == ("", "0")
    # Clients make decimals of these.
    assert (row["avgPrice"], row["unrealisedPnl"], row["leverage"]) == ("0", "0", "10")
    assert row["liqPrice"] == ""
    assert row["seq"] == -1


def test_of_a_coin_only_positions_that_are_held_are_listed(venue: Venue) -> None:
    assert venue.rows(POSITIONS, settleCoin="USDT") == []
    venue.placed("HNTUSDT", side="Sell", qty="10")
    venue.placed()
    rows = venue.rows(POSITIONS, settleCoin="USDT")
    assert [(row["symbol"], row["side"], row["size"]) for row in rows] == [
        ("BTCUSDT", "Buy", "0.01"),
        ("HNTUSDT", "Sell", "10"),
    ]
    assert venue.rows(POSITIONS, settleCoin="USDC") == []
    venue.placed(side="Sell", qty="0", reduceOnly=True)
    assert [row["symbol"] for row in venue.rows(POSITIONS, settleCoin="USDT")] == ["HNTUSDT"]
    assert venue.result(POSITIONS, category="inverse", settleCoin="BTC")["list"] == []


def test_positions_need_a_symbol_or_a_coin(venue: Venue) -> None:
    reply = venue.get(POSITIONS, category="linear")
    assert (reply["retCode"], reply["retMsg"]) == (
        10001,
        "Missing some parameters that must be filled in, symbol or settleCoin",
    )


def test_a_position_tells_its_value_margin_and_profit() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "101000")})
    venue.placed(qty="0.010")
    venue.advance(1 * S)
    row = venue.position()
    assert (row["side"], row["size"], row["avgPrice"]) == ("Buy", "0.01", "100000.1")
    assert row["positionValue"] == "1000.001"
    assert row["markPrice"] == "101000"
    assert row["unrealisedPnl"] == "9.999"
    assert row["positionIM"] == "101"
    assert row["positionMM"] == "5.05"
    assert row["curRealisedPnl"] == row["cumRealisedPnl"] == "-0.55000055"
    assert row["createdTime"] == row["updatedTime"] == str(START_MS)
    assert "entryPrice" not in row


def test_profits_after_fees_are_told_of_the_position_and_since_ever(venue: Venue) -> None:
    venue.placed(qty="0.010")
    venue.placed(side="Sell", qty="0.010")
    venue.placed(qty="0.010")
    row = venue.position()
    assert row["curRealisedPnl"] == "-0.55000055"
    # Twice bought, once sold at 100000, a tick below the price it was bought at.
    assert Decimal(row["cumRealisedPnl"]) == Decimal("-0.001") - Decimal(
        "0.55000055"
    ) * 2 - Decimal("0.55")


def test_the_average_price_is_empty_until_it_is_known() -> None:
    lag = LagRule(window="entry_price", lag=Fixed(500 * MS))
    venue = make_venue(behaviour=Behaviour(visibility=(lag,)))
    venue.placed()
    row = venue.position()
    assert (row["size"], row["avgPrice"]) == ("0.01", "")
    venue.advance(500 * MS)
    assert venue.position()["avgPrice"] == "100000.1"


def test_a_position_is_seen_as_late_as_its_window_says() -> None:
    lag = LagRule(window="positions", lag=Fixed(100 * MS))
    venue = make_venue(behaviour=Behaviour(visibility=(lag,)))
    venue.placed()
    assert venue.rows(POSITIONS, settleCoin="USDT") == []
    venue.advance(100 * MS)
    assert len(venue.rows(POSITIONS, settleCoin="USDT")) == 1


# leverage and modes


def leverage(venue: Venue, buy: str, sell: str | None = None) -> tuple[int, str]:
    reply = venue.post(
        "/v5/position/set-leverage",
        category="linear",
        symbol="BTCUSDT",
        buyLeverage=buy,
        sellLeverage=sell or buy,
    )
    assert reply["result"] == {}
    return reply["retCode"], reply["retMsg"]


def test_the_leverage_is_set_once(venue: Venue) -> None:
    assert leverage(venue, "20") == (0, "OK")
    assert venue.position()["leverage"] == "20"
    assert leverage(venue, "20") == (110043, "leverage not modified")
    assert leverage(venue, "20.00") == (110043, "leverage not modified")


def test_a_leverage_above_the_symbol_s_is_110013(venue: Venue) -> None:
    assert leverage(venue, "101") == (
        110013,
        "cannot set leverage [10100] gt maxLeverage [10000] by risk limit",
    )


def test_a_leverage_that_the_account_cannot_carry_is_110012(venue: Venue) -> None:
    venue.placed(qty="0.5")
    assert leverage(venue, "1") == (110012, "Insufficient available balance.")
    assert venue.position()["leverage"] == "10"


@pytest.mark.parametrize(("buy", "sell"), [("10", "20"), ("0", "0"), ("x", "x")])
def test_both_sides_have_one_leverage_of_at_least_1(venue: Venue, buy: str, sell: str) -> None:
    assert leverage(venue, buy, sell)[0] == 10001


def test_for_a_coin_the_same_mode_again_is_no_error(venue: Venue) -> None:
    reply = venue.post("/v5/position/switch-mode", category="linear", mode=0, coin="USDT")
    assert (reply["retCode"], reply["retMsg"]) == (0, "All symbols switched successfully.")


def test_for_a_symbol_the_same_mode_again_is_110025(venue: Venue) -> None:
    reply = venue.post("/v5/position/switch-mode", category="linear", mode=0, symbol="BTCUSDT")
    assert (reply["retCode"], reply["retMsg"]) == (110025, "Position mode is not modified")


def test_there_is_no_hedge_mode(venue: Venue) -> None:
    reply = venue.post("/v5/position/switch-mode", category="linear", mode=3, coin="USDT")
    assert (reply["retCode"], reply["retMsg"]) == (10001, "hedge mode is not supported here")


# the account


def test_the_account_is_a_unified_one(venue: Venue) -> None:
    key = venue.result("/v5/user/query-api")
    assert (key["unified"], key["uta"], key["apiKey"], key["secret"]) == (0, 1, API_KEY, "")
    account = venue.result("/v5/account/info")
    assert account["unifiedMarginStatus"] == 5
    assert account["marginMode"] == "REGULAR_MARGIN"


def test_fees_are_told_by_symbol(venue: Venue) -> None:
    assert venue.rows("/v5/account/fee-rate", symbol="BTCUSDT") == [
        {"symbol": "BTCUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "0.0002"}
    ]
    assert len(venue.rows("/v5/account/fee-rate")) == 4


def test_coins_are_those_of_the_symbols(venue: Venue) -> None:
    rows = venue.result("/v5/asset/coin/query-info")["rows"]
    assert [row["coin"] for row in rows] == ["USDT", "BTC", "HNT", "SKL", "MYRO"]
    assert len(venue.result("/v5/asset/coin/query-info", coin="BTC")["rows"]) == 1


# what was earned


def test_a_closed_profit_is_told_with_its_fees() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "101000")})
    venue.placed(qty="0.020")
    venue.advance(1 * S)
    order_id = venue.placed(side="Sell", qty="0.010")
    (row,) = venue.rows("/v5/position/closed-pnl", symbol="BTCUSDT")
    assert row["orderId"] == order_id
    assert (row["side"], row["qty"], row["closedSize"]) == ("Sell", "0.01", "0.01")
    assert (row["avgEntryPrice"], row["avgExitPrice"]) == ("100000.1", "101000")
    assert (row["cumEntryValue"], row["cumExitValue"]) == ("1000.001", "1010")
    assert (row["openFee"], row["closeFee"]) == ("0.55000055", "0.5555")
    assert row["closedPnl"] == "8.89349945"  # 9.999 less both
    assert (row["fillCount"], row["orderType"], row["leverage"]) == ("1", "Market", "10")


def test_a_short_that_is_closed_in_parts_is_one_row_per_order(venue: Venue) -> None:
    venue.placed("HNTUSDT", side="Sell", qty="150")
    venue.placed("HNTUSDT", side="Buy", qty="150")
    (row,) = venue.rows("/v5/position/closed-pnl")
    assert (row["side"], row["closedSize"], row["fillCount"]) == ("Buy", "150", "2")
    # Sold 100 at 1.616 and 50 at 1.615, bought 100 at 1.617 and 50 at 1.618.
    assert (row["cumEntryValue"], row["cumExitValue"]) == ("242.35", "242.6")


def test_the_transaction_log_has_the_trades_of_a_day(venue: Venue) -> None:
    venue.placed(qty="0.010")
    venue.placed(side="Sell", qty="0.010")
    path = "/v5/account/transaction-log"
    close, opening = venue.result(path, accountType="UNIFIED", category="linear")["list"]
    assert opening["type"] == close["type"] == "TRADE"
    assert (opening["cashFlow"], opening["fee"], opening["change"]) == (
        "0",
        "0.55000055",
        "-0.55000055",
    )
    assert (close["cashFlow"], close["fee"], close["change"]) == ("-0.001", "0.55", "-0.551")
    assert (opening["size"], close["size"]) == ("0.01", "0")
    assert close["cashBalance"] == "9998.89899945"
    assert venue.result(path, type="SETTLEMENT")["list"] == []
    venue.advance(86_400 * S + MS)
    assert venue.result(path)["list"] == []
