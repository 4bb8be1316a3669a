"""The venue-neutral model of an exchange for linear perpetuals.

An `Exchange` lists symbols. Each has a price path (`Constant`, `Points`, `RandomWalk`) that no
order moves, and a book of a given shape around the price. Orders trade with that book only: they
walk it, what they take is missing until it is refilled, and what rests in it is filled at its own
price once the path reaches it. Conditional orders are triggered the moment the price moves.
Accounts hold one signed position per symbol, with cross margin; money is conserved exactly.
What happens is told as facts, synchronously and in order; what was and is can be read as the
truth (`order`) or as a client sees it (`seen_order`), through windows that lag (`Visibility`).
How a venue treats its clients is data (`behaviour`) for `Latency`, `RateLimiter` and `Faults`.
Time is a simpy clock in integer nanoseconds; chance comes from named streams; nothing here knows
HTTP, asyncio, or a venue's spelling. Funding, liquidation and hedge mode are not modelled.
"""

from simulator.exchange.behaviour import (
    ALWAYS,
    Behaviour,
    FaultKind,
    FaultRule,
    LagRule,
    LatencyRule,
    LimitRule,
    Span,
)
from simulator.exchange.exchange import Exchange
from simulator.exchange.facts import Fact, LeverageFact, OrderChange, OrderFact, PriceFact
from simulator.exchange.faults import Faults
from simulator.exchange.instruments import Instrument
from simulator.exchange.latency import Latency
from simulator.exchange.limits import RateLimiter, Usage
from simulator.exchange.listings import BookShape, Fees, Listing
from simulator.exchange.margin import Margin, SymbolMargin
from simulator.exchange.marketdata import Book, Candle, MarketTrade, Ticker
from simulator.exchange.orders import (
    Fill,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    TriggerBy,
)
from simulator.exchange.positions import Position, Wallet
from simulator.exchange.prices import Constant, Points, PricePath, Quotes, RandomWalk
from simulator.exchange.rejections import Reason, Rejection
from simulator.exchange.visibility import Visibility

__all__ = [
    "ALWAYS",
    "Behaviour",
    "Book",
    "BookShape",
    "Candle",
    "Constant",
    "Exchange",
    "Fact",
    "FaultKind",
    "FaultRule",
    "Faults",
    "Fees",
    "Fill",
    "Instrument",
    "LagRule",
    "Latency",
    "LatencyRule",
    "LeverageFact",
    "LimitRule",
    "Listing",
    "Margin",
    "MarketTrade",
    "Order",
    "OrderChange",
    "OrderFact",
    "OrderRequest",
    "OrderStatus",
    "OrderType",
    "Points",
    "Position",
    "PriceFact",
    "PricePath",
    "Quotes",
    "RandomWalk",
    "RateLimiter",
    "Reason",
    "Rejection",
    "Side",
    "Span",
    "SymbolMargin",
    "Ticker",
    "TimeInForce",
    "TriggerBy",
    "Usage",
    "Visibility",
    "Wallet",
]
