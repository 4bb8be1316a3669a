"""A scenario made of a log alone replays with the symptoms of the log."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from replay import runner
from replay.forensics.comparison import compare
from replay.forensics.draft import draft
from replay.forensics.importing import scenario_text
from replay.logs import production_log
from replay.result import RunResult
from scenarios.schema import Scenario
from simulator.errors import InputError
from tests.forensics.incidents import FILES, LOGS, OFFSET_S, log

DAY = date(2025, 10, 28)
TIMED = [name for name in FILES if name != "wave_limit"]


@cache
def imported(name: str) -> tuple[str, Scenario, RunResult]:
    """The text, the scenario that it is, and a run of it, unedited."""
    text = scenario_text(log(name), LOGS / FILES[name], OFFSET_S)
    found = runner.load_text(text, f"{name}.yaml")
    (version,) = found.versions
    return text, found, runner.play(found, name, version=version)


@pytest.mark.parametrize(
    ("name", "version", "outcome"),
    [
        ("sklusdt", "2025-10-28", {"SKLUSDT": "rolled_back"}),
        ("velvetusdt", "2025-10-28-three-fixes", {"VELVETUSDT": "rolled_back"}),
        ("degenusdt", "2025-10-29", {"DEGENUSDT": "rolled_back"}),
        ("1000000babydogeusdt", "2025-10-28-three-fixes", {"1000000BABYDOGEUSDT": "naked"}),
    ],
)
def test_the_version_of_the_incident_is_found_and_fails_as_it_did(
    name: str, version: str, outcome: dict[str, str]
) -> None:
    _, found, result = imported(name)
    assert found.versions == (version,)
    assert result.outcomes == outcome
    assert result.verdict.surprises == ()


@pytest.mark.parametrize("name", TIMED)
def test_every_moment_of_the_log_comes_within_10_ms(name: str) -> None:
    _, found, result = imported(name)
    compared = compare(log(name), result, until_ns=found.until)
    assert compared.fidelity == 1


def test_the_round_trip_is_the_one_that_the_dossier_names() -> None:
    # 7 round trips and 8.0625 s of sleep: 10.514, 10.527 and 10.513 s in the logs.
    for name, ms in (("sklusdt", 350.2), ("velvetusdt", 352.1), ("degenusdt", 350.1)):
        text = imported(name)[0]
        told = re.search(r"# (lines .*)\n.*fapi.binance.com\], latency: ([\d.]+) ms", text)
        assert told is not None
        assert "7 round trips and 8.062 s" in told[1]
        assert 2 * float(told[2]) == pytest.approx(ms, abs=0.1)


def test_what_is_in_the_log_is_in_the_scenario_with_the_line_that_says_it() -> None:
    text, found, _ = imported("velvetusdt")
    (signal,) = found.signals
    assert (signal.symbol, signal.side, signal.quantity) == ("VELVETUSDT", "SELL", 27)
    assert found.venues["binance"].instruments["VELVETUSDT"].next_order_id == 392129879
    assert "next_order_id: 392129879  # line 4" in text
    assert "first_position_id: 3688  # line 5" in text
    assert "quantity: 27.0  # line 1" in text
    assert "price: {constant: 0.21824}  # line 8: the mark price" in text


def test_how_far_the_stream_leads_the_reply_is_told() -> None:
    # The log: the update at 22:34:12.246, the order's reply registered at 22:34:12.250.
    text = imported("sklusdt")[0]
    told = re.search(r"Line 3: SKLUSDT is on the stream ([\d.]+) ms before the order's reply", text)
    assert told is not None
    assert float(told[1]) == pytest.approx(4, abs=0.5)


def test_what_no_line_tells_is_said_to_be_assumed() -> None:
    text = imported("degenusdt")[0]
    assert "side: BUY  # no line tells; assumed" in text
    assert "exchange: binance" in text
    assert "binance:  # line 1" in text


def test_a_log_imported_twice_gives_the_same_text() -> None:
    name = "1000000babydogeusdt"
    assert scenario_text(log(name), LOGS / FILES[name], OFFSET_S) == imported(name)[0]


def test_a_log_without_times_cannot_be_made_into_a_scenario() -> None:
    with pytest.raises(InputError, match=r"wave_limit_2025-10-12.log: has no line with a time"):
        scenario_text(log("wave_limit"), LOGS / FILES["wave_limit"], OFFSET_S)


def test_a_log_that_opens_nothing_cannot_be_made_into_a_scenario() -> None:
    read = production_log.parse("22:34:11.898 - ✅ Leverage set to 1x\n", DAY, 0)
    with pytest.raises(InputError, match="no line that opens a named symbol"):
        scenario_text(read, Path("bot.log"), 0)


TWO_VENUES = """\
17:06:06,400 - core.signals - INFO - opened: 0/5 → XCNUSDT
17:06:08,304 - core.positions - INFO - Opening position ATOMICALLY: XCNUSDT BUY 600.0
17:06:08,802 - websocket.binance_stream - INFO - 📊 [USER] Position update: XCNUSDT amount=600.0
17:06:10,090 - core.positions - INFO - 📊 Position update: MYROUSDT → MYROUSDT, mark_price=1.5
17:06:17,238 - core.positions - INFO - Opening position ATOMICALLY: VELOUSDT SELL 600.0
17:06:17,823 - websocket.bybit_stream - INFO - 📊 [USER] Position update: VELOUSDT amount=-600.0
17:06:20,000 - core.positions - INFO - Opening position ATOMICALLY: JOEUSDT BUY 2.5
"""


def test_each_opening_has_the_venue_that_its_own_lines_name() -> None:
    drafted = draft(production_log.parse(TWO_VENUES, DAY, 0), Path("bot.log"), 0)
    told = [(each.symbol, each.venue.value, each.side.value) for each in drafted.openings]
    assert told == [
        ("XCNUSDT", "binance", "BUY"),
        ("VELOUSDT", "bybit", "SELL"),
        ("JOEUSDT", "binance", "BUY"),
    ]
    assert [each.venue.why for each in drafted.openings] == [
        "line 3 names it",
        "line 6 names it",
        "no line tells; assumed",
    ]
    assert [each.first.line for each in drafted.openings] == [2, 5, 7]


def test_the_digits_of_a_quantity_are_its_step() -> None:
    drafted = draft(production_log.parse(TWO_VENUES, DAY, 0), Path("bot.log"), 0)
    assert [str(each.step_size) for each in drafted.openings] == ["1", "1", "0.1"]
