"""What the endpoint handlers work with: the model, the profile, and what the façade adds."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

import simpy

from simulator.bybit.errors import Problem
from simulator.bybit.formats import order_number
from simulator.bybit.journal import Journal
from simulator.bybit.parameters import Parameters
from simulator.bybit.position_stops import PositionStops
from simulator.bybit.profiles import Profile
from simulator.bybit.settings import Settings
from simulator.exchange.exchange import Exchange
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import TriggerBy
from simulator.wire import calls
from simulator.wire.json_text import Json

Call: TypeAlias = calls.Call[Parameters]

LINEAR = "linear"
_CATEGORIES = (LINEAR, "spot", "inverse", "option")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers where the result alone does not say it all."""

    result: Json
    message: str = "OK"
    extra: Json = field(default_factory=dict)
    """`retExtInfo`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Handed to every handler; holds no trading state, that is the exchange's."""

    env: simpy.Environment
    exchange: Exchange
    profile: Profile
    settings: Settings
    journal: Journal
    position_stops: PositionStops

    @classmethod
    def open(
        cls, env: simpy.Environment, exchange: Exchange, profile: Profile, settings: Settings
    ) -> Desk:
        """A desk that hears the exchange: to be opened before anybody places an order there, and
        before any stream listens to it."""
        desk = cls(
            env=env,
            exchange=exchange,
            profile=profile,
            settings=settings,
            journal=Journal(exchange, settings.closed_orders_kept),
            position_stops=PositionStops(env, exchange),
        )
        exchange.listen(desk.journal.hear, prices=False)
        exchange.listen(desk.position_stops.hear, prices=False)
        return desk

    @property
    def now_ns(self) -> int:
        return self.env.now  # type: ignore[return-value]  # an int in this project's clock

    @property
    def now_ms(self) -> int:
        return self.env.now // 1_000_000  # type: ignore[return-value]

    def price(self, symbol: str, trigger_by: TriggerBy) -> Decimal:
        """The price that triggers."""
        if trigger_by is TriggerBy.MARK:
            return self.exchange.mark_price(symbol)
        return self.exchange.last_price(symbol)

    def instrument(self, parameters: Parameters) -> Instrument:
        """Of the mandatory `symbol`."""
        symbol = parameters.need("symbol")
        instrument = self.exchange.instruments.get(symbol)
        if instrument is None:
            raise Problem.BAD_SYMBOL.error(symbol=symbol)
        return instrument

    def instruments(self, parameters: Parameters) -> list[Instrument]:
        """The one of `symbol`, or all that `baseCoin` and `settleCoin` leave."""
        if parameters.text("symbol") is not None:
            return [self.instrument(parameters)]
        base, settle = parameters.text("baseCoin"), parameters.text("settleCoin")
        return [
            each
            for each in self.exchange.instruments.values()
            if base in (None, each.base) and settle in (None, each.quote)
        ]

    def is_linear(self, parameters: Parameters) -> bool:
        """Whether the `category` is the one that is modelled; lists of the others are empty."""
        return parameters.choice("category", {each: each == LINEAR for each in _CATEGORIES})

    def need_linear(self, parameters: Parameters) -> None:
        """Raises 10001 for a `category` that is not modelled."""
        if not self.is_linear(parameters):
            raise Problem.UNSUPPORTED.error(name=f"category {parameters.values['category']}")


def order_ids(parameters: Parameters) -> tuple[int | None, str | None]:
    """`orderId` as the model's number and, where that is not given, `orderLinkId`.

    What is no id of an order becomes -1, which no order has.
    """
    text = parameters.text("orderId")
    if text is None:
        return None, parameters.text("orderLinkId")
    number = order_number(text)
    return -1 if number is None else number, None
