"""What is wrong with a test, or with what the user has set, is told with its place and cure."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.conftest import INI

pytest_plugins = ("pytester",)


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ('"sklusdt", vers="current"', "mark scenario: vers — no such argument; did you mean *'ver"),
        (
            '"sklusdt", version="curent"',
            "*version 'curent' — *of none such; did you mean 'current'",
        ),
        ('"sklusdt", seed="7"', "mark scenario: seed '7' — must be a whole number; write seed=7"),
        ("", "mark scenario: () — needs one name or path; write @pytest.mark.scenario(*"),
        ('"sklusd"', "*sklusd — no such scenario; did you mean 'sklusdt'?"),
        ('"no/such.yaml"', "*no/such.yaml — no such file; scenarios by name: *"),
    ],
)
def test_a_mark_that_cannot_be_used_is_told_with_its_line(
    suite: pytest.Pytester, mark: str, told: str
) -> None:
    suite.makepyfile(test_bot=f"import pytest\n@pytest.mark.scenario({mark})\ndef test_it(): ...")
    ended = suite.runpytest()
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines([f"test_bot.py:2: {told}*"])
    ended.stdout.no_fnmatch_line("*contextlib*")


def test_a_venue_that_the_scenario_does_not_have_is_refused(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_bot="""
        import pytest

        @pytest.mark.scenario("sklusdt")
        def test_it(bybit): ...

        def test_other(scenario): ...
        """
    )
    ended = suite.runpytest()
    ended.assert_outcomes(errors=2)
    ended.stdout.fnmatch_lines(
        [
            "*fixture bybit: the scenario sklusdt has no such venue; *binance*",
            "*the fixture `scenario` needs a mark: *",
        ]
    )


def test_a_path_is_found_from_the_tests_own_folder(suite: pytest.Pytester) -> None:
    inner = suite.mkpydir("inner")
    (inner / "broken.yaml").write_text("start: yesterday\n")
    (inner / "test_bot.py").write_text(
        'import pytest\n@pytest.mark.scenario("broken.yaml")\ndef test_it(): ...\n'
    )
    ended = suite.runpytest()
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines(["*broken.yaml:1: start: yesterday — *"])


def test_a_test_that_never_ends_is_stopped_and_says_where_it_hangs(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini(INI.format(lines="world_time_limit = 90 s"))
    pytester.makepyfile(
        test_bot="""
        import asyncio

        async def test_polls(world):
            while True:
                await asyncio.sleep(1)

        async def test_waits(world):
            await asyncio.Event().wait()
        """
    )
    ended = pytester.runpytest()
    ended.assert_outcomes(failed=2)
    ended.stdout.fnmatch_lines(
        [
            "OverBudgetError: *within 90 s; *",
            "*(test_polls) at *test_bot.py:5 in test_polls, awaiting *",
            "the limit is the ini option world_time_limit",
            "StalledError: *",
            "*(test_waits) at *test_bot.py:8 in test_waits, awaiting * in Event.wait",
        ]
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("world_seed = one", "ini option world_seed: one — must be a whole number; write 7"),
        ("world_start = 2026-01-01", "ini option world_start: 2026-01-01 — *"),
        ("world_time_limit = 90", "ini option world_time_limit: 90 — *unit*"),
        ("world_time_limit = 0 s", "ini option world_time_limit: 0 s — *"),
    ],
)
def test_settings_are_checked_before_any_test(
    pytester: pytest.Pytester, line: str, told: str
) -> None:
    pytester.makeini(INI.format(lines=line))
    ended = pytester.runpytest()
    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    ended.stderr.fnmatch_lines([f"ERROR: {told}"])


def test_the_settings_set_seed_and_start_and_the_command_line_has_the_last_word(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini(
        INI.format(lines="world_seed = 5\n    world_start = 2030-01-01T00:00:00+02:00")
    )
    pytester.makepyfile(
        test_bot="""
        import os
        from datetime import datetime
        import pytest

        def test_plain(world):
            assert datetime.now() == datetime(2030, 1, 1)
            assert world.seed == int(os.environ["EXPECTED"] or 5)

        @pytest.mark.scenario("sklusdt", seed=6)
        def test_marked(world):
            assert datetime.now() == datetime(2025, 10, 28, 22, 34)
            assert world.seed == int(os.environ["EXPECTED"] or 6)
        """
    )
    for given, expected in (((), ""), (("--world-seed", "9"), "9")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EXPECTED", expected)
            pytester.runpytest(*given).assert_outcomes(passed=2)


def test_who_swallows_a_refused_connection_fails_all_the_same(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_bot="""
        import socket

        def attempt():
            try:
                socket.create_connection(("192.0.2.1", 443), timeout=1)
            except OSError:
                pass

        async def test_swallows(world):
            attempt()

        async def test_means_it(world):
            attempt()
            world.refusals.clear()
        """
    )
    ended = suite.runpytest()
    ended.assert_outcomes(passed=1, failed=1)
    ended.stdout.fnmatch_lines(
        ["the code under test tried to leave the world*world.refusals.clear():", "*192.0.2.1:443*"]
    )


def test_somebody_elses_fixture_called_world_is_left_alone(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_bot="""
        import time
        import pytest

        @pytest.fixture
        def world():
            return "Hello"

        def test_theirs(world):
            assert world == "Hello"
            assert time.time() > 1_700_000_000

        def test_both(world, binance): ...
        """
    )
    ended = suite.runpytest()
    ended.assert_outcomes(passed=1, errors=1)
    ended.stdout.fnmatch_lines(["*the fixture `world` must give an entered simulator.World, *"])


def test_an_own_world_can_take_the_fixtures_place(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_bot="""
        from datetime import datetime
        import pytest
        from simulator import World

        @pytest.fixture
        def world():
            with World(seed=3, start="2031-01-01T00:00:00Z") as made:
                yield made

        async def test_it(world, binance):
            assert datetime.now() == datetime(2031, 1, 1)
            assert binance.positions == {}

        @pytest.mark.scenario("sklusdt")
        async def test_marked(binance): ...
        """
    )
    ended = suite.runpytest()
    ended.assert_outcomes(passed=1, errors=1)
    ended.stdout.fnmatch_lines(["test_bot.py:*: mark scenario: *; leave out the mark or the *"])
