"""The established cause of each incident comes first, and every wrong theory is contradicted."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from replay import parallel, runner
from replay.forensics import candidates as all_candidates
from replay.forensics.explanation import Explanation, Inquiry, Ranking, explain, group
from replay.logs import production_log
from tests.forensics.incidents import FILES, OFFSET_S, log, scenario

# By the dossiers, "established later": what has to be in the bot for the log to come about.
ESTABLISHED = {
    "sklusdt": {
        "registers_after_order",
        "order_result_read_as_dict",
        "compares_raw_with_unified_symbol",
    },
    "velvetusdt": {
        "pending_reads_wrong_keys",
        "order_result_read_as_dict",
        "compares_raw_with_unified_symbol",
    },
    "1000000babydogeusdt": {"fetch_order_unacknowledged"},
    "degenusdt": {"order_result_read_as_dict", "exceptions_logged_at_debug"},
    "wave_limit": {
        "requires_filled_status",
        "rollback_uses_reported_fill",
        "counts_only_successes",
    },
}
# What has nothing to do with it, though the version had it as well.
IDLE = {"active_before_stop", "placeholder_survives_rollback", "logs_created_before_and_after"}

# The report's theories by incident, and a fact that each of them gets wrong.
THEORIES = {
    "sklusdt": {"theory_three_bugs": "verification timed out"},
    "velvetusdt": {"theory_sources_order": "verification timed out"},
    "1000000babydogeusdt": {"theory_order_lag": "order not found"},
    "degenusdt": {
        "theory_rate_limit": "silence",
        "theory_rate_limit_by_ip": "verification timed out",
        "theory_endpoint_throttling": "silence",
        "theory_not_yet_queryable": "order fetched",
        "theory_wrong_id_format": "silence",
        "theory_wrong_symbol_format": "silence",
    },
    "wave_limit": {"theory_logged_twice": "next signal of the wave"},
}


@cache
def ranking(name: str) -> Ranking:
    return Inquiry(log(name), scenario(name)).run()


def of(found: Ranking, candidate: str) -> Explanation:
    return next(each for each in found.explanations if each.candidate.name == candidate)


@pytest.mark.parametrize("name", FILES)
def test_the_established_cause_comes_first_alone_with_nothing_against_it(name: str) -> None:
    found = ranking(name)
    (rank, tied, best), *_ = found.ranks()
    assert (rank, tied) == (1, False)
    assert best.contradictions == ()
    assert len(best.explained) == len(best.facts)
    defects = best.candidate.defects or frozenset()
    assert defects >= ESTABLISHED[name]
    assert not defects & IDLE
    incident = scenario(name).incident
    assert incident is not None
    assert best.candidate.version == incident.version
    assert found.failed == ()


@pytest.mark.parametrize(
    ("name", "theory", "fact"),
    [(name, theory, fact) for name, each in THEORIES.items() for theory, fact in each.items()],
)
def test_every_theory_of_the_reports_shows_what_contradicts_it(
    name: str, theory: str, fact: str
) -> None:
    against = of(ranking(name), theory).contradictions
    assert any(each.text.startswith(fact) for each in against), [each.text for each in against]


@pytest.mark.parametrize("name", FILES)
def test_a_bot_without_defects_contradicts_the_log_whatever_the_venue_does(name: str) -> None:
    found = ranking(name)
    for each in found.explanations:
        if each.candidate.kind in ("as it is", "behaviour"):
            assert each.contradictions, each.candidate.name


def test_taking_one_more_defect_from_the_best_would_contradict_the_log() -> None:
    best = ranking("sklusdt").explanations[0]
    for defect in sorted(best.candidate.defects or ()):
        fewer = (best.candidate.defects or frozenset()) - {defect}
        tried = all_candidates.with_defects(best.candidate.version, fewer, name="one less")
        assert explain(log("sklusdt"), scenario("sklusdt"), tried).score > best.score, defect


def test_the_exception_that_nobody_saw_stands_beside_the_best() -> None:
    hidden = ranking("degenusdt").explanations[0].hidden
    assert [each.type for each in hidden] == ["AttributeError"]


def test_several_processes_come_to_the_same_as_one() -> None:
    with parallel.workers(2) as mapped:
        found = Inquiry(log("wave_limit"), scenario("wave_limit"), mapped=mapped).run()
    assert found.explanations == ranking("wave_limit").explanations


def test_what_is_equally_good_is_called_a_tie() -> None:
    text = "22:34:11.543 - ⚙️ Atomic operation started\n"
    read = production_log.parse(text, scenario("sklusdt").start.date, OFFSET_S)
    found = Inquiry(read, scenario("sklusdt"), behaviours=(), theories=()).run()
    ranks = found.ranks()
    assert ranks[0][:2] == (1, True)
    assert sum(rank == 1 for rank, _, _ in ranks) > 20


def test_a_bot_of_ones_own_is_explained_by_what_its_venue_did(tmp_path: Path) -> None:
    """Its log is one that it left while orders could not be found for a while."""
    tiny = Path(__file__).with_name("tiny.yaml")
    own = runner.load(str(tiny))
    late = next(each for each in group("behaviours") if each.name == "late_order_binance")
    (laid,) = all_candidates.behaviours([late], own, [all_candidates.as_it_is("mine")])
    left = runner.play(laid.applied(own), str(tiny), version="mine")
    lines = [
        f"{production_clock(own.start.ns + each['t'])} - {each['logger']} - {each['level']}"
        f" - {each['message']}"
        for each in left.trace
        if each["kind"] == "log" and not each.get("hidden")
    ]
    file = tmp_path / "tiny_2026-11-02.log"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    read = production_log.read(file, None, 0, patterns=runner.patterns_of(own))
    found = Inquiry(read, own).run()
    best = found.explanations[0]
    assert best.candidate.name == "late_order_binance"
    assert best.contradictions == ()
    assert {each.candidate.kind for each in found.explanations} == {"as it is", "behaviour"}
    assert [each.type for each in best.hidden] == ["OrderNotFound"]
    assert of(found, "mine, as it is").contradictions


def production_clock(time_ns: int) -> str:
    seconds, ms = divmod(time_ns // 1_000_000, 1000)
    of_day = seconds % 86_400
    return f"{of_day // 3600:02}:{of_day // 60 % 60:02}:{of_day % 60:02},{ms:03}"
