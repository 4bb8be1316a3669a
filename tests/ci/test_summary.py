"""The summary in Markdown: as a reader library shows it, and within GitHub's limit."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from replay.ci import baseline, summary
from replay.ci.comparison import compare
from simulator.errors import InputError
from tests.ci.made import BROKEN, MadeRunner, attempt, broken, replay
from tests.replay.made import result

HOSTILE = "a | b ` c * _d_ <b>e</b> [f](g) #h\n- i \\ ~~j~~ &amp; $k$"


def shown(text: str) -> tuple[list[list[str]], str]:
    """The cells of all tables, and everything as a reader sees it, without its markup."""
    rows: list[list[str]] = []
    parts: list[str] = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            told = "".join(
                "\n" if child.type == "html_inline" and child.content == "<br>" else child.content
                for child in token.children or []
            )
            parts.append(told)
            if token.level == 4:  # within a row of a table
                rows[-1].append(told)
        elif token.type == "fence":
            parts.append(token.content)
    return rows, "\n".join(parts)


def test_the_table_has_a_row_for_each_version_with_its_outcome_and_changes() -> None:
    attempts = [
        attempt(result("old")),
        attempt(broken("current")),
        attempt(InputError("x.yaml:14: no such key"), scenario="x.yaml", version=""),
    ]
    kept = baseline.made_of([attempt(result("old")), attempt(result("current"))])
    comparison = compare(kept, attempts, covers=lambda _: True)
    rows, text = shown(summary.text(attempts, comparison))
    assert rows == [
        ["", "scenario", "version", "outcome", "fulfilled", "virtual", "against the baseline"],
        ["✅", "sklusdt", "old", "as expected", "1 of 1", "40.000 s", "identical"],
        ["❌", "sklusdt", "current", "UNEXPECTED", "0 of 1", "40.000 s", "3 changes"],
        ["❌", "x.yaml", "", "unusable input", "", "", "1 change"],
    ]
    assert "❌ replay: 1 of 3 as expected" in text
    assert "1 not as expected, 1 that could not be run" in text
    assert "sklusdt current: outcome as expected -> UNEXPECTED" in text
    assert "no_unknown_order: BROKEN: SKLUSDT order 7, open" in text
    assert "replay run sklusdt --bot current --seed 1\n" in text
    assert "x.yaml:14: no such key" in text


def test_without_a_baseline_nothing_is_said_of_one() -> None:
    rows, text = shown(summary.text([attempt(result("old"))]))
    assert len(rows[0]) == 6
    assert "baseline" not in text


def test_faults_that_never_fired_are_listed() -> None:
    made = result("current", faults_fired={"binance: lost": 0, "binance: late": 2})
    _, text = shown(summary.text([attempt(made)]))
    assert "sklusdt, bot current: binance: lost" in text
    assert "late" not in text


def test_markup_in_names_and_evidence_is_shown_as_it_is() -> None:
    hostile = broken("current", replace(BROKEN, evidence=HOSTILE))
    attempts = [attempt(hostile, scenario="a|b_c_d.yaml", version="`v`*2*")]
    rows, text = shown(summary.text(attempts))
    assert rows[1][1:3] == ["a|b_c_d.yaml", "`v`*2*"]
    assert f"no_unknown_order: BROKEN: {HOSTILE}" in text


def test_a_command_cannot_end_its_block_of_code() -> None:
    made = replace(broken("current"), command="replay run 'a```\n# b'")
    _, text = shown(summary.text([attempt(made)]))
    assert "replay run 'a```\n# b'\n" in text


def test_a_summary_is_cut_between_sections_and_says_so() -> None:
    attempts = [attempt(broken(f"v{number}")) for number in range(100)]
    whole = summary.text(attempts)
    limit = len(whole.encode()) // 2
    made = summary.cut(attempts, None, limit)
    assert len(made.encode()) <= limit
    kept, told = made.rsplit("\n**", 1)
    assert whole.startswith(kept)
    # Heading, counts, the table's head, its rows, and a section for each of the 100.
    left_out = 100 - kept.count("\n### ")
    assert told.startswith(f"{left_out} further sections were left out**: ")
    assert "`--markdown FILE` writes all of them" in told


def test_a_summary_that_fits_is_whole() -> None:
    attempts = [attempt(broken())]
    assert summary.cut(attempts, None, summary.STEP_LIMIT_BYTES) == summary.text(attempts)


def test_the_option_writes_the_whole_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    made = MadeRunner({"sklusdt": {"current": broken()}})
    replay(monkeypatch, made, "run", "--all", "--markdown", file)
    assert file.read_text(encoding="utf-8") == summary.text([attempt(broken())])


def test_github_gets_it_behind_what_the_step_wrote_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "step.md"
    file.write_text("before\n", encoding="utf-8")
    made = MadeRunner({"sklusdt": {"current": broken()}})
    github = {"GITHUB_STEP_SUMMARY": file}
    replay(monkeypatch, made, "run", "--all", environment=github)
    assert file.read_text(encoding="utf-8") == "before\n" + summary.text([attempt(broken())])


def test_github_gets_no_more_than_it_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "step.md"
    long = replace(BROKEN, evidence="x" * 100_000)
    made = MadeRunner({f"s{n}": {"current": broken("current", long)} for n in range(20)})
    replay(monkeypatch, made, "run", "--all", environment={"GITHUB_STEP_SUMMARY": file})
    size = os.path.getsize(file)
    assert 900_000 < size <= 1024 * 1024  # GitHub's documentation: 1 MiB for each step
    assert file.read_text(encoding="utf-8").count("left out") == 1


def test_a_summary_that_cannot_be_written_is_unusable_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "missing" / "step.md"
    made = MadeRunner({"sklusdt": {"current": result()}})
    ended = replay(monkeypatch, made, "run", "--all", environment={"GITHUB_STEP_SUMMARY": file})
    assert ended.exit_code == 2
    assert ended.stderr == (
        f"replay: GITHUB_STEP_SUMMARY {file}: cannot be written: No such file or directory\n"
    )
