"""Endpoints about what the account holds: balances and positions."""

from __future__ import annotations

from decimal import Decimal

from simulator.binance.desk import Call, Desk
from simulator.binance.formats import fixed, money, ms, quantity_places, wide
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import Order, Side
from simulator.exchange.positions import Position
from simulator.wire.json_text import Json

_ZERO = Decimal(0)
MAX_NOTIONAL = "1000000"
"""One leverage bracket per symbol is modelled, up to here."""


# positions


def _break_even(desk: Desk, position: Position) -> Decimal:
    """The entry price with the taker fee both ways earned back."""
    sign = 1 if position.quantity > 0 else -1
    return position.entry_price * (1 + sign * 2 * desk.exchange.fees.taker)


def _open_order_notionals(orders: list[Order]) -> tuple[Decimal, Decimal]:
    """Value of the open limit orders on the buy and the sell side."""
    bids = asks = _ZERO
    for order in orders:
        value = order.remaining * (order.price or _ZERO)
        if order.side is Side.BUY:
            bids += value
        else:
            asks += value
    return bids, asks


def held(desk: Desk, account: str) -> list[tuple[Position, list[Order]]]:
    """Symbols with a position or an open order, in the order in which they are listed."""
    positions = {each.symbol: each for each in desk.exchange.seen_positions(account)}
    orders: dict[str, list[Order]] = {}
    for order in desk.exchange.seen_open_orders(account):
        if not desk.hidden(order):
            orders.setdefault(order.symbol, []).append(order)
    held = []
    for symbol in desk.exchange.instruments:
        position = positions.get(symbol)
        if (position is not None and position.quantity) or symbol in orders:
            position = position or desk.exchange.seen_position(account, symbol)
            held.append((position, orders.get(symbol, [])))
    return held


def _isolated_margin(desk: Desk, position: Position, unrealized: Decimal) -> str:
    if not position.quantity or not desk.exchange.isolated(position.account, position.symbol):
        return "0"
    margin = desk.exchange.symbol_margin(position.account, position.symbol)
    return money(margin.initial + unrealized)


def positions_v3(desk: Desk, call: Call) -> Json:
    """GET /fapi/v3/positionRisk: only what is held or ordered; no leverage, no margin type."""
    chosen = desk.optional_instrument(call.parameters)
    return [
        _position_v3(desk, position, orders)
        for position, orders in held(desk, call.account)
        if chosen is None or position.symbol == chosen.symbol
    ]


def _position_v3(desk: Desk, position: Position, orders: list[Order]) -> dict[str, Json]:
    symbol, account = position.symbol, position.account
    instrument = desk.exchange.instruments[symbol]
    mark = desk.exchange.mark_price(symbol)
    notional = position.quantity * mark
    unrealized = position.unrealized_pnl(mark)
    initial = abs(notional) / desk.exchange.leverage(account, symbol)
    maintenance = abs(notional) * instrument.maintenance_margin_rate
    order_margin = desk.exchange.symbol_margin(account, symbol).orders
    bids, asks = _open_order_notionals(orders)
    isolated = _isolated_margin(desk, position, unrealized)
    return {
        "symbol": symbol,
        "positionSide": "BOTH",
        "positionAmt": fixed(position.quantity, quantity_places(instrument)),
        "entryPrice": wide(position.entry_price),
        "breakEvenPrice": wide(_break_even(desk, position)),
        "markPrice": fixed(mark, 8),
        "unRealizedProfit": money(unrealized),
        "liquidationPrice": "0",
        "isolatedMargin": isolated,
        "notional": money(notional),
        "marginAsset": instrument.quote,
        "isolatedWallet": isolated,
        "initialMargin": money(initial + order_margin),
        "maintMargin": money(maintenance),
        "positionInitialMargin": money(initial),
        "openOrderInitialMargin": money(order_margin),
        "adl": 1 if position.quantity else 0,
        "bidNotional": money(bids),
        "askNotional": money(asks),
        "updateTime": ms(position.updated_ns),
    }


def positions_v2(desk: Desk, call: Call) -> Json:
    """GET /fapi/v2/positionRisk: every symbol, also flat ones."""
    return [
        _position_v2(desk, call.account, instrument)
        for instrument in desk.instruments(call.parameters)
    ]


def _position_v2(desk: Desk, account: str, instrument: Instrument) -> dict[str, Json]:
    symbol = instrument.symbol
    position = desk.exchange.seen_position(account, symbol)
    mark = desk.exchange.mark_price(symbol)
    unrealized = position.unrealized_pnl(mark)
    isolated = _isolated_margin(desk, position, unrealized)
    return {
        "symbol": symbol,
        "positionAmt": fixed(position.quantity, quantity_places(instrument)),
        "entryPrice": wide(position.entry_price),
        "breakEvenPrice": wide(_break_even(desk, position)),
        "markPrice": fixed(mark, 8),
        "unRealizedProfit": money(unrealized),
        "liquidationPrice": "0",
        "leverage": str(desk.exchange.leverage(account, symbol)),
        "maxNotionalValue": MAX_NOTIONAL,
        "marginType": "isolated" if desk.exchange.isolated(account, symbol) else "cross",
        "isolatedMargin": isolated,
        "isAutoAddMargin": "false",
        "positionSide": "BOTH",
        "notional": money(position.quantity * mark),
        "isolatedWallet": isolated,
        "updateTime": ms(position.updated_ns),
    }


# balances


