"""A scenario set up: the world with its venues, links and stalls, and the bot's machine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from logging import LogRecord
from typing import TYPE_CHECKING, Any

from replay.observer import ExchangeObserver
from scenarios import build
from scenarios.types import SIGNALS
from scenarios.venues import host_names
from simulator import NS_PER_S, World
from simulator.exchange.visibility import Visibility
from simulator.signal_server import SignalServer
from simulator.venues import NAMES, kind
from simulator.wire.credentials import Credentials
from simulator.wire.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scenarios.hosts import HostSettings, Stall
    from scenarios.markets import Venue
    from scenarios.schema import Scenario
    from scenarios.stimuli import Signal, Wave
    from simulator.clock import Clock
    from simulator.exchange.exchange import Exchange
    from simulator.host import Host
    from simulator.randomness import Streams
    from simulator.wire.venue import Venue as VenueOnWire

BOT = "bot"
"""The name of the bot's machine, and of its account at every venue."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account, the same at every venue; each mapping is by venue."""

    observers: dict[str, ExchangeObserver] = field(default_factory=dict)
    credentials: dict[str, dict[str, str]] = field(default_factory=dict)
    """`api_key` and `secret`, made of the seed; they open nothing anywhere else."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a run needs. Made by `set_up` inside an entered world."""

    world: World
    bot_host: Host
    accounts: dict[str, Account]
    """By the name of the host that each belongs to."""
    venues: dict[str, VenueOnWire] = field(default_factory=dict)
    signals: list[SignalServer] = field(default_factory=list)
    """The signal server, where the scenario has waves."""
    bot_settings: dict[str, object] = field(default_factory=dict)
    """What the bot has to be told of the stage."""

    @property
    def credentials(self) -> dict[str, dict[str, str]]:
        """The bot's own."""
        return self.accounts[BOT].credentials

    def account_of(self, host: str) -> str:
        """Whose account a host trades with: its own, or the bot's."""
        return host if host in self.accounts else BOT

    def publish(self, wave: Wave, timestamp_ns: int) -> None:
        """Has the signal server serve a wave from now on, dated `timestamp_ns`."""
        self.signals[0].publish(
            [
                {**signal_values(each, timestamp_ns), "exchange": NAMES.index(each.exchange) + 1}
                for each in wave.signals
            ]
        )


def signal_values(signal: Signal, timestamp_ns: int) -> dict[str, object]:
    """As the signal server says it; times in milliseconds."""
    week, month = signal.scores
    values: dict[str, object] = {
        "id": signal.id,
        "symbol": signal.symbol,
        "side": signal.side,
        "score_week": float(week),
        "score_month": float(month),
        "timestamp": timestamp_ns // 1_000_000,
    }
    if signal.quantity is not None:
        values["quantity"] = float(signal.quantity)
    return values


def set_up(scenario: Scenario, world: World) -> Stage:
    """Makes hosts, links and stalls, has every venue serve, and looks whether neighbours are there.

    Raises InputError for a neighbour that is not.
    """
    further = {name: each for name, each in scenario.hosts.items() if name != BOT}
    own = [name for name, each in further.items() if each.account == "own"]
    bot_host = _host(BOT, scenario.hosts.get(BOT), world)
    stage = Stage(world, bot_host, {name: Account() for name in (BOT, *own)})
    for name, settings in further.items():
        _host(name, settings, world)
    for name, part in scenario.venues.items():
        add_venue(stage, name, part, partial(scenario.name_of, name))
    if any(stimulus.wave for stimulus in scenario.stimulus):
        _add_signal_server(stage, scenario)
    for way in build.one_ways(scenario):
        world.network.link(way.source, way.target, there=way.latency)
    for name, each in scenario.neighbours.items():
        world.neighbour(
            name, each.address, timeout_s=each.timeout / NS_PER_S, settle_s=each.settle / NS_PER_S
        )
    world.neighbours.check()
    return stage


def _host(name: str, settings: HostSettings | None, world: World) -> Host:
    if settings is None:
        return world.host(name)
    host = world.host(
        name, clock_offset_ns=settings.clock_offset, drift_ppm=float(settings.drift_ppm)
    )
    for number, stall in enumerate(settings.stalls):
        world.log_listeners.append(_staller(world, host, stall, number))
    return host


