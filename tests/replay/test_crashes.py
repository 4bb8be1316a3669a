"""A bot that is killed where the scenario says, and started again with what was durable."""

from __future__ import annotations

import importlib
import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from replay import json_report, report, runner
from replay.ci.annotations import commands
from replay.ci.attempt import Attempt
from replay.result import RunResult
from scenarios import catalogue
from scenarios.errors import ScenarioError
from tests import elsewhere

_FILE = catalogue.find("crash_binance").read_text(encoding="utf-8")
_ONE_SIGNAL = re.sub(r"\n  # Whoever.*?(?=\n\ncrash:)", "", _FILE, flags=re.DOTALL)
TEXT = re.sub(
    r"\nmilestones:.*", "\nexpect: {current: {outcome: opened}}\n", _ONE_SIGNAL, flags=re.DOTALL
)
ORDER = "POST /fapi/v1/order"


def text_with(crash: str) -> str:
    """The scenario with other crashes."""
    block = "crash:\n" + textwrap.indent(textwrap.dedent(crash).strip(), "  ") + "\n\ninvariants:"
    return re.sub(r"crash:\n.*?\ninvariants:", lambda _: block, TEXT, flags=re.DOTALL)


def run(crash: str) -> RunResult:
    scenario = runner.load_text(text_with(crash), "x.yaml")
    return runner.play(scenario, "x.yaml", version="current")


def entries(result: RunResult, *kinds: str) -> list[Mapping[str, Any]]:
    return [each for each in result.trace if each["kind"] in kinds]


def moments(result: RunResult, *kinds: str) -> list[tuple[float, str]]:
    """Seconds since the start, and the kind."""
    return [(each["t"] / 1e9, each["kind"]) for each in entries(result, *kinds)]


def endpoints(result: RunResult) -> list[str]:
    """Of the requests that change something, as the venue got them."""
    return [
        f"{each['method']} {each['path']}"
        for each in entries(result, "request")
        if each["method"] != "GET" and "listenKey" not in each["path"]
    ]


AT = "- {at: +10.1 s, restart: {after: 5 s}}"


def test_at_a_moment() -> None:
    result = run(AT)
    assert moments(result, "crash", "restart") == [(10.1, "crash"), (15.1, "restart")]


def test_an_unsent_request_never_reaches_the_venue() -> None:
    result = run(f"- {{request: {ORDER}, when: unsent, restart: {{after: 5 s}}}}")
    assert endpoints(result) == ["POST /fapi/v1/leverage"]
    # The reply to the leverage comes at 10.24 s; the order would leave at that moment.
    assert moments(result, "crash") == [(10.24, "crash")]
    assert result.outcomes == {"ADAUSDT": "untouched"}


@pytest.mark.parametrize(("when", "crashed_s"), [("taken", 10.26), ("answered", 10.26)])
def test_a_request_that_the_venue_has_is_carried_out(when: str, crashed_s: float) -> None:
    result = run(f"- {{request: {ORDER}, when: {when}}}")
    assert endpoints(result) == ["POST /fapi/v1/leverage", ORDER]
    assert moments(result, "crash") == [(crashed_s, "crash")]
    assert result.outcomes == {"ADAUSDT": "naked"}


def test_between_request_and_reply_a_venue_that_takes_its_time_acts_after_the_crash() -> None:
    slow = {"endpoint": ORDER, "request": "300 ms", "reply": "200 ms"}
    changed = TEXT.replace(
        "        book: {quantity: 100000}\n",
        "        book: {quantity: 100000}\n    behaviour:\n"
        f"      latency: [{json.dumps(slow)}]\n",
    )
    found = {}
    for when in ("taken", "answered"):
        text = changed.replace("when: taken", f"when: {when}")
        result = runner.play(runner.load_text(text, "x.yaml"), "x.yaml", version="current")
        (order,) = [
            each
            for each in result.truth[0].orders
            if each.change == "FILLED" and not each.conditional
        ]
        found[when] = (
            moments(result, "crash")[0][0],
            (order.time_ns - result.start_ns) / 1e9,
        )
    assert found == {"taken": (10.26, 10.56), "answered": (10.76, 10.56)}


