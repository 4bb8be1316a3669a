"""What the parts of one trader share."""

from __future__ import annotations

from dataclasses import dataclass

from bot_under_test.reference.database import Database
from bot_under_test.reference.exchange_manager import ExchangeManager
from bot_under_test.reference.position_manager import PositionManager
from bot_under_test.reference.settings import Settings
from bot_under_test.reference.stop_loss_manager import StopLossManager


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The account on a venue, and what the bot knows and may do about its positions."""

    settings: Settings
    exchange: ExchangeManager
    positions: PositionManager
    database: Database
    stops: StopLossManager
