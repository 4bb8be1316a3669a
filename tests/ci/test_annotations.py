"""Workflow commands of GitHub Actions: where they point, how they are escaped, and when there are
any."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from replay import runner
from replay.ci import annotations
from scenarios.errors import Problem, ScenarioError
from simulator.errors import OverBudgetError
from tests.ci.made import MadeRunner, attempt, broken, replay
from tests.replay.made import result

ROOT = Path(__file__).parents[2]
IN_ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": ROOT}
COMMAND = re.compile(
    r"::(?P<level>error|warning) (file=(?P<file>[^,:]+),line=(?P<line>\d+),)?"
    r"title=(?P<title>[^,:]+)::(?P<message>.*)"
)


def line_of(file: Path, text: str) -> int:
    """The first line of a file that has the text, as an editor counts."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_message_and_a_property_are_escaped_as_the_toolkit_does() -> None:
    # @actions/core, command.ts: % CR LF in data; those and : and , in a property.
    made = annotations.command(
        "error", "50%\r\nof: a, b", file="a:b,c.yaml", line=3, title="100%\nx"
    )
    assert made == "::error file=a%3Ab%2Cc.yaml,line=3,title=100%25%0Ax::50%25%0D%0Aof: a, b"


def test_an_annotation_without_a_file_belongs_to_the_job() -> None:
    assert annotations.command("error", "m", file="", line=1, title="t") == "::error title=t::m"


def test_nothing_is_said_outside_of_github(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MadeRunner({"sklusdt": {"current": broken()}})
    assert "::error" not in replay(monkeypatch, made, "run", "--all").stdout
    other = {"GITHUB_ACTIONS": "false"}
    assert "::error" not in replay(monkeypatch, made, "run", "--all", environment=other).stdout


def test_what_is_as_expected_gets_no_annotation(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MadeRunner({"sklusdt": {"current": result()}})
    assert "::" not in replay(monkeypatch, made, "run", "--all", environment=IN_ACTIONS).stdout


def test_the_line_is_that_of_the_expectation_that_broke(tmp_path: Path) -> None:
    source = (ROOT / "scenarios" / "sklusdt.yaml").read_text(encoding="utf-8")
    file = tmp_path / "late.yaml"
    file.write_text(
        source.replace("by: 10.513 s", "by: 9 s")  # the fourth milestone of its version
        .replace("position: {SKLUSDT: 308}", "position: {SKLUSDT: 307}")  # twice
        .replace("breaks: [no_unprotected_position]", "breaks: [no_unknown_order]"),  # 3 times
        encoding="utf-8",
    )
    version = "2025-10-28-three-fixes"
    tried = attempt(runner.run(str(file), version=version), scenario=str(file))
    found = [COMMAND.fullmatch(each) for each in annotations.commands([tried], tmp_path)]
    assert all(each and each["file"] == "late.yaml" for each in found)
    lines = {
        each["message"].split(":")[0].split(" ")[0]: int(each["line"]) for each in found if each
    }
    its_breaks = next(
        number
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if "breaks: [no_unknown_order]" in line and number > line_of(file, f"  {version}:")
    )
    assert lines == {
        "verification_timeout": line_of(file, "by: 9 s") - 2,  # its first line: `- name:`
        "no_unprotected_position": line_of(file, f"  {version}:"),
        "no_unknown_order": its_breaks,
    }


def test_an_annotation_tells_the_evidence_and_how_to_repeat_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = MadeRunner({"sklusdt": {"current": broken()}})
    shown = replay(monkeypatch, made, "run", "--all", environment=IN_ACTIONS).stdout
    assert (
        "::error file=scenarios/sklusdt.yaml,line=1,title=sklusdt%2C bot current::"
        "no_unknown_order: BROKEN: SKLUSDT order 7, open%0A"
        "repeat with: replay run sklusdt --bot current --seed 1"
    ) in shown.splitlines()


def test_each_problem_of_an_unusable_scenario_has_its_own_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problems = [
        Problem(
            file="scenarios/sklusdt.yaml", line=line, key="seed", value="x", rule="no", cure="yes"
        )
        for line in (14, 27)
    ]
    made = MadeRunner({"sklusdt": ScenarioError(problems)})
    shown = replay(monkeypatch, made, "run", "--all", environment=IN_ACTIONS).stdout
    found = [each for each in map(COMMAND.fullmatch, shown.splitlines()) if each]
    assert [(each["file"], each["line"]) for each in found] == [
        ("scenarios/sklusdt.yaml", "14"),
        ("scenarios/sklusdt.yaml", "27"),
    ]


def test_a_fault_that_never_fired_is_a_warning_at_its_rule() -> None:
    file = ROOT / "scenarios" / "behaviours" / "reply_lost.yaml"
    rule = "reply_lost"
    made = result("current", faults_fired={f"binance: {rule}": 0, "binance: other": 3})
    tried = attempt(made, scenario="reply_lost")
    (warning,) = annotations.commands([tried], ROOT)
    found = COMMAND.fullmatch(warning)
    assert found is not None
    assert (found["level"], found["file"]) == ("warning", "scenarios/behaviours/reply_lost.yaml")
    assert int(found["line"]) == line_of(file, "- {name: reply_lost,")
    assert found["message"] == f"fault binance: {rule} never fired: this run says nothing about it"


def test_what_ended_early_points_to_the_scenario() -> None:
    tried = attempt(OverBudgetError("more than 60 s"), scenario="sklusdt")
    (command,) = annotations.commands([tried], ROOT)
    assert command == (
        "::error file=scenarios/sklusdt.yaml,line=1,title=sklusdt%2C bot current::more than 60 s"
    )


def test_the_root_is_the_checkout_or_the_nearest_repository_around(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / ".git").mkdir()
    assert annotations.repository_root({}, inner) == tmp_path / "a"
    assert annotations.repository_root({"GITHUB_WORKSPACE": "/w"}, inner) == Path("/w")


def test_json_alone_on_the_standard_output_stays_json(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MadeRunner({"sklusdt": {"current": broken()}})
    ended = replay(monkeypatch, made, "run", "--all", "--json", "-", environment=IN_ACTIONS)
    assert ended.stdout.startswith("{\n")
    assert "::error" not in ended.stdout
    assert "::error file=" in ended.stderr
