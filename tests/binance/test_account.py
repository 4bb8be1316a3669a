"""Balances, positions, leverage and modes, with the types and spellings of the documentation."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, LagRule
from simulator.exchange.prices import Points
from tests.binance.conftest import MS, START_NS, Desk, S, make_desk, market


def test_v3_positions_list_only_what_is_held_and_know_no_leverage(desk: Desk) -> None:
    assert desk.signed("GET", "/fapi/v3/positionRisk")[1] == []
    market(desk, "BUY", "1000")
    _, rows, _ = desk.signed("GET", "/fapi/v3/positionRisk")
    assert rows == [
        {
            "symbol": "SKLUSDT",
            "positionSide": "BOTH",
            "positionAmt": "1000",
            "entryPrice": "0.02001",
            "breakEvenPrice": "0.02003001",
            "markPrice": "0.02000000",
            "unRealizedProfit": "-0.01000000",
            "liquidationPrice": "0",
            "isolatedMargin": "0",
            "notional": "20.00000000",
            "marginAsset": "USDT",
            "isolatedWallet": "0",
            "initialMargin": "1.00000000",
            "maintMargin": "0.20000000",
            "positionInitialMargin": "1.00000000",
            "openOrderInitialMargin": "0",
            "adl": 1,
            "bidNotional": "0",
            "askNotional": "0",
            "updateTime": desk.env.now // MS,
        }
    ]
    market(desk, "SELL", "1000")
    assert desk.signed("GET", "/fapi/v3/positionRisk")[1] == []


def test_a_short_position_has_a_negative_notional(desk: Desk) -> None:
    # ccxt takes the side from its sign.
    market(desk, "SELL", "1000")
    (row,) = desk.signed("GET", "/fapi/v3/positionRisk", symbol="SKLUSDT")[1]
    assert (row["positionAmt"], row["notional"]) == ("-1000", "-20.00000000")


def test_v2_positions_list_all_symbols_with_their_leverage(desk: Desk) -> None:
    _, rows, _ = desk.signed("GET", "/fapi/v2/positionRisk")
    assert [row["symbol"] for row in rows] == ["SKLUSDT", "BTCUSDT", "LTCUSDT"]
    btc = rows[1]
    assert btc["positionAmt"] == "0.000"
    assert (btc["leverage"], btc["marginType"], btc["isAutoAddMargin"]) == (
        "20",
        "cross",
        "false",
    )
    assert btc["updateTime"] == 0


def test_a_position_shows_late_when_its_window_lags() -> None:
    lag = LagRule(window="positions", lag=Fixed(3 * S))
    desk = make_desk(behaviour=Behaviour(visibility=(lag,)))
    market(desk, "BUY", "1000")
    assert desk.signed("GET", "/fapi/v3/positionRisk")[1] == []
    desk.advance(3 * S)
    assert len(desk.signed("GET", "/fapi/v3/positionRisk")[1]) == 1


def test_v3_account_holds_the_balance_and_the_held_positions() -> None:
    path = Points(points=((START_NS, Decimal("0.02000")), (START_NS + S, Decimal("0.02101"))))
    desk = make_desk(paths={"SKLUSDT": path})
    market(desk, "BUY", "1000")
    desk.advance(2 * S)
    _, reply, _ = desk.signed("GET", "/fapi/v3/account")
    assert reply["totalWalletBalance"] == "9999.98999500"  # the fee is 20.01 * 0.0005
    assert reply["totalUnrealizedProfit"] == "1.00000000"
    assert reply["totalMarginBalance"] == "10000.98999500"
    (asset,) = reply["assets"]
    assert asset["asset"] == "USDT"
    assert "marginAvailable" not in asset
    assert asset["updateTime"] > 0  # ccxt skips assets without
    (position,) = reply["positions"]
    assert position["unrealizedProfit"] == "1.00000000"
    assert "leverage" not in position


def test_v2_account_has_leverage_for_every_symbol(desk: Desk) -> None:
    _, reply, _ = desk.signed("GET", "/fapi/v2/account")
    assert len(reply["positions"]) == 3
    assert reply["positions"][0]["leverage"] == "20"
    assert reply["positions"][0]["isolated"] is False
    assert reply["assets"][0]["marginAvailable"] is True


def test_balances_are_a_list_of_assets(desk: Desk) -> None:
    for version in (2, 3):
        ((row,),) = (desk.signed("GET", f"/fapi/v{version}/balance")[1],)
        assert row["balance"] == "10000.00000000"
        assert row["availableBalance"] == "10000.00000000"


def test_leverage_is_set_and_told_as_a_number(desk: Desk) -> None:
    for _ in range(2):  # the same again is no error
        status, reply, _ = desk.signed("POST", "/fapi/v1/leverage", symbol="SKLUSDT", leverage=10)
        assert status == 200
        assert (reply["symbol"], reply["leverage"]) == ("SKLUSDT", 10)
        assert isinstance(reply["maxNotionalValue"], str)
    (row,) = desk.signed("GET", "/fapi/v1/symbolConfig", symbol="SKLUSDT")[1]
    assert (row["leverage"], row["marginType"]) == (10, "CROSSED")
    status, reply, _ = desk.signed("POST", "/fapi/v1/leverage", symbol="SKLUSDT", leverage=99)
    assert (status, reply) == (400, {"code": -4028, "msg": "Leverage 99 is not valid"})


def test_an_unchanged_margin_type_is_refused_in_the_exact_words(desk: Desk) -> None:
    done = desk.signed("POST", "/fapi/v1/marginType", symbol="SKLUSDT", marginType="ISOLATED")
    assert done[:2] == (200, {"code": 200, "msg": "success"})
    again = desk.signed("POST", "/fapi/v1/marginType", symbol="SKLUSDT", marginType="ISOLATED")
    assert again[:2] == (400, {"code": -4046, "msg": "No need to change margin type."})


def test_the_margin_type_cannot_change_under_a_position(desk: Desk) -> None:
    market(desk, "BUY", "1000")
    status, reply, _ = desk.signed(
        "POST", "/fapi/v1/marginType", symbol="SKLUSDT", marginType="ISOLATED"
    )
    assert (status, reply) == (
        400,
        {"code": -4048, "msg": "Margin type cannot be changed if there exists position."},
    )


def test_the_account_is_in_one_way_and_single_asset_mode(desk: Desk) -> None:
    assert desk.signed("GET", "/fapi/v1/positionSide/dual")[1] == {"dualSidePosition": False}
    assert desk.signed("GET", "/fapi/v1/multiAssetsMargin")[1] == {"multiAssetsMargin": False}
    status, reply, _ = desk.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false")
    assert (status, reply) == (400, {"code": -4059, "msg": "No need to change position side."})
    assert desk.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")[0] == 400


def test_leverage_brackets_are_an_array_or_one_object(desk: Desk) -> None:
    _, rows, _ = desk.signed("GET", "/fapi/v1/leverageBracket")
    assert len(rows) == 3
    _, one, _ = desk.signed("GET", "/fapi/v1/leverageBracket", symbol="BTCUSDT")
    (bracket,) = one["brackets"]
    assert (bracket["bracket"], bracket["initialLeverage"]) == (1, 125)
    assert isinstance(bracket["maintMarginRatio"], float)


def test_income_lists_realized_profit_and_commission(desk: Desk) -> None:
    market(desk, "BUY", "1000")
    market(desk, "SELL", "1000")
    _, rows, _ = desk.signed("GET", "/fapi/v1/income")
    assert [(row["incomeType"], row["income"]) for row in rows] == [
        ("COMMISSION", "-0.01000500"),
        ("REALIZED_PNL", "-0.01000000"),
        ("COMMISSION", "-0.01000000"),
    ]
    assert len(desk.signed("GET", "/fapi/v1/income", incomeType="REALIZED_PNL")[1]) == 1


def test_a_listen_key_stays_the_same_until_it_is_deleted(desk: Desk) -> None:
    _, first, _ = desk.call("POST", "/fapi/v1/listenKey")
    assert len(first["listenKey"]) == 64
    assert desk.call("POST", "/fapi/v1/listenKey")[1] == first
    assert desk.call("PUT", "/fapi/v1/listenKey")[1] == first
    assert desk.call("DELETE", "/fapi/v1/listenKey")[:2] == (200, {})
    status, reply, _ = desk.call("PUT", "/fapi/v1/listenKey")
    assert (status, reply) == (
        400,
        {
            "code": -1125,
            "msg": "This listenKey does not exist. "
            "Please use `POST /fapi/v1/listenKey` to recreate `listenKey`",
        },
    )
    assert desk.call("POST", "/fapi/v1/listenKey")[1] != first


def test_a_listen_key_lives_an_hour_from_the_last_put(desk: Desk) -> None:
    desk.call("POST", "/fapi/v1/listenKey")
    desk.advance(3000 * S)
    assert desk.call("PUT", "/fapi/v1/listenKey")[0] == 200
    desk.advance(3599 * S)
    assert desk.call("PUT", "/fapi/v1/listenKey")[0] == 200
    desk.advance(3600 * S)
    assert desk.call("PUT", "/fapi/v1/listenKey")[1]["code"] == -1125


@pytest.mark.parametrize("path", ["/fapi/v1/accountConfig", "/fapi/v1/commissionRate"])
def test_configuration_answers(desk: Desk, path: str) -> None:
    expected = {
        "/fapi/v1/accountConfig": {
            "feeTier": 0,
            "canTrade": True,
            "canDeposit": True,
            "canWithdraw": True,
            "dualSidePosition": False,
            "updateTime": 0,
            "multiAssetsMargin": False,
            "tradeGroupId": -1,
        },
        "/fapi/v1/commissionRate": {
            "symbol": "SKLUSDT",
            "makerCommissionRate": "0.0002",
            "takerCommissionRate": "0.0005",
            "rpiCommissionRate": "0.0002",
        },
    }
    assert desk.signed("GET", path, symbol="SKLUSDT")[1] == expected[path]
