"""What the bot knows of an order, read from a reply of ccxt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


class OrderError(Exception):
    """A reply that says too little of an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult:
    """One order; `symbol` is the venue's id, `status` ccxt's (open, closed, canceled, ...)."""

    id: str
    client_id: str
    symbol: str
    side: str
    status: str
    amount: float
    filled: float
    average: float | None
    """None where the venue does not tell the price."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be filled."""
        return self.status in ("closed", "canceled", "expired", "rejected")

    @property
    def is_told(self) -> bool:
        """Whether the venue has said more of it than its id."""
        return bool(self.side)


def normalise(reply: Mapping[str, object], symbol: str) -> OrderResult:
    """Raises OrderError if the reply lacks the id.

    Bybit answers a new order with its ids alone: then the side is empty and the status `unknown`.
    """
    if not reply.get("id"):
        raise OrderError("Order missing 'id' field")
    return OrderResult(
        id=str(reply["id"]),
        client_id=str(reply.get("clientOrderId") or ""),
        symbol=symbol,
        side=str(reply.get("side") or "").upper(),
        status=str(reply.get("status") or "unknown"),
        amount=_number(reply.get("amount")),
        filled=_number(reply.get("filled")),
        average=_number(reply.get("average")) or None,
    )


class KnownOrders:
    """Ids of the orders that the bot has placed or found.

    `earlier` are those of its former lives; `keep` is given each new one before it is used.
    """

    def __init__(
        self, earlier: Iterable[str] = (), keep: Callable[[str], None] | None = None
    ) -> None:
        self._ids = dict.fromkeys(earlier)
        self._keep = keep

    @property
    def ids(self) -> list[str]:
        return list(self._ids)

    def note(self, *ids: object) -> None:
        for order_id in (str(each) for each in ids if each):
            if order_id not in self._ids:
                self._ids[order_id] = None
                if self._keep is not None:
                    self._keep(order_id)


def _number(value: object) -> float:
    return float(str(value)) if value is not None else 0.0
