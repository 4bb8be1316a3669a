"""What two lines of a bot's log tell of the venue, and what they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from replay.calibration import from_logs, pairs
from replay.calibration.samples import Found, Kind
from replay.logs import milestones, production_log
from scenarios.errors import ScenarioError

LOGS = Path(__file__).parents[2] / "fixtures" / "logs"
MS = 1_000_000
ID = "512b1d4c-352b-4ceb-a20c-5288f2aa7715"


def found(file: Path) -> Found:
    table = pairs.load(pairs.REFERENCE_BOT, milestones.known())
    return from_logs.read(production_log.read(file), file, table, 0)


def written(folder: Path, *lines: str) -> Path:
    file = folder / "bot_2025-10-29.log"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def told(of: Found, kind: Kind) -> list[tuple[str, int, int | None]]:
    return [(each.what, each.low_ns, each.high_ns) for each in of.samples if each.kind is kind]


def test_the_log_of_sklusdt_tells_three_round_trips_a_lead_and_two_ticks() -> None:
    of = found(LOGS / "sklusdt_2025-10-28.log")
    # 11.543 to 11.898, 11.898 to 12.250 and 23.371 to 23.724, to a millisecond either way.
    assert told(of, Kind.ROUND_TRIP) == [
        ("POST /fapi/v1/leverage", 354 * MS, 356 * MS),
        ("POST /fapi/v1/order", 351 * MS, 353 * MS),
        ("GET /fapi/v3/positionRisk", 352 * MS, 354 * MS),
    ]
    assert told(of, Kind.STREAM_LEAD) == [("ACCOUNT_UPDATE", 3 * MS, 5 * MS)]
    assert told(of, Kind.TICK_DELAY) == [("stream", 108 * MS, 110 * MS)] * 2


def test_an_order_that_was_found_at_once_bounds_its_lag_from_above() -> None:
    of = found(LOGS / "velvetusdt_2025-10-29.log")
    # The stream's event of 13.593, and the order that was fetched by 14.200.
    assert told(of, Kind.VISIBILITY_LAG) == [("order", 0, 608 * MS)]


def test_a_verification_that_failed_tells_the_mean_of_seven_round_trips() -> None:
    of = found(LOGS / "degenusdt_2025-10-29.log")
    ((what, low_ns, high_ns),) = told(of, Kind.MEAN_ROUND_TRIP)
    # 10.513 s, of which 8.0625 s are waiting.
    assert (what, low_ns, high_ns) == ("*", 2_449_500_000 // 7, 2_451_500_000 // 7)


def test_what_the_client_refused_without_a_request_is_no_late_order() -> None:
    """The query of 1000000BABYDOGEUSDT failed within the bot, 6 ms after its wait of 0.5 s."""
    of = found(LOGS / "1000000babydogeusdt_2025-10-29.log")
    assert told(of, Kind.VISIBILITY_LAG) == []
    assert of.skipped == {"order_placed to order_not_found: too short for a request": 1}


@pytest.mark.parametrize(
    ("line", "bounds"),
    [
        # The second attempt came when 500 and 750 ms were over, and each took a round trip.
        ("01:00:03.650 - ✅ Fetched bybit order on attempt 2/5: id={id}, filled=1/1", (500, 2651)),
        ("01:00:05.800 - ✅ Fetched bybit order on attempt 3/5: id={id}, filled=1/1", (1250, 4801)),
        ("01:00:09.300 - ⚠️ Fetch order returned None for {id}", (6593.75, None)),
        ("01:00:01.850 - ⚠️ Fetch order returned None for {id}", (500, None)),
    ],
)
def test_attempts_that_found_nothing_bound_the_lag_from_below(
    tmp_path: Path, line: str, bounds: tuple[float, int | None]
) -> None:
    file = written(
        tmp_path,
        "01:00:00.000 - Opening position ATOMICALLY: LAGUSDT BUY",
        f"01:00:01.000 - [create_market_order completed] LAGUSDT buy: id={ID}, status=closed",
        line.format(id=ID),
    )
    low_ms, high_ms = bounds
    low_ns, high_ns = round(low_ms * MS), None if high_ms is None else high_ms * MS
    assert told(found(file), Kind.VISIBILITY_LAG) == [("order", low_ns, high_ns)]


def test_an_event_behind_the_reply_is_a_lead_below_zero(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "01:00:00.000 - Opening position ATOMICALLY: LAGUSDT BUY",
        f"01:00:01.000 - [create_market_order completed] LAGUSDT buy: id={ID}, status=closed",
        "01:00:01.030 - 📊 [USER] Position update: LAGUSDT amount=1.0",
    )
    assert told(found(file), Kind.STREAM_LEAD) == [("position", -31 * MS, -29 * MS)]


def test_each_opening_of_a_day_is_measured_for_itself(tmp_path: Path) -> None:
    lines = []
    for minute, took in (("00", "300"), ("15", "410")):
        lines += [
            f"01:{minute}:00.000 - ⚙️ Atomic operation started: LAGUSDT BUY 1.0",
            f"01:{minute}:00.{took} - ✅ Leverage set to 1x for LAGUSDT",
        ]
    trips = told(found(written(tmp_path, *lines)), Kind.ROUND_TRIP)
    assert [low_ns for _, low_ns, _ in trips] == [299 * MS, 409 * MS]


def test_a_sample_names_its_line() -> None:
    file = LOGS / "sklusdt_2025-10-28.log"
    first = found(file).samples[0]
    line = file.read_text(encoding="utf-8").splitlines()[int(first.source.split(":")[-1]) - 1]
    assert "Leverage set" in line


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {from: sent, to: leverage_set, measures: round_trip, endpoint: GET /x}", "sent"),
        ("- {from: leverage_set, measures: round_trip, endpoint: GET /x}", "needs `from` and `to`"),
        ("- {from: leverage_set, to: order_placed, measures: round_trip}", "needs `endpoint`"),
        ("- {from: leverage_set, to: order_placed, measures: speed}", "is none of the known words"),
        ("- {from: leverage_set, to: order_placed, mesures: stream_lead}", "did you mean"),
        ("from: leverage_set", "must be a list of pairs"),
    ],
)
def test_pairs_that_cannot_be_used_are_told_with_their_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    file = tmp_path / "pairs.yaml"
    file.write_text(f"# my bot\n{text}\n" if text[0] == "-" else text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        pairs.load(file, milestones.known())
    assert problem in str(caught.value)
    assert f"pairs.yaml:{2 if text[0] == '-' else 1}: " in str(caught.value)
