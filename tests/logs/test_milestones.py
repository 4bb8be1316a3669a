"""Milestones in the texts of production logs and of the bot. Texts are copied from either."""

from __future__ import annotations

from pathlib import Path

import pytest

from replay.logs import milestones
from simulator.errors import InputError

SKL = {"symbol": "SKLUSDT"}


@pytest.mark.parametrize(
    ("text", "name", "groups"),
    [
        ("⚙️ Atomic operation started", "operation_started", {}),
        (
            "⚙️ Atomic operation started: SKLUSDT BUY 308.0",
            "operation_started",
            {**SKL, "side": "BUY", "quantity": "308.0"},
        ),
        (
            "Opening position ATOMICALLY: VELVETUSDT SELL 27.0",
            "opening_started",
            {"symbol": "VELVETUSDT", "side": "SELL", "quantity": "27.0"},
        ),
        ("✅ Leverage set to 1x", "leverage_set", {"leverage": "1"}),
        ("✅ Leverage set to 1x for SKLUSDT", "leverage_set", {**SKL, "leverage": "1"}),
        (
            "📊 [WS] Position update: SKLUSDT amount=308.0 ✅ POSITION OPENED!",
            "ws_position_update",
            {**SKL, "amount": "308.0"},
        ),
        (
            "📊 [USER] Position update: VELVETUSDT amount=-27.0  <-- WS UPDATE!",
            "ws_position_update",
            {"symbol": "VELVETUSDT", "amount": "-27.0"},
        ),
        ("⚠️ [PM] Skipped: SKLUSDT not in tracked positions ❌ BUG #1", "ws_update_skipped", SKL),
        (
            "  → Skipped: SKLUSDT not in tracked positions (['RADUSDT']...)",
            "ws_update_skipped",
            {**SKL, "tracked": "['RADUSDT']..."},
        ),
        ("⚡ Pre-registered SKLUSDT (4ms TOO LATE!) ❌", "pre_registered", SKL),
        ("⚡ Pre-registered SKLUSDT for WebSocket updates", "pre_registered", SKL),
        ("[create_market_order completed]", "order_placed", {}),
        (
            "✅ Fetched binance order on attempt 1/5:\nid=1020563016, filled=2925.0/2925.0, "
            "avgPrice=0.00205\nSTATUS: SUCCESS",
            "order_fetched",
            {
                "venue": "binance",
                "attempt": "1",
                "attempts": "5",
                "id": "1020563016",
                "filled": "2925.0",
                "quantity": "2925.0",
                "price": "0.00205",
            },
        ),
        (
            "✅ Fetched binance order data: id=392129879, status=closed, filled=27.0/27.0"
            "  <-- ИСПОЛНЕН!",
            "order_fetched",
            {
                "venue": "binance",
                "id": "392129879",
                "status": "closed",
                "filled": "27.0",
                "quantity": "27.0",
            },
        ),
        (
            "⚠️ Fetch order returned None for 512b1d4c-352b-4ceb-a20c-5288f2aa7715",
            "order_not_found",
            {"id": "512b1d4c-352b-4ceb-a20c-5288f2aa7715"},
        ),
        ("📝 Position record created in DB (id=3687)", "position_row_created", {"id": "3687"}),
        ("📝 Position record created: ID=3687", "position_row_created", {"id": "3687"}),
        (
            "🔍 Verifying position exists for VELVETUSDT...",
            "verification_requested",
            {"symbol": "VELVETUSDT"},
        ),
        ("🔍 Multi-source verification started", "verification_started", {}),
        (
            "🔍 Multi-source position verification for DEGENUSDT\nExpected quantity: 2925.0",
            "verification_started",
            {"symbol": "DEGENUSDT", "quantity": "2925.0"},
        ),
        (
            "🔍 Multi-source position verification started for SKLUSDT...",
            "verification_started",
            SKL,
        ),
        ("🔍 Verification STARTED (2ms позже!)", "verification_started", {}),
        (
            "📊 Position update: SKLUSDT → SKLUSDT, mark_price=0.01946033",
            "mark_price_update",
            {**SKL, "price": "0.01946033"},
        ),
        (
            "📊 Position update: mark_price=0.21824000  <-- WS обновления идут",
            "mark_price_update",
            {"price": "0.21824000"},
        ),
        ("📊 [WS] Mark price updates only (quantity lost) ❌ BUG #2", "mark_price_update", {}),
        (
            "❌ TIMEOUT: Could not verify position after 10.0s ❌ BUG #3",
            "verification_timeout",
            {"duration": "10.0"},
        ),
        (
            "❌ Multi-source verification TIMEOUT\nDuration: 10.0s\nAttempts: 5\nSources tried:\n"
            "  - WebSocket: True    ← Executed\n  - Order status: False ← NEVER MARKED AS TRUE\n"
            "  - REST API: True     ← Executed",
            "verification_timeout",
            {
                "duration": "10.0",
                "attempts": "5",
                "websocket": "True",
                "order_status": "False",
                "rest_api": "True",
            },
        ),
        (
            "❌ Multi-source verification TIMEOUT!\nSources tried:\n  - WebSocket: True\n"
            "  - Order status: False\n  - REST API: True",
            "verification_timeout",
            {"websocket": "True", "order_status": "False", "rest_api": "True"},
        ),
        (
            "❌ Multi-source verification TIMEOUT for SKLUSDT!\n"
            "  Could not verify position after 10.0s\n  Attempts: 5\n  Sources tried:\n"
            "  - WebSocket: False\n  - Order status: False\n  - REST API: True",
            "verification_timeout",
            {
                **SKL,
                "duration": "10.0",
                "attempts": "5",
                "websocket": "False",
                "order_status": "False",
                "rest_api": "True",
            },
        ),
        (
            '❌ TIMEOUT: "Order status: False"',
            "verification_timeout",
            {"order_status": "False"},
        ),
        (
            "✅ Position verified by Order status: SKLUSDT",
            "verification_confirmed",
            {**SKL, "source": "Order status"},
        ),
        ("🔄 Rollback: Creating close order", "rollback_close_order", {}),
        (
            "🔄 Rollback: Creating close order: SKLUSDT SELL 308.0",
            "rollback_close_order",
            {**SKL, "side": "SELL", "quantity": "308.0"},
        ),
        ("❌ Position closed (amount=0.0)", "position_closed", {"amount": "0.0"}),
        ("❌ Position closed: SKLUSDT amount=0.0", "position_closed", {**SKL, "amount": "0.0"}),
        ("✅ Rollback verified: position closed", "rollback_verified", {}),
        ("❌ Rollback FAILED: SKLUSDT is still open", "rollback_failed", SKL),
        ("🚨 Rollback of SKLUSDT not verified: it may still be open", "rollback_failed", SKL),
        ("❌ Atomic operation FAILED", "operation_failed", {}),
        (
            "❌ Atomic operation FAILED: SKLUSDT: UnverifiedError: no source confirms",
            "operation_failed",
            SKL,
        ),
        (
            "❌ Atomic position creation failed: Order missing 'side' field",
            "operation_failed",
            {"reason": "Order missing 'side' field"},
        ),
        (
            "🛡️ Stop-loss placed for SKLUSDT: id=77, quantity=308.0, trigger=0.01907000",
            "stop_loss_placed",
            {**SKL, "id": "77", "quantity": "308.0", "price": "0.01907000"},
        ),
        ("✅ Position ACTIVE: SKLUSDT", "position_active", SKL),
    ],
)
def test_a_line_is_recognised_with_what_it_tells(
    text: str, name: str, groups: dict[str, str]
) -> None:
    match = milestones.find(text)
    assert match is not None
    assert (match.name, dict(match.groups)) == (name, groups)


