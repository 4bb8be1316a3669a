"""What a run is measured by, for a table with a line for each run.

success              1 if every signal's symbol ended with a position and a stop-loss that covers it
opened               how many of the signals' symbols did
rolled_back          1 if any symbol was rolled back, or its opening failed
unprotected_s        the longest time that a position was without a resting stop-loss, at most to
                     the run's end
time_to_protected_s  from the first signal to the moment from which every symbol's position has its
                     stop-loss; empty where one never had
requests, weight     what the bot asked of all venues, over REST and WebSocket, and the rate-limit
                     weight of it (Bybit: requests that count against the address)
waves_over_limit     waves that opened more positions than their limit
lost_usdt            what the wallets lost: fees, and what positions closed at a loss
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replay.tuning.work import Row

if TYPE_CHECKING:
    from replay.result import RunResult
    from scenarios.schema import Scenario

_NS_PER_S = 1e9


def measured(scenario: Scenario, result: RunResult) -> Row:
    """One line. The run that it is of can be repeated by its seed."""
    outcomes = result.outcomes
    return {
        "seed": result.seed,
        "success": int(all(each == "opened" for each in outcomes.values())),
        "opened": sum(each == "opened" for each in outcomes.values()),
        "rolled_back": int(any(each == "rolled_back" for each in outcomes.values())),
        "unprotected_s": max(result.unprotected_ns.values(), default=0) / _NS_PER_S,
        "time_to_protected_s": _time_to_protected_s(scenario, result),
        "requests": sum(each.requests for each in result.usage.values()),
        "weight": sum(each.weight for each in result.usage.values()),
        "waves_over_limit": result.waves_over_limit,
        "lost_usdt": float(sum(each.lost for each in result.usage.values())),
    }


def _time_to_protected_s(scenario: Scenario, result: RunResult) -> float | None:
    """Of the last symbol to be protected."""
    protected: dict[str, int] = {}
    for truth in result.truth:
        for held in truth.positions:
            if held.quantity and held.protected:
                protected.setdefault(held.symbol, held.start_ns)
    moments = [protected.get(symbol) for symbol in scenario.symbols]
    if not moments or any(each is None for each in moments):
        return None
    return (max(each for each in moments if each is not None) - scenario.begins) / _NS_PER_S