def _totals(desk: Desk, account: str) -> dict[str, Json]:
    """The sums over all assets, which is one asset here."""
    margin = desk.exchange.margin(account)
    wallet = desk.exchange.seen_wallet(account).balance
    return {
        "totalInitialMargin": fixed(margin.initial + margin.orders, 8),
        "totalMaintMargin": fixed(margin.maintenance, 8),
        "totalWalletBalance": fixed(wallet, 8),
        "totalUnrealizedProfit": fixed(margin.unrealized_pnl, 8),
        "totalMarginBalance": fixed(wallet + margin.unrealized_pnl, 8),
        "totalPositionInitialMargin": fixed(margin.initial, 8),
        "totalOpenOrderInitialMargin": fixed(margin.orders, 8),
        "totalCrossWalletBalance": fixed(wallet, 8),
        "totalCrossUnPnl": fixed(margin.unrealized_pnl, 8),
        "availableBalance": fixed(margin.available, 8),
        "maxWithdrawAmount": fixed(min(wallet, margin.available), 8),
    }


def _asset(desk: Desk, account: str) -> dict[str, Json]:
    margin = desk.exchange.margin(account)
    wallet = desk.exchange.seen_wallet(account)
    return {
        "asset": wallet.asset,
        "walletBalance": fixed(wallet.balance, 8),
        "unrealizedProfit": fixed(margin.unrealized_pnl, 8),
        "marginBalance": fixed(wallet.balance + margin.unrealized_pnl, 8),
        "maintMargin": fixed(margin.maintenance, 8),
        "initialMargin": fixed(margin.initial + margin.orders, 8),
        "positionInitialMargin": fixed(margin.initial, 8),
        "openOrderInitialMargin": fixed(margin.orders, 8),
        "crossWalletBalance": fixed(wallet.balance, 8),
        "crossUnPnl": fixed(margin.unrealized_pnl, 8),
        "availableBalance": fixed(margin.available, 8),
        "maxWithdrawAmount": fixed(min(wallet.balance, margin.available), 8),
        "updateTime": ms(wallet.updated_ns),
    }


def account_v3(desk: Desk, call: Call) -> Json:
    """GET /fapi/v3/account: only held or ordered positions."""
    reply = _totals(desk, call.account)
    reply["assets"] = [_asset(desk, call.account)]
    reply["positions"] = [
        _account_position_v3(desk, position, orders)
        for position, orders in held(desk, call.account)
    ]
    return reply


def _account_position_v3(desk: Desk, position: Position, orders: list[Order]) -> dict[str, Json]:
    row = _position_v3(desk, position, orders)
    return {
        "symbol": row["symbol"],
        "positionSide": "BOTH",
        "positionAmt": row["positionAmt"],
        "unrealizedProfit": row["unRealizedProfit"],
        "isolatedMargin": row["isolatedMargin"],
        "notional": row["notional"],
        "isolatedWallet": row["isolatedWallet"],
        "initialMargin": row["initialMargin"],
        "maintMargin": row["maintMargin"],
        "updateTime": row["updateTime"],
    }


def account_v2(desk: Desk, call: Call) -> Json:
    """GET /fapi/v2/account: all symbols, with their leverage."""
    account = call.account
    reply: dict[str, Json] = {
        "feeTier": 0,
        "feeBurn": False,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }
    reply.update(_totals(desk, account))
    reply["assets"] = [_asset(desk, account) | {"marginAvailable": True}]
    orders: dict[str, list[Order]] = {}
    for order in desk.exchange.seen_open_orders(account):
        if not desk.hidden(order):
            orders.setdefault(order.symbol, []).append(order)
    reply["positions"] = [
        _account_position_v2(desk, account, instrument, orders.get(instrument.symbol, []))
        for instrument in desk.exchange.instruments.values()
    ]
    return reply


def _account_position_v2(
    desk: Desk, account: str, instrument: Instrument, orders: list[Order]
) -> dict[str, Json]:
    position = desk.exchange.seen_position(account, instrument.symbol)
    row = _position_v3(desk, position, orders)
    return {
        "symbol": instrument.symbol,
        "initialMargin": row["initialMargin"],
        "maintMargin": row["maintMargin"],
        "unrealizedProfit": row["unRealizedProfit"],
        "positionInitialMargin": row["positionInitialMargin"],
        "openOrderInitialMargin": row["openOrderInitialMargin"],
        "leverage": str(desk.exchange.leverage(account, instrument.symbol)),
        "isolated": desk.exchange.isolated(account, instrument.symbol),
        "entryPrice": row["entryPrice"],
        "maxNotional": MAX_NOTIONAL,
        "bidNotional": row["bidNotional"],
        "askNotional": row["askNotional"],
        "positionSide": "BOTH",
        "positionAmt": row["positionAmt"],
        "updateTime": row["updateTime"],
    }


def balance(desk: Desk, call: Call) -> Json:
    """GET /fapi/v2/balance and /fapi/v3/balance"""
    asset = _asset(desk, call.account)
    return [
        {
            "accountAlias": "SgsR",
            "asset": asset["asset"],
            "balance": asset["walletBalance"],
            "crossWalletBalance": asset["crossWalletBalance"],
            "crossUnPnl": asset["crossUnPnl"],
            "availableBalance": asset["availableBalance"],
            "maxWithdrawAmount": asset["maxWithdrawAmount"],
            "marginAvailable": True,
            "updateTime": asset["updateTime"],
        }
    ]
