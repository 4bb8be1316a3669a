"""The way from zero to a first replay, as the documentation has it, typed by a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import elsewhere
from tests.docs.test_readme import blocks

PAGE = "docs/your-own-bot.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The bot, its first scenario, and the night: as the steps have them saved."""
    first, behaviour, *_ = blocks(PAGE, "yaml")
    bot, *_ = blocks(PAGE, "python")
    (tmp_path / "bot.py").write_text(bot, encoding="utf-8")
    (tmp_path / "first.yaml").write_text(first, encoding="utf-8")
    night = first.replace("bot:\n  env", f"{behaviour}bot:\n  env")
    (tmp_path / "night.yaml").write_text(night, encoding="utf-8")
    return tmp_path


def typed(folder: Path, beginning: str, ends_with: int = 0) -> str:
    """What the line of the page that begins so says on the standard error."""
    lines = "".join(blocks(PAGE, "sh")).splitlines()
    (line,) = [each for each in lines if each.startswith(beginning)]
    return elsewhere.replay(*line.split()[1:], cwd=folder, ends_with=ends_with).stderr


def test_the_first_hour_is_as_expected(folder: Path) -> None:
    assert "ADAUSDT ends opened" in typed(folder, "replay exec first.yaml")


def test_the_night_shows_what_the_bot_does_not_expect(folder: Path) -> None:
    said = typed(folder, "replay exec night.yaml", ends_with=1)
    assert "OrderNotFound" in said
    assert "ADAUSDT ended naked" in said
    assert "<html" in (folder / "night.html").read_text(encoding="utf-8")


def test_a_mended_bot_gets_through_the_night(folder: Path) -> None:
    bot = (folder / "bot.py").read_text(encoding="utf-8")
    asks = "        entry = await exchange.fetch_order"
    waits = "        await asyncio.sleep(2)\n"
    assert asks in bot
    (folder / "bot.py").write_text(bot.replace(asks, waits + asks), encoding="utf-8")
    typed(folder, "replay exec night.yaml", ends_with=0)


def test_every_table_of_the_page_names_pages_that_there_are() -> None:
    text = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-")
        for each in re.findall(r"^## (.*)$", text, re.MULTILINE)
    }
    for anchor in re.findall(r"\]\(#([^)]+)\)", text):
        assert anchor in anchors
