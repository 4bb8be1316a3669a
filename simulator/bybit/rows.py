"""Orders, executions, positions, wallets and tickers as JSON, in the REST form and in the streams'.

Field sets and the values of what is not modelled are those of the v5 pages, in one-way mode.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.bybit.desk import LINEAR, Desk
from simulator.bybit.formats import (
    SIDE_NAMES,
    TRIGGER_NAMES,
    execution_id,
    link_id,
    ms_text,
    order_id_text,
    plain,
    price_text,
    quantity_text,
    sequence,
)
from simulator.bybit.journal import FillEntry
from simulator.bybit.order_words import (
    create_type,
    ended_by,
    status_name,
    stop_type_name,
    time_in_force,
)
from simulator.bybit.position_stops import Stop, StopKind, stop_kind
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import Fill, Order, Side
from simulator.exchange.positions import Position
from simulator.wire.json_text import Json

Row = dict[str, Json]

FUNDING_RATE = "0.0001"
RISK_LIMIT = "2000000"
"""One risk tier per symbol is modelled, up to here."""
_HOUR_NS = 3600 * 1_000_000_000
_MINUTE_NS = 60 * 1_000_000_000


# orders


def _price(desk: Desk, order: Order) -> Decimal:
    """A market order's price is its protection limit, and 0 as long as it waits."""
    return order.price or desk.journal.protection(order) or Decimal(0)


def order_row(desk: Desk, order: Order, *, stream: bool = False) -> Row:
    """An order in the state given; in a stream, unknown values are empty."""
    instrument = desk.exchange.instruments[order.symbol]
    unknown = "" if stream else "UNKNOWN"
    price = _price(desk, order)
    left = order.remaining if order.status.open else Decimal(0)
    entries = desk.journal.entries(order)
    fee = plain(sum((each.fill.fee for each in entries), Decimal(0)))
    cancel_type, reason = ended_by(order)
    row: Row = {"category": LINEAR} if stream else {}
    row |= {
        "symbol": order.symbol,
        "orderId": order_id_text(order.order_id),
        "orderLinkId": link_id(order),
        "parentOrderLinkId": "",
        "blockTradeId": "",
        "side": SIDE_NAMES[order.side],
        "positionIdx": 0,
        "orderStatus": status_name(order),
        "createType": create_type(order),
        "cancelType": cancel_type,
        "rejectReason": reason,
        "timeInForce": time_in_force(order),
        "isLeverage": "",
        "price": plain(price),
        "qty": quantity_text(order.quantity, instrument),
        "avgPrice": plain(order.average_price) if order.average_price else "",
        "leavesQty": quantity_text(left, instrument),
        "leavesValue": plain(left * price),
        "cumExecQty": quantity_text(order.filled, instrument),
        "cumExecValue": plain(order.cost),
        "cumExecFee": fee,
        "cumFeeDetail": {instrument.quote: fee} if entries else {},
        "orderType": "Market" if order.type.market else "Limit",
        "stopOrderType": stop_type_name(order) or unknown,
        "orderIv": "",
        "marketUnit": "",
        **_trigger(order, instrument, stream),
        **_attached(desk, order),
        "lastPriceOnCreated": plain(desk.journal.order(order).last) if stream else "",
        "reduceOnly": order.reduce_only or order.close_position,
        "closeOnTrigger": order.close_position,
        "placeType": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "createdTime": ms_text(order.created_ns),
        "updatedTime": ms_text(order.updated_ns),
    }
    if stream:
        pnl = sum((each.fill.realized_pnl for each in entries), Decimal(0))
        row |= {"closedPnl": plain(pnl), "feeCurrency": "", **LATER_FIELDS}
    else:
        row["basePrice"] = ""
    return row


LATER_FIELDS: Row = {
    "slippageToleranceType": "UNKNOWN",
    "slippageTolerance": "0",
    "rpiTakerAccess": False,
    "rpiMatchedQty": "0",
}
"""Of an order in a stream and in the history; order/realtime has none of them."""


def _trigger(order: Order, instrument: Instrument, stream: bool) -> Row:
    if order.trigger_price is None:
        nothing = price_text(Decimal(0), instrument)
        return {
            "triggerPrice": "" if stream else nothing,
            "triggerDirection": 0,
            "triggerBy": "" if stream else "UNKNOWN",
        }
    rising = (order.side is Side.BUY) is not order.type.take_profit
    return {
        "triggerPrice": plain(order.trigger_price),
        "triggerDirection": 1 if rising else 2,
        "triggerBy": TRIGGER_NAMES[order.trigger_by],
    }


