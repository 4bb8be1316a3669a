"""The evidence of a run, when things have settled: the venues' truth and the bot's belief."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from replay.evidence import Belief, Evidence, WaveOutcome
from replay.result import BotEvent, Milestone

if TYPE_CHECKING:
    from replay.guest import Guest
    from replay.programs import ProgramGuest
    from replay.stage import Stage
    from scenarios.schema import Scenario


def gather(
    scenario: Scenario,
    stage: Stage,
    guest: Guest | ProgramGuest,
    milestones: tuple[Milestone, ...],
) -> Evidence:
    """What is true at the end of the run, and what the bot holds to be true."""
    now_ns, believed = stage.world.env.now, guest.believes()
    observers = stage.observers.values()
    end_positions = {
        symbol: quantity for one in observers for symbol, quantity in one.positions().items()
    }
    return Evidence(
        protection=tuple(each for one in observers for each in one.protection(now_ns)),
        end_positions=end_positions,
        end_orders=tuple(order for one in observers for order in one.orders()),
        believed=None if believed is None else _belief(scenario, believed),
        milestones=milestones,
        waves=tuple(_waves(scenario, end_positions)),
        exit_code=guest.exit_code,
        utc_offset_s=stage.world.utc_offset_s,
    )


def _belief(scenario: Scenario, believed: Mapping[str, Any]) -> Belief:
    return Belief(
        positions={
            scenario.name_of(each["venue"], each["symbol"]): _signed(each)
            for each in believed.get("positions", ())
        },
        orders=tuple(str(each) for each in believed.get("orders", ())),
        events=tuple(_event(each) for each in believed.get("events", ())),
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
