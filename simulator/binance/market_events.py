"""Market stream events as JSON objects, key order as captured on the live streams."""

from __future__ import annotations

from simulator.binance.desk import Desk
from simulator.binance.formats import fixed, ms, price_places, quantity_places
from simulator.binance.market_data import (
    INTERVALS_NS,
    levels_json,
    next_funding_ms,
    weighted_average,
)
from simulator.exchange.instruments import Instrument
from simulator.exchange.marketdata import Book, Candle, Level, MarketTrade
from simulator.exchange.orders import Side
from simulator.wire.json_text import Json

_FUNDING_RATE = "0.00010000"


def mark_price(desk: Desk, instrument: Instrument) -> dict[str, Json]:
    """markPriceUpdate; index and settlement price are the mark price here."""
    price = fixed(desk.exchange.mark_price(instrument.symbol), 8)
    event: dict[str, Json] = {
        "e": "markPriceUpdate",
        "E": desk.now_ms,
        "s": instrument.symbol,
        "p": price,
    }
    if desk.profile.mark_price_average:
        event["ap"] = price
    event |= {"P": price, "i": price, "r": _FUNDING_RATE, "T": next_funding_ms(desk)}
    return event


def book_ticker(desk: Desk, instrument: Instrument) -> dict[str, Json]:
    book = desk.exchange.book(instrument.symbol, 1)
    (bid,) = levels_json(book.bids, instrument)
    (ask,) = levels_json(book.asks, instrument)
    return {
        "e": "bookTicker",
        "u": book.update_id,
        "s": instrument.symbol,
        "b": bid[0],
        "B": bid[1],
        "a": ask[0],
        "A": ask[1],
        "T": desk.now_ms,
        "E": desk.now_ms,
    }


def depth(
    desk: Desk,
    instrument: Instrument,
    book: Book,
    before_id: int,
    bids: tuple[Level, ...],
    asks: tuple[Level, ...],
) -> dict[str, Json]:
    """depthUpdate with these levels, following the event that ended with `before_id`."""
    return {
        "e": "depthUpdate",
        "E": desk.now_ms,
        "T": desk.now_ms,
        "s": instrument.symbol,
        "U": min(before_id + 1, book.update_id),
        "u": book.update_id,
        "pu": before_id,
        "b": levels_json(bids, instrument),
        "a": levels_json(asks, instrument),
    }


def aggregate_trade(desk: Desk, instrument: Instrument, trade: MarketTrade) -> dict[str, Json]:
    quantity = fixed(trade.quantity, quantity_places(instrument))
    return {
        "e": "aggTrade",
        "E": desk.now_ms,
        "a": trade.trade_id,
        "s": trade.symbol,
        "p": fixed(trade.price, price_places(instrument)),
        "q": quantity,
        "nq": quantity,
        "f": trade.trade_id,
        "l": trade.trade_id,
        "T": ms(trade.time_ns),
        "m": trade.side is Side.SELL,
    }


def trade(desk: Desk, instrument: Instrument, each: MarketTrade) -> dict[str, Json]:
    return {
        "e": "trade",
        "E": desk.now_ms,
        "T": ms(each.time_ns),
        "s": each.symbol,
        "t": each.trade_id,
        "p": fixed(each.price, price_places(instrument)),
        "q": fixed(each.quantity, quantity_places(instrument)),
        "X": "MARKET",
        "m": each.side is Side.SELL,
    }


def _last_trade(desk: Desk, instrument: Instrument) -> MarketTrade | None:
    tape = desk.exchange.market_trades(instrument.symbol, 1)
    return tape[-1] if tape else None


def kline(
    desk: Desk, instrument: Instrument, interval: str, candle: Candle, *, closed: bool
) -> dict[str, Json]:
    """A candle as it stands; `closed` marks its last word."""
    interval_ns = INTERVALS_NS[interval]
    prices, quantities = price_places(instrument), quantity_places(instrument)
    last = _last_trade(desk, instrument)
    last_id = last.trade_id if last else 0
    return {
        "e": "kline",
        "E": desk.now_ms,
        "s": instrument.symbol,
        "k": {
            "t": ms(candle.open_ns),
            "T": ms(candle.open_ns + interval_ns) - 1,
            "s": instrument.symbol,
            "i": interval,
            "f": max(0, last_id - candle.trades + 1),
            "L": last_id,
            "o": fixed(candle.open, prices),
            "c": fixed(candle.close, prices),
            "h": fixed(candle.high, prices),
            "l": fixed(candle.low, prices),
            "v": fixed(candle.base_volume, quantities),
            "n": candle.trades,
            "x": closed,
            "q": fixed(candle.quote_volume, 5),
            "V": fixed(candle.base_volume / 2, quantities),
            "Q": fixed(candle.quote_volume / 2, 5),
            "B": "0",
        },
    }


def day_ticker(desk: Desk, instrument: Instrument) -> dict[str, Json]:
    """24hrTicker"""
    ticker = desk.exchange.ticker(instrument.symbol)
    prices, quantities = price_places(instrument), quantity_places(instrument)
    last = _last_trade(desk, instrument)
    last_id = last.trade_id if last else 0
    change = ticker.last - ticker.open
    return {
        "e": "24hrTicker",
        "E": desk.now_ms,
        "s": instrument.symbol,
        "p": fixed(change, prices),
        "P": fixed(change / ticker.open * 100, 3),
        "w": fixed(weighted_average(ticker), prices),
        "c": fixed(ticker.last, prices),
        "Q": fixed(last.quantity, quantities) if last else "0",
        "o": fixed(ticker.open, prices),
        "h": fixed(ticker.high, prices),
        "l": fixed(ticker.low, prices),
        "v": fixed(ticker.base_volume, quantities),
        "q": fixed(ticker.quote_volume, 2),
        "O": ms(ticker.open_ns),
        "C": ms(ticker.close_ns),
        "F": max(0, last_id - ticker.trades + 1),
        "L": last_id,
        "n": ticker.trades,
    }


def mini_ticker(desk: Desk, instrument: Instrument) -> dict[str, Json]:
    """24hrMiniTicker"""
    ticker = desk.exchange.ticker(instrument.symbol)
    prices = price_places(instrument)
    return {
        "e": "24hrMiniTicker",
        "E": desk.now_ms,
        "s": instrument.symbol,
        "c": fixed(ticker.last, prices),
        "o": fixed(ticker.open, prices),
        "h": fixed(ticker.high, prices),
        "l": fixed(ticker.low, prices),
        "v": fixed(ticker.base_volume, quantity_places(instrument)),
        "q": fixed(ticker.quote_volume, 2),
    }
