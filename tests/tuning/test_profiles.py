"""A study over profiles, with real runs: each profile counts, and where it does not, it is told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from replay import cli, runner
from replay.tuning.crew import Done
from replay.tuning.items import Item, work
from replay.tuning.measuring import measured
from replay.tuning.studying import Studying
from replay.tuning.telling import answer
from replay.variants import Variant
from scenarios import study_loader
from scenarios.build import one_ways
from simulator.distributions import Fixed
from simulator.errors import InputError
from tests.tuning.made import Runs
from tests.tuning.page.parts import Parts, data_of

SCENARIO = """\
name: plain
title: An opening of which nothing is said but the bot and its signal
start: 2025-11-03T10:00:00+00:00
until: +120 s
settle: 3 s
venues:
  bybit:
    profile: 2025-10
    balance: 1000
    instruments:
      ADAUSDT: {tick_size: 0.0001, step_size: 1, price: {constant: 0.5}, book: {quantity: 100000}}
bot:
  settings: {usdt_size: 6}
stimulus:
  - {at: +10 s, signal: {id: 1, symbol: ADAUSDT, side: BUY, scores: [70, 70], exchange: bybit}}
expect:
  current: {outcome: opened}
"""
STUDY = """\
name: days
title: How often to ask, on which day
scenarios: [plain.yaml]
profiles: [calm, degraded]
parameters:
  tries: {setting: order_fetch_attempts, values: [1, 5]}
runs: {at_least: 2, at_most: 2}
objectives: [{maximise: success}, {minimise: time_to_protected_s}]
"""
PROFILE = """\
name: mine
title: One figure, so that it can be told apart
source: made up for a test
venues:
  bybit:
    links:
      - hosts: [api.bybit.com]
        there: 40 ms
        there_evidence: {samples: 30}
        back: 40 ms
        back_evidence: {samples: 30}
