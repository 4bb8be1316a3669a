"""Private streams: which messages a change brings, and who gets them.

What a request or a price brings about at one instant is told as it left things: an order once,
its fills in one message, the position and the wallet once. The pages under websocket/private
promise no order among the topics; without lags they come in this one.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.bybit.desk import Desk
from simulator.bybit.formats import Row
from simulator.bybit.private_events import envelope, fast_execution, order_rows
from simulator.bybit.rows import execution_row, position_row, wallet_row
from simulator.exchange.facts import Fact, LeverageFact, OrderFact
from simulator.exchange.visibility import Visibility
from simulator.wire.connections import Message, StreamConnection, Wire
from simulator.wire.json_text import Json, written
from simulator.wire.private_feed import PrivateFeed, by_order

_BY_CATEGORY = ("order", "execution", "execution.fast", "position")
"""Topics that can be had for one category of products only, as `order.linear`."""
_CATEGORIES = ("spot", "linear", "inverse", "option")
_SILENT = ("greeks", "dcp.future", "dcp.spot", "dcp.option", "dcp.all")
"""Of options, and of orders cancelled with their connection: neither happens here."""
_TOPICS = frozenset(
    (
        "wallet",
        *_BY_CATEGORY,
        *(f"{topic}.{category}" for topic in _BY_CATEGORY for category in _CATEGORIES),
        *_SILENT,
    )
)


def is_private_topic(topic: str) -> bool:
    """Whether there is such a topic; case counts."""
    return topic in _TOPICS


def mixed(topics: Sequence[str]) -> bool:
    """Whether a topic is there along with its part for one category, which is not allowed."""
    return any(
        topic in topics and f"{topic}.{category}" in topics
        for topic in _BY_CATEGORY
        for category in _CATEGORIES
    )


class PrivateStreams:
    """Hears the model and pushes messages to the connections of the account concerned."""

    def __init__(self, wire: Wire, desk: Desk, lags: Visibility) -> None:
        self._desk = desk
        self._listeners: dict[str, dict[StreamConnection, dict[str, None]]] = {}
        """The topics of each connection, by account."""
        self._feed = PrivateFeed(
            wire,
            lags,
            listens=lambda account: bool(self._listeners.get(account)),
            on_orders=self._tell_orders,
            on_leverage=self._tell_leverage,
        )

    def hear(self, fact: Fact) -> None:
        """The exchange's listener; the desk must have heard the fact before."""
        self._feed.hear(fact)

    # who listens

    def subscribe(self, connection: StreamConnection, account: str, topic: str) -> None:
        """From now on the connection gets the topic; what was before is not told again."""
        self._listeners.setdefault(account, {}).setdefault(connection, {})[topic] = None

    def unsubscribe(self, connection: StreamConnection, account: str, topic: str) -> None:
        self._listeners.get(account, {}).get(connection, {}).pop(topic, None)

    def detach(self, connection: StreamConnection) -> None:
        for listeners in self._listeners.values():
            listeners.pop(connection, None)

    # what happens

    def _tell_orders(self, facts: list[OrderFact]) -> None:
        """Order by order, then the positions and wallets that the instant left."""
        desk = self._desk
        positions: dict[tuple[str, str], None] = {}
        wallets: dict[str, str] = {}
        for group in by_order(facts):
            account, symbol = group[0].account, group[0].order.symbol
            positions[account, symbol] = None
            for row in order_rows(desk, group):
                self._tell(account, "order", symbol, [row])
            fills = [fact.fill for fact in group if fact.fill is not None]
            if fills:
                wallets[account] = symbol
                rows = [execution_row(desk, fill, stream=True) for fill in fills]
                self._tell(account, "execution.fast", symbol, [fast_execution(row) for row in rows])
                self._tell(account, "execution", symbol, rows)
        for account, symbol in positions:
            self._tell_position(account, symbol)
        for account, symbol in wallets.items():
            self._tell(account, "wallet", symbol, [wallet_row(desk, account, stream=True)])

    def _tell_leverage(self, fact: LeverageFact) -> None:
        self._tell_position(fact.account, fact.symbol)

    def _tell_position(self, account: str, symbol: str) -> None:
        position = self._desk.exchange.position(account, symbol)
        self._tell(account, "position", symbol, [position_row(self._desk, position, stream=True)])

    # telling it

    def _tell(self, account: str, event: str, symbol: str, rows: list[Row]) -> None:
        """Rows of now, in a message of when it is sent: the lag comes in between."""
        data, time_ns = written(rows), self._desk.now_ns
        self._feed.tell(
            account, event, symbol, lambda: self._deliver(account, event, symbol, time_ns, data)
        )

    def _deliver(self, account: str, event: str, symbol: str, time_ns: int, data: Json) -> None:
        messages: dict[str, Message] = {}
        for connection, topics in tuple(self._listeners.get(account, {}).items()):
            for topic in (event, f"{event}.linear"):
                if topic not in topics:
                    continue
                if topic not in messages:
                    text = envelope(topic, event, symbol, time_ns, self._desk.now_ms, data)
                    messages[topic] = Message(event, symbol, topic, text, private=True)
                connection.push(messages[topic])
