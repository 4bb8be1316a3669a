"""What the bot knows of an order, read from a reply of ccxt."""

from __future__ import annotations

from collections.abc import Mapping
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


def normalise(reply: Mapping[str, object], symbol: str) -> OrderResult:
    """Raises OrderError if the reply lacks the id or the side."""
    for name in ("id", "side"):
        if not reply.get(name):
            raise OrderError(f"Order missing '{name}' field")
    return OrderResult(
        id=str(reply["id"]),
        client_id=str(reply.get("clientOrderId") or ""),
        symbol=symbol,
        side=str(reply["side"]).upper(),
        status=str(reply.get("status") or "unknown"),
        amount=_number(reply.get("amount")),
        filled=_number(reply.get("filled")),
        average=_number(reply.get("average")) or None,
    )


def _number(value: object) -> float:
    return float(str(value)) if value is not None else 0.0