@pytest.mark.parametrize(
    "text",
    ["", "...", "Only WebSocket mark_price updates every second", "🔌 [USER] Connected"],
)
def test_other_lines_are_no_milestones(text: str) -> None:
    assert milestones.find(text) is None


def test_every_milestone_has_a_title_and_the_unknown_get_their_name_in_words() -> None:
    patterns = milestones.known()
    assert patterns.title("rollback_close_order") == "rollback: close order"
    assert patterns.title("something_else") == "something else"
    assert "verification_timeout" in patterns.names


def test_a_logger_narrows_a_pattern_only_where_the_line_names_one(tmp_path: Path) -> None:
    file = tmp_path / "patterns.yaml"
    file.write_text("- {name: tick, patterns: ['price'], logger: '^core\\.'}\n")
    patterns = milestones.load(file)
    assert patterns.find("price", "core.position_manager") is not None
    assert patterns.find("price") is not None
    assert patterns.find("price", "ccxt.base") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "name: x",
            ":1: {'name': 'x'} — must be a list of milestones; write `- {name: order_sent, "
            "patterns: ['order sent: (?P<symbol>\\w+)']}`",
        ),
        (
            "# mine\n- {name: x}",
            ":2: {'name': 'x'} — a milestone needs `name` and a list `patterns`; write `- {name: "
            "order_sent, patterns: ['order sent: (?P<symbol>\\w+)']}`",
        ),
        (
            "- name: x\n  patterns:\n    - a\n    - '('",
            ":4: x: patterns: ( — is no regular expression: missing ), unterminated subpattern at "
            "position 0; escape special signs with \\",
        ),
        (
            "- name: x\n  patterns: [a]\n  loger: b",
            ":3: x: loger — no such key; did you mean 'logger'?",
        ),
        (
            "- {name: x, patterns: [a]}\n- {name: x, patterns: [b]}",
            ":2: name: x — is named twice, first in line 1; put all patterns of a milestone below "
            "one name",
        ),
        (
            "- {name: x, patterns: [7]}",
            ":1: x: patterns: 7 — must be a text; put it in single quotes",
        ),
        (
            "- [",
            ":2: is no YAML: did not find expected node content; look for a missing colon, quote "
            "or indent here or in the line before",
        ),
    ],
)
def test_a_pattern_file_that_cannot_be_used_says_where_what_and_why(
    tmp_path: Path, content: str, message: str
) -> None:
    file = tmp_path / "patterns.yaml"
    file.write_text(content)
    with pytest.raises(InputError) as raised:
        milestones.load(file)
    assert str(raised.value) == f"{file}{message}"


