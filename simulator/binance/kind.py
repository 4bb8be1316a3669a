"""Binance as one of the venues that a scenario can name."""

from __future__ import annotations

from simulator.binance.profiles import PROFILES
from simulator.binance.settings import Settings
from simulator.binance.venue import Binance
from simulator.wire.venue import VenueKind

KIND = VenueKind(
    hosts=Binance.HOSTS,
    profiles=PROFILES,
    windows=("order", "open_orders", "positions", "balance", "fills"),
    events=(
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE",
        "TRADE_LITE",
        "ALGO_UPDATE",
        "CONDITIONAL_ORDER_TRIGGER_REJECT",
        "ACCOUNT_CONFIG_UPDATE",
    ),
    settings=Settings,
    venue=Binance,
    exchange_options=lambda streams, name: {},
    order_id=str,
    own_making=lambda order: False,
)
