"""A baseline: written, read again, and what later runs say against it."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from replay import expectations
from replay.ci import baseline
from replay.ci.comparison import compare, lines
from replay.result import Finding, RunResult, Verdict
from simulator.errors import InputError, StalledError
from tests.ci.made import BROKEN, MadeRunner, attempt, broken, replay
from tests.replay.made import MS, milestone, result


def verified(took_ms: float, at_most_ms: int = 3000, **changes: Any) -> RunResult:
    """A run whose verification took so long."""
    started = milestone("verification_started", "22:34:12", symbol="SKLUSDT")
    seen = (
        started,
        replace(
            milestone("verification_confirmed", "22:34:12", symbol="SKLUSDT"),
            time_ns=started.time_ns + int(took_ms * MS),
        ),
    )
    finding = expectations.follows(
        seen,
        "verification_confirmed",
        reference="verification_started",
        at_most_ns=at_most_ms * MS,
    )
    return result("current", milestones=seen, verdict=Verdict(findings=(finding,)), **changes)


def everything(_: str) -> bool:
    return True


def nothing(_: str) -> bool:
    return False


def changes(before: RunResult, after: RunResult) -> list[str]:
    kept = baseline.made_of([attempt(before)])
    *told, _ = lines(compare(kept, [attempt(after)], covers=everything))
    return [each.removeprefix("sklusdt current: ") for each in told]


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = baseline.made_of([attempt(verified(512.000001)), attempt(broken("old"))])
    file = tmp_path / "baseline.json"
    file.write_text(baseline.text(made), encoding="utf-8")
    assert baseline.read("--baseline", file) == made
    entry = made.scenarios["sklusdt"]["current"]
    assert entry.figures_ms["SKLUSDT: verification"] == Decimal("512.000001")


def test_the_file_is_sorted_json_with_one_line_for_each_figure() -> None:
    written = baseline.text(baseline.made_of([attempt(verified(512)), attempt(broken("old"))]))
    document = json.loads(written)
    assert json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n" == written
    assert '     "SKLUSDT: verification": 512,\n' in written
    assert document["format"] == 1


def test_a_run_like_the_baseline_is_identical() -> None:
    kept = baseline.made_of([attempt(verified(512))])
    found = compare(kept, [attempt(verified(512))], covers=everything)
    assert (found.changes, found.identical) == ((), 1)


def test_a_figure_that_moved_is_told_with_what_its_limit_says() -> None:
    assert changes(verified(512), verified(1980)) == [
        "SKLUSDT: verification 512 ms -> 1,980 ms, still within its limit (also: "
        "verification_confirmed at most 3.000 s after verification_started)"
    ]


def test_a_figure_beyond_its_limit_is_told_with_the_expectation_that_broke() -> None:
    name = "verification_confirmed at most 3.000 s after verification_started"
    assert changes(verified(512), verified(3100)) == [
        "outcome as expected -> UNEXPECTED",
        f"{name}: held -> BROKEN",
        f"SKLUSDT: verification 512 ms -> 3,100 ms, beyond its limit (also: {name})",
    ]


@pytest.mark.parametrize(
    ("before_ms", "after_ms", "told"),
    [
        (512, 513, True),  # 1 ms
        (512, 512.999, False),
        (50, 50.5, True),  # 1 %
        (50, 50.499, False),
    ],
)
def test_the_least_moves_are_only_counted(before_ms: float, after_ms: float, told: bool) -> None:
    found = changes(verified(before_ms), verified(after_ms))
    small = ["2 figures moved by less than 1 ms and 1%"]
    assert (found == small) is not told
    assert len(found) == 1


def test_of_several_symbols_the_one_that_broke_the_invariant_is_not_guessed() -> None:
    name = "no_unprotected_position"

    def left(held: bool, **longest_ms: int) -> RunResult:
        finding = Finding(kind="invariant", name=name, held=held, evidence="")
        longest = {symbol: each * MS for symbol, each in longest_ms.items()}
        return result("current", verdict=Verdict(findings=(finding,)), unprotected_ns=longest)

    *_, alone = changes(left(True, A=100), left(False, A=9000))
    assert alone == "A: without stop-loss 100 ms -> 9,000 ms, beyond its limit"
    *_, first, second = changes(left(True, A=100, B=100), left(False, A=200, B=9000))
    assert first == "A: without stop-loss 100 ms -> 200 ms"
    assert second == "B: without stop-loss 100 ms -> 9,000 ms"
    (both,) = changes(left(True, A=100, B=100), left(True, A=100, B=200))
    assert both == "B: without stop-loss 100 ms -> 200 ms, still within its limit"


def test_an_expectation_that_was_met_and_is_not_any_more_is_told() -> None:
    held = replace(BROKEN, held=True)
    before = result("current", verdict=Verdict(findings=(held,)), outcomes={"SKLUSDT": "opened"})
    after = replace(broken(), outcomes={"SKLUSDT": "naked"})
    assert changes(before, after) == [
        "outcome as expected -> UNEXPECTED",
        "SKLUSDT ends opened -> naked",
        "no_unknown_order: held -> BROKEN",
    ]


def test_milestones_that_are_new_gone_or_more_are_told() -> None:
    before = result(
        "current",
        milestones=(milestone("a", "22:34:11"), milestone("b", "22:34:11", symbol="X")),
    )
    after = result(
        "current",
        milestones=(
            *(milestone("b", "22:34:11", symbol="X") for _ in range(2)),
            *(milestone("c", "22:34:12") for _ in range(3)),
            milestone("mark_price_update", "22:34:13"),  # one a second: not kept
        ),
    )
    assert changes(before, after) == [
        "a happens no more (was once)",
        "b X 1 -> 2 times",
        "c happens now 3 times",
    ]


def test_expectations_that_the_scenario_has_no_more_or_has_now_are_told() -> None:
    before = result("current")
    after = result(
        "current",
        verdict=Verdict(
            findings=(Finding(kind="expectation", name="new", held=True, evidence=""),)
        ),
    )
    assert changes(before, after) == [
        "new: held (was not asked for)",
        "leverage_set: is not asked for any more (was held)",
    ]


def test_another_seed_is_told() -> None:
    assert changes(result("current"), result("current", seed=7)) == ["seed 1 -> 7"]


def test_a_trace_that_differs_in_nothing_that_is_kept_is_told_by_its_digest() -> None:
    before, after = (result("current", trace_lines=(f'{{"t":{t}}}',)) for t in (1, 2))
    (told,) = changes(before, after)
    assert told.startswith("only the digest changed, ")


def test_code_that_only_moved_in_its_file_changes_nothing() -> None:
    moved = [
        result(
            "current",
            trace_lines=(
                f'{{"exception":{{"place":"reference/verification.py:{line} in _order"}}}}',
                f'{{"message":"File \\"bot.py\\", line {line}, in main"}}',
            ),
        )
        for line in (142, 150)
    ]
    assert changes(*moved) == []


def test_runs_that_are_new_gone_or_cannot_be_run_are_told() -> None:
    kept = baseline.made_of(
        [attempt(result("old")), attempt(result("gone")), attempt(result("stalls"))]
    )
    stalled = attempt(StalledError("somebody still waits"), version="stalls")
    now = [attempt(result("old")), attempt(result("new")), stalled]
    assert lines(compare(kept, now, covers=everything)) == [
        "sklusdt new: new, as expected",
        "sklusdt stalls: was as expected, now ended by StalledError: somebody still waits",
        "sklusdt gone: gone, was in the baseline",
        "runs changed: 3, identical: 1",
    ]
    assert "gone" not in str(compare(kept, now, covers=nothing))


def test_what_could_not_be_read_is_not_called_gone() -> None:
    kept = baseline.made_of([attempt(result("old"))])
    unread = attempt(InputError("sklusdt.yaml:1: is no scenario"), version="")
    (told, _) = lines(compare(kept, [unread], covers=everything))
    assert told == "sklusdt: now unusable input: sklusdt.yaml:1: is no scenario"


# The options


def runner_of(**versions: RunResult) -> MadeRunner:
    return MadeRunner({"sklusdt": versions})


def test_a_change_is_told_and_ends_with_1_only_where_the_baseline_is_strict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "baseline.json"
    before, after = runner_of(current=verified(512)), runner_of(current=verified(1980))
    assert replay(monkeypatch, before, "run", "--all", "--write-baseline", file).exit_code == 0
    for strict, made, code in (
        ([], after, 0),
        (["--strict-baseline"], after, 1),
        (["--strict-baseline"], before, 0),
    ):
        ended = replay(monkeypatch, made, "run", "--all", "--baseline", file, *strict)
        assert ended.exit_code == code
        assert ("512 ms -> 1,980 ms" in ended.stdout) is (made is after)


def test_a_strict_baseline_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = replay(monkeypatch, runner_of(current=result()), "run", "--all", "--strict-baseline")
    assert ended.exit_code == 2
    assert ended.stderr == "replay: --strict-baseline: needs --baseline FILE to compare with\n"


def test_comparing_with_a_baseline_and_writing_it_anew_compares_with_the_old_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "baseline.json"
    both = ("run", "--all", "--baseline", file, "--write-baseline", file)
    replay(monkeypatch, runner_of(current=verified(512)), "run", "--all", "--write-baseline", file)
    shown = replay(monkeypatch, runner_of(current=verified(1980)), *both).stdout
    assert "512 ms -> 1,980 ms" in shown
    shown = replay(monkeypatch, runner_of(current=verified(1980)), *both).stdout
    assert "runs changed: 0, identical: 1" in shown


def kept(file: Path) -> dict[str, list[str]]:
    """The versions that a baseline has of each scenario."""
    scenarios = baseline.read("--baseline", file).scenarios
    return {name: sorted(versions) for name, versions in scenarios.items()}


def test_writing_the_baseline_of_some_keeps_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "baseline.json"
    names = ("a", "b", "mine/c.yaml", "other/d.yaml")
    made = MadeRunner({name: {"old": result(), "current": result()} for name in names})
    for name in names:
        replay(monkeypatch, made, "run", name, "--write-baseline", file)
    now = MadeRunner({"a": {"current": verified(512)}, "mine/e.yaml": {"current": result()}})

    def write(*arguments: str | Path) -> dict[str, list[str]]:
        replay(monkeypatch, now, "run", *arguments, "--write-baseline", file)
        return kept(file)

    monkeypatch.chdir(tmp_path)
    both = ["current", "old"]
    assert write("a", "--bot", "current") == dict.fromkeys(names, both)
    entries = baseline.read("--baseline", file).scenarios
    assert entries["a"]["current"].figures_ms["SKLUSDT: verification"] == 512
    assert write("a") == {**dict.fromkeys(names, both), "a": ["current"]}
    Path("mine").mkdir()
    Path("mine/e.yaml").touch()
    # A folder has nothing to say of scenarios elsewhere, nor have all of the project's own.
    assert write("mine") == {
        "a": ["current"],
        "b": both,
        "mine/e.yaml": ["current"],
        "other/d.yaml": both,
    }
    del now.made["mine/e.yaml"]  # type: ignore[attr-defined]
    assert write("--all") == {
        "a": ["current"],
        "mine/e.yaml": ["current"],
        "other/d.yaml": both,
    }


def test_what_could_not_be_run_keeps_its_place_in_the_baseline(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "baseline.json"
    made = MadeRunner({name: {"current": result()} for name in ("a", "b")})
    replay(monkeypatch, made, "run", "--all", "--write-baseline", file)
    stalled = StalledError("somebody still waits")
    now = MadeRunner({"a": {"current": stalled}, "b": InputError("b.yaml:1: is no scenario")})
    replay(monkeypatch, now, "run", "--all", "--write-baseline", file)
    assert kept(file) == {"a": ["current"], "b": ["current"]}


def test_a_file_that_is_no_baseline_is_not_written_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "notes.json"
    file.write_text('{"mine": 1}', encoding="utf-8")
    ended = replay(
        monkeypatch, runner_of(current=result()), "run", "--all", "--write-baseline", file
    )
    assert ended.exit_code == 2
    assert "remove it and write it anew" in ended.stderr
    assert file.read_text(encoding="utf-8") == '{"mine": 1}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{]", r"b.json:1: is no YAML"),
        (
            "[]",
            r"b.json:1: format — must be 1 in a baseline, and is missing; remove it and write it",
        ),
        (
            '{\n "format": 2}',
            r"b.json:2: format: 2 — must be 1 in a baseline; remove it and write it anew with",
        ),
        ('{\n "format": 1,\n "scenarios": {\n  "a": 7}}', r"b.json:4: scenarios.a: 7 — "),
        ('{\n "format": 1,\n "scenarios": {},\n "more": 1}', r"b.json:4: more — no such key"),
    ],
)
def test_a_foreign_file_is_refused_with_place_value_rule_and_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("b.json").write_text(text, encoding="utf-8")
    made = runner_of(current=result())
    ended = replay(monkeypatch, made, "run", "--all", "--baseline", "b.json")
    assert ended.exit_code == 2
    assert ended.stderr.startswith(f"replay: {told}")
    assert made.asked == []  # said before minutes of runs


def test_a_missing_file_is_refused_with_the_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    made = runner_of(current=result())
    ended = replay(monkeypatch, made, "run", "--all", "--baseline", "b.json")
    assert ended.exit_code == 2
    assert "--baseline b.json: cannot be read: No such file or directory" in ended.stderr
    assert "--write-baseline b.json" in ended.stderr
