"""Whatever is wrong with a file is said with file, line, value, rule and cure."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from scenarios.errors import ScenarioError
from scenarios.loader import load, load_text
from scenarios.schema import Scenario

GOOD = """\
name: small
title: A small one
start: 2025-10-28T22:34:00+04:00
until: 22:36:00
links:
  - between: [bot, fapi.binance.com]
    latency: 175 ms
venues:
  binance:
    profile: 2025-10+algo
    balance: 1000
    instruments:
      SKLUSDT:
        tick_size: 0.00001
        step_size: 1
        price: {constant: 0.01946}
    behaviour:
      visibility:
        - {window: order, lag: 300 ms}
stimulus:
  - at: 22:34:09.793
    signal: {id: 1, symbol: SKLUSDT, side: BUY, scores: [72.5, 68]}
expect:
  2025-10-28:
    outcome: rolled_back
    milestones:
      - {name: order_filled, at: 22:34:12.246, within: 10 ms}
  current:
    outcome: opened
"""
NAMES = ("order_filled", "verification_timeout")


def loaded(text: str) -> Scenario:
    return load_text(text, "scenarios/x.yaml", milestones=NAMES)


def problems(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        loaded(text)
    return str(caught.value).splitlines()


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_the_good_file_is_read() -> None:
    scenario = loaded(GOOD)
    assert scenario.versions == ("2025-10-28", "current")
    assert scenario.symbols == ("SKLUSDT",)
    assert scenario.expect["2025-10-28"].milestones[0].at == 1_761_676_452_246_000_000


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "latency: 175 ms",
            "latency: -5 ms",
            "scenarios/x.yaml:7: links[0].latency: -5 ms — must be >= 0; "
            "write a duration such as 350 ms",
        ),
        (
            "latency: 175 ms",
            "latency: 175",
            "scenarios/x.yaml:7: links[0].latency: 175 — must have a unit; write 175 ms or 175 s",
        ),
        (
            "latency: 175 ms",
            "latncy: 175 ms",
            "scenarios/x.yaml:7: links[0].latncy — no such key; did you mean 'latency'?",
        ),
        (
            "latency: 175 ms",
            "there: 175 ms",
            "scenarios/x.yaml:6: links[0] — needs a latency for both ways; "
            "give `latency`, or `there` and `back`",
        ),
        (
            "latency: 175 ms",
            "latency: {uniform: [2 ms, 1 ms]}",
            "scenarios/x.yaml:7: links[0].latency.uniform: [2 ms, 1 ms] — "
            "the lowest must come first; write [1 ms, 2 ms]",
        ),
        (
            "[bot, fapi.binance.com]",
            "[bot, fapi.binance.con]",
            "scenarios/x.yaml:6: links[0].between[1]: fapi.binance.con — no such host; "
            "did you mean 'fapi.binance.com'?",
        ),
        (
            "  binance:",
            "  binnance:",
            "scenarios/x.yaml:9: venues.binnance — no such venue; did you mean 'binance'?",
        ),
        (
            "profile: 2025-10+algo",
            "profile: 2025-11",
            "scenarios/x.yaml:10: venues.binance.profile: 2025-11 — no such profile; "
            "did you mean '2026-11'?",
        ),
        (
            "balance: 1000",
            "balance: a lot",
            "scenarios/x.yaml:11: venues.binance.balance: a lot — must be a number; "
            "write a decimal such as 0.01946",
        ),
        (
            "        tick_size: 0.00001\n",
            "",
            "scenarios/x.yaml:13: venues.binance.instruments.SKLUSDT.tick_size — is missing; "
            "add `tick_size:`",
        ),
        (
            "tick_size: 0.00001",
            "tick_size: 0",
            "scenarios/x.yaml:14: venues.binance.instruments.SKLUSDT.tick_size: 0 — must be > 0",
        ),
        (
            "{constant: 0.01946}",
            "{constant: 0.01946, random_walk: {start: 1}}",
            "scenarios/x.yaml:16: venues.binance.instruments.SKLUSDT.price — "
            "a price is one of constant, points and random_walk; write `{constant: 0.01946}`",
        ),
        (
            "{constant: 0.01946}",
            "{points: [[22:35:00, 1], [22:34:00, 2]]}",
            "scenarios/x.yaml:16: venues.binance.instruments.SKLUSDT.price — "
            "the points' moments must ascend; sort them",
        ),
        (
            "{window: order, lag: 300 ms}",
            "{window: stream.ACOUNT_UPDATE, lag: 300 ms}",
            "scenarios/x.yaml:19: venues.binance.behaviour.visibility[0].window: "
            "stream.ACOUNT_UPDATE — no such window; did you mean 'stream.ACCOUNT_UPDATE'?",
        ),
        (
            "{window: order, lag: 300 ms}",
            "{window: order, lag: 300 ms, symbol: SKLUSD}",
            "scenarios/x.yaml:19: venues.binance.behaviour.visibility[0].symbol: SKLUSD — "
            "no such symbol; did you mean 'SKLUSDT'?",
        ),
        (
            "at: 22:34:09.793",
            "at: 22:34:61",
            "scenarios/x.yaml:21: stimulus[0].at: 22:34:61 — must be a time of day that exists; "
            "write a time of day such as 22:34:11.543, or +12.5 s after the start",
        ),
        (
            "side: BUY",
            "side: BYU",
            "scenarios/x.yaml:22: stimulus[0].signal.side: BYU — is none of the known words; "
            "did you mean 'BUY'?",
        ),
        (
            "at: 22:34:09.793",
            "at: 22:36:00",
            "scenarios/x.yaml:21: stimulus[0].at: 22:36:00 — comes when the run is over; "
            "raise `until`",
        ),
        (
            "stimulus:",
            "hosts: {boot: {clock_offset: -3 ms}}\nstimulus:",
            "scenarios/x.yaml:20: hosts.boot — nothing runs on this host; "
            "give `run` or `factory`; the bot's own host is 'bot'",
        ),
        (
            "stimulus:",
            "bot: {versions: {curent: {}}}\nstimulus:",
            "scenarios/x.yaml:20: bot.versions.curent — expect says nothing of this version; "
            "did you mean 'current'?",
        ),
        (
            "stimulus:",
            "hosts: {bot: {stalls: [{after_log: {message: '('}, lasts: 1 s}]}}\nstimulus:",
            "scenarios/x.yaml:20: hosts.bot.stalls[0].after_log.message: ( — is no regular "
            "expression: missing ), unterminated subpattern at position 0; "
            "escape special signs with \\",
        ),
        (
            "id: 1,",
            'id: "1",',
            "scenarios/x.yaml:22: stimulus[0].signal.id: 1 — must be a whole number; "
            "write it without a point or quotes",
        ),
        (
            "[72.5, 68]",
            "[72.5]",
            "scenarios/x.yaml:22: stimulus[0].signal.scores[1] — is missing; add `1:`",
        ),
        (
            "outcome: rolled_back",
            "outcome: rolledback",
            "scenarios/x.yaml:25: expect.2025-10-28.outcome: rolledback — "
            "is none of the known words; did you mean 'rolled_back'?",
        ),
        (
            "name: order_filled",
            "name: order_fild",
            "scenarios/x.yaml:27: expect.2025-10-28.milestones[0].name: order_fild — "
            "no such milestone; did you mean 'order_filled'?",
        ),
        (
            ", within: 10 ms}",
            "}",
            "scenarios/x.yaml:27: expect.2025-10-28.milestones[0] — `at` needs `within`; "
            "add `within: 10 ms`",
        ),
        (
            "    outcome: opened\n",
            "    outcome: opened\n    breaks: [no_unprotected_position]\n",
            "scenarios/x.yaml:30: expect.current.breaks: [no_unprotected_position] — "
            "the current version must keep every invariant; leave it out",
        ),
        (
            "    signal: {id: 1, symbol: SKLUSDT, side: BUY, scores: [72.5, 68]}\n",
            "    wave: {signals: []}\nzzz:\n",
            "scenarios/x.yaml:22: stimulus[0].wave.signals: [] — is empty; give at least 1\n"
            "scenarios/x.yaml:23: zzz — no such key; known: name, title, description, log, "
            "incident, start, until, settle, seed, links, venues, hosts, neighbours, bot, "
            "signal_server, stimulus, crash, milestones, patterns, invariants, expect",
        ),
        (
            "start: 2025-10-28T22:34:00+04:00",
            "start: 2025-10-28 22:34",
            "scenarios/x.yaml:3: start: 2025-10-28 22:34 — must be a time with a UTC offset; "
            "write a time with its UTC offset, such as 2025-10-28T22:34:00+04:00",
        ),
        (
            "title: A small one\n",
            "title: A small one\ntitle: Another\n",
            "scenarios/x.yaml:3: title — is given twice, first in line 2; keep one of the two",
        ),
        (
            "title: A small one",
            "title: [A small one",
            "scenarios/x.yaml:3: is no YAML: did not find expected ',' or ']'; "
            "look for a missing colon, quote or indent here or in the line before",
        ),
        (
            "    behaviour:\n",
            "    behaviour:\n      settings: {listen_key_lif: 60 min}\n",
            "scenarios/x.yaml:18: venues.binance.behaviour.settings.listen_key_lif: 60 min — "
            "binance has no such setting; did you mean 'listen_key_life'?",
        ),
        (
            "    behaviour:\n",
            "    behaviour:\n      faults: [{name: a, endpoint: stream.X, kind: hang}]\n",
            "scenarios/x.yaml:18: venues.binance.behaviour.faults[0] — fault 'a': "
            "hang cannot happen to stream messages; "
            "can: drop, duplicate, delay, silence, disconnect",
        ),
        (
            "    behaviour:\n",
            "    behaviour:\n      faults: [{name: a, endpoint: POST /x, kind: boom}]\n",
            "scenarios/x.yaml:18: venues.binance.behaviour.faults[0].kind: boom — "
            "is none of the known words; known: error, error_after, hang, reply_lost, reset, "
            "reset_after, delay, drop, duplicate, silence, disconnect, refuse",
        ),
    ],
)
def test_a_bad_file_is_told_by_line_rule_and_cure(old: str, new: str, problem: str) -> None:
    assert "\n".join(problems(changed(old, new))) == problem


def test_all_problems_of_a_file_are_told_at_once_in_the_order_of_its_lines() -> None:
    text = changed("balance: 1000", "balance: -1").replace("side: BUY", "side: HOLD")
    text = text.replace("latency: 175 ms", "latency: 175").replace("title: A", "titel: A")
    text = text.replace("name: order_filled", "name: order_lost")
    text += "    outcome: naked\n"
    lines = [int(problem.split(":")[1]) for problem in problems(text)]
    assert lines == [1, 2, 7, 11, 22, 27, 30]


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"none\.yaml:1: cannot be read"):
        load(tmp_path / "none.yaml")


def test_an_empty_file_says_how_to_begin() -> None:
    assert problems("") == [
        "scenarios/x.yaml:1: is no scenario; begin with `name:`, `title:` and `start:`"
    ]


def test_numbers_do_not_pass_through_binary_floats() -> None:
    price = loaded(GOOD).venues["binance"].instruments["SKLUSDT"].price
    assert price.constant == Decimal("0.01946")
    assert str(price.constant) == "0.01946"


def test_anchors_and_merges_work() -> None:
    text = changed(
        "    outcome: opened\n", "    <<: &kept {outcome: opened, position: {SKLUSDT: 308}}\n"
    )
    text += "  mine: *kept\n"
    assert loaded(text).expect["mine"].position == {"SKLUSDT": Decimal(308)}
    assert loaded(text).expect["current"].outcome == "opened"


def test_an_anchor_inside_itself_is_refused() -> None:
    text = changed("title: A small one", "title: &a [*a]")
    assert "an anchor cannot contain itself; write it out" in problems(text)[1]


def test_where_compares_as_a_log_spells_it() -> None:
    text = changed("within: 10 ms}", "within: 10 ms, where: {websocket: false, attempts: 5}}")
    rule = loaded(text).expect["2025-10-28"].milestones[0]
    assert rule.where == {"websocket": "False", "attempts": "5"}


def test_a_scenarios_own_milestones_are_known_to_it() -> None:
    text = (
        changed("name: order_filled", "name: paused") + "milestones:\n  paused: {message: Pause}\n"
    )
    assert loaded(text).milestones["paused"].message == "Pause"


def test_a_version_that_is_not_named_has_to_open_and_break_nothing() -> None:
    expected = loaded(GOOD).expectation("mine")
    assert (expected.outcome, expected.breaks) == ("opened", ())


def test_a_version_overrules_the_bots_common_settings() -> None:
    text = GOOD + "bot:\n  settings: {usdt_size: 6.5, leverage: 1}\n"
    text += "  versions: {current: {settings: {leverage: 2}}}\n"
    bot = loaded(text).bot
    assert bot.settings_for("2025-10-28") == {"usdt_size": 6.5, "leverage": 1}
    assert bot.settings_for("current") == {"usdt_size": 6.5, "leverage": 2}
