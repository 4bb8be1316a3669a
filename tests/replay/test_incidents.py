"""The incidents beside SKLUSDT: each happens again as its log and its dossier say, and is cured."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from replay import runner
from replay.logs import production_log
from replay.result import RunResult
from replay.timeline import fold
from scenarios import catalogue
from tests import elsewhere

MS = 1_000_000
LOGS = Path(__file__).parents[2] / "fixtures" / "logs"
# The day of 14 waves takes seconds and has its own test in tests/incidents.
INCIDENTS = [n for n in catalogue.grouped()[catalogue.INCIDENTS] if n != "wave_limit_day"]
NIGHT = date(2025, 10, 29)


@cache
def replay(name: str, version: str, *cured: str) -> RunResult:
    """A run of the scenario, with some defects of the version cured."""
    scenario = catalogue.open_scenario(name)
    settings: dict[str, Any] = {**scenario.bot.settings, "remove_defects": list(cured)}
    bot = scenario.bot.model_copy(update={"settings": settings})
    changed = scenario.model_copy(update={"bot": bot}) if cured else scenario
    return runner.play(changed, name, version=version)


def requests(result: RunResult, path: str, **params: str) -> list[Any]:
    """The requests to a path that reached a venue, with these parameters."""
    return [
        each
        for each in result.trace
        if each["kind"] == "request"
        and each["path"] == path
        and all(each["params"].get(name) == value for name, value in params.items())
    ]


@pytest.mark.parametrize(
    ("name", "version"),
    [(name, version) for name in INCIDENTS for version in runner.versions(name)],
)
def test_every_version_does_what_the_scenario_expects(name: str, version: str) -> None:
    result = replay(name, version)
    assert result.verdict.surprises == ()
    assert result.refusals == ()
    assert result.unknown_hosts == ()


@pytest.mark.parametrize(
    ("name", "version", "log", "told"),
    [
        ("velvetusdt", "2025-10-28-three-fixes", "velvetusdt_2025-10-29.log", 9),
        ("1000000babydogeusdt", "2025-10-28-three-fixes", "1000000babydogeusdt_2025-10-29.log", 5),
        ("degenusdt", "2025-10-29", "degenusdt_2025-10-29.log", 4),
    ],
)
def test_every_line_of_the_log_happens_again_within_10_ms(
    name: str, version: str, log: str, told: int
) -> None:
    production = fold(production_log.read(LOGS / log, NIGHT, 4 * 3600).milestones())
    found: dict[str, int] = {}
    for moment in production:
        kind = moment.milestone.name
        times = [each.time_ns for each in replay(name, version).milestones if each.name == kind]
        assert times, f"{kind} did not happen"
        nearest = min(abs(time_ns - moment.time_ns) for time_ns in times)
        assert nearest <= 10 * MS, (kind, nearest / MS)
        found[kind] = nearest
    assert len(found) == told


# VELVETUSDT


def test_velvet_times_out_after_seven_round_trips_of_352_ms_and_the_sleeps() -> None:
    result = replay("velvetusdt", "2025-10-28-three-fixes")
    times = {each.name: each.time_ns for each in result.milestones}
    took_ns = times["verification_timeout"] - times["verification_started"]
    # 0.5 + 0.75 + 1.125 + 1.6875 + 2 + 2 s of sleep, and 7 round trips.
    assert took_ns / MS == pytest.approx(8062.5 + 7 * 352, abs=1)
    assert took_ns / MS == pytest.approx(10_527, abs=1)  # the log's


def test_the_exceptions_of_velvet_are_named_though_the_log_has_none_of_them() -> None:
    (hidden,) = replay("velvetusdt", "2025-10-28-three-fixes").hidden
    assert (hidden.type, hidden.count, hidden.level) == ("AttributeError", 5, "DEBUG")
    assert hidden.message == "'OrderResult' object has no attribute 'get'"
    log = (LOGS / "velvetusdt_2025-10-29.log").read_text(encoding="utf-8")
    assert "AttributeError" not in log


def test_reading_the_size_alone_cures_velvet_from_the_stream() -> None:
    result = replay("velvetusdt", "2025-10-28-three-fixes", "pending_reads_wrong_keys")
    confirmed = next(each for each in result.milestones if each.name == "verification_confirmed")
    assert confirmed.groups["source"] == "WebSocket"
    assert result.outcomes == {"VELVETUSDT": "opened"}


# 1000000BABYDOGEUSDT


@pytest.mark.parametrize(
    "version", ["2025-10-28-three-fixes", "2025-10-29", "2025-10-29-attribute-access"]
)
def test_nobody_asked_bybit_for_the_order_that_was_not_there(version: str) -> None:
    result = replay("1000000babydogeusdt", version)
    assert requests(result, "/v5/order/create")
    assert requests(result, "/v5/order/realtime") == []
    assert any(each.name == "order_not_found" for each in result.milestones)


def test_the_naked_position_is_named_with_the_invariant_that_it_breaks() -> None:
    result = replay("1000000babydogeusdt", "2025-10-28-three-fixes")
    finding = next(f for f in result.verdict.findings if f.name == "no_unprotected_position")
    assert not finding.held
    assert "1000000BABYDOGEUSDT +5217 without a stop-loss" in finding.evidence


def test_the_order_has_the_id_of_the_log() -> None:
    result = replay("1000000babydogeusdt", "current")
    assert "512b1d4c-352b-4ceb-a20c-5288f2aa7715" in [
        json.loads(each["body"])["result"].get("orderId")
        for each in result.trace
        if each["kind"] == "reply" and '"orderId"' in str(each.get("body"))
        if "list" not in json.loads(each["body"])["result"]
    ]
    assert requests(result, "/v5/order/realtime", orderId="512b1d4c-352b-4ceb-a20c-5288f2aa7715")


def test_the_report_law_waits_as_long_as_it_says() -> None:
    result = replay("1000000babydogeusdt_lag", "2025-10-29")
    symbol = "LAG6500USDT"
    (created,) = requests(result, "/v5/order/create", symbol=symbol, side="Buy")
    order = next(
        each["params"]["orderId"] for each in requests(result, "/v5/order/realtime", symbol=symbol)
    )
    asked = requests(result, "/v5/order/realtime", orderId=order)[:5]
    after_ms = [(each["t"] - created["t"]) / MS for each in asked]
    # A round trip of 10 ms for the order's reply, and one more before each further try.
    law = [0.5 * sum(1.5**n for n in range(tries)) for tries in range(1, 6)]
    expected = [seconds * 1000 + 10 * tries for tries, seconds in enumerate(law, 1)]
    assert after_ms == pytest.approx(expected, abs=1)
    assert law[-1] == pytest.approx(6.59, abs=0.01)


# DEGENUSDT


def test_six_failures_in_the_order_of_the_report() -> None:
    result = replay("degenusdt", "2025-10-29")
    failures = [each for each in result.milestones if each.name == "verification_timeout"]
    assert [each.groups["symbol"] for each in failures] == [
        "TOWNSUSDT",
        "NOTUSDT",
        "ONEUSDT",
        "AIUSDT",
        "MONUSDT",
        "DEGENUSDT",
    ]
    started = [each for each in result.milestones if each.name == "verification_started"]
    for begun, ended in zip(started, failures, strict=True):
        assert (ended.time_ns - begun.time_ns) / MS == pytest.approx(10_513, abs=1)


def test_every_order_query_of_that_night_was_answered() -> None:
    result = replay("degenusdt", "2025-10-29")
    replies = {each["id"]: each for each in result.trace if each["kind"] == "reply"}
    queries = requests(result, "/fapi/v1/order")
    asked = [each for each in queries if each["method"] == "GET"]
    assert len(asked) == 6 * (1 + 5)
    for query in asked:
        assert replies[query["id"]]["status"] == 200
        assert json.loads(replies[query["id"]]["body"])["status"] == "FILLED"


def test_the_hidden_error_is_reported_thirty_times_with_its_place() -> None:
    (hidden,) = replay("degenusdt", "2025-10-29").hidden
    assert (hidden.type, hidden.count) == ("AttributeError", 30)
    assert re.search(r"verification\.py:\d+ in _order_status", hidden.place)


# the wave limit


def test_the_counter_reads_as_in_the_lines_that_are_left_of_the_log() -> None:
    log = (LOGS / "wave_limit_2025-10-12.log").read_text(encoding="utf-8")
    told = re.findall(r"opened: (\d)/5 → (\w+)", log)
    assert len(told) == 5
    result = replay("wave_limit", "2025-10-12")
    counted = [
        (each.groups["counted"], each.groups["symbol"])
        for each in result.milestones
        if each.name == "wave_counter"
    ]
    assert counted[-5:] == told
    assert [count for count, _ in counted] == ["0", "1", "2", "2", "2", "3", "3"]
    assert "4 in executed_count, but 7 positions actually created" in log


@pytest.mark.parametrize("version", ["2025-10-12", "2025-10-12-single-log"])
def test_bybit_refuses_to_close_nothing(version: str) -> None:
    result = replay("wave_limit", version)
    replies = {each["id"]: each for each in result.trace if each["kind"] == "reply"}
    closing = requests(result, "/v5/order/create", side="Sell", qty="0")
    assert len(closing) == 3
    for each in closing:
        body = json.loads(replies[each["id"]]["body"])
        assert body["retCode"] == 10001
        assert body["retMsg"] == "The number of contracts exceeds minimum limit allowed"


# the same every time


@pytest.mark.parametrize(
    ("name", "version"),
    [("wave_limit", "current"), ("1000000babydogeusdt", "2025-10-28-three-fixes")],
)
def test_the_digest_is_the_same_in_other_processes_with_other_hash_seeds(
    name: str, version: str
) -> None:
    run = f"runner.run({name!r}, version={version!r})"
    code = f"from replay import runner; print({run}.digest, end='')"
    digests = [elsewhere.python("-c", code, PYTHONHASHSEED=seed).stdout for seed in ("0", "4711")]
    assert digests == [replay(name, version).digest] * 2


@pytest.mark.parametrize("version", ["2025-10-12", "current"])
def test_no_signature_and_no_key_of_either_venue_is_in_a_trace(version: str) -> None:
    lines = replay("wave_limit", version).trace_lines
    signed = [line for line in lines if "X-BAPI-SIGN" in line or "signature=" in line]
    assert len(signed) > 20
    # Keys, secrets and signatures of both venues are 64 hexadecimal digits.
    secret = re.compile(r"(?<![0-9a-z])[0-9a-f]{64}(?![0-9a-z])")
    assert [line for line in lines if secret.search(line)] == []
