"""Endpoints that anybody may ask: symbols, books, prices, candles, trades."""

from __future__ import annotations

from decimal import Decimal

from simulator.binance.desk import Call, Desk
from simulator.binance.errors import Problem
from simulator.binance.formats import fixed, ms, padded, plain, price_places, quantity_places
from simulator.binance.parameters import Parameters
from simulator.binance.profiles import Profile
from simulator.exchange.instruments import Instrument
from simulator.exchange.marketdata import Candle, Level, MarketTrade, Ticker
from simulator.exchange.orders import Side
from simulator.wire.json_text import Json

_MINUTE_NS = 60_000_000_000
INTERVALS_NS = {
    "1m": _MINUTE_NS,
    "3m": 3 * _MINUTE_NS,
    "5m": 5 * _MINUTE_NS,
    "15m": 15 * _MINUTE_NS,
    "30m": 30 * _MINUTE_NS,
    "1h": 60 * _MINUTE_NS,
    "2h": 120 * _MINUTE_NS,
    "4h": 240 * _MINUTE_NS,
    "6h": 360 * _MINUTE_NS,
    "8h": 480 * _MINUTE_NS,
    "12h": 720 * _MINUTE_NS,
    "1d": 1440 * _MINUTE_NS,
    "3d": 3 * 1440 * _MINUTE_NS,
    "1w": 7 * 1440 * _MINUTE_NS,
}
_DEPTHS = (5, 10, 20, 50, 100, 500, 1000)
_FUNDING_RATE = "0.00010000"
_INTEREST_RATE = "0.00010000"
_PERPETUAL_DELIVERY_MS = 4_133_404_800_000
_ONBOARD_MS = 1_569_398_400_000
_ORDER_TYPES = ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"]


# general


