"""The fixture `run_scenario`: a bot taken through a whole scenario inside a test."""

from __future__ import annotations

import shutil

import pytest

from scenarios.schema import ROOT
from tests.programs.made import BUYS, scenario

pytest_plugins = ("pytester",)


@pytest.fixture
def program(suite: pytest.Pytester) -> pytest.Pytester:
    """A suite with a program and its scenario."""
    (suite.path / "main.py").write_text(BUYS, encoding="utf-8")
    scenario(suite.path, outcome="closed", breaks="[no_unprotected_position]")
    return suite


def test_a_program_is_run_as_exec_does(program: pytest.Pytester) -> None:
    program.makepyfile(
        test_bot="""
        def test_it_closes_what_it_has(run_scenario):
            result = run_scenario("mine.yaml", program=["main.py", "12"])
            assert result.virtual_ns > 600 * 10**9
            assert result.outcomes == {"ADAUSDT": "closed"}
        """
    )
    program.runpytest().assert_outcomes(passed=1)


def test_what_is_not_as_expected_fails_with_its_timeline(program: pytest.Pytester) -> None:
    program.makepyfile(
        test_bot="""
        from simulator.errors import InputError
        import pytest

        def test_it_wants_an_argument(run_scenario):
            run_scenario("mine.yaml", program=["main.py"])

        def test_unless_told_not_to_look(run_scenario):
            result = run_scenario("mine.yaml", program=["main.py"], check=False)
            assert not result.verdict.ok

        def test_what_is_not_there(run_scenario):
            with pytest.raises(InputError, match="no.py: no such program"):
                run_scenario("mine.yaml", program=["no.py"])
        """
    )
    ended = program.runpytest()
    ended.assert_outcomes(passed=2, failed=1)
    ended.stdout.fnmatch_lines(
        [
            "not as expected: ADAUSDT ends closed, the program ends with 0*",
            "repeat with  *exec *mine.yaml --bot mine --seed 1 --directory * --scratch -- main.py",
        ]
    )


def test_a_bot_is_driven_by_its_factory(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_bot="""
        def test_it_gives_up(run_scenario):
            bot = "tests.forensics.tiny_bot:create"
            result = run_scenario("late_order_binance", bot=bot, check=False)
            assert result.outcomes == {"ADAUSDT": "naked"}
        """
    )
    suite.runpytest().assert_outcomes(passed=1)


def test_a_scenario_with_patterns_of_its_own_is_a_test(suite: pytest.Pytester) -> None:
    folder = suite.path / "own"
    folder.mkdir()
    for name in ("tiny.yaml", "tiny_patterns.yaml"):
        shutil.copy(ROOT / "tests" / "forensics" / name, folder)
    suite.runpytest("own").assert_outcomes(passed=1)
