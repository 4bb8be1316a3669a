"""The tables and examples of docs/calibration.md are true."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from replay.calibration import pairs
from replay.calibration.samples import Kind
from replay.cli import app
from replay.logs import milestones
from scenarios import profiles
from scenarios.loader import load_text
from tests.docs.test_readme import blocks
from tests.scenarios.test_profiles import SCENARIO

FILE = "docs/calibration.md"
ROOT = Path(__file__).parents[2]
DOC = (ROOT / FILE).read_text(encoding="utf-8")
TUNING = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")


def test_every_ready_profile_is_in_the_table() -> None:
    rows = DOC.split("| name | is | comes from |")[1].split("\n\n")[0].splitlines()[2:]
    assert sorted(row.split("`")[1] for row in rows) == profiles.names()


def test_the_table_is_what_the_fixtures_give(tmp_path: Path) -> None:
    """And so is what a run says of a profile that is overruled."""
    logs = sorted((ROOT / "fixtures" / "logs").glob("*.log"))
    table, refusals = texts_of(DOC)[0], texts_of(DOC)[2]
    asked = ["calibrate", *map(str, logs), "--utc-offset", "+04:00"]
    shown = CliRunner().invoke(app, asked, env={"COLUMNS": "100"}).stderr
    lines = [line.rstrip() for line in shown.splitlines()]
    assert all(line.rstrip() in lines for line in table.splitlines())
    assert refusals.startswith("seen, and not in the profile, 2 times in 1.5 h: binance -1003, ")
    place = "venues.bybit.behaviour.like=calm"
    asked = ["run", "late_order_bybit", "--bot", "current", "--change", place]
    shown = CliRunner().invoke(app, asked).stdout
    assert " ".join(texts_of(DOC)[1].split()) in " ".join(shown.split())
    assert " ".join(texts_of(TUNING)[0].split()).removeprefix("note: late_order_bybit: ") in (
        " ".join(shown.split())
    )


def texts_of(doc: str) -> list[str]:
    return [part.split("```")[0] for part in doc.split("```text\n")[1:]]


def test_a_scenario_is_like_a_profile_as_it_is_shown(tmp_path: Path) -> None:
    example, _ = blocks(FILE, "yaml")
    (line,) = (line for line in example.splitlines() if "like:" in line)
    scenario = load_text(SCENARIO.replace("      like: slow.yaml", line), "x.yaml")
    assert scenario.venues["binance"].behaviour.visibility


def test_pairs_are_written_as_it_is_shown(tmp_path: Path) -> None:
    _, example = blocks(FILE, "yaml")
    file = tmp_path / "pairs.yaml"
    file.write_text(example, encoding="utf-8")
    texts = [f"- {{name: {name}, patterns: [{name}]}}" for name in ("sent", "answered", "found")]
    (tmp_path / "patterns.yaml").write_text("\n".join(texts), encoding="utf-8")
    known = milestones.with_patterns({}, [tmp_path / "patterns.yaml"])
    found = pairs.load(file, known)
    assert [each.kind for each in found] == [Kind.ROUND_TRIP, Kind.VISIBILITY_LAG]
    assert found[1].waits[""] == (500_000_000, 750_000_000)
