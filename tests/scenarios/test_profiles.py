"""Behaviour profiles: read strictly, and laid below the rules of scenarios that include them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios import profiles
from scenarios.build import behaviour, one_ways
from scenarios.errors import ScenarioError
from scenarios.including import open_profile, under
from scenarios.loader import load, load_text
from scenarios.schema import Scenario
from scenarios.units import Unusable
from simulator.distributions import Fixed, LogNormal, Uniform

PROFILE = """\
name: slow
title: A slow day
source: made up for a test
venues:
  binance:
    links:
      - hosts: [fapi.binance.com, fstream.binance.com]
        there: 40 ms
        there_evidence: {samples: 30}
        back: {uniform: [50 ms, 60 ms]}
        back_evidence: {samples: 30, fit: {distribution: uniform, ks: 0.05, p_value: 0.9}}
    behaviour:
      latency:
        - endpoint: POST /fapi/v1/order
          reply: {lognormal: {median: 20 ms, sigma: 0.5}}
          evidence: {samples: 4, widened: true, why: few samples}
      visibility:
        - {window: order, lag: 400 ms, evidence: {samples: 0, why: assumed}}
      limits:
        - {name: REQUEST_WEIGHT, limit: 1200, per: 1 min, evidence: {samples: 0, why: assumed}}
      faults:
        - name: busy
          endpoint: POST /fapi/v1/order
          kind: error
          status: 503
          probability: 0.1
          evidence: {samples: 100}
"""
SCENARIO = """\
name: small
title: A small one
start: 2025-10-28T22:34:00+04:00
until: 22:36:00
venues:
  binance:
    profile: 2025-10+algo
    balance: 1000
    instruments:
      SKLUSDT: {tick_size: 0.00001, step_size: 1, price: {constant: 0.01946}}
    behaviour:
      like: slow.yaml
      latency:
        - {endpoint: POST /fapi/v1/order, reply: 7 ms}
expect:
  current: {outcome: untouched}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "slow.yaml").write_text(PROFILE, encoding="utf-8")
    return tmp_path


def read(text: str, folder: Path) -> Scenario:
    return load_text(text, "x.yaml", folder=folder)


