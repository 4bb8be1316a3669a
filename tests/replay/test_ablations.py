"""The ablation matrix: what makes each incident, and what does not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from bot_under_test.reference import VERSIONS, Defect
from replay import ablations, cli

# For each incident: the changes to its version under which it does not appear any more. That all
# others leave it as it was is the point: the sources' order, the single log, the five tries.
CURES = {
    "sklusdt": {"- order_result_read_as_dict", "- compares_raw_with_unified_symbol"},
    "velvetusdt": {
        "- order_result_read_as_dict",
        "- compares_raw_with_unified_symbol",
        "- pending_reads_wrong_keys",
    },
    "1000000babydogeusdt": {"- fetch_order_unacknowledged", "- rollback_needs_entry_order"},
    "degenusdt": {
        "- order_result_read_as_dict",
        "- compares_raw_with_unified_symbol",
        "- pending_reads_wrong_keys",
    },
    "wave_limit": {
        "- requires_filled_status",
        "- rollback_uses_reported_fill",
        "- counts_only_successes",
    },
}
# Each of these alone makes `current` fail on Bybit, and it fails safe: nothing is left.
HARMLESS_FAILURES = {"+ fetch_order_unacknowledged", "+ requires_filled_status"}


def test_every_incident_of_the_reports_is_in_the_matrix() -> None:
    assert set(ablations.incidents()) == set(CURES)


@pytest.mark.parametrize("incident", sorted(CURES))
def test_the_matrix_shows_what_makes_an_incident(incident: str) -> None:
    table = ablations.table(ablations.ablate(incident))
    old, new = table[table.bot != "current"], table[table.bot == "current"]
    assert set(old[old.appears == "no"].change) == CURES[incident]
    if incident != "wave_limit":  # which does not verify
        assert "sources in another order" in set(old[old.appears == "yes"].change)
    version = old.bot.iloc[0]
    assert len(old[old.change.str.startswith("- ")]) == len(VERSIONS[version])
    assert set(new.change) == {"as it is", *(f"+ {defect.value}" for defect in Defect)}
    # Over `current` no defect brings it back: there is always another source, or another net.
    assert set(new.appears) == {"no"}
    failed = new[new.outcome.str.contains("rolled_back")]
    on_bybit = incident in ("1000000babydogeusdt", "wave_limit")
    assert set(failed.change) == (HARMLESS_FAILURES if on_bybit else set())


def test_the_table_is_printed_and_written_as_csv(tmp_path: Path) -> None:
    file = tmp_path / "ablations.csv"
    ended = CliRunner().invoke(cli.app, ["ablations", "sklusdt", "--csv", str(file)])
    assert ended.exit_code == 0
    read = pd.read_csv(file)
    assert list(read.columns) == ["incident", "bot", "change", "outcome", "appears"]
    assert len(read) == 1 + len(VERSIONS["2025-10-28"]) + 1 + 1 + len(Defect)
    assert "- order_result_read_as_dict" in ended.stdout


def test_a_scenario_that_is_no_incident_cannot_be_ablated() -> None:
    ended = CliRunner().invoke(cli.app, ["ablations", "degenusdt_placeholder"])
    assert ended.exit_code == 2
    assert "degenusdt_placeholder: tells of no incident" in ended.stderr
