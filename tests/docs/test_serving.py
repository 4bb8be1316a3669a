"""The programs of docs/serving.md work as shown, against venues that serve."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from replay import cli
from tests.docs.test_readme import ROOT, blocks
from tests.serving.conftest import LONGEST_S, Serving, environment, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.mark.parametrize(
    ("number", "printed"), [(0, ["0.01", "[0.01]"]), (1, ["OK", "USDT"])], ids=["ccxt", "others"]
)
def test_a_program_of_the_page_trades_as_shown(
    served: Serving, number: int, printed: list[str]
) -> None:
    program = blocks("docs/serving.md", "python")[number]
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=served.file.parent,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        env=environment(),
    )
    assert done.stdout.splitlines() == printed, done.stderr


def test_the_page_names_the_options_that_there_are() -> None:
    text = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(--[a-z]+)", text, re.MULTILINE))
    helped = CliRunner().invoke(cli.app, ["serve", "--help"], terminal_width=200).output
    assert named == set(re.findall(r"^\s+(--[a-z]+)", helped, re.MULTILINE)) - {"--help"}


def test_the_page_names_every_variable_that_is_told(served: Serving) -> None:
    text = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    told = served.told["environment"]
    assert [name for name in told if f"`{name}`" not in text] == []
    assert set(told.values()) == {served.told["ca_file"]}
    assert Path(served.told["ca_file"]).is_file()