def _attached(desk: Desk, order: Order) -> Row:
    """The stops that the order brings to the position, or itself is."""
    stops = desk.position_stops.attached(order)
    loss, profit = stops.get(StopKind.STOP_LOSS), stops.get(StopKind.TAKE_PROFIT)
    return {
        "takeProfit": _stop_price(profit),
        "stopLoss": _stop_price(loss),
        "tpslMode": "Full" if stops or stop_kind(order) else "",
        "ocoTriggerBy": "",
        "tpLimitPrice": "",
        "slLimitPrice": "",
        "tpTriggerBy": TRIGGER_NAMES[profit.trigger_by] if profit else "",
        "slTriggerBy": TRIGGER_NAMES[loss.trigger_by] if loss else "",
    }


def _stop_price(stop: Stop | None) -> str:
    return plain(stop.price) if stop else ""


# executions


def execution_row(desk: Desk, fill: Fill, *, stream: bool = False) -> Row:
    """One fill of an order."""
    entry = desk.journal.entry(fill)
    order = entry.order
    fees = desk.exchange.fees
    row: Row = {"category": LINEAR} if stream else {}
    row |= {
        "symbol": fill.symbol,
        "closedSize": plain(entry.closed),
        "execFee": plain(fill.fee),
        "execId": execution_id(fill.symbol, fill.trade_id),
        "execPrice": plain(fill.price),
        "execQty": plain(fill.quantity),
        "execType": "Trade",
        "execValue": plain(fill.price * fill.quantity),
        "feeRate": plain(fees.maker if fill.maker else fees.taker),
        "tradeIv": "",
        "markIv": "",
        "blockTradeId": "",
        "markPrice": _mark_text(desk, fill.symbol, entry.mark),
        "indexPrice": "",
        "underlyingPrice": "",
        "leavesQty": plain(order.remaining),
        "orderId": order_id_text(fill.order_id),
        "orderLinkId": link_id(order),
        "orderPrice": plain(_price(desk, order)),
        "orderQty": plain(order.quantity),
        "orderType": "Market" if order.type.market else "Limit",
        "stopOrderType": stop_type_name(order) or "UNKNOWN",
        "side": SIDE_NAMES[fill.side],
        "execTime": ms_text(fill.time_ns),
        "isMaker": fill.maker,
        "seq": sequence(fill.time_ns),
        "createType": create_type(order),
    }
    if stream:
        return row | {
            "isLeverage": "0",
            "marketUnit": "",
            "execPnl": plain(fill.realized_pnl),
            "extraFees": [],
            "feeCurrency": desk.exchange.settle_asset,
        }
    return row | {"feeCurrency": "", "extraFees": ""}


def closed_pnl(entries: list[FillEntry]) -> Decimal:
    """What closing earned, after the fees for opening and closing."""
    return sum(
        (each.fill.realized_pnl - each.opening_fee - each.closing_fee for each in entries),
        Decimal(0),
    )


# positions


def _mark_text(desk: Desk, symbol: str, mark: Decimal) -> str:
    return plain(mark, desk.exchange.instruments[symbol].price_decimals)


def _break_even(desk: Desk, position: Position) -> Decimal:
    """The entry price with the taker fee both ways earned back."""
    sign = 1 if position.quantity > 0 else -1
    return position.entry_price * (1 + sign * 2 * desk.exchange.fees.taker)


def position_row(desk: Desk, position: Position, *, stream: bool = False) -> Row:
    """A position in one-way mode. Its entry price may be hidden for a while, but in no stream."""
    exchange, account, symbol = desk.exchange, position.account, position.symbol
    held = position.quantity
    mark = exchange.mark_price(symbol)
    leverage = exchange.leverage(account, symbol)
    past = desk.journal.position(position)
    value = abs(held) * mark
    initial = plain(value / leverage)
    maintenance = plain(value * exchange.instruments[symbol].maintenance_margin_rate)
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
        "markPrice": _mark_text(desk, symbol, mark),
        "positionIM": initial,
        "positionIMByMp": initial,
        "positionMM": maintenance,
        "positionMMByMp": maintenance,
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


def _own_stop(desk: Desk, position: Position, kind: StopKind) -> str:
    if not position.quantity:
        return ""  # it goes with the position, in the same instant
    order = desk.position_stops.current(position.account, position.symbol, kind)
    return plain(order.trigger_price) if order is not None and order.trigger_price else ""


# wallets


