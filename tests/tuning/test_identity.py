"""What results depend on besides their items, and processes that must not work for others."""

from __future__ import annotations

import platform
import sys
from functools import partial
from pathlib import Path

import ccxt
import pytest

from replay.tuning.crew import carry_out
from replay.tuning.identity import identity, refusal
from replay.tuning.lanes import Lanes
from replay.tuning.store import Store
from replay.tuning.worker import Limits
from simulator.errors import InputError
from tests.tuning.jobs import Number, rows_of


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bot in the working directory: `replay` finds its modules there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
    package = tmp_path / "my_bot"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "laws.yaml").write_text("tries: 3\n")
    (tmp_path / "flat_bot.py").write_text("import strategy\n")
    (tmp_path / "strategy.py").write_text("TRIES = 3\n")
    return tmp_path


def test_python_and_the_libraries_are_in_it() -> None:
    found = identity()
    assert platform.python_version().startswith(f"{found['Python']}.")
    assert found["Python"].count(".") == 1
    assert found["ccxt"] == ccxt.__version__
    assert {"simulator's code", "scenarios's code", "replay's code"} <= set(found)


@pytest.mark.parametrize(
    ("factory", "name", "file"),
    [
        ("my_bot.replaying:create", "my_bot's code", "my_bot/__init__.py"),
        ("my_bot:create", "my_bot's code", "my_bot/laws.yaml"),
        ("flat_bot:create", "flat_bot's code", "flat_bot.py"),
        ("flat_bot:create", "flat_bot's code", "strategy.py"),
    ],
)
def test_another_line_of_the_bot_makes_it_another_one(
    bot: Path, factory: str, name: str, file: str
) -> None:
    before = identity([factory])
    assert identity([factory]) == before
    assert refusal(before) is None
    with (bot / file).open("a") as code:
        code.write("# another line\n")
    after = identity([factory])
    assert {each for each in after if after[each] != before[each]} == {name}
    assert refusal(before) == (f"{name} is {after[name][:12]} there and {before[name][:12]} here")


def test_a_bot_that_is_not_there_is_none(bot: Path) -> None:
    here = identity(["my_bot:create"])
    (bot / "my_bot").rename(bot / "his_bot")
    assert str(refusal(here)).startswith("my_bot's code is none there and ")


def test_another_python_and_another_library_are_told() -> None:
    here = identity()
    assert refusal({**here, "Python": "3.99"}) == f"Python is {here['Python']} there and 3.99 here"
    assert str(refusal({**here, "ccxt": "1.0"})).endswith("there and 1.0 here")


def test_a_process_with_other_code_is_given_no_work_and_no_item_is_blamed(tmp_path: Path) -> None:
    other = {**identity(), "simulator's code": "f00d"}
    items = [Number(number, "counts", tmp_path) for number in range(3)]
    with (
        Store(tmp_path / "study.db", study="numbers", identity={}) as store,
        Lanes(1, Limits(), partial(refusal, other)) as crew,
    ):
        told = (
            r"^not all workers are as it is here: simulator's code is \w+ there and f00d here: 0 "
        )
        with pytest.raises(InputError, match=told):
            list(carry_out(items, rows_of, crew=crew, store=store))
        assert store.all_set_aside() == ()
        assert len(store) == 0
    assert not list(tmp_path.glob("0000*"))  # nor was any begun
