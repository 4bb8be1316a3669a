"""Which orders came through the algo service, and the ids they have there.

The model knows one order with one id. The venue shows two: the algo order (`algoId`,
`clientAlgoId`) and, once triggered, the real one (`orderId`). This holds the ids only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from simulator.exchange.facts import Fact, OrderChange, OrderFact
from simulator.exchange.orders import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgoOrder:
    """Where an algo order is found in the model."""

    algo_id: int
    client_algo_id: str
    account: str
    symbol: str
    order_id: int


class AlgoOrders:
    """The register. It must hear facts before any stream does."""

    def __init__(self, first_id: int) -> None:
        self._next_id = first_id
        self._placing = False
        self._by_id: dict[tuple[str, int], AlgoOrder] = {}
        self._by_client_id: dict[tuple[str, str], AlgoOrder] = {}
        self._by_order: dict[tuple[str, int], AlgoOrder] = {}

    @contextmanager
    def placing(self) -> Iterator[None]:
        """Conditional orders that the exchange accepts inside belong to the algo service."""
        self._placing = True
        try:
            yield
        finally:
            self._placing = False

    def hear(self, fact: Fact) -> None:
        """Registers an order accepted while `placing`."""
        if (
            self._placing
            and isinstance(fact, OrderFact)
            and fact.change is OrderChange.ACCEPTED
            and fact.order.type.conditional
        ):
            order = fact.order
            entry = AlgoOrder(
                algo_id=self._next_id,
                client_algo_id=order.client_order_id,
                account=order.account,
                symbol=order.symbol,
                order_id=order.order_id,
            )
            self._next_id += 1
            self._by_id[order.account, entry.algo_id] = entry
            self._by_client_id[order.account, entry.client_algo_id] = entry
            self._by_order[order.symbol, order.order_id] = entry

    def find(
        self, account: str, *, algo_id: int | None, client_algo_id: str | None
    ) -> AlgoOrder | None:
        """By either id; the number wins. The latest of those that shared a client id."""
        if algo_id is not None:
            return self._by_id.get((account, algo_id))
        return self._by_client_id.get((account, client_algo_id or ""))

    def of(self, order: Order) -> AlgoOrder | None:
        """The entry of a model order, None for one of the plain endpoint."""
        return self._by_order.get((order.symbol, order.order_id))