def test_every_problem_of_a_pattern_file_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "patterns.yaml"
    file.write_text("- {name: x, patterns: ['(', ')']}\n- {name: y}\n")
    with pytest.raises(InputError) as raised:
        milestones.load(file)
    told = [line.removeprefix(f"{file}:").split(" ")[0] for line in str(raised.value).splitlines()]
    assert told == ["1:", "1:", "2:"]


def test_a_name_of_one_s_own_that_comes_along_too_is_written_in_both_ways(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("- {name: leverage_set, title: geared, patterns: ['gears at [0-9]+']}")
    patterns = milestones.with_patterns({}, [file])
    assert patterns.names[0] == "leverage_set"
    assert patterns.names.count("leverage_set") == 1
    assert patterns.title("leverage_set") == "geared"
    for text in ("gears at 1", "✅ Leverage set to 1x"):
        found = patterns.find(text)
        assert found is not None
        assert found.name == "leverage_set"


def test_a_missing_pattern_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "none.yaml"
    with pytest.raises(InputError, match=r"none\.yaml: cannot be read: .*No such file"):
        milestones.load(file)


def test_patterns_of_one_s_own_come_before_those_that_come_along(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "- {name: geared, title: gears in place, patterns: ['Leverage set to (?P<times>[0-9]+)x']}"
    )
    patterns = milestones.with_patterns({"first": ("core.*", "Leverage set to 9x")}, [file])
    assert patterns.names[:2] == ("first", "geared")
    assert patterns.title("geared") == "gears in place"

    def named(text: str, logger: str = "core.pm") -> str:
        found = patterns.find(text, logger)
        assert found is not None
        return found.name

    assert named("Leverage set to 1x") == "geared"
    assert named("Leverage set to 9x") == "first"
    assert named("Leverage set to 9x", "ccxt.base") == "geared"
    assert named("✅ Position ACTIVE: SKLUSDT") == "position_active"