def test_the_nth_request_of_an_endpoint_and_the_nth_milestone() -> None:
    second_stop = run("- {request: POST /fapi/v1/algoOrder, nth: 2, when: unsent}")
    assert endpoints(second_stop).count("POST /fapi/v1/algoOrder") == 1
    third = run("- {milestone: mark_price_update, nth: 3}")
    heard = [each.name for each in third.milestones].count("mark_price_update")
    assert heard == 3


def test_after_a_milestone_and_after_a_log_record_nothing_more_is_done() -> None:
    by_name = run("- {milestone: leverage_set}")
    by_line = run("- {after_log: {logger: core.*, message: Leverage set to 1x}}")
    for result in (by_name, by_line):
        assert result.milestones[-1].name == "leverage_set"
        assert endpoints(result) == ["POST /fapi/v1/leverage"]
    lines = [each["message"] for each in entries(by_line, "log") if each["host"] == "bot"]
    assert "Leverage set to 1x" in lines[-1]


def test_a_bot_that_stays_down_believes_nothing() -> None:
    result = run(f"- {{request: {ORDER}}}")
    found = {each.name: each.evidence for each in result.verdict.findings}
    assert found["belief_equals_truth"] == "not judged: this bot does not say what it believes"
    assert result.signals_lost == ("1 (ADAUSDT): it was being dealt with when the bot crashed",)


@pytest.mark.parametrize(
    ("signals", "outcome", "lost"),
    [("lost", "untouched", ("1 (ADAUSDT): the bot was down",)), ("kept", "opened", ())],
)
def test_a_signal_that_comes_while_the_bot_is_down(
    signals: str, outcome: str, lost: Sequence[str]
) -> None:
    result = run(f"- {{at: +9 s, restart: {{after: 5 s, signals: {signals}}}}}")
    assert result.outcomes == {"ADAUSDT": outcome}
    assert result.signals_lost == lost


def test_a_restart_that_does_not_come_in_time_is_told_with_the_signals_kept_for_it() -> None:
    result = run("- {at: +9 s, restart: {after: 5 min, signals: kept}}")
    told = "starting the bot again: it was still down when time was up; raise `until`"
    assert result.over_budget == (told,)
    assert [each.evidence for each in result.verdict.surprises if told in each.evidence] == [told]
    assert result.signals_lost == ("1 (ADAUSDT): the bot was still down when time was up",)


def test_it_can_crash_again_in_its_second_life() -> None:
    result = run(
        """
        - {request: POST /fapi/v1/order, restart: {after: 1 s}}
        - {request: POST /fapi/v1/algoOrder, when: unsent, restart: {after: 1 s}}
        """
    )
    assert [kind for _, kind in moments(result, "crash", "restart")] == [
        *("crash", "restart"),
        *("crash", "restart"),
    ]
    assert result.outcomes == {"ADAUSDT": "opened"}


def test_the_database_is_as_it_was_committed_and_goes_on() -> None:
    result = run("- {milestone: position_row_created, restart: {after: 5 s}}")
    assert [each.type for each in result.events]  # written by the second life
    assert result.outcomes == {"ADAUSDT": "opened"}


COUNTING_BOT = """
import logging

LIVES = []


class Bot:
    def __init__(self, settings):
        LIVES.append(settings["version"])

    async def start(self):
        logging.getLogger("core").info("life %d in this process", len(LIVES))

    async def deliver(self, signal):
        pass

    async def stop(self):
        pass

    def believes(self):
        return {}


create = Bot
"""


