"""A bot of one's own, driven part by part through its factory."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from replay import cli, runner

MINE = "tests.forensics.tiny_bot:create"
SILENT = """
from tests.forensics.tiny_bot import TinyBot

class Silent(TinyBot):
    believes = None

def create(settings):
    if settings.get("leverage") == 7:
        raise ValueError("leverage 7 is not for me")
    return Silent(settings["credentials"]["binance"])
"""


def replay(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(each) for each in arguments])


def test_a_bot_of_ones_own_is_put_into_a_scenario_by_its_factory() -> None:
    result = runner.run("late_order_binance", version=MINE)
    sent = [each for each in result.trace if each["kind"] == "log" and each["logger"] == "tiny"]
    assert [each["message"].split()[0] for each in sent if not each.get("hidden")] == [
        "sent",
        "lost",
    ]
    assert result.outcomes == {"ADAUSDT": "naked"}


def test_it_has_to_open_and_to_keep_every_invariant() -> None:
    ended = replay("run", "late_order_binance", "--bot", MINE)
    assert ended.exit_code == 1
    assert f"late_order_binance, bot {MINE}, seed 1: UNEXPECTED" in ended.output
    assert "ADAUSDT ends opened" in ended.output


def test_a_bot_that_does_not_say_what_it_believes_is_not_judged_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "silent_bot.py").write_text(SILENT, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    result = runner.run("late_order_binance", version="silent_bot:create")
    told = {each.name: each.evidence for each in result.verdict.findings}
    for invariant in ("belief_equals_truth", "no_unknown_order"):
        assert told[invariant] == "not judged: this bot does not say what it believes"


def test_what_a_factory_says_of_its_settings_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "silent_bot.py").write_text(SILENT, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    text = (runner.catalogue.FOLDER / "behaviours" / "late_order_binance.yaml").read_text("utf-8")
    file = tmp_path / "seven.yaml"
    file.write_text(text.replace("{usdt_size: 6}", "{usdt_size: 6, leverage: 7}"), "utf-8")
    ended = replay("run", file, "--bot", "silent_bot:create")
    assert ended.exit_code == 2
    assert "leverage 7 is not for me" in ended.output


@pytest.mark.parametrize(
    ("bot", "message"),
    [("no.such:create", "cannot be imported"), ("tests.forensics.tiny_bot:make", "has no make")],
)
def test_a_factory_that_is_not_there_is_unusable(bot: str, message: str) -> None:
    ended = replay("run", "late_order_binance", "--bot", bot)
    assert ended.exit_code == 2
    assert message in ended.output
