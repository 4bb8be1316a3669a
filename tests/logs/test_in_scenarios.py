"""A scenario's own patterns, and its log beside it."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest

from replay import runner
from scenarios.errors import ScenarioError
from simulator.errors import InputError

ROOT = Path(__file__).parents[2]
LOG = ROOT / "fixtures" / "logs" / "sklusdt_2025-10-28.log"
GEARED = "- {name: geared, patterns: ['Leverage set to (?P<gear>[0-9]+)x']}\n"


def scenario(folder: Path, *, expects: str = "geared", log: str = "tonight.log") -> str:
    """SKLUSDT with `mine.yaml` for its patterns and another log; the path of its file."""
    text = (ROOT / "scenarios" / "sklusdt.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("  file: fixtures/logs/sklusdt_2025-10-28.log\n", f"  file: {log}\n"),
        ("\nbot:\n", "\npatterns: [mine.yaml]\n\nbot:\n"),
        ("      - {name: leverage_set, at:", f"      - {{name: {expects}, at:"),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    file = folder / "tonight.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(GEARED)
    shutil.copy(LOG, tmp_path / "tonight.log")
    return tmp_path


def test_patterns_of_a_scenario_hold_for_the_run_and_for_the_production_log(folder: Path) -> None:
    result = runner.run(scenario(folder), version="2025-10-28")
    assert result.verdict.ok, result.verdict.surprises
    for found in (result.milestones, result.production):
        assert "leverage_set" not in {each.name for each in found}
        [geared] = [each for each in found if each.name == "geared"]
        assert geared.groups["gear"] == "1"


def test_a_scenario_s_own_milestones_hold_for_the_production_log_as_well(folder: Path) -> None:
    file = Path(scenario(folder))
    text = file.read_text(encoding="utf-8").replace(
        "patterns: [mine.yaml]",
        "patterns: [mine.yaml]\nmilestones:\n"
        "  told: {logger: 'core.*', message: 'Pre-registered (?P<symbol>[A-Z]+)'}\n",
    )
    file.write_text(text.replace("{name: pre_registered,", "{name: told,"), encoding="utf-8")
    result = runner.run(str(file), version="2025-10-28")
    for found in (result.milestones, result.production):
        [told] = [each for each in found if each.name == "told"]
        assert told.groups == {"symbol": "SKLUSDT"}


def test_a_log_beside_the_scenario_comes_before_one_from_the_project_s_root(folder: Path) -> None:
    name = str(LOG.relative_to(ROOT))
    file = scenario(folder, log=name)
    from_root = runner.run(file, version="2025-10-28")
    assert len(from_root.production) == 15
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("22:34:11.898 - Leverage set to 3x\n")
    [beside] = runner.run(file, version="2025-10-28").production
    assert beside.groups == {"gear": "3"}


def test_what_was_put_right_in_the_production_log_is_told(folder: Path) -> None:
    (folder / "tonight.log").write_text(LOG.read_bytes().decode("mac_roman"), encoding="utf-8")
    result = runner.run(scenario(folder), version="2025-10-28")
    assert result.log_notes == (
        "18 lines were UTF-8 that had been read as Mac Roman, and were put right",
    )
    right = runner.run("sklusdt", version="2025-10-28").production
    assert [each.time_ns for each in result.production] == [each.time_ns for each in right]


def test_a_scenario_keeps_its_folder_in_another_process(folder: Path) -> None:
    loaded = runner.load(scenario(folder))
    there = pickle.loads(pickle.dumps(loaded))
    assert there.pattern_files == (folder / "mine.yaml",)
    assert there.beside("tonight.log") == folder / "tonight.log"


def test_a_name_that_no_pattern_has_is_refused_with_its_line(folder: Path) -> None:
    with pytest.raises(ScenarioError, match=r"tonight\.yaml:\d+: .*geered.*did you mean 'geared'"):
        runner.load(scenario(folder, expects="geered"))


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (
            "mine.yaml",
            r"tonight\.yaml:\d+: patterns\[0\]: mine\.yaml — no such file; paths start beside",
        ),
        (
            "tonight.log",
            r"tonight\.yaml:15: log\.file: tonight\.log — no such file; paths start beside the "
            r"scenario file, or at the project's root",
        ),
    ],
)
def test_a_missing_file_is_refused_with_the_line_that_names_it(
    folder: Path, missing: str, message: str
) -> None:
    file = scenario(folder)
    (folder / missing).unlink()
    with pytest.raises(ScenarioError, match=message):
        runner.load(file)


def test_a_pattern_file_that_cannot_be_used_is_told_by_its_own_lines(folder: Path) -> None:
    (folder / "mine.yaml").write_text(f"{GEARED}- {{name: other}}\n")
    with pytest.raises(InputError, match=r"mine\.yaml:2: .*needs `name` and a list `patterns`"):
        runner.load(scenario(folder))
