"""The evidence of a run, when things have settled: the venues' truth and the bot's belief."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from replay.evidence import Belief, Evidence, WaveOutcome
from replay.result import BotEvent, Milestone
from replay.stage import BOT

if TYPE_CHECKING:
    from replay.cast import Cast
    from replay.stage import Stage
    from scenarios.schema import Scenario


def gather(
    scenario: Scenario, stage: Stage, account: str, cast: Cast, milestones: Sequence[Milestone]
) -> Evidence:
    """What is true of one account at the end of the run, and what its bot holds to be true."""
    now_ns, hosts = stage.world.env.now, scenario.hosts_of(account)
    observers = stage.accounts[account].observers.values()
    end_positions = {
        symbol: quantity for one in observers for symbol, quantity in one.positions().items()
    }
    beliefs = [each.believes() for each in cast.everybody if each.host.name in hosts]
    said = [each for each in beliefs if each is not None]
    return Evidence(
        protection=tuple(each for one in observers for each in one.protection(now_ns)),
        end_positions=end_positions,
        end_orders=tuple(order for one in observers for order in one.orders()),
        believed=_belief(scenario, said) if said else None,
        milestones=tuple(each for each in milestones if each.host in hosts),
        waves=tuple(_waves(scenario, end_positions)) if account == BOT else (),
        exit_code=cast.main.exit_code if account == BOT else None,
        utc_offset_s=stage.world.utc_offset_s,
    )


def _belief(scenario: Scenario, said: Sequence[Mapping[str, Any]]) -> Belief:
    """Of all parts of a bot that say something: positions add up, orders are known to all."""
    positions: dict[str, Decimal] = {}
    for each in (one for part in said for one in part.get("positions", ())):
        name = scenario.name_of(each["venue"], each["symbol"])
        positions[name] = positions.get(name, Decimal(0)) + _signed(each)
    return Belief(
        positions=positions,
        orders=tuple(str(each) for part in said for each in part.get("orders", ())),
        events=tuple(_event(each) for part in said for each in part.get("events", ())),
    )


def _waves(scenario: Scenario, end_positions: Mapping[str, Decimal]) -> Iterator[WaveOutcome]:
    for stimulus in scenario.stimulus:
        if stimulus.wave is not None:
            names = [scenario.name_of(each.exchange, each.symbol) for each in stimulus.signals]
            positions = tuple(name for name in names if end_positions.get(name))
            yield WaveOutcome(time_ns=stimulus.wave_ns, positions=positions)


def _event(row: Mapping[str, Any]) -> BotEvent:
    return BotEvent(
        type=str(row["event_type"]),
        data=row["event_data"],
        correlation_id=str(row["correlation_id"] or ""),
        severity=str(row["severity"]),
        created_at=str(row["created_at"]),
    )


def _signed(position: Mapping[str, Any]) -> Decimal:
    quantity = Decimal(str(position["quantity"]))
    side = getattr(position["side"], "value", position["side"])
    return -quantity if str(side).upper() in ("SELL", "SHORT") else quantity
