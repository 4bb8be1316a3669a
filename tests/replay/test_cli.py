"""The command, with a runner made by hand in the place of the real one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from replay import cli
from replay.result import Finding, RunResult, Verdict
from simulator.errors import (
    InputError,
    OverBudgetError,
    RealConnectionError,
    SimulatorError,
    StalledError,
)
from tests import elsewhere
from tests.replay.made import full_result, result

VERSIONS = ("2025-10-28", "2025-10-28-three-fixes", "current")
BROKEN = Verdict(
    findings=(Finding(kind="invariant", name="no_unknown_order", held=False, evidence="order 7"),)
)


@dataclass
class MadeRunner:
    """Answers as told, and remembers what it was asked."""

    make: Callable[[str, int], RunResult] = lambda version, _: result(version)
    asked: list[tuple[str, str, int | None]] = field(default_factory=list)

    def names(self) -> Sequence[str]:
        return ["sklusdt"]

    def scenarios(self) -> Sequence[tuple[str, str]]:
        return [("sklusdt", "The fill beats the REST reply")]

    def versions(self, name_or_path: str, /) -> tuple[str, ...]:
        if name_or_path != "sklusdt":
            raise InputError(f"{name_or_path}: no such scenario; there is sklusdt")
        return VERSIONS

    def run(
        self,
        name_or_path: str,
        /,
        *,
        version: str,
        seed: int | None = None,
        database: Path | None = None,
    ) -> RunResult:
        self.asked.append((name_or_path, version, seed))
        return self.make(version, len(self.asked))


def replay(monkeypatch: pytest.MonkeyPatch, runner: MadeRunner, *arguments: str | Path) -> Result:
    monkeypatch.setattr(cli.shared, "runner", lambda: runner)
    monkeypatch.delenv("COLUMNS", raising=False)
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def test_every_version_the_scenario_speaks_of_is_run_unless_one_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runner = MadeRunner()
    assert replay(monkeypatch, runner, "run", "sklusdt").exit_code == 0
    assert runner.asked == [("sklusdt", version, None) for version in VERSIONS]

    runner = MadeRunner()
    ended = replay(monkeypatch, runner, "run", "sklusdt", "--bot", "mine", "--seed", "7")
    assert ended.exit_code == 0
    assert runner.asked == [("sklusdt", "mine", 7)]


def test_each_version_has_its_section_and_its_line_in_the_summary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = replay(monkeypatch, MadeRunner(), "run", "sklusdt").stdout
    for version in VERSIONS:
        assert f"sklusdt, bot {version}, seed 1: as expected" in shown
        assert f"replay run sklusdt --bot {version} --seed 1" in shown
    summary = shown.split("All versions")[1]
    rows = [line.split()[0] for line in summary.splitlines()[3:] if line.startswith(VERSIONS)]
    assert rows == list(VERSIONS)
    assert "3 runs, 0 not as expected, 120.000 s virtual in 0.2 s real" in summary


def test_what_is_not_as_expected_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(version: str, _: int) -> RunResult:
        return result(version, verdict=BROKEN) if version == "current" else result(version)

    ended = replay(monkeypatch, MadeRunner(make), "run", "sklusdt")
    assert ended.exit_code == 1
    assert "order 7" in ended.stdout


def test_an_old_version_that_breaks_as_it_did_in_production_ends_with_0(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [finding] = BROKEN.findings
    expected = Verdict(findings=(replace(finding, expected=False),))
    runner = MadeRunner(lambda version, _: result(version, verdict=expected))
    assert replay(monkeypatch, runner, "run", "sklusdt").exit_code == 0


def test_a_refused_connection_ends_with_4_even_if_the_bot_swallowed_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runner = MadeRunner(
        lambda version, _: result(version, verdict=BROKEN, refusals=("UDP to 8.8.8.8:53",))
    )
    ended = replay(monkeypatch, runner, "run", "sklusdt", "--bot", "current")
    assert ended.exit_code == 4
    assert "UDP to 8.8.8.8:53" in ended.stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("scenarios/x.yaml:14: latency must be >= 0, was -5 ms"), 2),
        (RealConnectionError("connection", "1.2.3.4:443", "bot.py:1 in main"), 4),
        (OverBudgetError("the run took more than 60 s of virtual time"), 5),
        (StalledError("nothing is ready and nothing is scheduled"), 1),
    ],
)
def test_an_error_is_one_message_on_the_standard_error_with_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: SimulatorError, code: int
) -> None:
    def make(version: str, _: int) -> RunResult:
        raise error

    ended = replay(monkeypatch, MadeRunner(make), "run", "sklusdt")
    assert ended.exit_code == code
    assert ended.stderr == f"replay: {error}\n"
    assert ended.stdout == ""


def test_an_unknown_scenario_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = replay(monkeypatch, MadeRunner(), "run", "sklusd")
    assert ended.exit_code == 2
    assert ended.stderr == "replay: sklusd: no such scenario; there is sklusdt\n"


def test_an_unknown_option_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert replay(monkeypatch, MadeRunner(), "run", "sklusdt", "--sed", "1").exit_code == 2


def test_twice_runs_twice_and_says_that_both_were_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = MadeRunner()
    ended = replay(monkeypatch, runner, "run", "sklusdt", "--twice", "--bot", "current")
    assert ended.exit_code == 0
    assert len(runner.asked) == 2
    assert "the second run was equal" in ended.stdout


def test_twice_shows_where_two_runs_part_and_ends_with_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(version: str, turn: int) -> RunResult:
        lines = tuple(f'{{"t":{i},"host":"bot"}}' for i in range(10))
        if turn == 2:
            lines = (*lines[:7], '{"t":7,"host":"binance"}', *lines[8:])
        return result(version, digest=f"{turn:064x}", trace_lines=lines, verdict=BROKEN)

    ended = replay(monkeypatch, MadeRunner(make), "run", "sklusdt", "--twice", "--bot", "current")
    assert ended.exit_code == 3
    assert "the runs part at entry 8" in ended.stdout
    assert '  >      8  {"t":7,"host":"bot"}' in ended.stdout
    assert '  >      8  {"t":7,"host":"binance"}' in ended.stdout
    assert '{"t":1,' not in ended.stdout


def test_the_trace_of_one_version_goes_into_the_file_that_was_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runner = MadeRunner(lambda version, _: full_result())
    file = tmp_path / "trace.jsonl"
    replay(monkeypatch, runner, "run", "sklusdt", "--bot", "current", "--trace", file)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["t"] for line in lines] == [0, 1]


def test_the_traces_of_several_versions_have_the_version_before_the_suffix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    replay(monkeypatch, MadeRunner(), "run", "sklusdt", "--trace", tmp_path / "trace.jsonl")
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        f"trace.{version}.jsonl" for version in VERSIONS
    )


@pytest.mark.parametrize("option", ["--trace", "--json"])
def test_a_file_that_cannot_be_written_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str
) -> None:
    file = tmp_path / "missing" / "file.json"
    ended = replay(monkeypatch, MadeRunner(), "run", "sklusdt", option, file)
    assert ended.exit_code == 2
    assert ended.stderr == f"replay: {option} {file.with_name(_written(option))}: " + (
        "cannot be written: No such file or directory\n"
    )


def _written(option: str) -> str:
    return f"file.{VERSIONS[0]}.json" if option == "--trace" else "file.json"


def test_json_goes_beside_the_report_or_in_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "result.json"
    beside = replay(monkeypatch, MadeRunner(), "run", "sklusdt", "--json", file)
    assert "All versions" in beside.stdout
    written = json.loads(file.read_text(encoding="utf-8"))
    assert [run["version"] for run in written["runs"]] == list(VERSIONS)
    assert written["exit_code"] == 0

    instead = replay(monkeypatch, MadeRunner(), "run", "sklusdt", "--json", "-", "--twice")
    assert json.loads(instead.stdout)["runs"][0]["deterministic"] is True


def test_the_list_names_scenarios_and_the_versions_they_speak_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = replay(monkeypatch, MadeRunner(), "list")
    assert ended.exit_code == 0
    assert "sklusdt" in ended.stdout
    assert "The fill beats the REST reply" in ended.stdout
    for version in VERSIONS:
        assert version in ended.stdout


def test_pandas_is_not_loaded_by_anything_a_report_needs() -> None:
    code = (
        "import sys, replay.cli, replay.report, replay.json_report, replay.logs.production_log, "
        "replay.expectations; print('pandas' in sys.modules)"
    )
    assert elsewhere.python("-c", code).stdout.strip() == "False"


def test_all_runs_every_scenario_and_ends_with_one_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Several(MadeRunner):
        def names(self) -> Sequence[str]:
            return ["sklusdt", "velvetusdt"]

        def versions(self, name_or_path: str, /) -> tuple[str, ...]:
            return VERSIONS[:2]

        def run(self, name_or_path: str, /, **options: Any) -> RunResult:
            made = super().run(name_or_path, version=options["version"], seed=options["seed"])
            broken = name_or_path == "velvetusdt" and options["version"] == VERSIONS[1]
            verdict = BROKEN if broken else made.verdict
            return replace(made, scenario=name_or_path, verdict=verdict)

    runner, trace = Several(), tmp_path / "t.jsonl"
    ended = replay(monkeypatch, runner, "run", "all", "--trace", trace)
    assert ended.exit_code == 1
    assert [(name, version) for name, version, _ in runner.asked] == [
        (name, version) for name in ("sklusdt", "velvetusdt") for version in VERSIONS[:2]
    ]
    # Only what is not as expected is told at length.
    assert ended.stdout.count("Timeline") == 1
    assert f"velvetusdt, bot {VERSIONS[1]}, seed 1: UNEXPECTED" in ended.stdout
    table = ended.stdout.split("All scenarios")[1]
    assert table.count("as expected") == 3 + 1  # three rows, and the sum
    assert "4 runs, 1 not as expected" in table
    assert {path.name for path in tmp_path.iterdir()} == {
        f"t.{name}.{version}.jsonl"
        for name in ("sklusdt", "velvetusdt")
        for version in VERSIONS[:2]
    }
