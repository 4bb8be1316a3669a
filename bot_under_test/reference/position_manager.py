"""What the bot believes to hold, kept up to date by position events."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from bot_under_test.reference.defects import Defect
from bot_under_test.reference.followed_positions import PositionEvent

logger = logging.getLogger("core.position_manager")

_PENDING: Final = "pending"
"""The id of a placeholder: the position is being opened and has no row yet."""


@dataclass(slots=True, kw_only=True)
class TrackedPosition:
    """One position, or the placeholder of one; `quantity` is absolute."""

    id: int | str
    symbol: str
    side: str
    quantity: float = 0.0
    entry_price: float = 0.0
    mark_price: float = 0.0
    stop_id: str | None = None
    ended: bool = False
    """The venue told of a position, and then that it is gone."""


class PositionManager:
    """Ignores events of symbols that it does not track.

    `on_mark_price` and `on_closed` hear of positions that are no placeholders.
    """

    def __init__(self, defects: frozenset[Defect], tracked_symbols: Iterable[str]) -> None:
        self._defects = defects
        self.positions: dict[str, TrackedPosition] = {
            symbol: TrackedPosition(id=f"earlier:{symbol}", symbol=symbol, side="")
            for symbol in tracked_symbols
        }
        self.on_mark_price: Callable[[TrackedPosition], None] = _nothing
        self.on_closed: Callable[[TrackedPosition], None] = _nothing

    # tracking

    def pre_register(self, symbol: str, side: str) -> None:
        """A placeholder, so that events of the symbol are not skipped."""
        self.positions[symbol] = TrackedPosition(id=_PENDING, symbol=symbol, side=side)
        logger.info("⚡ Pre-registered %s for WebSocket updates", symbol)

    def confirm(self, tracked: TrackedPosition) -> None:
        """From now on it is a position with a row."""
        self.positions[tracked.symbol] = tracked

    def remove(self, symbol: str) -> None:
        self.positions.pop(symbol, None)

    def get(self, symbol: str) -> TrackedPosition | None:
        return self.positions.get(symbol)

    def get_cached_position(self, symbol: str) -> float:
        """The quantity as the streams told it; 0 for none."""
        tracked = self.positions.get(symbol)
        return tracked.quantity if tracked else 0.0

    # events

    def on_event(self, event: PositionEvent) -> None:
        """Takes one position event of the streams."""
        symbol = event["symbol"]
        tracked = self.positions.get(symbol)
        if tracked is None:
            logger.info(
                "  → Skipped: %s not in tracked positions (%s...)",
                symbol,
                list(self.positions)[:5],
            )
            return
        if event["mark_price"]:
            tracked.mark_price = float(event["mark_price"])
            logger.info(
                "📊 Position update: %s → %s, mark_price=%.8f",
                symbol,
                symbol,
                tracked.mark_price,
            )
        if tracked.id == _PENDING:
            self._update_placeholder(tracked, event)
        else:
            self._update(tracked, event)

    def _update_placeholder(self, tracked: TrackedPosition, event: PositionEvent) -> None:
        if Defect.PENDING_SKIPS_UPDATE in self._defects:
            return
        if Defect.PENDING_READS_WRONG_KEYS in self._defects:
            quantity = float(event.get("contracts") or event.get("quantity") or 0)
        else:
            quantity = float(event["size"])
        tracked.ended = tracked.quantity > 0 and quantity == 0
        tracked.quantity = quantity
        tracked.entry_price = float(event["entry_price"] or tracked.entry_price)

    def _update(self, tracked: TrackedPosition, event: PositionEvent) -> None:
        quantity = float(event["size"])
        if quantity == 0:
            tracked.quantity, tracked.ended = 0.0, True
            self.on_closed(tracked)
            return
        tracked.quantity = quantity
        tracked.side = event["side"]
        tracked.entry_price = float(event["entry_price"] or tracked.entry_price)
        if event["mark_price"]:
            self.on_mark_price(tracked)


def _nothing(_: TrackedPosition) -> None:
    """For whoever does not want to hear."""
