"""The tables of docs/incidents.md are what the runs show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from replay import runner
from replay.forensics.candidates import theories
from replay.forensics.explanation import explain
from replay.logs import production_log
from scenarios import catalogue

DOC = (Path(__file__).parents[2] / "docs" / "incidents.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose head begins so, without the head."""
    start = DOC.index(f"| {heading} |")
    lines = DOC[start:].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def test_every_scenario_that_is_named_is_there() -> None:
    named = [row[0] for heading in ("scenario | happened to",) for row in table(heading)]
    assert set(named) <= set(catalogue.names())
    for name, version, *_ in table("scenario | happened to"):
        incident = catalogue.open_scenario(name).incident
        assert incident is not None
        assert incident.version == version


def test_the_lag_decides_as_the_table_says() -> None:
    name = "1000000babydogeusdt_lag"
    versions = ("2025-10-28-three-fixes", "2025-10-29", "current")
    outcomes = [runner.run(name, version=version).outcomes for version in versions]
    shown = {
        f"LAG{round(float(row[0].removesuffix(' s')) * 1000)}USDT": row[1:] for row in table("lag")
    }
    assert shown == {symbol: [each[symbol] for each in outcomes] for symbol in outcomes[0]}


@pytest.mark.parametrize("row", table("scenario | WebSocket"), ids=lambda row: row[0])
def test_a_theory_leaves_in_the_log_what_the_table_says(row: list[str]) -> None:
    name, *told = row
    result = runner.run(name, version="2025-10-29")
    block = next(each for each in result.milestones if each.name == "verification_timeout").groups
    fetched = [each for each in result.milestones if each.name == "order_fetched"]
    failed = [each for each in result.milestones if each.name == "order_query_failed"]
    assert told == [
        block["websocket"],
        block["order_status"],
        block["rest_api"],
        "yes" if fetched and fetched[0].groups["attempt"] == "1" else "no",
        str(len(failed)),
    ]


@pytest.mark.parametrize("row", table("scenario | incident"), ids=lambda row: row[0])
def test_a_theory_is_contradicted_as_the_table_says(row: list[str]) -> None:
    name, incident, explained, contradicted, line, because = row
    scenario = runner.load(incident)
    assert scenario.log is not None
    log = production_log.read(
        scenario.beside(scenario.log.file), utc_offset_s=scenario.log.utc_offset
    )
    (theory,) = theories([runner.load(name)], scenario)
    found = explain(log, scenario, theory)
    first = found.contradictions[0]
    assert (explained, contradicted, line, because) == (
        f"{len(found.explained)} of {len(found.facts)}",
        str(len(found.contradictions)),
        f"{first.line}: {first.text.split(' (')[0]}",
        first.contradiction,
    )


def test_every_theory_is_in_a_table() -> None:
    rows = [*table("scenario | WebSocket"), *table("scenario | incident")]
    shown = [row[0] for row in rows if re.match("theory_", row[0])]
    assert sorted(shown) == catalogue.grouped()["theories"]