def test_what_the_bot_kept_in_a_module_is_gone_and_is_there_again_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "counting_bot.py").write_text(COUNTING_BOT, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    counting_bot = importlib.import_module("counting_bot")
    text = text_with(AT).replace("bot:\n", "bot:\n  factory: counting_bot:create\n", 1)
    result = runner.play(runner.load_text(text, "x.yaml"), "x.yaml", version="current")
    lines = [each["message"] for each in entries(result, "log") if each["logger"] == "core"]
    assert lines == ["life 1 in this process", "life 1 in this process"]
    assert importlib.import_module("counting_bot") is counting_bot
    assert counting_bot.LIVES == ["current"]


def test_a_crash_that_never_comes_is_told_like_a_fault_that_never_fired() -> None:
    result = run("- {milestone: rollback_failed, restart: {after: 5 s}}")
    name = "bot: crash 1 (milestone rollback_failed)"
    assert result.faults_fired == {name: 0}
    assert result.verdict.ok
    (line,) = [
        each for each in report.plain(report.section(result)).splitlines() if "never fired" in each
    ]
    assert line.split("  ")[-1] == name


def test_it_is_annotated_at_its_entry(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text_with("- {at: +1 s}\n- {milestone: rollback_failed}"), encoding="utf-8")
    result = runner.run(str(file), version="current")
    attempt = Attempt(scenario=str(file), version="current", result=result)
    (warning,) = [each for each in commands([attempt], tmp_path) if each.startswith("::warning")]
    at = file.read_text().splitlines().index("  - {milestone: rollback_failed}") + 1
    assert f"line={at}," in warning


def test_the_report_and_the_json_show_crash_restart_and_what_was_lost() -> None:
    result = run(f"- {{request: {ORDER}, restart: {{after: 5 s}}}}")
    shown = report.plain(report.section(result))
    rows = [line.split("   ")[0] for line in shown.splitlines() if " CRASH " in line]
    assert rows == ["10:00:10.260"]
    assert "10:00:15.260   bot       is started again" in shown
    document = json_report.document(
        [Attempt(scenario="x", version="current", result=result)], exit_code=0
    )
    assert document["runs"][0]["signals_lost"] == list(result.signals_lost)


@pytest.mark.parametrize(
    "crash",
    [
        AT,
        "- {milestone: stop_loss_placed, restart: {after: 5 s}}",
        f"- {{request: {ORDER}, when: unsent, restart: {{after: 5 s}}}}",
    ],
)
def test_two_runs_are_equal(crash: str) -> None:
    assert run(crash).digest == run(crash).digest


def test_two_processes_with_different_hash_seeds_have_the_same_digest(tmp_path: Path) -> None:
    digests = []
    for seed in ("1", "2718"):
        out = tmp_path / f"{seed}.json"
        elsewhere.replay("run", "crash_bybit", "--json", out, PYTHONHASHSEED=seed)
        digests.append([run["digest"] for run in json.loads(out.read_text())["runs"]])
    versions = runner.versions("crash_bybit")
    here = [runner.run("crash_bybit", version=version).digest for version in versions]
    assert digests == [here, here]


@pytest.mark.parametrize(
    ("crash", "told"),
    [
        ("- {nth: 2}", "crash[0] — needs one of `at`, `milestone`, `request`, `after_log`"),
        ("- {at: +1 s, milestone: order_placed}", "crash[0] — needs one of `at`"),
        ("- {at: +1 s, when: unsent}", "crash[0].when: unsent — `when` goes with `request`"),
        ("- {at: +1 s, nth: 2}", "crash[0].nth: 2 — a moment comes once"),
        ("- {request: /fapi/v1/order}", "crash[0].request: /fapi/v1/order — must be method and"),
        ("- {at: +5 min}", "crash[0].at: +5 min — comes when the run is over"),
        ("- {milestone: order_plcaed}", "no such milestone; did you mean 'order_placed'?"),
    ],
)
def test_what_cannot_be_meant_is_told_with_line_rule_and_cure(crash: str, told: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        runner.load_text(text_with(crash), "x.yaml")
    assert told in str(raised.value)
    assert str(raised.value).startswith("x.yaml:")
