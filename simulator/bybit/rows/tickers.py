"""Tickers as JSON."""

from __future__ import annotations

from simulator.bybit.desk import Desk
from simulator.bybit.formats import Row, ms_text, plain, price_text, quantity_text
from simulator.exchange.instruments import Instrument

_FUNDING_RATE = "0.0001"
_HOUR_NS = 3600 * 1_000_000_000
_MINUTE_NS = 60 * 1_000_000_000


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
        "fundingRate": _FUNDING_RATE,
        "nextFundingTime": _next_funding_time(desk),
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


def _next_funding_time(desk: Desk) -> str:
    """The next whole funding interval since the epoch."""
    interval = desk.settings.funding_interval_ns
    return ms_text((desk.now_ns // interval + 1) * interval)
