"""Endpoints about the account's leverage, margin type, modes, fees and income."""

from __future__ import annotations

from simulator.binance.account import MAX_NOTIONAL, held
from simulator.binance.desk import Call, Desk
from simulator.binance.errors import Problem
from simulator.binance.formats import fixed, ms, plain
from simulator.exchange.rejections import Reason, Rejection
from simulator.wire.json_text import Json

_SUCCESS = {"code": 200, "msg": "success"}


def set_leverage(desk: Desk, call: Call) -> Json:
    """POST /fapi/v1/leverage: the same leverage again is no error."""
    instrument = desk.instrument(call.parameters)
    leverage = call.parameters.need_integer("leverage")
    try:
        desk.exchange.set_leverage(call.account, instrument.symbol, leverage)
    except Rejection as rejection:
        if rejection.reason is not Reason.LEVERAGE_UNCHANGED:
            raise
    return {
        "symbol": instrument.symbol,
        "leverage": leverage,
        "maxNotionalValue": MAX_NOTIONAL,
    }


def set_margin_type(desk: Desk, call: Call) -> Json:
    """POST /fapi/v1/marginType"""
    instrument = desk.instrument(call.parameters)
    call.parameters.need("marginType")
    choices = {"ISOLATED": True, "CROSSED": False}
    isolated = call.parameters.choice("marginType", choices, Problem.BAD_VALUE)
    desk.exchange.set_isolated(call.account, instrument.symbol, bool(isolated))
    return dict(_SUCCESS)


def position_mode(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/positionSide/dual: one-way mode, always."""
    return {"dualSidePosition": False}


def set_position_mode(desk: Desk, call: Call) -> Json:
    """POST /fapi/v1/positionSide/dual: hedge mode is not modelled and refused with -1020."""
    call.parameters.need("dualSidePosition")
    if call.parameters.flag("dualSidePosition"):
        raise Problem.UNSUPPORTED.error()
    raise Problem.SAME_POSITION_MODE.error()


def multi_assets_mode(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/multiAssetsMargin"""
    return {"multiAssetsMargin": False}


def set_multi_assets_mode(desk: Desk, call: Call) -> Json:
    """POST /fapi/v1/multiAssetsMargin: the multi-assets mode is not modelled."""
    call.parameters.need("multiAssetsMargin")
    if call.parameters.flag("multiAssetsMargin"):
        raise Problem.UNSUPPORTED.error()
    return dict(_SUCCESS)


def account_config(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/accountConfig"""
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": False,
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }


def symbol_config(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/symbolConfig"""
    account = call.account
    return [
        {
            "symbol": each.symbol,
            "marginType": "ISOLATED" if desk.exchange.isolated(account, each.symbol) else "CROSSED",
            "isAutoAddMargin": False,
            "leverage": desk.exchange.leverage(account, each.symbol),
            "maxNotionalValue": MAX_NOTIONAL,
        }
        for each in desk.instruments(call.parameters)
    ]


def leverage_brackets(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/leverageBracket: an object with `symbol`, an array without."""
    rows = [
        {
            "symbol": each.symbol,
            "brackets": [
                {
                    "bracket": 1,
                    "initialLeverage": each.max_leverage,
                    "notionalCap": int(MAX_NOTIONAL),
                    "notionalFloor": 0,
                    "maintMarginRatio": float(each.maintenance_margin_rate),
                    "cum": 0.0,
                }
            ],
        }
        for each in desk.instruments(call.parameters)
    ]
    return rows[0] if "symbol" in call.parameters.values else rows


def commission_rate(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/commissionRate"""
    instrument = desk.instrument(call.parameters)
    return {
        "symbol": instrument.symbol,
        "makerCommissionRate": plain(desk.exchange.fees.maker),
        "takerCommissionRate": plain(desk.exchange.fees.taker),
        "rpiCommissionRate": plain(desk.exchange.fees.maker),
    }


def adl_quantile(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/adlQuantile: nobody is ever deleveraged here."""
    return [
        {"symbol": position.symbol, "adlQuantile": {"LONG": 0, "SHORT": 0, "BOTH": 0}}
        for position, _ in held(desk, call.account)
    ]


def income(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/income: realised profit and commission of the fills, oldest first."""
    parameters = call.parameters
    instrument = desk.optional_instrument(parameters)
    wanted = parameters.text("incomeType")
    start_ns, end_ns = parameters.span_ns()
    rows: list[Json] = []
    for fill in desk.exchange.seen_fills(call.account, instrument.symbol if instrument else None):
        if (start_ns is not None and fill.time_ns < start_ns) or (
            end_ns is not None and fill.time_ns > end_ns
        ):
            continue
        for kind, amount in (("REALIZED_PNL", fill.realized_pnl), ("COMMISSION", -fill.fee)):
            if amount and wanted in (None, kind):
                rows.append(
                    {
                        "symbol": fill.symbol,
                        "incomeType": kind,
                        "income": fixed(amount, 8),
                        "asset": desk.exchange.settle_asset,
                        "info": str(fill.trade_id),
                        "time": ms(fill.time_ns),
                        "tranId": 9_000_000_000_000_000_000 + fill.trade_id,
                        "tradeId": str(fill.trade_id),
                    }
                )
    return rows[: parameters.limit(100, 1000)]
