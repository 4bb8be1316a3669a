"""A scenario's behaviours and faults, served from now on whatever its date."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.serving.conftest import Serving, serving

SCENARIO = Path(__file__).with_name("late.yaml")


def test_what_a_scenario_has_in_store_happens_to_a_client_now(tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    with serving(tmp_path, str(SCENARIO), "--trace", str(trace)) as served:
        seen = served.client("ccxt_faults.py")
        code, printed, errors = served.end(signal.SIGTERM)
    assert seen == {
        "price": 0.02,  # its price until an hour after the start
        "bought": ["fine", "ExchangeNotAvailable", "fine"],
        "found": "OrderNotFound",
    }
    assert (code, errors) == (0, "")
    assert printed[0] == "binance: fault busy fired: POST /fapi/v1/order"
    assert "binance: fault busy fired 1 times" in printed
    assert "binance: fault too_late fired 0 times" in printed
    entries = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    fired = [each for each in entries if each["kind"] == "fault"]
    assert [(each["host"], each["rule"]) for each in fired] == [("binance", "busy")]


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """What it told; it serves no more."""
    with serving(tmp_path_factory.mktemp("late"), str(SCENARIO)) as served:
        served.end(signal.SIGTERM)
    return served


def test_what_of_a_scenario_is_not_served_is_counted(late: Serving) -> None:
    assert late.told["left_out"] == ["links (1)", "signals (1)", "expectations (1)"]
    assert late.lines[-2] == (
        "Not served, for it needs the bot in the world: links (1), signals (1), expectations (1)"
    )


def test_a_scenario_has_the_same_keys_each_time(late: Serving, tmp_path: Path) -> None:
    with serving(tmp_path, str(SCENARIO)) as again:
        keys = again.told["venues"]["binance"]["api_key"]
    assert keys == late.told["venues"]["binance"]["api_key"]
    assert list(late.told["venues"]) == ["binance"]
