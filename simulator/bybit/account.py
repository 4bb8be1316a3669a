"""Endpoints about what the account holds and is: balances, positions, fees, profits."""

from __future__ import annotations

from decimal import Decimal

from simulator.bybit.desk import Call, Desk
from simulator.bybit.errors import Problem
from simulator.bybit.formats import (
    SIDE_NAMES,
    Row,
    execution_id,
    link_id,
    ms_text,
    order_id_text,
    plain,
)
from simulator.bybit.journal import FillEntry
from simulator.bybit.order_queries import fill_rank, seen_fills
from simulator.bybit.rows import closed_pnl, isolated, position_row, wallet_row
from simulator.bybit.security import KEY
from simulator.exchange.orders import Fill
from simulator.exchange.positions import Position
from simulator.wire.json_text import Json

_DAY_MS = 86_400_000
USER_ID = 24_600_000
"""Ids of stream messages begin with it."""
_CREATED = "2022-10-16T02:24:40Z"


# the account itself


def query_api(desk: Desk, call: Call) -> Json:
    """GET /v5/user/query-api: a master account's key with the rights to trade, UTA 2.0."""
    return {
        "id": "13770661",
        "note": call.account,
        "apiKey": call.headers.get(KEY, ""),
        "readOnly": 0,
        "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"],
            "Spot": ["SpotTrade"],
            "Wallet": ["AccountTransfer"],
            "Options": ["OptionsTrade"],
            "Derivatives": ["DerivativesTrade"],
        },
        "ips": ["*"],
        "type": 1,
        "deadlineDay": 83,
        "expiredAt": "",
        "createdAt": _CREATED,
        "unified": 0,
        "uta": 1,
        "userID": USER_ID,
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": "",
        "isMaster": True,
        "parentUid": "0",
        "kycLevel": "LEVEL_DEFAULT",
        "kycRegion": "",
    }


