"""The incident of 2025-10-28, 22:34, against the simulated venue: what the log shows happens again,
for the reasons found later, and the cured bot opens. Expected times are the log's."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot_under_test.reference import ReferenceBot
from replay import runner
from replay.cli import app
from replay.logs import production_log
from replay.result import Milestone, RunResult
from replay.timeline import fold
from scenarios import catalogue
from simulator import Streams
from tests import elsewhere

MS = 1_000_000
LOG = Path(__file__).parents[2] / "fixtures/logs/sklusdt_2025-10-28.log"


@cache
def replay(version: str, *cured: str) -> RunResult:
    """A run of the scenario, with some defects of the version cured."""
    scenario = catalogue.open_scenario("sklusdt")
    settings: dict[str, Any] = {**scenario.bot.settings, "remove_defects": list(cured)}
    bot = scenario.bot.model_copy(update={"settings": settings if cured else scenario.bot.settings})
    return runner.play(scenario.model_copy(update={"bot": bot}), "sklusdt", version=version)


def first(result: RunResult, name: str) -> Milestone:
    found = [each for each in result.milestones if each.name == name]
    assert found, f"{name} did not happen"
    return found[0]


def names(result: RunResult) -> list[str]:
    return [each.name for each in result.milestones]


def outcome(result: RunResult) -> str:
    return next(f.evidence for f in result.verdict.findings if f.name.startswith("SKLUSDT ends"))


@pytest.mark.parametrize("version", runner.versions("sklusdt"))
def test_every_version_does_what_the_scenario_expects(version: str) -> None:
    result = replay(version)
    assert result.verdict.surprises == ()
    assert result.refusals == ()
    assert result.unknown_hosts == ()


def test_every_line_of_the_log_happens_again_within_10_ms() -> None:
    log = production_log.read(LOG, date(2025, 10, 28), 4 * 3600)
    production = fold(log.milestones())
    assert len(production) == 13  # what the log tells, the mark prices taken as one
    result = replay("2025-10-28")
    for moment in production:
        name = moment.milestone.name
        times = [each.time_ns for each in result.milestones if each.name == name]
        nearest = min(abs(time_ns - moment.time_ns) for time_ns in times)
        assert nearest <= 10 * MS, (name, nearest)


def test_the_stream_beats_the_skip_by_2_ms_and_the_registration_by_4() -> None:
    result = replay("2025-10-28")
    update = first(result, "ws_position_update").time_ns
    assert first(result, "ws_update_skipped").time_ns - update == pytest.approx(2 * MS, abs=MS)
    assert first(result, "pre_registered").time_ns - update == pytest.approx(4 * MS, abs=MS)


def test_the_fill_is_on_the_stream_before_the_rest_reply_arrives() -> None:
    result = replay("2025-10-28")
    replies = {e["id"]: e for e in result.trace if e["kind"] == "reply"}
    order = next(
        e
        for e in result.trace
        if e["kind"] == "request" and (e["method"], e["path"]) == ("POST", "/fapi/v1/order")
    )
    update = next(e for e in result.trace if e.get("event") == "ACCOUNT_UPDATE")
    assert replies[order["id"]]["arrives_ns"] - update["arrives_ns"] == 4 * MS


def test_the_sources_block_is_the_logs() -> None:
    text = first(replay("2025-10-28"), "verification_timeout").text
    assert "WebSocket: False" in text
    assert "Order status: False" in text
    assert "REST API: True" in text


def test_what_the_log_level_hid_is_named_with_its_count() -> None:
    (hidden,) = replay("2025-10-28").hidden
    assert hidden.type == "AttributeError"
    assert "'get'" in hidden.message
    assert hidden.count == 5
    assert hidden.level == "DEBUG"
    assert "verification.py" in hidden.place


@pytest.mark.parametrize("cured", ["order_result_read_as_dict", "compares_raw_with_unified_symbol"])
def test_either_of_the_unseen_defects_cured_alone_saves_the_trade(cured: str) -> None:
    result = replay("2025-10-28", cured)
    assert outcome(result) == "SKLUSDT ended opened, +308"
    assert "verification_timeout" not in names(result)


def test_the_cured_bot_opens_within_a_second_of_verification_with_a_resting_stop() -> None:
    result = replay("current")
    confirmed = first(result, "verification_confirmed").time_ns
    assert confirmed - first(result, "verification_started").time_ns < 1_000 * MS
    assert outcome(result) == "SKLUSDT ended opened, +308"  # with a stop that covers it: else naked
    assert not {"rollback_close_order", "operation_failed"} & {*names(result)}


# What identifies a run, and what must not be in it.


def test_two_processes_with_different_hash_seeds_have_the_same_digest(tmp_path: Path) -> None:
    digests = []
    for seed in ("1", "2718"):
        out = tmp_path / f"{seed}.json"
        elsewhere.replay("run", "sklusdt", "--bot", "current", "--json", out, PYTHONHASHSEED=seed)
        (run,) = json.loads(out.read_text())["runs"]
        digests.append(run["digest"])
    assert digests[0] == digests[1] == replay("current").digest
    assert len(digests[0]) == 64


def test_another_seed_is_another_run() -> None:
    scenario = catalogue.open_scenario("sklusdt")
    other = runner.play(scenario, "sklusdt", version="current", seed=2)
    assert other.digest != replay("current").digest
    assert other.verdict.ok


def test_no_key_or_signature_is_in_the_trace() -> None:
    result = replay("current")
    text = "\n".join(result.trace_lines)
    assert "X-MBX-APIKEY': '***'" in text  # ccxt logs its headers at DEBUG
    assert "signature=***" in text
    keys = Streams(result.seed)["binance.credentials"]
    for secret in (keys.randbytes(32).hex(), keys.randbytes(32).hex()):
        assert secret not in text
    # ccxt logs the reply that holds the listen key, 64 letters and digits, as well
    assert r"{\"listenKey\":\"***\"}" in text
    assert not re.search(r"[A-Za-z0-9]{60,}", text)


def command(*args: str) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(app, args)


def test_the_command_shows_the_replay_and_ends_with_0() -> None:
    done = command("run", "sklusdt", "--bot", "2025-10-28", "--twice")
    assert done.exit_code == 0, done.stderr
    assert "22:34:12.246" in done.stdout
    assert "AttributeError" in done.stdout
    assert "replay run sklusdt --bot 2025-10-28 --seed 1" in done.stdout
    assert replay("2025-10-28").digest in done.stdout


def test_a_signal_that_is_not_dealt_with_when_time_is_up_ends_with_5(tmp_path: Path) -> None:
    file = tmp_path / "short.yaml"
    text = Path(catalogue.find("sklusdt")).read_text(encoding="utf-8")
    assert "until: 22:36:00" in text
    file.write_text(text.replace("until: 22:36:00", 'until: "22:34:20"'), encoding="utf-8")
    done = command("run", str(file), "--bot", "2025-10-28")
    assert done.exit_code == 5, done.stdout
    assert "every signal is dealt with" in done.stdout
    assert "not finished" in done.stdout


def test_a_bot_that_crashes_is_told_of_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def crash(self: Any, signal: Any) -> None:
        raise RuntimeError(f"GET /fapi/v1/order?symbol=SKLUSDT&signature={'ab' * 32} timed out")

    monkeypatch.setattr(ReferenceBot, "open", crash)
    done = command("run", "sklusdt", "--bot", "current")
    assert done.exit_code == 1
    assert "RuntimeError" in done.stdout
    assert "abab" not in done.stdout


@pytest.mark.parametrize("offset_s", [-12, 3])
def test_current_opens_with_a_clock_that_the_venue_does_not_accept(offset_s: int) -> None:
    """-1021 for what is older than the receive window, and for what comes from the future."""
    scenario = catalogue.open_scenario("sklusdt")
    bot = scenario.hosts["bot"].model_copy(update={"clock_offset": offset_s * 1_000 * MS})
    scenario = scenario.model_copy(update={"hosts": {"bot": bot}})
    result = runner.play(scenario, "sklusdt", version="current")
    assert outcome(result) == "SKLUSDT ended opened, +308"
    refused = [e for e in result.trace if e["kind"] == "reply" and "-1021" in e.get("body", "")]
    assert len(refused) == 1


def test_a_bot_that_reaches_for_the_real_network_ends_with_4(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_position = ReferenceBot.open

    async def phone_home(self: Any, signal: Any) -> None:
        with contextlib.suppress(OSError):
            socket.create_connection(("192.0.2.1", 443), timeout=1)  # TEST-NET-1
        await open_position(self, signal)

    monkeypatch.setattr(ReferenceBot, "open", phone_home)
    done = command("run", "sklusdt", "--bot", "current")
    assert done.exit_code == 4
    assert "192.0.2.1:443" in done.stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [(("run", "sklusd"), "sklusdt"), (("run", "sklusdt", "--bot", "2025-10-30"), "current")],
)
def test_unusable_input_ends_with_2_and_the_cure(args: tuple[str, ...], told: str) -> None:
    done = command(*args)
    assert done.exit_code == 2
    assert told in done.stderr
