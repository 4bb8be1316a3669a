"""What the private topics say: rows as in REST, in the form of the streams."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.bybit.account import USER_ID
from simulator.bybit.desk import Desk
from simulator.bybit.formats import Row, sequence
from simulator.bybit.rows import order_row
from simulator.exchange.facts import OrderChange, OrderFact
from simulator.wire.json_text import Json, dumps

_FAST = (
    "category",
    "symbol",
    "execId",
    "execPrice",
    "execQty",
    "orderId",
    "isMaker",
    "orderLinkId",
    "side",
    "execTime",
    "seq",
)


def order_rows(desk: Desk, facts: Sequence[OrderFact]) -> list[Row]:
    """What is told of one order for one instant: that it was triggered, and what became of it.

    So one that is filled at once is never `New`; that it would be, the venue does not promise.
    """
    triggered = [
        order_row(desk, fact.order, stream=True) | {"orderStatus": "Triggered"}
        for fact in facts
        if fact.change is OrderChange.TRIGGERED
    ]
    return [*triggered, order_row(desk, facts[-1].order, stream=True)]


def fast_execution(row: Row) -> Row:
    """Of a row of execution, what execution.fast tells: a maker's link id is not in it."""
    fast = {name: row[name] for name in _FAST}
    if row["isMaker"]:
        fast["orderLinkId"] = ""
    return fast


def envelope(topic: str, event: str, symbol: str, time_ns: int, now_ms: int, rows: Json) -> str:
    """A message with the rows of what happened at `time_ns`, sent now.

    `<user>_<symbol>_<seq>` is the id of orders and executions alike.
    """
    message: dict[str, Json] = {"topic": topic, "creationTime": now_ms, "data": rows}
    if event == "execution.fast":
        return dumps(message)
    part = f"{symbol}_{sequence(time_ns)}"
    if event in ("position", "wallet"):
        part = f"{event}_{now_ms}"
    return dumps({"id": f"{USER_ID}_{part}", **message})
