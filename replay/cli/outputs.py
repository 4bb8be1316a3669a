"""What `replay run` writes beside its report: files, annotations, a job's summary."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from replay.cli.selection import Selection
from replay.cli.shared import ExitCode, write
from replay.exit_codes import gravest
from simulator.errors import InputError

if TYPE_CHECKING:
    from replay.ci.attempt import Attempt
    from replay.ci.baseline import Baseline
    from replay.ci.comparison import Comparison
    from replay.result import RunResult

_STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options that ask for something to be written, or to be compared with."""

    trace: Path | None = None
    html: Path | None = None
    perfetto: Path | None = None
    json: Path | None = None
    junit: Path | None = None
    markdown: Path | None = None
    baseline: Path | None = None
    write_baseline: Path | None = None
    strict_baseline: bool = False

    @property
    def only_json(self) -> bool:
        """Whether the standard output is for the JSON alone."""
        return str(self.json) == "-"


def read_baselines(wanted: Wanted) -> tuple[Baseline | None, Baseline | None]:
    """What to compare with, and what the file that will be written has in it until now; before
    anything runs, for a file that is unusable. Raises InputError."""
    if wanted.strict_baseline and wanted.baseline is None:
        raise InputError("--strict-baseline: needs --baseline FILE to compare with")
    if wanted.baseline is None and wanted.write_baseline is None:
        return None, None
    from replay.ci import baseline

    compared = before = None
    if (file := wanted.baseline) is not None:
        compared = baseline.read("--baseline", file)
    if (file := wanted.write_baseline) is not None and file.exists():
        before = baseline.read("--write-baseline", file)
    return compared, before


def exit_code(
    attempts: Sequence[Attempt], comparison: Comparison | None, wanted: Wanted
) -> ExitCode:
    """The gravest of all attempts; a change counts as broken where the baseline is strict."""
    codes = [attempt.code for attempt in attempts]
    if wanted.strict_baseline and comparison is not None and comparison.changes:
        codes.append(ExitCode.BROKEN)
    return gravest(codes)


def write_run(wanted: Wanted, result: RunResult, selection: Selection) -> None:
    """One run's trace and pictures."""
    if wanted.trace is not None:
        text = "".join(f"{line}\n" for line in result.trace_lines)
        write("--trace", _file_of(wanted.trace, result, selection), text)
    if wanted.html is not None:
        from replay import pictures

        write("--html", _file_of(wanted.html, result, selection), pictures.page(result))
    if wanted.perfetto is not None:
        from replay import pictures

        text = pictures.perfetto_trace(result)
        write("--perfetto", _file_of(wanted.perfetto, result, selection), text)


def _file_of(file: Path, result: RunResult, selection: Selection) -> Path:
    """With scenario and version before the suffix where there are several."""
    parts = [file.stem]
    if selection.several:
        name = result.scenario.removesuffix(".yaml").removesuffix(".yml")
        parts.append(name.strip("/").replace("/", "-"))
    if len(selection.runs) > 1:
        parts.append(result.version)
    return file.with_name(".".join(parts) + file.suffix)


def write_all(
    wanted: Wanted,
    attempts: Sequence[Attempt],
    comparison: Comparison | None,
    selection: Selection,
    before: Baseline | None,
    code: ExitCode,
) -> None:
    """Every file that was asked for, and what GitHub reads. Raises InputError for one that cannot
    be written."""
    if wanted.json is not None:
        _write_json(wanted.json, attempts, code)
    if wanted.junit is not None:
        from replay.ci import junit

        write("--junit", wanted.junit, junit.text(attempts))
    if wanted.markdown is not None:
        from replay.ci import summary

        write("--markdown", wanted.markdown, summary.text(attempts, comparison))
    if wanted.write_baseline is not None:
        from replay.ci import baseline

        made = baseline.made_of(attempts, before, selection.covers)
        write("--write-baseline", wanted.write_baseline, baseline.text(made))
    _tell_github(attempts, comparison, to_stderr=wanted.only_json)


def _write_json(file: Path, attempts: Sequence[Attempt], code: ExitCode) -> None:
    from replay import json_report

    written = json_report.document(attempts, exit_code=int(code))
    if str(file) == "-":
        typer.echo(json_report.text(written), nl=False)
        return
    write("--json", file, json_report.text(written))


def _tell_github(
    attempts: Sequence[Attempt], comparison: Comparison | None, *, to_stderr: bool
) -> None:
    """Annotations and the step's summary; nothing anywhere else than in GitHub Actions."""
    from replay.ci import annotations

    if annotations.asked_for(os.environ):
        root = annotations.repository_root(os.environ, Path.cwd())
        for command in annotations.commands(attempts, root):
            typer.echo(command, err=to_stderr)
    if named := os.environ.get(_STEP_SUMMARY):
        _append_summary(Path(named), attempts, comparison)


def _append_summary(file: Path, attempts: Sequence[Attempt], comparison: Comparison | None) -> None:
    from replay.ci import summary

    try:
        before = file.stat().st_size if file.exists() else 0
        told = summary.cut(attempts, comparison, summary.STEP_LIMIT_BYTES - before)
        with file.open("a", encoding="utf-8", newline="\n") as opened:
            opened.write(told)
    except OSError as error:
        raise InputError(f"{_STEP_SUMMARY} {file}: cannot be written: {error.strerror}") from error
