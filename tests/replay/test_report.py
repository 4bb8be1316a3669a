"""What the terminal shows."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from replay import json_report, report
from replay.ci.attempt import Attempt
from replay.clocktime import clock_time
from scenarios.likeness import Likeness, Overruled
from tests.replay.made import OFFSET_S, clock, full_result, milestone, result


def shown(what: RenderableType, *, width: int = 100, colours: bool = False) -> str:
    file = io.StringIO()
    system: Any = "truecolor" if colours else None
    made = Console(
        file=file, width=width, highlight=False, force_terminal=colours, color_system=system
    )
    made.print(what)
    return file.getvalue()


def line_with(text: str, needle: str) -> list[str]:
    [line] = [line for line in text.splitlines() if needle in line]
    return line.split()


@pytest.fixture(scope="module")
def section() -> str:
    return shown(report.section(full_result(), deterministic=True))


def test_a_row_has_both_times_the_difference_the_host_and_what_happened(section: str) -> None:
    assert line_with(section, "[USER] Position update: SKLUSDT")[:6] == [
        "22:34:12.247",
        "22:34:12.246",
        "+1.0",
        "ms",
        "bot",
        "📊",
    ]


def test_a_row_with_one_side_only_says_which(section: str) -> None:
    assert line_with(section, "🔄 Rollback")[:4] == ["--", "22:34:23.724", "log", "only"]
    assert line_with(section, "Position ACTIVE")[:4] == ["22:34:24.000", "--", "run", "only"]


def test_mark_prices_are_one_row_with_a_count(section: str) -> None:
    assert section.count("mark_price=") == 1
    assert "10 times, the last at 22:34:22.109" in section


def test_findings_that_break_as_expected_are_told_from_those_that_just_break(section: str) -> None:
    assert line_with(section, "no_unprotected_position")[:2] == ["✓", "no_unprotected_position"]
    assert "broken, as expected" in section
    assert line_with(section, "no_unknown_order")[:3] == ["✗", "no_unknown_order", "BROKEN"]


def test_a_finding_that_holds_against_expectation_is_no_success() -> None:
    [finding] = result().verdict.findings
    surprised = replace(result().verdict, findings=(replace(finding, expected=False),))
    assert not surprised.ok
    assert "held, but should break" in shown(report.section(result(verdict=surprised)))


def test_what_the_log_level_hid_is_shown_with_type_message_place_and_count(section: str) -> None:
    hid = section.split("What the log level hid")[1]
    assert line_with(hid, "AttributeError: 'OrderResult'")[:2] == ["5", "22:34:13.357"]
    assert "verification.py:88 in by_order_status" in hid
    assert "DEBUG by core.atomic_position_manager" in hid


def test_faults_are_shown_whether_they_fired_or_never_did(section: str) -> None:
    assert line_with(section, "faults that fired")[3:] == ["lost_reply,", "2", "times"]
    assert line_with(section, "faults that never fired")[4:] == ["reset"]
    none = shown(report.section(full_result(faults={})))
    assert "faults that" not in none


def test_unknown_hosts_refusals_and_unread_lines_are_shown() -> None:
    text = shown(report.section(result(unknown_hosts=("a.example",), refusals=("UDP to 8.8.8.8",))))
    assert line_with(text, "unknown hosts asked for")[-1] == "a.example"
    assert line_with(text, "real connections refused")[-3:] == ["UDP", "to", "8.8.8.8"]
    assert "log lines not understood  19: ..." in shown(report.section(full_result()))


def test_what_was_put_right_in_the_production_log_is_shown_and_in_the_document() -> None:
    found = full_result()
    [note] = found.log_notes
    line = line_with(shown(report.section(found)), "notes on the log")
    assert line[4:] == note.split()
    attempt = Attempt(scenario=found.scenario, version=found.version, result=found)
    [run] = json_report.document([attempt], exit_code=0)["runs"]
    assert run["log_notes"] == [note]


def test_the_run_is_identified_by_its_whole_digest_and_the_command_that_repeats_it(
    section: str,
) -> None:
    assert line_with(section, "digest") == ["digest", "00ff" * 16]
    assert "replay run sklusdt --bot 2025-10-28 --seed 1" in section
    assert "40.000 s virtual in 0.080 s real: 500 times as fast" in section
    assert "the second run was equal" in section


def test_a_command_longer_than_a_line_is_broken_and_cut_nowhere() -> None:
    command = "replay run sklusdt --bot current --seed 1 " + " ".join(
        f"--setting=name_{number}=value" for number in range(20)
    )
    told = f"repeat with  {command}"
    found = replace(full_result(), command=command)
    assert told in report.plain(report.section(found)).splitlines()
    assert told in report.plain(report.excerpt(found, around_ns=found.start_ns)).splitlines()


def test_everything_fits_into_a_hundred_columns() -> None:
    versions = ("2025-10-29-attribute-access", "current")
    text = shown(report.section(full_result()))
    text += shown(report.summary([result(version) for version in versions]))
    assert max(cell_len(line) for line in text.splitlines()) <= 100
    assert "…" not in text


def test_markup_in_log_lines_stays_text() -> None:
    odd = milestone("ws_position_update", "22:34:12.246", "[bold]x[/bold] [USER] [/red]")
    assert "[bold]x[/bold] [USER] [/red]" in shown(report.section(result(milestones=(odd,))))


def test_without_a_log_no_production_column_is_shown() -> None:
    text = shown(report.section(full_result()))
    assert "production" in text
    without = shown(report.section(replace(full_result(), production=())))
    assert "production" not in without
    assert "run only" not in without


def test_the_summary_has_one_line_a_version() -> None:
    text = shown(report.summary([full_result(), result("current")]))
    assert line_with(text, "2025-10-28")[1:5] == ["UNEXPECTED", "2", "of", "3"]
    assert line_with(text, "current")[1:6] == ["as", "expected", "1", "of", "1"]


def test_colours_are_for_terminals() -> None:
    assert "\x1b[" in shown(report.section(full_result()), colours=True)
    assert "\x1b[" not in shown(report.section(full_result()))


def test_a_piped_report_is_a_hundred_columns_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert report.console().width == 100


@pytest.mark.parametrize(
    ("rest_ns", "text"),
    [(0, "22:34:12.246"), (499_999, "22:34:12.246"), (500_000, "22:34:12.247")],
)
def test_clock_times_are_rounded_to_the_millisecond(rest_ns: int, text: str) -> None:
    assert clock_time(clock("22:34:12.246") + rest_ns, OFFSET_S) == text


def test_a_run_names_its_profiles_and_what_of_them_is_overruled() -> None:
    links = Overruled(what="link bot to fapi.binance.com", by="the scenario")
    calm = Likeness(venue="binance", profile="calm", effective=True, overruled=(links,))
    made = result(profiles=(calm,))
    text = " ".join(shown(report.section(made)).split())
    assert "profiles binance: calm; overruled by the scenario: link bot to fapi.binance.com" in text
    attempt = Attempt(scenario="sklusdt", version="2025-10-28", result=made)
    [run] = json_report.document([attempt], exit_code=0)["runs"]
    assert json.loads(json.dumps(run["profiles"])) == [
        {
            "venue": "binance",
            "name": "calm",
            "effective": True,
            "overruled": [
                {"what": "link bot to fapi.binance.com", "by": "the scenario", "partly": False}
            ],
        }
    ]


def test_the_json_document_survives_a_round_trip_with_its_documented_keys() -> None:
    run_twice = Attempt(
        scenario="sklusdt", version="2025-10-28", result=full_result(), deterministic=False
    )
    written = json_report.document([run_twice], exit_code=1)
    read = json.loads(json_report.text(written))
    assert (read["format"], read["ok"], read["exit_code"]) == (1, False, 1)
    [run] = read["runs"]
    assert run["digest"] == "00ff" * 16
    assert run["start"] == "2025-10-28T22:34:00.000000+04:00"
    assert (run["virtual_s"], run["speed_up"], run["deterministic"]) == (40.0, 500.0, False)
    assert [finding["ok"] for finding in run["findings"]] == [True, True, False]
    assert run["hidden"][0]["first_time"] == "2025-10-28T22:34:13.357000+04:00"
    assert run["faults_fired"] == {"lost_reply": 2, "reset": 0}
    rows = {row["name"]: row for row in run["timeline"]}
    assert rows["ws_position_update"]["difference_ms"] == 1.0
    assert rows["mark_price_update"]["virtual"]["count"] == 10
    assert rows["rollback_close_order"]["virtual"] is None
