"""The workflow of docs/ci.md does what the page says, step by step."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from scenarios.document import read_document
from tests.docs.test_readme import ROOT, blocks

FASTEST = ROOT / "tests" / "traces" / "test_difference.py"  # in the place of every test
SOURCE = ROOT / "scenarios" / "behaviours" / "reply_lost.yaml"
REPORTS = ["pytest.xml", "replay.json", "replay.md", "replay.xml"]


def workflow() -> dict[str, Any]:
    (text,) = blocks("docs/ci.md", "yaml")
    document = read_document(text, "replay.yaml")
    assert not document.problems
    found: dict[str, Any] = document.data
    return found


def steps() -> Iterator[tuple[str, str]]:
    """Name and script of the steps that run something here: none that installs."""
    for step in workflow()["jobs"]["replay"]["steps"]:
        if "run" in step and "pip install" not in step["run"]:
            yield step["name"], step["run"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A user's repository with a folder of scenarios and their baseline."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "lost.yaml").write_bytes(SOURCE.read_bytes())
    write = next(block for block in blocks("docs/ci.md", "sh") if "--write-baseline" in block)
    assert run(tmp_path, write).returncode == 0
    (tmp_path / "step.md").unlink()
    return tmp_path


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """As GitHub's runner does: `bash -e`, with its variables."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment = {
        **clean,
        **workflow()["env"],
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_STEP_SUMMARY": str(folder / "step.md"),
        "PYTEST_ADDOPTS": f"{FASTEST} -p no:cacheprovider",
        "SCENARIOS": "mine",  # every scenario would take half a minute
    }
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_the_steps_leave_what_the_page_says(checkout: Path) -> None:
    for name, script in steps():
        done = run(checkout, script)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        assert "::error" not in done.stdout
    assert sorted(path.name for path in (checkout / "reports").iterdir()) == REPORTS
    (suite,) = JUnitXml.fromfile(str(checkout / "reports" / "replay.xml"))
    assert (suite.name, suite.failures, suite.errors) == ("mine/lost.yaml", 0, 0)
    versions = {case.name for case in suite}
    assert {"2025-10-28", "current"} <= versions
    summary = (checkout / "reports" / "replay.md").read_text(encoding="utf-8")
    assert summary.count("| identical |") == len(versions)
    assert (checkout / "step.md").read_text(encoding="utf-8") == summary
    tests = JUnitXml.fromfile(str(checkout / "reports" / "pytest.xml"))
    assert tests.tests == FASTEST.read_text(encoding="utf-8").count("\ndef test_")


def test_a_step_that_fails_shows_where_and_leaves_its_reports(checkout: Path) -> None:
    file = checkout / "mine" / "lost.yaml"
    text = file.read_text(encoding="utf-8")
    lines = text.replace("by: 10 s, within: 1 ms", "by: 9 s, within: 1 ms").splitlines()
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (checkout / "mine" / "bad.yaml").write_text("name: bad\n", encoding="utf-8")
    script = dict(steps())["Replay"]
    done = run(checkout, script)
    assert done.returncode == 2  # unusable input is graver than a broken expectation
    broken = next(number for number, line in enumerate(lines, 1) if "by: 9 s" in line)
    assert f"::error file=mine/lost.yaml,line={broken},title=mine/lost.yaml%2C bot" in done.stdout
    assert re.search(r"^::error file=mine/bad.yaml,line=1,title=mine/bad.yaml::", done.stdout, re.M)
    found = JUnitXml.fromfile(str(checkout / "reports" / "replay.xml"))
    assert found.errors == 1
    assert found.failures > 0
    summary = (checkout / "step.md").read_text(encoding="utf-8")
    assert "### Against the baseline" in summary
    assert "9.000 s after leverage\\_set: BROKEN (was not asked for)\n" in summary
    assert "```sh\nreplay run mine/lost.yaml --bot 2025-10-28 --seed 1\n" in summary


def test_reports_are_kept_even_if_a_step_fails() -> None:
    named = {step["name"]: step for step in workflow()["jobs"]["replay"]["steps"] if "name" in step}
    keep = named["Keep the reports"]
    assert keep["if"] == named["Tests"]["if"] == "${{ !cancelled() }}"
    for _, script in steps():
        written = re.findall(r"(\S+)/[\w.]+(?:xml|md|json)\b", script)
        assert {f"{folder}/" for folder in written} <= {keep["with"]["path"]} | {
            f"--junit-xml={keep['with']['path']}"
        }


def test_the_two_traces_are_compared_as_shown(tmp_path: Path) -> None:
    script = next(block for block in blocks("docs/ci.md", "sh") if "replay diff" in block)
    done = run(tmp_path, script)
    assert done.returncode == 1
    assert "verification_timeout SKLUSDT: only in B" in done.stdout
