"""What the endpoint handlers work with: the model, the profile, and the ids the venue adds."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field

import simpy

from simulator.binance.algo_orders import AlgoOrders
from simulator.binance.errors import Problem
from simulator.binance.listen_keys import ListenKeys
from simulator.binance.parameters import Parameters
from simulator.binance.profiles import Profile
from simulator.binance.settings import Settings
from simulator.exchange.exchange import Exchange
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import Order, OrderStatus
from simulator.wire import calls
from simulator.wire.json_text import Json

_ID_LETTERS = string.ascii_letters + string.digits


Call = calls.Call[Parameters]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Handed to every handler; holds no trading state, that is the exchange's."""

    env: simpy.Environment
    exchange: Exchange
    profile: Profile
    settings: Settings
    algo_orders: AlgoOrders
    listen_keys: ListenKeys
    client_ids: random.Random
    shown_orders: dict[int, tuple[Order, Json]] = field(default_factory=dict)
    """By id: an order and what a query shows of it, as long as it is the same order."""

    @classmethod
    def open(
        cls,
        env: simpy.Environment,
        exchange: Exchange,
        profile: Profile,
        settings: Settings,
        listen_keys: ListenKeys,
        client_ids: random.Random,
    ) -> Desk:
        """A desk that hears the exchange: to be opened before any stream listens to it, for it
        must know an order before anybody is told of it."""
        desk = cls(
            env=env,
            exchange=exchange,
            profile=profile,
            settings=settings,
            algo_orders=AlgoOrders(settings.first_algo_id),
            listen_keys=listen_keys,
            client_ids=client_ids,
        )
        exchange.listen(desk.algo_orders.hear, prices=False)
        return desk

    @property
    def now_ns(self) -> int:
        return self.env.now  # type: ignore[return-value]  # an int in this project's clock

    @property
    def now_ms(self) -> int:
        return self.env.now // 1_000_000  # type: ignore[return-value]

    def instrument(self, parameters: Parameters) -> Instrument:
        """Of the mandatory `symbol`. Raises -1102 or -1121."""
        instrument = self.exchange.instruments.get(parameters.need("symbol"))
        if instrument is None:
            raise Problem.BAD_SYMBOL.error()
        return instrument

    def optional_instrument(self, parameters: Parameters) -> Instrument | None:
        """Of `symbol` where it was sent. Raises -1105 or -1121."""
        return self.instrument(parameters) if parameters.text("symbol") is not None else None

    def instruments(self, parameters: Parameters) -> list[Instrument]:
        """The one of `symbol`, or all."""
        one = self.optional_instrument(parameters)
        return [one] if one else list(self.exchange.instruments.values())

    def hidden(self, order: Order) -> bool:
        """Whether only the algo endpoints know the order: it was placed there and still waits."""
        return order.status is OrderStatus.UNTRIGGERED and self.waits_as_algo(order)

    def waits_as_algo(self, order: Order) -> bool:
        """Placed at the algo endpoint and never triggered, whatever became of it."""
        return order.triggered_ns is None and self.algo_orders.of(order) is not None

    def new_client_id(self) -> str:
        """An id of the venue's own making, for an order that came without one."""
        return "".join(self.client_ids.choices(_ID_LETTERS, k=22))
