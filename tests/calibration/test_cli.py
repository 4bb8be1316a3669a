"""`replay calibrate`, as a person types it: from logs and traces to a profile that is used."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner, Result

from replay import cli, runner
from replay.calibration import from_traces
from replay.calibration.fitting import cdf
from replay.calibration.samples import Kind
from scenarios import profiles
from scenarios.build import one_ways
from scenarios.including import open_profile
from scenarios.profiles import Profile
from simulator.distributions import Distribution, LogNormal, Uniform

ROOT = Path(__file__).parents[2]
LOGS = sorted((ROOT / "fixtures" / "logs").glob("*.log"))
PLANTED = Path(__file__).with_name("planted.yaml")
REFUSED = """\
2025-11-01 10:00:00,000 - bot - INFO - starting
2025-11-01 10:00:01,000 - bot - ERROR - binanceusdm {"code":-1003,"msg":"Too many requests"}
2025-11-01 10:00:02,000 - bot - ERROR - APIError(code=-1003): Too many requests
2025-11-01 10:10:01,000 - bot - ERROR - bybit {"retCode":10006,"retMsg":"Too many visits!"}
2025-11-01 10:20:01,000 - bot - WARNING - WebSocket disconnected, reconnecting in 5 s
2025-11-01 11:00:01,000 - bot - INFO - Position closed: BTCUSDT, pnl -1003
2025-11-01 11:30:00,000 - bot - ERROR - HTTP status 502 from POST /fapi/v1/order
"""
SEEDS = (1, 2, 3)
MS = 1_000_000


def replay(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(each) for each in arguments], env={"COLUMNS": "160"})


def traces(scenario: Path, folder: Path) -> list[Path]:
    found: list[Path] = []
    for seed in SEEDS:
        result = runner.run(str(scenario), version="current", seed=seed)
        found.append(folder / f"{scenario.stem}-{seed}.jsonl")
        text = "".join(f"{line}\n" for line in result.trace_lines)
        found[-1].write_text(text, encoding="utf-8")
    return found


def trace_of(name: str, folder: Path) -> Path:
    result = runner.run(name, version="current")
    file = folder / f"{name}.jsonl"
    file.write_text("".join(f"{line}\n" for line in result.trace_lines), encoding="utf-8")
    return file


def test_the_profile_of_october_2025_is_what_the_fixtures_give(tmp_path: Path) -> None:
    title = "The venues as the logs of October 2025 show them"
    out = tmp_path / "october-2025.yaml"
    shown = replay("calibrate", *LOGS, "--utc-offset", "+04:00", "--title", title, "--out", out)
    assert shown.exit_code == 0, shown.output
    committed = profiles.FOLDER / "october-2025.yaml"
    assert out.read_bytes() == committed.read_bytes()
    assert "few: 9 of 11 have fewer than 20 samples and are widened" in shown.output
    assert "set aside: 1: order_placed to order_not_found: too short for a request" in shown.output
    assert "wave_limit_2025-10-12.log: has no line with a time, so it is not used" in shown.output


def test_a_screen_of_100_columns_has_each_thing_measured_in_one_line() -> None:
    arguments = ["calibrate", *map(str, LOGS), "--utc-offset", "+04:00"]
    shown = CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "100"}).stderr
    tables = shown.split("n: samples;")[0]
    assert max(len(line) for line in tables.splitlines() if ".log:" not in line) <= 100
    lines = [line.split() for line in tables.splitlines()]
    # The log of SKLUSDT: 22:34:23.724 less 22:34:23.371.
    request = "GET /fapi/v3/positionRisk 1 353 353 uniform 176 to 708 few"
    assert request.split() in lines
    trips = "all of them 4 354 356.7 lognormal 356.5 σ 0.0149 0.061 1.00 few"
    assert trips.split() in lines
    assert ["stream", "lead", "over", "the", "REST", "reply"] in lines
    assert "KS: how far the best guess is from the samples (Kolmogorov-Smirnov)" in shown


def used(profile: Path, folder: Path) -> None:
    """A scenario that is like a profile, as it was written, runs, and has some of its links."""
    name, venue = "latency", "binance"
    file = ROOT / "scenarios" / "behaviours" / f"{name}.yaml"
    like = {f"venues.{venue}.behaviour.like": str(profile), "links": []}
    scenario = runner.load_text(
        file.read_text(encoding="utf-8"), file.name, folder=folder, changes=like
    )
    (likeness,) = scenario.likenesses
    assert likeness.effective
    assert len(list(one_ways(scenario))) == 8  # two ways to each of four hosts
    assert runner.play(scenario, name, version="current").virtual_ns > 0


@pytest.mark.parametrize("out", [True, False])
def test_what_was_made_of_the_logs_is_used_by_a_scenario_as_it_is(
    tmp_path: Path, out: bool
) -> None:
    file = tmp_path / "mine.yaml"
    more = ("--out", file) if out else ()
    shown = replay("calibrate", *LOGS, "--utc-offset", "+04:00", *more)
    if not out:
        file.write_text(shown.stdout, encoding="utf-8")
    assert max(map(len, file.read_text(encoding="utf-8").splitlines())) <= 100
    used(file, tmp_path)


def test_what_was_made_of_traces_is_used_by_a_scenario_as_it_is(tmp_path: Path) -> None:
    """Of traces with two kinds of round trips: a fit that the samples refuse, with a tiny p."""
    files = [trace_of(name, tmp_path) for name in ("sklusdt", "degenusdt", "bad_gateway")]
    file = tmp_path / "mine.yaml"
    assert replay("calibrate", *files, "--out", file).exit_code == 0
    text = file.read_text(encoding="utf-8")
    assert "empirical" in text
    assert max(map(len, text.splitlines())) <= 100
    used(file, tmp_path)


def test_refusals_and_disconnects_are_counted_and_said_to_be_no_part_of_the_profile(
    tmp_path: Path,
) -> None:
    log = tmp_path / "bot_2025-11-01.log"
    log.write_text(REFUSED, encoding="utf-8")
    out = tmp_path / "mine.yaml"
    shown = replay("calibrate", LOGS[2], log, "--utc-offset", "+04:00", "--out", out)
    assert shown.exit_code == 0, shown.output
    # The log of SKLUSDT is 14 s long.
    told = [
        "2 times in 1.5 h: binance -1003, too many requests (first: bot_2025-11-01.log:2)",
        "1 time in 1.5 h: bybit 10006, too many requests (first: bot_2025-11-01.log:4)",
        "1 time in 1.5 h: connection closed or lost (first: bot_2025-11-01.log:5)",
        "1 time in 1.5 h: status 502 (first: bot_2025-11-01.log:7)",
    ]
    found = [line for line in shown.output.splitlines() if line.startswith("seen, ")]
    assert found == [f"seen, and not in the profile, {each}" for each in told]
    source = " ".join(open_profile(str(out)).source.split())
    assert all(f"Seen, and not part of the profile, {each}." in source for each in told)
    assert not open_profile(str(out)).venues["binance"].behaviour.faults


def test_logs_without_refusals_say_nothing_of_them() -> None:
    assert "seen, and not in" not in replay("calibrate", *LOGS).output


def test_without_a_file_the_profile_is_all_that_the_standard_output_has(tmp_path: Path) -> None:
    shown = replay("calibrate", LOGS[-2], "--utc-offset", "+04:00")
    assert shown.exit_code == 0, shown.output
    profile = profiles.load_text(shown.stdout, "calibrated.yaml")
    assert (profile.name, list(profile.venues)) == ("calibrated", ["binance"])
    assert "Measured: binance" in shown.stderr


def test_every_sample_can_be_had_as_csv(tmp_path: Path) -> None:
    file = tmp_path / "samples.csv"
    replay(
        "calibrate", *LOGS, "--utc-offset", "+04:00", "--csv", file, "--out", tmp_path / "x.yaml"
    )
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    leverage = [row for row in rows if row["what"] == "POST /fapi/v1/leverage"]
    assert [int(row["nanoseconds"]) for row in leverage] == [355 * MS, 357 * MS]
    assert leverage[0]["source"].endswith("sklusdt_2025-10-28.log:2")


def distance(planted: Distribution, found: Distribution) -> float:
    """How far the shares of two distributions are apart at the most."""
    grid = np.geomspace(MS / 10, 10_000 * MS, 20_000)
    return float(np.abs(cdf(planted, grid) - cdf(found, grid)).max())


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Profile, Path, list[Path]]:
    folder = tmp_path_factory.mktemp("planted")
    files = traces(PLANTED, folder)
    out = folder / "found.yaml"
    shown = replay("calibrate", *files, "--out", out)
    assert shown.exit_code == 0, shown.output
    return open_profile(str(out)), out, files


@pytest.mark.xdist_group("planted")
def test_planted_distributions_are_found_again_in_the_traces(
    calibrated: tuple[Profile, Path, list[Path]],
) -> None:
    venue = calibrated[0].venues["binance"]
    rest, stream = venue.links
    any_answer, order_answer = venue.behaviour.latency
    update, order = venue.behaviour.visibility
    assert (any_answer.endpoint, order_answer.endpoint) == ("*", "POST /fapi/v1/order")
    assert (update.window, order.window) == ("stream.ACCOUNT_UPDATE", "order")
    found = [
        (LogNormal(80 * MS, 0.25), rest.there, rest.there_evidence),
        (Uniform(60 * MS, 90 * MS), rest.back, rest.back_evidence),
        (LogNormal(45 * MS, 0.3), stream.back, stream.back_evidence),
        (LogNormal(8 * MS, 0.5), any_answer.reply, any_answer.evidence),
        (Uniform(30 * MS, 50 * MS), order_answer.reply, order_answer.evidence),
        (LogNormal(120 * MS, 0.4), update.lag, update.evidence),
        (LogNormal(600 * MS, 0.5), order.lag, order.evidence),
    ]
    for planted, shape, evidence in found:
        assert shape is not None
        assert evidence.samples >= 20
        # What the Kolmogorov-Smirnov test allows so many samples, once in a hundred.
        assert distance(planted, shape) < 1.63 / evidence.samples**0.5, shape
    assert order.evidence.censored == order.evidence.samples


@pytest.mark.xdist_group("planted")
def test_a_world_with_the_profile_has_the_round_trips_that_were_measured(
    calibrated: tuple[Profile, Path, list[Path]], tmp_path: Path
) -> None:
    """Nothing of the scenario's own is left but the bot and its signals."""
    _, profile, files = calibrated
    lines = PLANTED.read_text(encoding="utf-8").splitlines()
    links, venues = lines.index("links:"), lines.index("venues:")
    rules, bot = lines.index("    behaviour:"), lines.index("bot:")
    like = ["    behaviour:", f"      like: {profile}"]
    kept = [*lines[:links], *lines[venues:rules], *like, *lines[bot:]]
    scenario = tmp_path / "again.yaml"
    scenario.write_text("\n".join(kept), encoding="utf-8")
    again = traces(scenario, tmp_path)
    for kind in (Kind.ROUND_TRIP, Kind.STREAM_LEAD):
        of_both = [
            [
                each.middle_ns
                for file in group
                for each in from_traces.read(file).samples
                if each.kind is kind
            ]
            for group in (files, again)
        ]
        assert min(len(each) for each in of_both) >= 60
        assert stats.ks_2samp(*of_both).pvalue > 0.01, kind


