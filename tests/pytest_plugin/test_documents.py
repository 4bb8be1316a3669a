"""What the documents show of the plugin works as shown."""

from __future__ import annotations

import pytest

from tests.docs.test_readme import blocks

pytest_plugins = ("pytester",)


def test_the_readmes_test_passes_and_fails_with_a_bot_that_gives_up(
    suite: pytest.Pytester,
) -> None:
    (text,) = blocks("README.md", "python")
    suite.makepyfile(test_bot=text)
    suite.runpytest("test_bot.py").assert_outcomes(passed=1)
    suite.makepyfile(test_hasty_bot=text.replace("range(3)", "range(2)"))
    ended = suite.runpytest("test_hasty_bot.py")
    ended.assert_outcomes(failed=1)
    ended.stdout.fnmatch_lines(["faults that fired  binance: busy, 2 times"])


def test_every_test_of_the_manual_passes(suite: pytest.Pytester) -> None:
    texts = blocks("docs/pytest.md", "python")
    suite.makepyfile(**{f"test_{number}": text for number, text in enumerate(texts)})
    suite.runpytest().assert_outcomes(passed=sum(text.count("def test_") for text in texts))