def info(desk: Desk, call: Call) -> Json:
    """GET /v5/account/info"""
    return {
        "marginMode": "ISOLATED_MARGIN" if isolated(desk, call.account) else "REGULAR_MARGIN",
        "updatedTime": "1697078946000",
        "unifiedMarginStatus": 5,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def set_margin_mode(desk: Desk, call: Call) -> Json:
    """POST /v5/account/set-margin-mode: the same mode again is no error.

    The model keeps it as a flag of each symbol, and lets it change without positions and orders.
    """
    mode = call.parameters.choice(
        "setMarginMode",
        {"REGULAR_MARGIN": False, "ISOLATED_MARGIN": True, "PORTFOLIO_MARGIN": None},
    )
    if mode is None:
        raise Problem.UNSUPPORTED.error(name="PORTFOLIO_MARGIN")
    if mode == isolated(desk, call.account):
        return {"reasons": []}
    exchange = desk.exchange
    held = any(each.quantity for each in exchange.positions(call.account))
    if held or exchange.open_orders(call.account):
        reason = {"reasonCode": "3400045", "reasonMsg": "There are open orders or positions"}
        raise Problem.MARGIN_MODE_FAILED.error(result={"reasons": [reason]})
    for symbol in exchange.instruments:
        exchange.set_isolated(call.account, symbol, mode)
    return {"reasons": []}


def fee_rate(desk: Desk, call: Call) -> Json:
    """GET /v5/account/fee-rate"""
    fees = desk.exchange.fees
    shown = desk.instruments(call.parameters) if desk.is_linear(call.parameters) else []
    return {
        "list": [
            {
                "symbol": each.symbol,
                "takerFeeRate": plain(fees.taker),
                "makerFeeRate": plain(fees.maker),
            }
            for each in shown
        ]
    }


# money


def wallet_balance(desk: Desk, call: Call) -> Json:
    """GET /v5/account/wallet-balance"""
    call.parameters.choice("accountType", {"UNIFIED": True})
    row = wallet_row(desk, call.account)
    wanted = call.parameters.text("coin")
    if wanted is not None:
        coins = wanted.split(",")
        row["coin"] = [each for each in row["coin"] if each["coin"] in coins]
    return {"list": [row]}


def withdrawal(desk: Desk, call: Call) -> Json:
    """GET /v5/account/withdrawal"""
    names = call.parameters.need("coinName").split(",")
    exchange = desk.exchange
    free = min(exchange.seen_wallet(call.account).balance, exchange.margin(call.account).available)
    amounts = {name: plain(free) if name == exchange.settle_asset else "0" for name in names}
    return {"availableWithdrawal": amounts[names[0]], "availableWithdrawalMap": amounts}


def coins(desk: Desk, call: Call) -> Json:
    """GET /v5/asset/coin/query-info: every coin that a symbol has, on no chain."""
    names: dict[str, None] = {}
    for instrument in desk.exchange.instruments.values():
        names |= {instrument.quote: None, instrument.base: None}
    wanted = call.parameters.text("coin")
    return {
        "rows": [
            {"name": name, "coin": name, "remainAmount": "10000000", "chains": []}
            for name in names
            if wanted in (None, name)
        ]
    }


def transaction_log(desk: Desk, call: Call) -> Json:
    """GET /v5/account/transaction-log: trades alone, since no funding is modelled."""
    parameters = call.parameters
    fills = []
    if parameters.text("type") in (None, "TRADE"):
        fills = seen_fills(desk, call, _DAY_MS)
    shown, cursor = parameters.page(fills, fill_rank, 20, 50)
    return {"list": [_transaction(desk, fill) for fill in shown], "nextPageCursor": cursor}


def _transaction(desk: Desk, fill: Fill) -> Row:
    entry = desk.journal.entry(fill)
    number = execution_id(fill.symbol, fill.trade_id)
    fees = desk.exchange.fees
    return {
        "id": f"{USER_ID}_{fill.symbol}_{fill.trade_id}",
        "symbol": fill.symbol,
        "category": "linear",
        "side": SIDE_NAMES[fill.side],
        "transactionTime": ms_text(fill.time_ns),
        "type": "TRADE",
        "transSubType": "",
        "qty": plain(fill.quantity),
        "size": plain(entry.position.quantity),
        "currency": desk.exchange.settle_asset,
        "tradePrice": plain(fill.price),
        "funding": "",
        "fee": plain(fill.fee),
        "cashFlow": plain(fill.realized_pnl),
        "change": plain(fill.realized_pnl - fill.fee),
        "cashBalance": plain(entry.wallet.balance),
        "feeRate": plain(fees.maker if fill.maker else fees.taker),
        "bonusChange": "",
        "tradeId": number,
        "orderId": order_id_text(fill.order_id),
        "orderLinkId": link_id(entry.order),
        "extraFees": "",
    }


# positions


def positions(desk: Desk, call: Call) -> Json:
    """GET /v5/position/list: of a symbol the one position, flat or not; of a coin those held."""
    parameters = call.parameters
    found: list[Position] = []
    if desk.is_linear(parameters):
        if parameters.text("symbol") is None and parameters.text("settleCoin") is None:
            raise Problem.MISSING.error(names="symbol or settleCoin")
        shown_symbols = [each.symbol for each in desk.instruments(parameters)]
        if parameters.text("symbol") is not None:
            found = [desk.exchange.seen_position(call.account, shown_symbols[0])]
        else:
            held = {each.symbol: each for each in desk.exchange.seen_positions(call.account)}
            found = [held[each] for each in shown_symbols if each in held and held[each].quantity]
    places = {symbol: place for place, symbol in enumerate(desk.exchange.instruments)}
    shown, cursor = parameters.page(found, lambda each: (-places[each.symbol],), 20, 200)
    return {
        "list": [position_row(desk, each) for each in shown],
        "nextPageCursor": cursor,
        "category": parameters.values["category"],
    }


def closed_profits(desk: Desk, call: Call) -> Json:
    """GET /v5/position/closed-pnl: what each order closed, the latest first."""
    parameters = call.parameters
    closings: dict[int, list[FillEntry]] = {}
    if desk.is_linear(parameters):
        for fill in seen_fills(desk, call):
            entry = desk.journal.entry(fill)
            if entry.closed:
                closings.setdefault(fill.order_id, []).append(entry)
    shown, cursor = parameters.page(
        list(closings.values()), lambda entries: fill_rank(entries[0].fill), 50, 100
    )
    return {
        "list": [_closing(desk, entries) for entries in shown],
        "nextPageCursor": cursor,
        "category": parameters.values["category"],
    }


def _closing(desk: Desk, entries: list[FillEntry]) -> Row:
    """What one order closed; its latest fill is the first entry."""
    order = entries[0].order
    size = sum((each.closed for each in entries), Decimal(0))
    entry_value = sum((each.entry_value for each in entries), Decimal(0))
    exit_value = sum((each.closed * each.fill.price for each in entries), Decimal(0))
    return {
        "symbol": order.symbol,
        "orderId": order_id_text(order.order_id),
        "side": SIDE_NAMES[order.side],
        "qty": plain(order.quantity),
        "orderPrice": plain(order.price or desk.journal.protection(order) or Decimal(0)),
        "orderType": "Market" if order.type.market else "Limit",
        "execType": "Trade",
        "closedSize": plain(size),
        "cumEntryValue": plain(entry_value),
        "avgEntryPrice": plain(entry_value / size),
        "cumExitValue": plain(exit_value),
        "avgExitPrice": plain(exit_value / size),
        "closedPnl": plain(closed_pnl(entries)),
        "fillCount": str(len(entries)),
        "leverage": str(desk.exchange.leverage(order.account, order.symbol)),
        "openFee": plain(sum((each.opening_fee for each in entries), Decimal(0))),
        "closeFee": plain(sum((each.closing_fee for each in entries), Decimal(0))),
        "createdTime": ms_text(order.created_ns),
        "updatedTime": ms_text(order.updated_ns),
    }
