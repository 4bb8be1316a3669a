"""A venue as a test sees it: from outside its address and keys, from above the truth."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from replay.stage import BOT
from scenarios import build
from scenarios.document import Document
from scenarios.errors import ScenarioError
from scenarios.markets import Venue as VenuePart
from scenarios.markets import VenueBehaviour
from scenarios.problems import problems_of
from scenarios.types import Frame, nearest
from scenarios.units import Start
from scenarios.venues import problems_of_venues
from simulator.clock import NS_PER_S
from simulator.errors import InputError

if TYPE_CHECKING:
    import respx

    from simulator.exchange.exchange import Exchange
    from simulator.exchange.orders import Fill, Order
    from simulator.wire.venue import Venue

Number = Decimal | int | float | str
"""A float counts as what it shows: 0.1 is a tenth."""

LATENCY_NS = 20_000_000
"""From the bot to a venue, and back."""

_ADDABLE = ("latency", "visibility", "faults")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedVenue:
    """What the fixtures `binance` and `bybit` give, and their routers.

    Truth is the venue's model: what it has, whatever its queries and streams show by now.
    """

    name: str
    hosts: tuple[str, ...] = field(repr=False)
    """The production host names it answers at."""
    api_key: str = field(repr=False)
    secret: str = field(repr=False)
    start: Start = field(repr=False)
    """When its world began."""
    router: respx.MockRouter | None = field(default=None, repr=False)
    """The router that answers for it; None where it serves in a world."""
    _part: VenuePart = field(repr=False)
    _venue: Venue = field(repr=False)
    _pass_ns: Callable[[int], None] = field(repr=False)

    @property
    def url(self) -> str:
        """Where its REST API is."""
        return f"https://{self.hosts[0]}"

    @property
    def exchange(self) -> Exchange:
        """The model itself, for what this class has no word for; the account is `bot`."""
        return self._venue.exchange

    # the truth

    @property
    def balance(self) -> Decimal:
        """The wallet, without unrealised profit."""
        return self.exchange.wallet(BOT).balance

    @property
    def positions(self) -> dict[str, Decimal]:
        """Signed quantities by symbol, flat ones left out."""
        held = self.exchange.positions(BOT)
        return {each.symbol: each.quantity for each in held if each.quantity}

    @property
    def orders(self) -> list[Order]:
        """All orders ever, by symbol, oldest first."""
        return self.exchange.orders(BOT)

    @property
    def open_orders(self) -> list[Order]:
        """Those that rest or wait for their trigger."""
        return self.exchange.open_orders(BOT)

    @property
    def fills(self) -> list[Fill]:
        """All fills ever, in their order."""
        return self.exchange.fills(BOT)

    @property
    def faults_fired(self) -> Mapping[str, int]:
        """How often each fault fired, 0 for those that never did."""
        return dict(self._venue.faults.fired)

    # what happens

    def price(self, symbol: str) -> Decimal:
        """The last price."""
        self._check(symbol)
        return self.exchange.last_price(symbol)

    def set_price(self, symbol: str, price: Number, *, mark: Number | None = None) -> None:
        """From now on the price is this, and the mark price too unless `mark` says otherwise.

        What it triggers or fills acts at once. Raises InputError for a symbol that is not listed
        and for a price that is not above 0.
        """
        self._check(symbol)
        try:
            self.exchange.set_price(
                symbol, _decimal(price), None if mark is None else _decimal(mark)
            )
        except (ValueError, ArithmeticError) as error:
            raise InputError(f"{symbol}: {error or price}; write a number above 0") from error

    def behave(self, **parts: Any) -> None:
        """Adds rules in the words of a scenario's `behaviour`, as if written after the others:
        `latency=[...]`, `visibility=[...]`, `faults=[{"name": ..., "endpoint": ...}]`.

        They hold from now on. Raises ScenarioError with the line of the call, the rule and the
        cure for what a scenario file could not say either.
        """
        caller = sys._getframe(1)
        place = (caller.f_code.co_filename, caller.f_lineno)
        for part in parts:
            if part not in _ADDABLE:
                cure = nearest(part, _ADDABLE)
                raise InputError(
                    f"{place[0]}:{place[1]}: {part} — cannot be changed while a venue serves; "
                    f"{cure}, or write a scenario"
                )
        try:
            self._venue.rules.add(build.behaviour(self.name, self._read(parts, place)))
        except ValueError as error:
            raise InputError(f"{place[0]}:{place[1]}: {error}") from error

    def advance(self, seconds: float) -> None:
        """Lets time pass, as `time.sleep` does; a coroutine awaits `asyncio.sleep` instead.

        Raises InputError for less than 0.
        """
        if seconds < 0:
            raise InputError(f"advance({seconds}) — time cannot go backwards; give 0 or more")
        self._pass_ns(round(seconds * NS_PER_S))

    def _read(self, parts: Mapping[str, Any], place: tuple[str, int]) -> VenuePart:
        """This venue with these rules alone, checked as the rules of a file are."""
        file, line = place
        said = {name: _exact(rules) for name, rules in parts.items()}
        inside = {"venues": {self.name: {"behaviour": said}}}
        problems = list(problems_of_venues(Document(file, inside, {(): line})))
        frame = Frame(start=self.start, symbols=list(self.exchange.instruments))
        try:
            rules = VenueBehaviour.model_validate(said, context=frame)
        except ValidationError as error:
            problems += problems_of(error, Document(file, said, {(): line}), VenueBehaviour)
        if problems:
            raise ScenarioError(problems)
        return self._part.model_copy(update={"behaviour": rules})

    def _check(self, symbol: str) -> None:
        known = list(self.exchange.instruments)
        if symbol not in known:
            raise InputError(f"{self.name} does not list {symbol!r}; {nearest(symbol, known)}")


def _decimal(value: Number) -> Decimal:
    return Decimal(str(value))


def _exact(value: Any) -> Any:
    """As a file would have it: decimals instead of floats, lists instead of tuples."""
    match value:
        case float():
            return Decimal(str(value))
        case list() | tuple():
            return [_exact(each) for each in value]
        case dict():
            return {name: _exact(each) for name, each in value.items()}
    return value