def problems(text: str, folder: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        read(text, folder)
    return str(caught.value)


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_the_rules_of_a_profile_come_before_the_scenarios_own(folder: Path) -> None:
    venue = read(SCENARIO, folder).venues["binance"]
    rules = behaviour("binance", venue)
    assert [rule.reply for rule in rules.latency] == [LogNormal(20_000_000, 0.5), Fixed(7_000_000)]
    assert [(rule.window, rule.lag) for rule in rules.visibility] == [("order", Fixed(400_000_000))]
    assert [(fault.name, fault.probability) for fault in rules.faults] == [("busy", 0.1)]
    assert rules.limits is not None
    assert [(each.name, each.limit) for each in rules.limits] == [("REQUEST_WEIGHT", 1200)]


def test_a_scenario_that_includes_a_profile_is_the_one_with_its_rules_written_out(
    folder: Path,
) -> None:
    own = """\
      latency:
        - {endpoint: POST /fapi/v1/order, reply: 7 ms}
"""
    written = changed(
        changed(SCENARIO, "      like: slow.yaml\n", ""),
        own,
        """\
      latency:
        - {endpoint: POST /fapi/v1/order, reply: {lognormal: {median: 20 ms, sigma: 0.5}}}
        - {endpoint: POST /fapi/v1/order, reply: 7 ms}
      visibility: [{window: order, lag: 400 ms}]
      limits: [{name: REQUEST_WEIGHT, limit: 1200, per: 1 min}]
      faults:
        - name: busy
          endpoint: POST /fapi/v1/order
          kind: error
          status: 503
          probability: 0.1
links:
  - {between: [bot, fapi.binance.com], there: 40 ms, back: {uniform: [50 ms, 60 ms]}}
  - {between: [bot, fstream.binance.com], there: 40 ms, back: {uniform: [50 ms, 60 ms]}}
""",
    )
    one, other = read(SCENARIO, folder), read(written, folder)
    assert one.venues == other.venues
    assert list(one_ways(one)) == list(one_ways(other))


@pytest.mark.parametrize(
    ("links", "of_the_profile"),
    [
        ("[{between: [bot, api.binance.com], latency: 9 ms}]", ["fapi", "fstream"]),
        ("[{between: [bot, fapi.binance.com], latency: 9 ms}]", ["fstream"]),
        ("[{between: [fapi.binance.com, bot], latency: 9 ms}]", ["fstream"]),
        ("[{between: [bot, binance], latency: 9 ms}]", []),
    ],
)
def test_a_link_of_the_scenario_itself_holds(
    folder: Path, links: str, of_the_profile: list[str]
) -> None:
    ways = list(one_ways(read(f"{SCENARIO}links: {links}\n", folder)))
    taken = [way.target for way in ways if way.latency == Fixed(40_000_000)]
    assert taken == [f"{name}.binance.com" for name in of_the_profile]


def test_every_machine_with_a_bot_gets_the_links(folder: Path) -> None:
    hosts = "hosts: {second: {run: main.py}}\n"
    ways = list(one_ways(read(SCENARIO + hosts, folder)))
    assert ("second", "fapi.binance.com", Fixed(40_000_000)) in ways
    assert ("fstream.binance.com", "second", Uniform(50_000_000, 60_000_000)) in ways


def test_of_several_profiles_the_later_one_wins(folder: Path) -> None:
    other = PROFILE.replace("400 ms", "2 s").replace("0.1", "0.2").replace("there: 40", "there: 4")
    (folder / "slower.yaml").write_text(other.replace("1200", "600"), encoding="utf-8")
    text = changed(SCENARIO, "slow.yaml", "[slow.yaml, slower.yaml]")
    scenario = read(text, folder)
    rules = behaviour("binance", scenario.venues["binance"])
    assert [rule.lag for rule in rules.visibility] == [Fixed(400_000_000), Fixed(2_000_000_000)]
    assert [fault.probability for fault in rules.faults] == [0.2]
    assert rules.limits is not None
    assert [each.limit for each in rules.limits] == [600]
    there = [way.latency for way in one_ways(scenario) if way.source == "bot"]
    assert there == [Fixed(4_000_000)] * 2


def test_a_fault_of_the_scenario_takes_the_place_of_the_profiles(folder: Path) -> None:
    fault = "      faults: [{name: busy, endpoint: GET /fapi/v1/order, kind: hang}]\nexpect:"
    rules = read(changed(SCENARIO, "expect:", fault), folder).venues["binance"].behaviour
    assert [(each.name, each.endpoint) for each in rules.faults] == [("busy", "GET /fapi/v1/order")]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "degradd",
            "x.yaml:12: venues.binance.behaviour.like: degradd — no such profile; "
            "did you mean 'degraded'?",
        ),
        (
            "none.yaml",
            "x.yaml:12: venues.binance.behaviour.like: none.yaml — no such file; "
            "paths start beside the scenario file",
        ),
        ("3", "x.yaml:12: venues.binance.behaviour.like: 3 — must be a text; put it in quotes"),
    ],
)
def test_a_profile_that_is_not_there_is_told_with_its_line(
    folder: Path, name: str, problem: str
) -> None:
    assert problems(changed(SCENARIO, "slow.yaml", name), folder) == problem