def wallet_row(desk: Desk, account: str, *, stream: bool = False) -> Row:
    """The unified account with its one coin; in a stream as it is, else as queries see it.

    In isolated margin mode there are no totals over the account.
    """
    exchange = desk.exchange
    margin = exchange.margin(account)
    wallet = exchange.wallet(account) if stream else exchange.seen_wallet(account)
    balance = wallet.balance
    equity = balance + margin.unrealized_pnl
    bound = margin.initial + margin.orders
    available = max(Decimal(0), equity - bound)
    totals: Row = {
        "accountLTV": "0",
        "accountIMRate": _rate(bound, equity),
        "accountIMRateByMp": _rate(bound, equity),
        "accountMMRate": _rate(margin.maintenance, equity),
        "accountMMRateByMp": _rate(margin.maintenance, equity),
        "totalEquity": plain(equity),
        "totalWalletBalance": plain(balance),
        "totalMarginBalance": plain(equity),
        "totalAvailableBalance": plain(available),
        "totalPerpUPL": plain(margin.unrealized_pnl),
        "totalInitialMargin": plain(bound),
        "totalInitialMarginByMp": plain(bound),
        "totalMaintenanceMargin": plain(margin.maintenance),
        "totalMaintenanceMarginByMp": plain(margin.maintenance),
    }
    if isolated(desk, account):
        totals = dict.fromkeys(totals, "")
    withdrawable = min(balance, available)
    coin: Row = {
        "coin": exchange.settle_asset,
        "equity": plain(equity),
        "usdValue": plain(equity),
        "walletBalance": plain(balance),
        "availableToWithdraw": plain(withdrawable) if desk.profile.available_to_withdraw else "",
        "availableToBorrow": "",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "totalOrderIM": plain(margin.orders),
        "totalPositionIM": plain(margin.initial),
        "totalPositionMM": plain(margin.maintenance),
        "unrealisedPnl": plain(margin.unrealized_pnl),
        "cumRealisedPnl": plain(desk.journal.realized(account)),
        "bonus": "0",
        "collateralSwitch": True,
        "marginCollateral": True,
        "locked": "0",
        "spotHedgingQty": "0",
        "spotBorrow": "0",
    }
    return {"accountType": "UNIFIED", **totals, "coin": [coin]}


def _rate(part: Decimal, equity: Decimal) -> str:
    return f"{part / equity:.4f}" if equity > 0 else "0"


def isolated(desk: Desk, account: str) -> bool:
    """Whether the account is in isolated margin mode, which its symbols all are or none."""
    return desk.exchange.isolated(account, next(iter(desk.exchange.instruments)))


# market data


def ticker_row(desk: Desk, instrument: Instrument, *, stream: bool = False) -> Row:
    """The last 24 hours and the best prices. There is no open interest, and the index price is
    the mark price."""
    exchange, symbol = desk.exchange, instrument.symbol
    ticker = exchange.ticker(symbol)
    (hour,) = exchange.candles(symbol, _MINUTE_NS, desk.now_ns - _HOUR_NS, limit=1)
    book = exchange.book(symbol, 1)
    (bid, bid_size), (ask, ask_size) = book.bids[0], book.asks[0]
    mark = price_text(exchange.mark_price(symbol), instrument)
    row: Row = {
        "symbol": symbol,
        "lastPrice": price_text(ticker.last, instrument),
        "indexPrice": mark,
        "markPrice": mark,
        "prevPrice24h": price_text(ticker.open, instrument),
        "price24hPcnt": plain(ticker.last / ticker.open - 1, 6),
        "highPrice24h": price_text(ticker.high, instrument),
        "lowPrice24h": price_text(ticker.low, instrument),
        "prevPrice1h": price_text(hour.open, instrument),
        "openInterest": "0",
        "openInterestValue": "0",
        "turnover24h": plain(ticker.quote_volume, 4),
        "volume24h": quantity_text(ticker.base_volume, instrument),
        "fundingRate": FUNDING_RATE,
        "nextFundingTime": next_funding_time(desk),
        "bid1Price": price_text(bid, instrument),
        "bid1Size": quantity_text(bid_size, instrument),
        "ask1Price": price_text(ask, instrument),
        "ask1Size": quantity_text(ask_size, instrument),
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
        "fundingIntervalHour": str(desk.settings.funding_interval_ns // _HOUR_NS),
        "fundingCap": "0.005",
    }
    if not stream:
        row |= {
            "predictedDeliveryPrice": "",
            "basisRate": "",
            "basis": "",
            "basisRateYear": "",
            "deliveryFeeRate": "",
            "deliveryTime": "0",
        }
    return row


def next_funding_time(desk: Desk) -> str:
    """The next whole funding interval since the epoch."""
    interval = desk.settings.funding_interval_ns
    return ms_text((desk.now_ns // interval + 1) * interval)
