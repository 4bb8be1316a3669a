"""Positions as JSON, in one-way mode."""

from __future__ import annotations

from decimal import Decimal

from simulator.bybit.desk import LINEAR, Desk
from simulator.bybit.formats import Row, mark_text, ms_text, plain, sequence
from simulator.bybit.position_stops import StopKind
from simulator.exchange.instruments import Instrument
from simulator.exchange.positions import Position

RISK_LIMIT = "2000000"
"""One risk tier per symbol is modelled, up to here."""


def _break_even(desk: Desk, position: Position) -> Decimal:
    """The entry price with the taker fee both ways earned back."""
    sign = 1 if position.quantity > 0 else -1
    return position.entry_price * (1 + sign * 2 * desk.exchange.fees.taker)


def position_row(desk: Desk, position: Position, *, stream: bool = False) -> Row:
    """A position in one-way mode. Its entry price may be hidden for a while, but in no stream."""
    exchange, account, symbol = desk.exchange, position.account, position.symbol
    instrument = exchange.instruments[symbol]
    held = position.quantity
    mark = exchange.mark_price(symbol)
    leverage = exchange.leverage(account, symbol)
    past = desk.journal.position(position)
    entry = position.entry_price if stream else exchange.seen_entry_price(account, symbol)
    side = "" if not held else "Buy" if held > 0 else "Sell"
    none = "0" if stream else ""
    row: Row = {"category": LINEAR} if stream else {}
    row |= {
        "symbol": symbol,
        "positionIdx": 0,
        "tradeMode": 0,
        "riskId": 1,
        "riskLimitValue": RISK_LIMIT,
        "side": side,
        "size": plain(abs(held)),
        "entryPrice" if stream else "avgPrice": "" if entry is None else plain(entry),
        "leverage": str(leverage),
        "breakEvenPrice": plain(_break_even(desk, position)) if held else none,
        "positionValue": plain(abs(position.cost)),
        "positionBalance": "0",
        "markPrice": mark_text(mark, instrument),
        **_margins(abs(held) * mark, leverage, instrument),
        "takeProfit": _own_stop(desk, position, StopKind.TAKE_PROFIT) or none,
        "stopLoss": _own_stop(desk, position, StopKind.STOP_LOSS) or none,
        "trailingStop": "0",
        "unrealisedPnl": plain(position.unrealized_pnl(mark)),
        "curRealisedPnl": plain(past.current) if held else "0",
        "cumRealisedPnl": plain(past.realized),
        "sessionAvgPrice": "0" if stream else "",
        "createdTime": ms_text(past.opened_ns) if past.opened_ns else "",
        "updatedTime": ms_text(position.updated_ns) if position.updated_ns else "",
        "tpslMode": "Full",
        "liqPrice": "",
        "bustPrice": "",
        "positionStatus": "Normal",
        "adlRankIndicator": 2 if held else 0,
        "autoAddMargin": 0,
        "leverageSysUpdatedTime": "",
        "mmrSysUpdatedTime": "",
        "seq": sequence(position.updated_ns) if position.updated_ns else -1,
        "isReduceOnly": False,
    }
    if not stream:
        row["openTime"] = row["createdTime"] if held else ""
    return row


def _margins(value: Decimal, leverage: int, instrument: Instrument) -> Row:
    initial = plain(value / leverage)
    maintenance = plain(value * instrument.maintenance_margin_rate)
    return {
        "positionIM": initial,
        "positionIMByMp": initial,
        "positionMM": maintenance,
        "positionMMByMp": maintenance,
    }


def _own_stop(desk: Desk, position: Position, kind: StopKind) -> str:
    if not position.quantity:
        return ""  # it goes with the position, in the same instant
    order = desk.position_stops.current(position.account, position.symbol, kind)
    return plain(order.trigger_price) if order is not None and order.trigger_price else ""
