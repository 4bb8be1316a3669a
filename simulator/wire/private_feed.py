"""What accounts are told over private streams, and when.

What happens at one instant belongs together, so it is gathered and told at its end; each kind of
event follows after a lag of its own, never before an earlier one of its kind.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.exchange.facts import Fact, LeverageFact, OrderFact
from simulator.exchange.visibility import Visibility
from simulator.wire.connections import Wire


class PrivateFeed:
    """Hears the model on behalf of the accounts that `listens` is true of."""

    def __init__(
        self,
        wire: Wire,
        lags: Visibility,
        *,
        listens: Callable[[str], bool],
        on_orders: Callable[[list[OrderFact]], None],
        on_leverage: Callable[[LeverageFact], None],
    ) -> None:
        self._wire = wire
        self._lags = lags
        self._listens = listens
        self._on_orders = on_orders
        self._on_leverage = on_leverage
        self._facts: list[OrderFact] = []
        self._due_ns: dict[tuple[str, str], int] = {}

    def hear(self, fact: Fact) -> None:
        """The exchange's listener."""
        if isinstance(fact, OrderFact):
            if self._listens(fact.account):
                if not self._facts:
                    self._wire.after(0, self._flush)
                self._facts.append(fact)
        elif isinstance(fact, LeverageFact) and self._listens(fact.account):
            self._on_leverage(fact)

    def _flush(self) -> None:
        facts, self._facts = self._facts, []
        self._on_orders(facts)

    def tell(self, account: str, event: str, symbol: str, deliver: Callable[[], None]) -> None:
        """Delivers after the event's lag, in strict order within one kind of event."""
        now_ns = self._wire.now_ns
        lag_ns = self._lags.draw_lag_ns("stream." + event, symbol)
        due_ns = max(now_ns + lag_ns, self._due_ns.get((account, event), 0))
        if due_ns <= now_ns:
            deliver()
            return
        self._due_ns[account, event] = due_ns
        self._wire.after(due_ns - now_ns, deliver)


def by_order(facts: list[OrderFact]) -> list[list[OrderFact]]:
    """The facts of each order, in the order in which they happened."""
    groups: dict[tuple[str, int], list[OrderFact]] = {}
    for fact in facts:
        groups.setdefault((fact.order.symbol, fact.order.order_id), []).append(fact)
    return list(groups.values())