def ping(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/ping"""
    return {}


def server_time(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/time"""
    return {"serverTime": desk.now_ms}


def exchange_info(desk: Desk, call: Call, limits: list[dict[str, object]]) -> Json:
    """GET /fapi/v1/exchangeInfo"""
    quotes = list(dict.fromkeys(each.quote for each in desk.exchange.instruments.values()))
    return {
        "timezone": "UTC",
        "serverTime": desk.now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": limits,
        "exchangeFilters": [],
        "assets": [
            {"asset": quote, "marginAvailable": True, "autoAssetExchange": "-10000"}
            for quote in quotes
        ],
        "symbols": [_symbol(each, desk.profile) for each in desk.exchange.instruments.values()],
    }


def _symbol(instrument: Instrument, profile: Profile) -> dict[str, Json]:
    return {
        "symbol": instrument.symbol,
        "pair": instrument.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": _PERPETUAL_DELIVERY_MS,
        "onboardDate": _ONBOARD_MS,
        "status": "TRADING" if instrument.trading else "SETTLING",
        "maintMarginPercent": fixed(instrument.maintenance_margin_rate * 100, 4),
        "requiredMarginPercent": fixed(Decimal(100) / instrument.max_leverage, 4),
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.quote,
        "pricePrecision": price_places(instrument),
        "quantityPrecision": quantity_places(instrument),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "settlePlan": 0,
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": fixed(instrument.market_take_bound, 2),
        "filters": _filters(instrument, profile),
        "orderTypes": list(_ORDER_TYPES),
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }


def _filters(instrument: Instrument, profile: Profile) -> list[Json]:
    lot = {
        "minQty": plain(instrument.min_quantity),
        "maxQty": plain(instrument.max_quantity),
        "stepSize": str(instrument.step_size),
    }
    market_lot = lot | {"maxQty": plain(instrument.max_market_quantity)}
    filters: list[Json] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": plain(instrument.min_price),
            "maxPrice": plain(instrument.max_price),
            "tickSize": str(instrument.tick_size),
        },
        {"filterType": "LOT_SIZE", **lot},
        {"filterType": "MARKET_LOT_SIZE", **market_lot},
        {"filterType": "MAX_NUM_ORDERS", "limit": instrument.max_open_orders},
    ]
    if profile.algo_orders_filter:
        filters.append({"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 100})
    filters += [
        {"filterType": "MIN_NOTIONAL", "notional": plain(instrument.min_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": fixed(instrument.band_up, 4),
            "multiplierDown": fixed(instrument.band_down, 4),
            "multiplierDecimal": "4",
        },
    ]
    return filters


# books and prices


def levels_json(levels: tuple[Level, ...], instrument: Instrument) -> list[list[str]]:
    """Levels as `[price, quantity]` texts."""
    prices, quantities = price_places(instrument), quantity_places(instrument)
    return [[fixed(price, prices), fixed(quantity, quantities)] for price, quantity in levels]


def depth(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/depth"""
    instrument = desk.instrument(call.parameters)
    limit = call.parameters.integer("limit")
    if limit is None:
        limit = 500
    if limit not in _DEPTHS:
        raise Problem.BAD_DEPTH_LIMIT.error(limit=limit)
    book = desk.exchange.book(instrument.symbol, limit)
    return {
        "lastUpdateId": book.update_id,
        "E": desk.now_ms,
        "T": desk.now_ms,
        "bids": levels_json(book.bids, instrument),
        "asks": levels_json(book.asks, instrument),
    }


def depth_weight(parameters: Parameters) -> int:
    text = parameters.values.get("limit", "500")
    limit = int(text) if text.isdecimal() else 500
    return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20


def _one_or_all(desk: Desk, call: Call, row: object) -> Json:
    """A row with `symbol`, else the rows of all symbols."""
    assert callable(row)
    rows = [row(each) for each in desk.instruments(call.parameters)]
    return rows[0] if "symbol" in call.parameters.values else rows


def price_ticker(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/ticker/price and /fapi/v2/ticker/price"""

    def row(instrument: Instrument) -> Json:
        last = desk.exchange.last_price(instrument.symbol)
        return {
            "symbol": instrument.symbol,
            "price": fixed(last, price_places(instrument)),
            "time": desk.now_ms,
        }

    return _one_or_all(desk, call, row)


def book_ticker(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/ticker/bookTicker"""

    def row(instrument: Instrument) -> Json:
        book = desk.exchange.book(instrument.symbol, 1)
        (bid,) = levels_json(book.bids, instrument)
        (ask,) = levels_json(book.asks, instrument)
        return {
            "symbol": instrument.symbol,
            "bidPrice": bid[0],
            "bidQty": bid[1],
            "askPrice": ask[0],
            "askQty": ask[1],
            "time": desk.now_ms,
            "lastUpdateId": book.update_id,
        }

    return _one_or_all(desk, call, row)


def weighted_average(ticker: Ticker) -> Decimal:
    return ticker.quote_volume / ticker.base_volume if ticker.base_volume else ticker.last


def day_ticker(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/ticker/24hr: without bid and ask, as on the venue."""

    def row(instrument: Instrument) -> Json:
        ticker = desk.exchange.ticker(instrument.symbol)
        prices = price_places(instrument)
        change = ticker.last - ticker.open
        trades = desk.exchange.market_trades(instrument.symbol, 1)
        last_id = trades[-1].trade_id if trades else 0
        return {
            "symbol": instrument.symbol,
            "priceChange": fixed(change, prices),
            "priceChangePercent": fixed(change / ticker.open * 100, 3),
            "weightedAvgPrice": fixed(weighted_average(ticker), prices),
            "lastPrice": fixed(ticker.last, prices),
            "lastQty": fixed(
                trades[-1].quantity if trades else Decimal(0), quantity_places(instrument)
            ),
            "openPrice": fixed(ticker.open, prices),
            "highPrice": fixed(ticker.high, prices),
            "lowPrice": fixed(ticker.low, prices),
            "volume": fixed(ticker.base_volume, quantity_places(instrument)),
            "quoteVolume": fixed(ticker.quote_volume, 2),
            "openTime": ms(ticker.open_ns),
            "closeTime": ms(ticker.close_ns),
            "firstId": max(0, last_id - ticker.trades + 1),
            "lastId": last_id,
            "count": ticker.trades,
        }

    return _one_or_all(desk, call, row)


def next_funding_ms(desk: Desk) -> int:
    """The next whole funding interval since the epoch."""
    interval = desk.settings.funding_interval_ns
    return (desk.now_ns // interval + 1) * interval // 1_000_000


def premium_index(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/premiumIndex"""

    def row(instrument: Instrument) -> Json:
        mark = fixed(desk.exchange.mark_price(instrument.symbol), 8)
        return {
            "symbol": instrument.symbol,
            "markPrice": mark,
            "indexPrice": mark,
            "estimatedSettlePrice": mark,
            "lastFundingRate": _FUNDING_RATE,
            "interestRate": _INTEREST_RATE,
            "nextFundingTime": next_funding_ms(desk),
            "time": desk.now_ms,
        }

    return _one_or_all(desk, call, row)


def funding_rates(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/fundingRate: no funding is modelled, so there is no history."""
    desk.optional_instrument(call.parameters)
    return []


def funding_info(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/fundingInfo: lists symbols with an adjusted funding, of which there is none."""
    return []


# candles and trades


def _candle_row(candle: Candle, instrument: Instrument) -> list[Json]:
    prices, quantities = price_places(instrument), quantity_places(instrument)
    half_base, half_quote = candle.base_volume / 2, candle.quote_volume / 2
    return [
        ms(candle.open_ns),
        fixed(candle.open, prices),
        fixed(candle.high, prices),
        fixed(candle.low, prices),
        fixed(candle.close, prices),
        fixed(candle.base_volume, quantities),
        ms(candle.close_ns) - 1,
        fixed(candle.quote_volume, 5),
        candle.trades,
        fixed(half_base, quantities),
        fixed(half_quote, 5),
        "0",
    ]


def klines(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/klines"""
    parameters = call.parameters
    instrument = desk.instrument(parameters)
    parameters.need("interval")
    interval_ns = parameters.choice("interval", INTERVALS_NS, Problem.BAD_INTERVAL)
    assert interval_ns is not None
    start_ns, end_ns = parameters.span_ns()
    candles = desk.exchange.candles(
        instrument.symbol, interval_ns, start_ns, end_ns, parameters.limit(500, 1500)
    )
    return [_candle_row(candle, instrument) for candle in candles]


def klines_weight(parameters: Parameters) -> int:
    text = parameters.values.get("limit", "500")
    limit = int(text) if text.isdecimal() else 500
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10


def trades(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/trades"""
    instrument = desk.instrument(call.parameters)
    rows = desk.exchange.market_trades(instrument.symbol, call.parameters.limit(500, 1000))
    prices, quantities = price_places(instrument), quantity_places(instrument)
    return [
        {
            "id": each.trade_id,
            "price": fixed(each.price, prices),
            "qty": fixed(each.quantity, quantities),
            "quoteQty": padded(each.price * each.quantity, 2),
            "time": ms(each.time_ns),
            "isBuyerMaker": each.side is Side.SELL,
            "isRPITrade": False,
        }
        for each in rows
    ]


def aggregate_trades(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/aggTrades: each trade of the tape is an aggregate of its own."""
    parameters = call.parameters
    instrument = desk.instrument(parameters)
    start_ns, end_ns = parameters.span_ns()
    from_id = parameters.integer("fromId")
    rows = [
        each
        for each in desk.exchange.market_trades(instrument.symbol, 1000)
        if (from_id is None or each.trade_id >= from_id)
        and (start_ns is None or each.time_ns >= start_ns)
        and (end_ns is None or each.time_ns <= end_ns)
    ]
    limit = parameters.limit(500, 1000)
    rows = rows[:limit] if from_id is not None else rows[-limit:]
    return [_aggregate_trade(each, instrument) for each in rows]


def _aggregate_trade(trade: MarketTrade, instrument: Instrument) -> dict[str, Json]:
    return {
        "a": trade.trade_id,
        "p": fixed(trade.price, price_places(instrument)),
        "q": fixed(trade.quantity, quantity_places(instrument)),
        "f": trade.trade_id,
        "l": trade.trade_id,
        "T": ms(trade.time_ns),
        "m": trade.side is Side.SELL,
    }