def test_a_profile_without_the_venue_is_told(folder: Path) -> None:
    text = PROFILE.replace("binance:", "bybit:").replace("fapi.binance.com", "api.bybit.com")
    text = text.replace("fstream.binance.com", "stream.bybit.com")
    (folder / "slow.yaml").write_text(text, encoding="utf-8")
    assert problems(SCENARIO, folder) == (
        "x.yaml:12: venues.binance.behaviour.like: slow.yaml — says nothing of binance; "
        "it knows bybit"
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("there: 40 ms", "there: 40", "slow.yaml:8: venues.binance.links[0].there: 40 — "),
        (
            "[fapi.binance.com, ",
            "[fapi.binance.con, ",
            "slow.yaml:7: venues.binance.links[0].hosts[0]: fapi.binance.con — binance has no such "
            "host; did you mean 'fapi.binance.com'?",
        ),
        (
            "window: order,",
            "window: ordr,",
            "slow.yaml:18: venues.binance.behaviour.visibility[0].window: ordr — no such window; "
            "did you mean 'order'?",
        ),
        (
            "window: order,",
            "window: order, since: +1 s,",
            "slow.yaml:18: venues.binance.behaviour.visibility[0].since — no such key; ",
        ),
        (
            "lag: 400 ms, evidence: {samples: 0, why: assumed}",
            "lag: 400 ms",
            "slow.yaml:18: venues.binance.behaviour.visibility[0].evidence — is missing; ",
        ),
        (
            "lag: 400 ms, evidence: {samples: 0, why: assumed}",
            "lag: 400 ms, evidence: {samples: 0}",
            "slow.yaml:18: venues.binance.behaviour.visibility[0].evidence — what is without "
            "samples must say why; add `why:`",
        ),
        (
            "evidence: {samples: 4, widened: true, why: few samples}",
            "evidence: {samples: 4, widened: true}",
            "evidence — what is widened must say why; add `why:`",
        ),
        (
            "probability: 0.1",
            "probability: 1.1",
            "slow.yaml:26: venues.binance.behaviour.faults[0].probability: 1.1 — a probability is "
            "at most 1; write 0.5 for every second time",
        ),
        ("kind: error", "kind: duplicate", "slow.yaml:22: venues.binance.behaviour.faults[0]"),
        (
            "source: made up for a test",
            'source: ""',
            "slow.yaml:3: source — a profile must say where it is from; name logs, reports or "
            "papers",
        ),
    ],
)
def test_what_is_wrong_in_a_profile_is_told_with_its_own_line(
    folder: Path, old: str, new: str, problem: str
) -> None:
    (folder / "slow.yaml").write_text(changed(PROFILE, old, new), encoding="utf-8")
    assert problem in problems(SCENARIO, folder)


def test_the_published_schema_is_the_models_own() -> None:
    published = profiles.FOLDER.parent / "profile_schema.json"
    assert published.read_text(encoding="utf-8") == profiles.json_schema_text()
    assert "since" not in json.dumps(json.loads(published.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", profiles.names())
def test_a_ready_profile_is_read_and_bears_its_name(name: str) -> None:
    profile = open_profile(name)
    assert profile.name == name
    assert len(profile.source.split()) > 10


def test_no_profile_is_taken_for_a_scenario(folder: Path) -> None:
    from scenarios import catalogue

    assert not set(profiles.names()) & set(catalogue.names())


def test_what_is_no_profile_at_all_says_so(tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text("- 1\n", encoding="utf-8")
    assert "is no profile; begin with `name:`" in problems(SCENARIO, tmp_path)
    with pytest.raises(ScenarioError, match=r"nowhere:1: no such profile; known: "):
        open_profile("nowhere")


def test_a_scenario_file_finds_a_profile_beside_it(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "slow.yaml").write_text(PROFILE.replace("400 ms", "3 s"), encoding="utf-8")
    file = inner / "scenario.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    rules = load(file).venues["binance"].behaviour
    assert [rule.lag for rule in rules.visibility] == [Fixed(3_000_000_000)]


@pytest.mark.parametrize("name", profiles.names())
def test_a_scenario_runs_under_a_ready_profile(name: str, tmp_path: Path) -> None:
    from replay import runner

    text = (profiles.FOLDER.parent / "behaviours" / "latency.yaml").read_text(encoding="utf-8")
    file = tmp_path / "latency.yaml"
    file.write_text(changed(text, "    behaviour:\n", f"    behaviour:\n      like: {name}\n"))
    one, other = (runner.run(str(file), version="current").digest for _ in range(2))
    assert one == other != runner.run("latency", version="current").digest


def test_a_profile_can_be_laid_below_a_scenario_that_does_not_name_it(folder: Path) -> None:
    bare = read(changed(SCENARIO, "      like: slow.yaml\n", ""), folder)
    one, other = under(bare, [open_profile("slow.yaml", folder)]), read(SCENARIO, folder)
    assert one.venues == other.venues
    assert list(one_ways(one)) == list(one_ways(other))
    elsewhere = profiles.load_text(
        PROFILE.replace("binance:", "bybit:")
        .replace("fapi.binance.com", "api.bybit.com")
        .replace("fstream.binance.com", "stream.bybit.com"),
        "slow.yaml",
    )
    with pytest.raises(Unusable, match="profile slow says nothing of binance; it knows bybit"):
        under(bare, [elsewhere])
