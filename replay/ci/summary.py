"""The result of a run as Markdown, for the page of a GitHub job or for a comment.

GitHub takes a summary of up to 1 MiB from a step and refuses a longer one altogether, so that one
is cut between two sections, and says what was left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from replay.ci.attempt import Attempt
from replay.ci.comparison import Comparison, lines
from replay.clocktime import seconds

STEP_LIMIT_BYTES = 1024 * 1024
_RESERVE_BYTES = 200  # for what is said of the rest
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$@&!])")
_SIGNS = {True: "✅", False: "❌"}


def text(attempts: Sequence[Attempt], comparison: Comparison | None = None) -> str:
    """The whole summary."""
    return "".join(_sections(attempts, comparison))


def cut(attempts: Sequence[Attempt], comparison: Comparison | None, limit_bytes: int) -> str:
    """As `text`, in at most `limit_bytes` as UTF-8: sections that do not fit are left out, and
    counted in a last line."""
    kept: list[str] = []
    left_bytes = limit_bytes - _RESERVE_BYTES
    cut_off = 0
    for section in _sections(attempts, comparison):
        size = len(section.encode())
        # Once one is left out, all that follow are: a summary with holes would mislead.
        if cut_off or size > left_bytes:
            cut_off += 1
            continue
        kept.append(section)
        left_bytes -= size
    if cut_off:
        kept.append(_told_of_cut(cut_off, limit_bytes))
    made = "".join(kept)
    return made if len(made.encode()) <= limit_bytes else ""


def _told_of_cut(count: int, limit_bytes: int) -> str:
    return (
        f"\n**{count} further sections were left out**: a step's summary may have "
        f"{limit_bytes:,} bytes here. `--markdown FILE` writes all of them.\n"
    )


def _sections(attempts: Sequence[Attempt], comparison: Comparison | None) -> Iterator[str]:
    """The heading with its counts, the table row by row, and what has to be told at length."""
    good = sum(each.ok for each in attempts)
    errors = sum(each.error is not None for each in attempts)
    unexpected = len(attempts) - good - errors
    yield f"## {_SIGNS[good == len(attempts)]} replay: {good} of {len(attempts)} as expected\n\n"
    if unexpected or errors:
        yield f"{unexpected} not as expected, {errors} that could not be run\n\n"
    header = ["", "scenario", "version", "outcome", "fulfilled", "virtual"]
    header += ["against the baseline"] if comparison is not None else []
    yield _row(header) + _row(["---"] * len(header))
    for attempt in attempts:
        yield _row(_cells(attempt, comparison))
    if comparison is not None:
        yield from _changes(comparison)
    for attempt in attempts:
        if not attempt.ok:
            yield _complaint(attempt)
    yield from _silent_faults(attempts)


def _cells(attempt: Attempt, comparison: Comparison | None) -> list[str]:
    cells = [
        _SIGNS[attempt.ok],
        _escaped(attempt.scenario),
        _escaped(attempt.version),
        _escaped(attempt.outcome),
    ]
    if attempt.result is None:
        cells += ["", ""]
    else:
        findings = attempt.result.verdict.findings
        cells.append(f"{sum(finding.ok for finding in findings)} of {len(findings)}")
        cells.append(seconds(attempt.result.virtual_ns))
    if comparison is not None:
        count = len(comparison.of(attempt.scenario, attempt.version))
        cells.append(f"{count} changes" if count > 1 else "1 change" if count else "identical")
    return cells


def _changes(comparison: Comparison) -> Iterator[str]:
    yield "\n### Against the baseline\n\n"
    for line in lines(comparison):
        yield f"- {_escaped(line)}\n"


def _complaint(attempt: Attempt) -> str:
    version = f", bot {attempt.version}" if attempt.version else ""
    told = [f"\n### {_escaped(attempt.scenario + version)}: {_escaped(attempt.outcome)}\n\n"]
    told += [f"- {_escaped(complaint)}\n" for complaint in attempt.complaints]
    if attempt.repeat:
        told.append(f"\nRepeat with:\n\n{_code(attempt.repeat)}")
    return "".join(told)


def _silent_faults(attempts: Iterable[Attempt]) -> Iterator[str]:
    silent = [
        f"- {_escaped(f'{each.scenario}, bot {each.version}: {rule}')}\n"
        for each in attempts
        if each.result is not None
        for rule, times in each.result.faults_fired.items()
        if not times
    ]
    if silent:
        yield from chain(["\n### Faults that never fired\n\n"], silent)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _escaped(told: str) -> str:
    """Text that Markdown shows as it is, in one line, in a table's cell as elsewhere."""
    return "<br>".join(_MARKUP.sub(r"\\\1", line.strip()) for line in told.strip().splitlines())


def _code(command: str) -> str:
    """A block of code that nothing in it can end."""
    longest = max((len(run) for run in re.findall("`+", command)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{command}\n{fence}\n"
