"""Orders and fills, in the field's own terms and without any venue's spelling."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from simulator.exchange.rejections import Reason


class Side(Enum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(Enum):
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP_MARKET = "STOP_MARKET"
    STOP_LIMIT = "STOP_LIMIT"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"

    @property
    def conditional(self) -> bool:
        """Whether the order waits for a trigger price before it reaches the book."""
        return self not in (OrderType.MARKET, OrderType.LIMIT)

    @property
    def take_profit(self) -> bool:
        return self in (OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT)

    @property
    def market(self) -> bool:
        """Whether it trades at any price once it is in the book."""
        return self in (
            OrderType.MARKET,
            OrderType.STOP_MARKET,
            OrderType.TAKE_PROFIT_MARKET,
        )


class TimeInForce(Enum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    POST_ONLY = "POST_ONLY"


class TriggerBy(Enum):
    LAST = "LAST"
    MARK = "MARK"


class OrderStatus(Enum):
    UNTRIGGERED = "UNTRIGGERED"
    """A conditional order that waits for its trigger price."""
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    """Ended by the exchange with a rest unfilled (IOC, FOK, a market order out of book)."""

    @property
    def open(self) -> bool:
        return self in (OrderStatus.UNTRIGGERED, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What a client asks for. `quantity` may be None only with `close_position`."""

    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal | None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    trigger_by: TriggerBy = TriggerBy.LAST
    reduce_only: bool = False
    close_position: bool = False
    time_in_force: TimeInForce = TimeInForce.GTC
    client_order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order at one moment. A change makes a new object; nothing is altered in place."""

    order_id: int
    client_order_id: str
    account: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    status: OrderStatus
    created_ns: int
    updated_ns: int
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    trigger_by: TriggerBy = TriggerBy.LAST
    reduce_only: bool = False
    close_position: bool = False
    time_in_force: TimeInForce = TimeInForce.GTC
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    """Quote value of what is filled: the sum of price times quantity over the fills."""
    triggered_ns: int | None = None
    """When a conditional order's trigger price was reached."""
    refusal: Reason | None = None
    """Why it ended without the client's doing."""

    @property
    def average_price(self) -> Decimal | None:
        return self.cost / self.filled if self.filled else None

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution against one price level."""

    trade_id: int
    order_id: int
    account: str
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    """In the quote asset; positive is paid."""
    realized_pnl: Decimal
    """Of the part that reduced a position, before the fee."""
    maker: bool
    time_ns: int
