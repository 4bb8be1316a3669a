"""The ready-made behaviours and the theories: each comes out as it says, and by its behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from replay import runner
from replay.result import RunResult
from scenarios import catalogue
from scenarios.markets import Book, Price, Venue, VenueBehaviour
from scenarios.schema import Bot, BotVersion, Scenario

BEHAVIOURS = catalogue.grouped()["behaviours"]
THEORIES = catalogue.grouped()["theories"]
OLDER = ("2025-10-28", "2025-10-28-three-fixes", "2025-10-29", "2025-10-29-attribute-access")
VERSIONS = (*OLDER, "current")
RUNS = [(name, version) for name in BEHAVIOURS for version in VERSIONS]
RUNS += [(name, catalogue.open_scenario(name).versions[0]) for name in THEORIES]


@cache
def replay(name: str, version: str) -> RunResult:
    return runner.run(name, version=version)


def told(result: RunResult) -> list[str]:
    return [f"{each.name}: {each.evidence}" for each in result.verdict.surprises]


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_behaviour_speaks_of_the_five_versions(name: str) -> None:
    assert catalogue.open_scenario(name).versions == VERSIONS


@pytest.mark.parametrize(("name", "version"), RUNS)
def test_it_comes_out_as_expected(name: str, version: str) -> None:
    result = replay(name, version)
    assert told(result) == []
    assert result.refusals == ()
    assert result.unknown_hosts == ()
    assert result.over_budget == ()


FAULTY = [
    (name, version)
    for name, version in RUNS
    if any(venue.behaviour.faults for venue in catalogue.open_scenario(name).venues.values())
]


@pytest.mark.parametrize(("name", "version"), FAULTY)
def test_every_fault_fires(name: str, version: str) -> None:
    fired = replay(name, version).faults_fired
    assert fired
    assert [fault for fault, times in fired.items() if not times] == []


# Without its behaviour, a scenario does not come out as it says.


def _first_price_for_ever(venue: Venue) -> Venue:
    changed = {}
    for symbol, each in venue.instruments.items():
        assert each.price.points is not None
        price = Price(constant=each.price.points[0][1])
        changed[symbol] = each.model_copy(update={"price": price})
    return venue.model_copy(update={"instruments": changed})


def _deep_book(venue: Venue) -> Venue:
    book = Book(quantity=100000)
    changed = {
        symbol: each.model_copy(update={"book": book}) for symbol, each in venue.instruments.items()
    }
    return venue.model_copy(update={"instruments": changed})


def _other_leverage(venue: Venue) -> Venue:
    return venue.model_copy(update={"leverage": 20})


def _no_behaviour(venue: Venue) -> Venue:
    assert venue.behaviour != VenueBehaviour()
    return venue.model_copy(update={"behaviour": VenueBehaviour()})


def _all_defects(bot: Bot) -> Bot:
    versions = {name: BotVersion() for name in bot.versions}
    return bot.model_copy(update={"versions": versions})


WITHOUT: Mapping[str, Callable[[Venue], Venue]] = {
    "stop_would_trigger": _first_price_for_ever,
    "partial_fill": _deep_book,
    "far_fill": _deep_book,
    "leverage_set": _other_leverage,
}
"""What is taken away where it is no rule of the venue's behaviour."""


THEORIES_OF_THE_BOT = ("theory_logged_twice", "theory_sources_order", "theory_three_bugs")
"""They say that a bot with these defects alone would have failed so; without them: with all."""


def plain(name: str) -> Scenario:
    """The scenario without what it is about."""
    scenario = catalogue.open_scenario(name)
    if name in THEORIES_OF_THE_BOT:
        return scenario.model_copy(update={"bot": _all_defects(scenario.bot)})
    without = WITHOUT.get(name, _no_behaviour)
    venues = {venue: without(part) for venue, part in scenario.venues.items()}
    return scenario.model_copy(update={"venues": venues})


UNMOVED = {
    **{("leverage_set", version): "110043 is swallowed without a word" for version in VERSIONS},
    **{("late_order_bybit", version): "it never asks for the order" for version in OLDER},
    **{
        (name, "current"): "goes by what orders and streams say, not by positions"
        for name in ("stale_positions", "stale_positions_wick", "stale_positions_rollback")
    },
}
"""Those that say nothing of the behaviour, and why. That it was there is seen in their traces."""


def expectations() -> Iterator[tuple[str, str]]:
    """Each that there is, by the first version that shares it."""
    for name in (*BEHAVIOURS, *THEORIES):
        expect = catalogue.open_scenario(name).expect
        for index, (version, expected) in enumerate(expect.items()):
            if expected not in [*expect.values()][:index] and (name, version) not in UNMOVED:
                yield name, version


