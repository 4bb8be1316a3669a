"""What of a profile takes effect below a scenario, and who overrules the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.likeness import SCENARIO, Likeness, Overruled
from scenarios.loader import load_text
from tests.scenarios.test_profiles import PROFILE
from tests.scenarios.test_profiles import SCENARIO as TEXT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "slow.yaml").write_text(PROFILE, encoding="utf-8")
    return tmp_path


def likenesses(folder: Path, own: str = "", more: str = "", like: str = "slow.yaml") -> list[str]:
    """Of a scenario with these rules of its own, and more at its end."""
    begin, end = TEXT.split("      latency:\n")
    rules = f"{begin.replace('slow.yaml', like)}{own}{end[end.index('expect:') :]}{more}"
    return [each.told for each in load_text(rules, "x.yaml", folder=folder).likenesses]


def test_of_a_profile_below_a_scenario_without_rules_everything_takes_effect(folder: Path) -> None:
    assert likenesses(folder) == ["binance: slow"]


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ("visibility: [{window: order, lag: 1 s}]", "by the scenario: visibility order"),
        ("visibility: [{window: '*', lag: 1 s}]", "by the scenario: visibility order"),
        ("visibility: [{window: 'ord*', lag: 1 s}]", "by the scenario: visibility order"),
        (
            "visibility: [{window: order, symbol: SKLUSDT, lag: 1 s}]",
            "in part by the scenario: visibility order",
        ),
        (
            "visibility: [{window: order, since: +1 s, lag: 1 s}]",
            "in part by the scenario: visibility order",
        ),
        (
            "latency: [{endpoint: POST /fapi/v1/order, reply: 7 ms}]",
            "by the scenario: latency POST /fapi/v1/order (reply)",
        ),
        (
            "latency: [{endpoint: 'POST /fapi/v1/ord?r', reply: 7 ms}]",
            "by the scenario: latency POST /fapi/v1/order (reply)",
        ),
        (
            "limits: [{name: REQUEST_WEIGHT, limit: 600, per: 1 min}]",
            "by the scenario: limits",
        ),
        (
            "faults: [{name: busy, endpoint: GET /fapi/v1/order, kind: hang}]",
            "by the scenario: fault busy",
        ),
    ],
)
def test_what_the_scenario_says_itself_is_told(folder: Path, own: str, told: str) -> None:
    assert likenesses(folder, f"      {own}\n") == [f"binance: slow; overruled {told}"]


@pytest.mark.parametrize(
    "own",
    [
        "visibility: [{window: positions, lag: 1 s}]",
        "latency: [{endpoint: POST /fapi/v1/order, request: 7 ms}]",  # the other half
        "latency: [{endpoint: GET /fapi/v1/order, reply: 7 ms}]",
        "faults: [{name: other, endpoint: POST /fapi/v1/order, kind: hang}]",
    ],
)
def test_what_does_not_concern_the_profile_overrules_nothing(folder: Path, own: str) -> None:
    assert likenesses(folder, f"      {own}\n") == ["binance: slow"]


def test_links_of_the_scenario_are_told_by_their_hosts(folder: Path) -> None:
    links = "links: [{between: [fstream.binance.com, bot], latency: 9 ms}]\n"
    assert likenesses(folder, more=links) == [
        "binance: slow; overruled by the scenario: link bot to fstream.binance.com"
    ]


def test_a_profile_of_which_nothing_is_left_has_no_effect(folder: Path) -> None:
    own = (
        "      visibility: [{window: order, lag: 1 s}]\n"
        "      latency: [{reply: 7 ms}]\n"
        "      limits: [{name: REQUEST_WEIGHT, limit: 600, per: 1 min}]\n"
        "      faults: [{name: busy, endpoint: GET /fapi/v1/order, kind: hang}]\n"
    )
    links = "links: [{between: [bot, binance], latency: 9 ms}]\n"
    assert likenesses(folder, own, links) == [
        "binance: slow HAS NO EFFECT; overruled by the scenario: link bot to fapi.binance.com, "
        "link bot to fstream.binance.com, latency POST /fapi/v1/order (reply), visibility order, "
        "limits, fault busy"
    ]


def test_of_two_profiles_the_later_one_is_named_as_who_overrules(folder: Path) -> None:
    other = PROFILE.replace("name: slow", "name: slower").replace("window: order", "window: fills")
    (folder / "slower.yaml").write_text(other, encoding="utf-8")
    assert likenesses(folder, like="[slow.yaml, slower.yaml]") == [
        "binance: slow; overruled by slower: link bot to fapi.binance.com, link bot to "
        "fstream.binance.com, latency POST /fapi/v1/order (reply), limits, fault busy",
        "binance: slower",
    ]


def test_what_is_told_goes_by_whom_and_whether_in_part() -> None:
    found = Likeness(
        venue="bybit",
        profile="calm",
        effective=True,
        overruled=(
            Overruled(what="visibility stream.*", by=SCENARIO, partly=True),
            Overruled(what="limits", by="volatile"),
            Overruled(what="visibility order", by=SCENARIO),
        ),
    )
    assert found.told == (
        "bybit: calm; overruled by the scenario: visibility order; overruled in part by the "
        "scenario: visibility stream.*; overruled by volatile: limits"
    )
