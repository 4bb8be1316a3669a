"""The scenarios at hand, their schema, and what SKLUSDT says."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from scenarios import catalogue
from scenarios.errors import ScenarioError
from scenarios.loader import json_schema_text
from scenarios.units import parse_moment
from simulator.distributions import Fixed

KEPT = ("bot", "fapi.binance.com")


def test_the_published_schema_is_the_one_in_force() -> None:
    published = (catalogue.FOLDER / "schema.json").read_text(encoding="utf-8")
    assert published == json_schema_text(), (
        "write it anew: python -m scenarios.loader > scenarios/schema.json"
    )


def test_the_schema_refuses_unknown_keys_as_the_loader_does() -> None:
    schema = json.loads(json_schema_text())
    assert schema["additionalProperties"] is False
    assert all(
        part["additionalProperties"] is False
        for part in schema["$defs"].values()
        if part.get("type") == "object"
    )


@pytest.mark.parametrize("name", catalogue.names())
def test_every_scenario_that_comes_along_can_be_loaded(name: str) -> None:
    scenario = catalogue.open_scenario(name)
    assert scenario.name == name
    assert scenario.log is None or scenario.beside(scenario.log.file).is_file()


def test_a_scenario_is_found_by_name_and_by_path() -> None:
    by_name = catalogue.find("sklusdt")
    assert by_name == catalogue.find(str(by_name))


def test_a_misspelt_scenario_gets_a_suggestion() -> None:
    with pytest.raises(ScenarioError, match="no such scenario; did you mean 'sklusdt'"):
        catalogue.find("skulsdt")


def test_a_path_without_a_file_lists_the_names() -> None:
    with pytest.raises(ScenarioError, match=r"no such file; scenarios by name: .*sklusdt"):
        catalogue.find("elsewhere/none.yaml")


def test_sklusdt_speaks_of_the_five_versions() -> None:
    assert catalogue.open_scenario("sklusdt").versions == (
        "2025-10-28",
        "2025-10-28-three-fixes",
        "2025-10-29",
        "2025-10-29-attribute-access",
        "current",
    )


def test_sklusdt_has_the_round_trip_of_the_log() -> None:
    scenario = catalogue.open_scenario("sklusdt")
    link = next(link for link in scenario.links if link.between == KEPT)
    assert link.latency == Fixed(175_000_000)  # 10.513 s = 8.0625 s of sleep and 7 round trips


def test_sklusdt_expects_every_line_of_the_log_in_production() -> None:
    scenario = catalogue.open_scenario("sklusdt")
    expected = scenario.expect["2025-10-28"].milestones
    timed = {rule.at: rule.within for rule in expected if rule.at is not None}
    log_times = [
        "22:34:11.543", "22:34:11.898", "22:34:12.246", "22:34:12.850", "22:34:12.857",
        "22:34:13.109", "22:34:14.109", "22:34:23.371", "22:34:23.724", "22:34:24.074",
        "22:34:25.574", "22:34:25.575",
    ]  # fmt: skip
    assert timed == {parse_moment(text, scenario.start): 10_000_000 for text in log_times}
    distances = {rule.name: (rule.by, rule.within) for rule in expected if rule.by is not None}
    assert distances == {
        "ws_update_skipped": (2_000_000, 1_000_000),
        "pre_registered": (4_000_000, 1_000_000),
    }


def test_sklusdt_expects_the_cured_bot_to_hold_what_the_signal_bought() -> None:
    current = catalogue.open_scenario("sklusdt").expect["current"]
    assert (current.outcome, current.position) == ("opened", {"SKLUSDT": Decimal(308)})