"""
LINKS = "links: [{between: [bot, bybit], latency: 20 ms}]\n"


def replay(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(each) for each in arguments])


def carried(items: Sequence[Item]) -> Iterable[Done]:
    return (Done(item=each, rows=tuple(work(each))) for each in items)


def studying(folder: Path, **changes: str) -> Studying:
    text = STUDY
    for key, value in changes.items():
        text, times = re.subn(rf"(?m)^{key}:.*$", f"{key}: {value}", text)
        assert times == 1, key
    file = folder / "study.yaml"
    file.write_text(text, encoding="utf-8")
    return Studying(study_loader.load(file), folder)


def notes_of(study: Studying) -> tuple[str, ...]:
    """What is told before the first run."""
    study.check()
    return study.notes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plain.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(PROFILE, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study that the command has carried out."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "plain.yaml").write_text(SCENARIO, encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    ended = replay("tune", folder / "study.yaml", "--out", folder / "out", "--workers", "1")
    assert ended.exit_code == 0, ended.output
    assert "succeeds at every profile" in ended.output
    return folder / "out"


@pytest.mark.xdist_group("profiles")
def test_every_run_takes_longer_on_a_degraded_day_than_on_a_calm_one(written: Path) -> None:
    runs = pd.read_csv(written / "runs.csv")
    times = runs.pivot(index=["candidate", "seed"], columns="profile", values="time_to_protected_s")
    assert times.shape == (4, 2)
    # A way takes 75 to 125 ms on a calm day; on a degraded one twice that, and orders are slow.
    assert (times["degraded"] > times["calm"]).all()


@pytest.mark.xdist_group("profiles")
@pytest.mark.parametrize("profile", ["calm", "degraded"])
def test_the_command_of_a_worst_run_repeats_its_row_under_that_profile(
    written: Path, profile: str
) -> None:
    page = unescape((written / "report.html").read_text(encoding="utf-8"))
    found = re.findall(rf"replay run [^\n<\"]*like: {profile}}}'", page)
    assert found
    runs = pd.read_csv(written / "runs.csv").set_index(["candidate", "profile", "seed"])
    for command in sorted(set(found)):
        words = shlex.split(command)[2:]
        options = dict(each.removeprefix("--").split("=", 1) for each in words[1:])
        variant = Variant.parse([options["setting"]], [options["change"]])
        assert variant is not None
        seed = int(options["seed"])
        result = variant.play(words[0], version=options["bot"], seed=seed)
        candidate = ["1", "5"].index(options["setting"].rpartition("=")[2])
        row = runs.loc[(candidate, profile, seed)].drop("scenario").to_dict()
        assert measured(runner.load(words[0]), result) == {"seed": seed, **row}
        assert [each.profile for each in result.profiles] == [profile]


@pytest.mark.xdist_group("profiles")
def test_the_report_has_the_profiles_on_an_axis_and_in_a_table(written: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    figure = data_of(page)["figures"]["against-0"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "profile"
    assert figure["data"][0]["x"] == ["calm", "degraded"]
    shown = "".join(Parts(page).shown)
    assert "profilescalm, degraded" in shown
    assert "candidatecalmdegraded" in shown


def test_a_profile_of_ones_own_is_found_beside_the_study_wherever_the_scenario_lies(
    folder: Path,
) -> None:
    text = PROFILE.replace("api.bybit.com", "api.bytick.com")
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    study = studying(folder, scenarios="[late_order_bybit]", profiles="[mine.yaml]")
    assert notes_of(study) == ()
    assert set(study.run(carried).rows["profile"]) == {"mine.yaml"}


@pytest.mark.parametrize("axis", [True, False])
def test_a_profile_that_was_calibrated_anew_makes_other_items(folder: Path, axis: bool) -> None:
    if not axis:
        like = "    behaviour: {like: mine.yaml}\nbot:"
        (folder / "plain.yaml").write_text(SCENARIO.replace("bot:", like, 1), encoding="utf-8")
    keys = []
    for text in (PROFILE, PROFILE, PROFILE.replace("there: 40 ms", "there: 50 ms")):
        (folder / "mine.yaml").write_text(text, encoding="utf-8")
        runs = Runs(lambda *_: {})
        studying(folder, profiles="[mine.yaml]" if axis else "[]").run(runs)
        keys.append([item.key for item in runs.items])
    assert keys[0] == keys[1]
    assert len(keys[0]) == 2
    assert not set(keys[0]) & set(keys[2])


def test_a_profile_without_any_effect_ends_the_study_before_its_first_run(folder: Path) -> None:
    (folder / "plain.yaml").write_text(SCENARIO + LINKS, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        studying(folder, profiles="[calm, mine.yaml]").check()
    assert str(caught.value) == (
        "days: profiles: mine.yaml has no effect on any scenario of the study (plain.yaml: bybit: "
        "mine HAS NO EFFECT; overruled by the scenario: link bot to api.bybit.com); leave out of "
        "the scenario what overrules it, as by a circumstance {path: links, values: [[]]}"
    )


def test_what_has_an_effect_on_one_scenario_only_is_told_of_the_other(folder: Path) -> None:
    (folder / "linked.yaml").write_text(SCENARIO + LINKS, encoding="utf-8")
    study = studying(folder, scenarios="[plain.yaml, linked.yaml]", profiles="[mine.yaml]")
    assert notes_of(study) == (
        "linked.yaml: bybit: mine HAS NO EFFECT; overruled by the scenario: "
        "link bot to api.bybit.com",
    )


def test_the_cure_that_the_error_names_is_one(folder: Path) -> None:
    (folder / "plain.yaml").write_text(SCENARIO + LINKS, encoding="utf-8")
    cure = "[mine.yaml]\ncircumstances: {links: {path: links, values: [[]]}}"
    study = studying(folder, profiles=cure)
    assert notes_of(study) == ()
    scenario = runner.load_text(
        (folder / "plain.yaml").read_text(encoding="utf-8"),
        "plain.yaml",
        folder=folder,
        changes={"links": [], "venues.bybit.behaviour": {"like": "mine.yaml"}},
    )
    assert [way.latency for way in one_ways(scenario)] == [Fixed(40_000_000)] * 2
    rows = study.run(carried).rows
    assert set(rows["links"]) == {"[]"}


def test_a_circumstance_that_is_a_whole_behaviour_is_kept_beside_the_profile(folder: Path) -> None:
    lag = "{visibility: [{window: order, lag: 1 s}]}"
    more = f"circumstances: {{how: {{path: venues.bybit.behaviour, values: [{lag}]}}}}"
    study = studying(folder, profiles=f"[calm]\n{more}")
    assert notes_of(study) == (
        "plain.yaml: bybit: calm; overruled by the scenario: visibility order",
    )


def test_profiles_that_gave_the_same_runs_are_told_of(folder: Path) -> None:
    """One changes the way to a host that the bot never asks: no file shows that."""
    for name, ms in (("one", 40), ("other", 90)):
        text = PROFILE.replace("name: mine", f"name: {name}").replace("40 ms", f"{ms} ms")
        text = text.replace("api.bybit.com", "api.bytick.com")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    study = studying(folder, profiles="[one.yaml, other.yaml, mine.yaml]")
    assert notes_of(study) == ()
    assert study.run(carried).notes == (
        "profiles one.yaml and other.yaml made no difference: all of their runs are equal",
    )


def test_a_scenarios_own_profile_gives_way_to_the_studys_and_is_told(folder: Path) -> None:
    like = "    behaviour: {like: volatile}\nbot:"
    (folder / "plain.yaml").write_text(SCENARIO.replace("bot:", like, 1), encoding="utf-8")
    study = studying(folder, profiles="[mine.yaml]")
    told = ("plain.yaml: the study's profiles take the place of its own, volatile",)
    assert notes_of(study) == told
    findings = study.run(carried)
    assert findings.notes == told
    assert "succeeds at every profile" not in answer(findings)  # there is one
