"""What the documentation shows works as shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from replay import runner
from tests import elsewhere

ROOT = Path(__file__).parents[2]


def blocks(file: str, language: str) -> list[str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_readmes_scenario_does_what_it_expects(tmp_path: Path) -> None:
    (text,) = blocks("README.md", "yaml")
    file = tmp_path / "late-orders.yaml"
    file.write_text(text, encoding="utf-8")
    (version,) = runner.versions(str(file))
    result = runner.run(str(file), version=version)
    assert result.verdict.ok, result.verdict.surprises


def test_the_readmes_scenario_is_refused_with_the_line_when_a_unit_is_missing(
    tmp_path: Path,
) -> None:
    (text,) = blocks("README.md", "yaml")
    file = tmp_path / "late-orders.yaml"
    file.write_text(text.replace("lag: 1.5 s}", "lag: 1.5}"), encoding="utf-8")
    with pytest.raises(Exception, match=r"late-orders\.yaml:20: .*lag: 1\.5.*unit"):
        runner.run(str(file), version="current")


def test_the_world_as_a_library_works_as_shown() -> None:
    program, _ = blocks("docs/world.md", "python")  # the other one is of a program with threads
    done = elsewhere.python("-W", "error", "-c", program)
    reply, figures = done.stdout.splitlines()
    assert reply == "{'serverTime': 1}"
    assert figures.split()[0] == "1.05"  # three round trips of 350 ms


@pytest.mark.parametrize(
    "file", ["README.md", *(f"docs/{each.name}" for each in sorted((ROOT / "docs").glob("*.md")))]
)
def test_links_between_the_documents_lead_somewhere(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+?)\)", text):
        if not target.startswith("http"):
            assert ((ROOT / file).parent / target).exists(), target
