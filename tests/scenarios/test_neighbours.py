"""Real servers that a scenario names."""

from __future__ import annotations

import pytest

from tests.scenarios.test_loader import GOOD, loaded, problems


def test_times_of_a_neighbour_are_real_ones_with_units() -> None:
    scenario = loaded(
        f"{GOOD}neighbours:\n  db: {{address: '127.0.0.1:5432', timeout: 5 s, settle: 50 ms}}\n"
    )
    db = scenario.neighbours["db"]
    assert (db.address, db.timeout, db.settle) == ("127.0.0.1:5432", 5_000_000_000, 50_000_000)


@pytest.mark.parametrize(
    ("neighbours", "problem"),
    [
        (
            "{db: {address: '10.0.0.1:5432'}}",
            "neighbours.db.address: 10.0.0.1:5432 — a neighbour must be on this machine, was "
            "'10.0.0.1:5432'; write 127.0.0.1:5432, and bring what runs elsewhere here first",
        ),
        (
            "{db: {address: '127.0.0.1'}}",
            "neighbours.db.address: 127.0.0.1 — a neighbour's address must be host:port or the "
            "path of a Unix socket, was '127.0.0.1'; write 127.0.0.1:5432 or "
            "/run/postgresql/.s.PGSQL.5432",
        ),
        (
            "{binance: {address: '127.0.0.1:5432'}}",
            "neighbours.binance — is the name of a host already; choose another one",
        ),
        (
            "{signals: {address: '127.0.0.1:5432'}}",
            "neighbours.signals — is the name of a host already; choose another one",
        ),
    ],
)
def test_a_neighbour_that_cannot_be_is_told_with_its_line(neighbours: str, problem: str) -> None:
    assert problems(f"{GOOD}neighbours: {neighbours}\n") == [f"scenarios/x.yaml:30: {problem}"]