def _staller(world: World, host: Host, stall: Stall, number: int) -> Callable[[LogRecord], None]:
    """A listener that has the host stand still after the log records a stall speaks of."""
    message = re.compile(stall.after_log.message)
    left = stall.times

    def listen(record: LogRecord) -> None:
        nonlocal left
        if left == 0 or world.current is not host:
            return
        if not fnmatchcase(record.name, stall.after_log.logger):
            return
        if not message.search(record.getMessage()):
            return
        if left is not None:
            left -= 1
        lasts_ns = stall.lasts.draw_ns(world.streams[f"{host.name}.stall.{number}"])
        world.trace.record("stall", host.name, lasts_ns=lasts_ns, why=stall.why)
        world.block(lasts_ns, told=True)

    return listen


def _add_signal_server(stage: Stage, scenario: Scenario) -> None:
    world = stage.world
    token = world.streams[f"{SIGNALS}.token"].randbytes(16).hex()
    world.trace.hide(token)

    def record(kind: str, **fields: Any) -> None:
        world.trace.record(kind, SIGNALS, **fields)

    server = SignalServer(
        token, close_after_batch=scenario.signal_server.close_after_batch, record=record
    )
    world.run_until(world.host(SIGNALS).start(server.start()))
    stage.signals.append(server)
    stage.bot_settings.update({"signal_server": f"ws://{SIGNALS}/", "signal_token": token})


def add_venue(
    stage: Stage, name: str, part: Venue, name_of: Callable[[str], str] = str
) -> VenueOnWire:
    """Has a venue serve in the stage's world, with the accounts there are. `name_of` a symbol is
    what its position is called in findings."""
    world = stage.world

    def record(kind: str, **fields: Any) -> None:
        world.trace.record(kind, name, **fields)

    venue, keys = make_venue(
        name,
        part,
        env=world.env,
        streams=world.streams,
        record=record,
        hide=world.trace.hide,
        accounts=tuple(stage.accounts),
    )
    others = tuple(each for each in host_names(name) if each != name)
    host = world.host(name, names=others)
    world.run_until(host.start(venue.start()))
    stage.venues[name] = venue
    for owner, account in stage.accounts.items():
        account.observers[name] = ExchangeObserver(
            venue.exchange, owner, world.env.now, kind(name), name_of
        )
        own = keys[owner]
        account.credentials[name] = {"api_key": own.api_key, "secret": own.secret}
    return venue


def make_venue(
    name: str,
    part: Venue,
    *,
    env: Clock,
    streams: Streams,
    record: Callable[..., None],
    hide: Callable[[str], None],
    accounts: Sequence[str] = (BOT,),
) -> tuple[VenueOnWire, dict[str, Credentials]]:
    """A venue as a scenario describes it, its prices moving, and the keys of each account.

    Whether it serves, and where, is the caller's affair.
    """
    behaviour = build.behaviour(name, part)
    known = kind(name)
    exchange = known.make_exchange(
        env,
        build.listings(part),
        streams=streams,
        name=name,
        visibility=Visibility(env, behaviour.visibility, streams, name),
    )
    keys = {each: _open_account(each, exchange, name, part, streams, hide) for each in accounts}
    around = Surroundings(
        env=env,
        exchange=exchange,
        name=name,
        behaviour=behaviour,
        streams=streams,
        accounts=list(keys.values()),
        record=record,
        hide=hide,
    )
    venue = known.make_venue(around, part.profile)
    build.open_positions(exchange, BOT, part)  # seen by the venue, which keeps fees and profits
    exchange.start()
    return venue, keys


def _open_account(
    account: str,
    exchange: Exchange,
    venue: str,
    part: Venue,
    streams: Streams,
    hide: Callable[[str], None],
) -> Credentials:
    exchange.open_account(account, part.balance, part.leverage)
    stream = f"{venue}.credentials" if account == BOT else f"{venue}.credentials.{account}"
    api_key, secret = (streams[stream].randbytes(32).hex() for _ in range(2))
    hide(api_key)
    hide(secret)
    return Credentials(account=account, api_key=api_key, secret=secret)
