"""Scenario files that pytest is pointed at are tests: one for each version of the bot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from replay import runner
from scenarios.schema import ROOT
from tests.docs.test_readme import blocks
from tests.pytest_plugin.conftest import INI

pytest_plugins = ("pytester",)

OTHER = "start: now\nvenues: [Rome, Oslo]\n"


@pytest.fixture
def folder(suite: pytest.Pytester) -> Path:
    """The README's scenario, a copy that expects too much, and YAML that is none."""
    made = suite.mkdir("incidents")
    (text,) = blocks("README.md", "yaml")
    (made / "late-orders.yaml").write_text(text)
    (made / "too-soon.yaml").write_text(text.replace("at_most: 3 s", "at_most: 100 ms"))
    (made / "concerts.yaml").write_text(OTHER)
    return made


def test_a_folder_that_is_named_gives_one_item_for_each_version(
    suite: pytest.Pytester, folder: Path
) -> None:
    (folder / "sklusdt.yaml").write_text((ROOT / "scenarios/sklusdt.yaml").read_text())
    ended = suite.runpytest("incidents", "--collect-only", "-q")
    versions = runner.versions("sklusdt")
    assert len(versions) == 5
    ended.stdout.fnmatch_lines(
        [
            "incidents/late-orders.yaml::current",
            *(f"incidents/sklusdt.yaml::{version}" for version in versions),
            "incidents/too-soon.yaml::current",
            "7 tests collected*",
        ]
    )


def test_what_is_as_expected_passes_and_the_rest_shows_the_break_and_how_to_repeat_it(
    suite: pytest.Pytester, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = suite.runpytest("incidents")
    ended.assert_outcomes(passed=1, failed=1)
    ended.stdout.fnmatch_lines(
        [
            "not as expected: verification_confirmed at most 100.0 ms after operation_started",
            "Timeline around 09:00:12.*, seed 1",
            "09:00:12.*   bot       ✅ Position verified by Order status: SKLUSDT",
            "* rows, further away, left out",
            "Not as expected",
            "✗ * BROKEN *",
            "repeat with  replay run incidents/too-soon.yaml --bot current --seed 1",
            "FAILED incidents/too-soon.yaml::current - not as expected: verif*",
        ]
    )
    shown = ended.stdout.str().split("not as expected")[1].split("short test summary")[0]
    assert max(map(len, shown.splitlines())) <= 80
    ended.stdout.no_fnmatch_line("*Captured log call*")


@pytest.mark.parametrize("seed", ["1", "8"])
def test_an_item_runs_as_the_command_does(suite: pytest.Pytester, folder: Path, seed: str) -> None:
    suite.makeconftest(
        """
        def pytest_runtest_logreport(report):
            if report.when == "call":
                print("\\ndigest", *dict(report.user_properties).values())
        """
    )
    item = "incidents/late-orders.yaml::current"
    ended = suite.runpytest("-s", item, "--world-seed", seed)
    (digest,) = re.findall(r"^digest (\w{64})$", ended.stdout.str(), re.MULTILINE)
    again = runner.run(str(folder / "late-orders.yaml"), version="current", seed=int(seed))
    assert digest == again.digest


def test_without_being_named_no_file_is_touched(suite: pytest.Pytester, folder: Path) -> None:
    (folder / "test_plain.py").write_text("def test_it(): ...")
    suite.runpytest().assert_outcomes(passed=1)


def test_the_setting_names_folders_too(pytester: pytest.Pytester, folder: Path) -> None:
    pytester.makeini(INI.format(lines="scenario_folders = incidents\n    testpaths = tests"))
    (pytester.mkdir("tests") / "test_plain.py").write_text("def test_it(): ...")
    pytester.runpytest().assert_outcomes(passed=2, failed=1)
    pytester.runpytest("tests").assert_outcomes(passed=1)
    pytester.runpytest_subprocess("-n", "1").assert_outcomes(passed=2, failed=1)


def test_workers_do_not_take_what_they_are_handed_for_named(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """A bare `pytest` hands its `testpaths` to the workers as arguments."""
    pytester.makeini(INI.format(lines="testpaths = incidents"))
    (folder / "test_plain.py").write_text("def test_it(): ...")
    pytester.runpytest_subprocess("-n", "1").assert_outcomes(passed=1)
    pytester.runpytest_subprocess("-n", "1", "incidents").assert_outcomes(passed=2, failed=1)


def test_a_broken_scenario_is_a_collection_error_with_its_line(
    suite: pytest.Pytester, folder: Path
) -> None:
    broken = folder / "too-soon.yaml"
    broken.write_text(broken.read_text().replace("lag: 1.5 s}", "lag: 1.5}"))
    ended = suite.runpytest("incidents")
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines(["incidents/too-soon.yaml:20: *lag: 1.5 *unit*"])
    ended.stdout.no_fnmatch_line("*Traceback*")


def test_a_file_that_is_named_must_be_a_scenario(suite: pytest.Pytester, folder: Path) -> None:
    ended = suite.runpytest("incidents/concerts.yaml")
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines(["incidents/concerts.yaml:1: start: now — *"])
