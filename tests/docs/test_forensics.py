"""The table of docs/forensics.md is what `replay compare` shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forensics.incidents import FILES, beside, scenario

DOC = (Path(__file__).parents[2] / "docs" / "forensics.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip(" `") for cell in line.strip("|").split("|")]
    for line in DOC.split("| scenario | bot |")[1].split("\n\n")[0].splitlines()[2:]
]


def test_every_incident_is_in_the_table() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(FILES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_fidelity_is_what_the_table_says(row: list[str]) -> None:
    name, version, moments, present, in_order, within, fidelity = row
    incident = scenario(name).incident
    assert incident is not None
    assert version == incident.version
    found = beside(name)
    there = len(found.pairs) - len(found.missing)
    punctual = there - len(found.late)
    assert (moments, present, in_order, within, fidelity) == (
        str(len(found.pairs)),
        str(there),
        str(there - len(found.disordered)),
        str(punctual) if found.timed else "no times",
        f"{found.fidelity:.1%}",
    )