@pytest.mark.xdist_group("planted")
def test_the_same_traces_give_the_same_profile_in_any_order(
    calibrated: tuple[Profile, Path, list[Path]], tmp_path: Path
) -> None:
    _, before, files = calibrated
    first, second = tmp_path / "found.yaml", tmp_path / "reversed.yaml"
    replay("calibrate", *files, "--out", first)
    replay("calibrate", *reversed(files), "--name", "found", "--out", second)
    assert first.read_bytes() == before.read_bytes()
    # All but the order in which the files are named.
    one, other = (file.read_text(encoding="utf-8").split("venues:")[1] for file in (first, second))
    assert one == other


def test_another_bots_log_is_read_by_its_own_patterns_and_pairs(tmp_path: Path) -> None:
    log = tmp_path / "mine_2025-11-01.log"
    lines = [
        f"10:00:{second:02}.{ms:03} - {text} AAUSDT"
        for second in range(30)
        for ms, text in ((0, "binance: sending"), (120 + second, "answered"))
    ]
    log.write_text("\n".join(lines), encoding="utf-8")
    patterns, pairs = tmp_path / "patterns.yaml", tmp_path / "pairs.yaml"
    patterns.write_text(
        "- {name: sent, patterns: ['sending (?P<symbol>\\w+)']}\n"
        "- {name: answered, patterns: ['answered (?P<symbol>\\w+)']}\n",
        encoding="utf-8",
    )
    pairs.write_text(
        "- {from: sent, to: answered, measures: round_trip, endpoint: POST /fapi/v1/order}\n",
        encoding="utf-8",
    )
    arguments = (log, "--patterns", patterns, "--pairs", pairs)
    shown = replay("calibrate", *arguments, "--name", "mine")
    assert shown.exit_code == 0, shown.output
    profile = profiles.load_text(shown.stdout, "mine.yaml")
    (measured,) = profile.venues["binance"].measured
    # 120 to 149 ms in steps of one.
    assert (measured.of, measured.samples) == ("POST /fapi/v1/order", 30)
    assert dict(measured.quantiles)[Decimal("0.5")] == 134_500_000
    assert not profile.venues["binance"].links[0].there_evidence.widened


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no.log"], "no.log: cannot be read: No such file or directory"),
        ([LOGS[-1]], "nothing in it tells how long a venue takes; `replay milestones` shows"),
        ([LOGS[-2], "--pairs", "no.yaml"], "no.yaml:1: cannot be read"),
        ([LOGS[-2], "--utc-offset", "4"], "--utc-offset 4: must be a UTC offset"),
        (
            [LOGS[-2], "--out", "no/such/folder.yaml"],
            "--out no/such/folder.yaml: cannot be written",
        ),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_says_why(arguments: list[str], said: str) -> None:
    shown = replay("calibrate", *arguments)
    assert shown.exit_code == 2
    assert said in shown.output


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    shown = replay("calibrate", LOGS[0])
    assert shown.exit_code == 2
    assert "install the extra `tune`" in shown.output
