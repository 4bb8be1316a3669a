"""Endpoints that anybody may ask: symbols, books, prices, candles, trades."""

from __future__ import annotations

from decimal import Decimal

from simulator.bybit.desk import Call, Desk
from simulator.bybit.errors import Problem
from simulator.bybit.formats import (
    SIDE_NAMES,
    Row,
    execution_id,
    ms_text,
    plain,
    price_text,
    quantity_text,
    sequence,
)
from simulator.bybit.parameters import Rank
from simulator.bybit.rows import RISK_LIMIT, ticker_row
from simulator.exchange.instruments import Instrument
from simulator.exchange.marketdata import Candle, Level
from simulator.wire.json_text import Json

_MS = 1_000_000
_MINUTE_NS = 60_000 * _MS
_DAY_NS = 1440 * _MINUTE_NS
INTERVALS_NS = {
    **{str(minutes): minutes * _MINUTE_NS for minutes in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": _DAY_NS,
    "W": 7 * _DAY_NS,
}
"""Of candles. A month, `M`, has no fixed length and is not modelled."""
_LAUNCH_TIME = "1585526400000"
_RISK_LIMIT_SYMBOLS = 15


# general


def server_time(desk: Desk, call: Call) -> Json:
    """GET /v5/market/time"""
    return {"timeSecond": str(desk.now_ns // 1_000_000_000), "timeNano": str(desk.now_ns)}


def system_status(desk: Desk, call: Call) -> Json:
    """GET /v5/system/status: no maintenance, ever."""
    return {"list": []}


def instruments_info(desk: Desk, call: Call) -> Json:
    """GET /v5/market/instruments-info: of inverse and option there are none."""
    parameters = call.parameters
    category = parameters.need("category")
    row = _instrument if desk.is_linear(parameters) else _spot_instrument
    wanted_status = parameters.text("status") or "Trading"
    wanted_symbol, base = parameters.text("symbol"), parameters.text("baseCoin")
    found = [
        (place, each)
        for place, each in enumerate(desk.exchange.instruments.values())
        if _status(each) == wanted_status
        and wanted_symbol in (None, each.symbol)
        and base in (None, each.base)
        and (category == "linear" or (category == "spot" and each.spot))
    ]
    shown, cursor = parameters.page(found, _place, 500, 1000)
    return {
        "category": category,
        "list": [row(desk, place, each) for place, each in shown],
        "nextPageCursor": cursor,
    }


def _place(placed: tuple[int, Instrument]) -> Rank:
    """In the order in which they are listed."""
    return (-placed[0],)


def _status(instrument: Instrument) -> str:
    return "Trading" if instrument.trading else "Closed"


def _delivery_time(desk: Desk, instrument: Instrument) -> str:
    """Of a perpetual 0, until it is to be delisted; then the next midnight, for want of a date."""
    return ms_text((desk.now_ns // _DAY_NS + 1) * _DAY_NS) if instrument.closing else "0"


def _instrument(desk: Desk, place: int, instrument: Instrument) -> Row:
    return {
        "symbol": instrument.symbol,
        "symbolId": place + 1,
        "contractType": "LinearPerpetual",
        "status": _status(instrument),
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
        "launchTime": _LAUNCH_TIME,
        "deliveryTime": _delivery_time(desk, instrument),
        "deliveryFeeRate": "",
        "priceScale": str(instrument.price_decimals),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": f"{instrument.max_leverage}.00",
            "leverageStep": "0.01",
        },
        "priceFilter": {
            "minPrice": plain(instrument.min_price),
            "maxPrice": plain(instrument.max_price),
            "tickSize": price_text(instrument.tick_size, instrument),
        },
        "lotSizeFilter": {
            "maxOrderQty": quantity_text(instrument.max_quantity, instrument),
            "minOrderQty": quantity_text(instrument.min_quantity, instrument),
            "qtyStep": quantity_text(instrument.step_size, instrument),
            "postOnlyMaxOrderQty": quantity_text(instrument.max_quantity, instrument),
            "maxMktOrderQty": quantity_text(instrument.max_market_quantity, instrument),
            "minNotionalValue": plain(instrument.min_notional),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": desk.settings.funding_interval_ns // _MINUTE_NS,
        "settleCoin": instrument.quote,
        "copyTrading": "none",
        "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005",
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {
            "priceLimitRatioX": plain(1 - instrument.band_down),
            "priceLimitRatioY": plain(instrument.band_up - 1),
        },
        "symbolType": "",
    }


def _spot_instrument(desk: Desk, place: int, instrument: Instrument) -> Row:
    """The spot market of the same id, which cannot be traded here."""
    return {
        "symbol": instrument.symbol,
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
        "innovation": "0",
        "status": _status(instrument),
        "marginTrading": "none",
        "lotSizeFilter": {
            "basePrecision": quantity_text(instrument.step_size, instrument),
            "quotePrecision": "0.00000001",
            "minOrderQty": quantity_text(instrument.min_quantity, instrument),
            "maxOrderQty": quantity_text(instrument.max_quantity, instrument),
            "minOrderAmt": plain(instrument.min_notional),
            "maxOrderAmt": RISK_LIMIT,
        },
        "priceFilter": {"tickSize": price_text(instrument.tick_size, instrument)},
    }


def risk_limit(desk: Desk, call: Call) -> Json:
    """GET /v5/market/risk-limit: one tier per symbol, fifteen symbols a page."""
    parameters = call.parameters
    found = []
    if desk.is_linear(parameters):
        places = {symbol: place for place, symbol in enumerate(desk.exchange.instruments)}
        found = [(places[each.symbol], each) for each in desk.instruments(parameters)]
    shown, cursor = parameters.page(found, _place, _RISK_LIMIT_SYMBOLS, _RISK_LIMIT_SYMBOLS)
    return {
        "category": parameters.values["category"],
        "list": [
            {
                "id": place + 1,
                "symbol": each.symbol,
                "riskLimitValue": RISK_LIMIT,
                "maintenanceMargin": plain(each.maintenance_margin_rate),
                "initialMargin": plain(1 / Decimal(each.max_leverage), 4),
                "isLowestRisk": 1,
                "maxLeverage": f"{each.max_leverage}.00",
                "mmDeduction": "",
            }
            for place, each in shown
        ],
        "nextPageCursor": cursor,
    }


# prices


def tickers(desk: Desk, call: Call) -> Json:
    """GET /v5/market/tickers: those of linear symbols alone."""
    shown = desk.instruments(call.parameters) if desk.is_linear(call.parameters) else []
    return {
        "category": call.parameters.values["category"],
        "list": [ticker_row(desk, each) for each in shown],
    }


def _levels_json(levels: tuple[Level, ...], instrument: Instrument) -> list[list[str]]:
    """Levels as `[price, quantity]` texts."""
    return [
        [price_text(price, instrument), quantity_text(quantity, instrument)]
        for price, quantity in levels
    ]


def orderbook(desk: Desk, call: Call) -> Json:
    """GET /v5/market/orderbook"""
    desk.need_linear(call.parameters)
    instrument = desk.instrument(call.parameters)
    book = desk.exchange.book(instrument.symbol, call.parameters.limit(25, 1000))
    return {
        "s": instrument.symbol,
        "b": _levels_json(book.bids, instrument),
        "a": _levels_json(book.asks, instrument),
        "ts": desk.now_ms,
        "u": book.update_id,
        "seq": sequence(desk.now_ns),
        "cts": desk.now_ms,
    }


# candles and trades


def kline(desk: Desk, call: Call) -> Json:
    """GET /v5/market/kline: the newest first, the candle that contains `start` included."""
    parameters = call.parameters
    if parameters.text("category") is not None:
        desk.need_linear(parameters)
    instrument = desk.instrument(parameters)
    if parameters.text("interval") == "M":
        raise Problem.UNSUPPORTED.error(name="interval M")
    interval_ns = parameters.choice("interval", INTERVALS_NS)
    start, end = parameters.integer("start"), parameters.integer("end")
    candles = desk.exchange.candles(
        instrument.symbol,
        interval_ns,
        start * _MS - interval_ns + 1 if start else None,
        end * _MS if end else None,
        parameters.limit(200, 1000),
    )
    return {
        "category": "linear",
        "symbol": instrument.symbol,
        "list": [candle_row(candle, instrument) for candle in reversed(candles)],
    }


def candle_row(candle: Candle, instrument: Instrument) -> list[str]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return [
        ms_text(candle.open_ns),
        *(price_text(price, instrument) for price in prices),
        quantity_text(candle.base_volume, instrument),
        plain(candle.quote_volume, 4),
    ]


def recent_trades(desk: Desk, call: Call) -> Json:
    """GET /v5/market/recent-trade: the latest first."""
    desk.need_linear(call.parameters)
    instrument = desk.instrument(call.parameters)
    trades = desk.exchange.market_trades(instrument.symbol, call.parameters.limit(500, 1000))
    return {
        "category": "linear",
        "list": [
            {
                "execId": execution_id(f"public {each.symbol}", each.trade_id),
                "symbol": each.symbol,
                "price": price_text(each.price, instrument),
                "size": quantity_text(each.quantity, instrument),
                "side": SIDE_NAMES[each.side],
                "time": ms_text(each.time_ns),
                "isBlockTrade": False,
                "isRPITrade": False,
                "seq": str(sequence(each.time_ns)),
            }
            for each in reversed(trades)
        ],
    }


def funding_history(desk: Desk, call: Call) -> Json:
    """GET /v5/market/funding/history: no funding is modelled, so there is no history."""
    desk.need_linear(call.parameters)
    desk.instrument(call.parameters)
    return {"category": "linear", "list": []}