@pytest.mark.parametrize(("name", "version"), [*expectations()])
def test_without_the_behaviour_it_comes_out_otherwise(name: str, version: str) -> None:
    assert not runner.play(plain(name), name, version=version).verdict.ok


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One request and its reply."""

    at_s: float
    """When the venue acted on it, after the start."""
    replied_s: float
    request: str
    params: Mapping[str, str]
    body: str


def exchanged(trace: RunResult) -> Iterator[Exchanged]:
    requests: dict[Any, Mapping[str, Any]] = {}
    for entry in trace.trace:
        if entry["kind"] == "request":
            requests[entry["host"], entry["id"]] = entry
        elif entry["kind"] == "reply":
            asked = requests[entry["host"], entry["id"]]
            yield Exchanged(
                asked["t"] / 1e9,
                entry["t"] / 1e9,
                f"{asked['method']} {asked['path']}",
                asked["params"],
                entry.get("body", ""),
            )


def positions_shown(result: RunResult, since_s: float, until_s: float) -> list[str]:
    """What the position query answered in a span of time."""
    return [
        each.body
        for each in exchanged(result)
        if each.request == "GET /fapi/v3/positionRisk" and since_s < each.at_s < until_s
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_bybit_calls_the_same_leverage_again_an_error(version: str) -> None:
    (reply,) = [
        each
        for each in exchanged(replay("leverage_set", version))
        if each.request == "POST /v5/position/set-leverage"
    ]
    assert '"retCode":110043' in reply.body


@pytest.mark.parametrize("version", OLDER)
def test_the_older_versions_never_ask_bybit_for_the_order(version: str) -> None:
    asked = [each.request for each in exchanged(replay("late_order_bybit", version))]
    assert "POST /v5/order/create" in asked
    assert "GET /v5/order/realtime" not in asked


def test_the_older_versions_would_find_the_order_late_if_they_asked() -> None:
    scenario = catalogue.open_scenario("late_order_bybit")
    settings = {**scenario.bot.settings, "remove_defects": ["fetch_order_unacknowledged"]}
    bot = scenario.bot.model_copy(update={"settings": settings})
    asking = scenario.model_copy(update={"bot": bot})
    result = runner.play(asking, "late_order_bybit", version="2025-10-29")
    names = [each.name for each in result.milestones]
    assert names.count("order_query_failed") == 2
    assert "order_fetched" in names


@pytest.mark.parametrize("name", ["stale_positions", "stale_positions_wick"])
def test_a_closed_position_is_shown_for_six_seconds_more(name: str) -> None:
    shown = positions_shown(replay(name, "current"), 40, 46)
    assert shown
    assert all('"positionAmt":"12"' in body for body in shown)


def test_a_new_position_is_not_shown_for_six_seconds() -> None:
    shown = positions_shown(replay("stale_positions_rollback", "current"), 10.26, 16.26)
    assert shown
    assert set(shown) == {"[]"}


def test_the_guard_sees_the_position_while_the_order_is_on_its_way() -> None:
    result = replay("position_first", "current")
    (order,) = [each for each in exchanged(result) if each.request == "POST /fapi/v1/order"]
    shown = positions_shown(result, order.at_s, order.replied_s)
    assert shown
    assert all('"positionAmt":"12"' in body for body in shown)


# The theories of DEGENUSDT's report, each by what it would have left in the log.


@dataclass(frozen=True, slots=True)
class Left:
    """What is in the log of an opening that was not verified."""

    websocket: bool
    order_status: bool
    rest_api: bool
    fetched_first: bool
    """The order was fetched on attempt 1 of 5."""
    query_failed: bool
    """A WARNING tells of a failed order query."""


PRODUCTION = Left(True, False, True, fetched_first=True, query_failed=False)
TABLE = {
    "theory_rate_limit": Left(True, False, True, True, query_failed=True),
    "theory_rate_limit_by_ip": Left(True, False, False, True, query_failed=True),
    "theory_endpoint_throttling": Left(True, False, True, True, query_failed=True),
    "theory_not_yet_queryable": Left(True, False, True, False, query_failed=True),
    "theory_wrong_id_format": Left(True, False, True, True, query_failed=True),
    "theory_wrong_symbol_format": Left(True, False, True, True, query_failed=True),
    "degenusdt": PRODUCTION,
}


DEGENUSDTS = [
    name for name in THEORIES if catalogue.open_scenario(name).versions == ("2025-10-29",)
]


def test_every_theory_of_the_report_is_in_the_table() -> None:
    assert [*sorted(TABLE)] == sorted([*DEGENUSDTS, "degenusdt"])


def left(result: RunResult) -> Left:
    (timeout,) = [
        each.groups
        for each in result.milestones
        if each.name == "verification_timeout" and each.groups["symbol"] == "DEGENUSDT"
    ]
    fetched = [
        each.groups["attempt"]
        for each in result.milestones
        if each.name == "order_fetched" and each.groups["id"] == "1020563016"
    ]
    return Left(
        websocket=timeout["websocket"] == "True",
        order_status=timeout["order_status"] == "True",
        rest_api=timeout["rest_api"] == "True",
        fetched_first=fetched == ["1"],
        query_failed=any(each.name == "order_query_failed" for each in result.milestones),
    )


@pytest.mark.parametrize("name", TABLE)
def test_what_a_theory_would_have_left_in_the_log(name: str) -> None:
    assert left(replay(name, "2025-10-29")) == TABLE[name]


def test_only_the_defect_leaves_what_production_had() -> None:
    found = [name for name in TABLE if left(replay(name, "2025-10-29")) == PRODUCTION]
    assert found == ["degenusdt"]


@pytest.mark.parametrize("name", DEGENUSDTS)
def test_without_the_theory_the_bot_without_the_defect_opens(name: str) -> None:
    result = runner.play(plain(name), name, version="2025-10-29")
    names = [each.name for each in result.milestones]
    assert "verification_confirmed" in names
    assert "order_query_failed" not in names


def test_only_a_limit_by_ip_reaches_the_other_endpoints() -> None:
    refused = {
        each.request
        for each in exchanged(replay("theory_rate_limit_by_ip", "2025-10-29"))
        if "Way too many requests" in each.body
    }
    assert refused == {"GET /fapi/v1/order", "GET /fapi/v3/positionRisk"}
