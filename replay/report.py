"""What `replay run` shows: one section a version, and a table of all versions at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from replay import timeline
from replay.clocktime import NS_PER_MS, NS_PER_S, clock_time, milliseconds, seconds
from replay.result import HiddenException, RunResult, Verdict

if TYPE_CHECKING:
    import pandas as pd

_PIPED_WIDTH = 100
_NOTABLE_NS = 10 * NS_PER_MS  # a difference that a reader should see at a glance
_SHORT_DIGEST = 12
_BEFORE_NS, _AFTER_NS = 5 * NS_PER_S, 2 * NS_PER_S  # what an excerpt shows around its moment
_FEWEST_ROWS, _MOST_ROWS = 5, 24
_LAMPS = {True: ("✓", "green"), False: ("✗", "bold red")}
_NOT_JUDGED = ("–", "dim")


class _Screen(Console):
    """Cuts no line that is longer than it is wide: see `unbroken`."""

    def print(self, *shown: Any, crop: bool = False, **options: Any) -> None:
        super().print(*shown, crop=crop, **options)


def unbroken(line: str, style: str = "") -> Text:
    """One line, as long as it is: a command that is broken into several could not be copied."""
    return Text(line, style, no_wrap=True, overflow="ignore")


def console(*, stderr: bool = False) -> Console:
    """A console that keeps to 100 columns and leaves colours out when it is not a terminal."""
    made = _Screen(stderr=stderr, highlight=False, soft_wrap=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = _PIPED_WIDTH
    return made


def plain(shown: RenderableType) -> str:
    """What a terminal would show, without colours and 100 columns wide."""
    paper = _Screen(file=StringIO(), width=_PIPED_WIDTH, color_system=None, highlight=False)
    with paper.capture() as captured:
        paper.print(shown)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def section(result: RunResult, *, deterministic: bool | None = None) -> RenderableType:
    """Everything about one version; `deterministic` if it was run twice."""
    parts: list[RenderableType] = [_heading(result)]
    parts += [_titled("Timeline", timeline_table(result)), _titled("Verdict", _verdict(result))]
    if result.hidden:
        parts.append(_titled("What the log level hid", _hidden(result)))
    notes = _notes(result)
    if notes:
        parts.append(_titled("Also", notes))
    parts += [Text(), *_identity(result, deterministic), Text()]
    return Group(*parts)  # a padding would cut what is longer than it is wide


def excerpt(result: RunResult, *, around_ns: int) -> RenderableType:
    """What a failed test shows: the rows around a moment, the surprises, and what was hidden."""
    found = _rows(result)
    near = _near(found, around_ns)
    left_out = len(found) - len(near)
    moment = f"{clock_time(around_ns, result.utc_offset_s)}, seed {result.seed}"
    parts: list[RenderableType] = []
    if found:
        parts.append(_titled(f"Timeline around {moment}", _timeline(result, near)))
    else:
        parts.append(Text(f"Up to {moment}: no order, no event and no milestone"))
    if left_out:
        parts.append(Text(f"{left_out} of {len(found)} rows, further away, left out", "dim"))
    surprises = Verdict(findings=result.verdict.surprises)
    if surprises.findings:
        parts.append(_titled("Not as expected", _verdict(replace(result, verdict=surprises))))
    if result.hidden:
        parts.append(_titled("What the log level hid", _hidden(result)))
    notes = _notes(result)
    if notes:
        parts.append(_titled("Also", notes))
    parts.append(unbroken(f"\nrepeat with  {result.command}"))
    return Group(*parts)


def summary(results: Sequence[RunResult]) -> RenderableType:
    """One line a version, and the sum of all; of several scenarios without what is only theirs."""
    several = len({result.scenario for result in results}) > 1
    table = _table()
    for column in (*(("scenario",) if several else ()), "version", "outcome", "fulfilled"):
        table.add_column(column, no_wrap=True)
    for column in ("virtual",) if several else ("virtual", "real", "speed-up"):
        table.add_column(column, justify="right", no_wrap=True)
    if not several:
        table.add_column("digest", no_wrap=True)
    before = ""
    for result in results:
        findings = [finding for finding in result.verdict.findings if finding.judged]
        ok = result.verdict.ok
        cells = [
            Text(result.version),
            Text("as expected" if ok else "UNEXPECTED", style=_LAMPS[ok][1]),
            Text(f"{sum(finding.ok for finding in findings)} of {len(findings)}"),
            Text(seconds(result.virtual_ns)),
        ]
        if several:
            cells.insert(0, Text("" if result.scenario == before else result.scenario))
        else:
            cells += [
                Text(f"{result.real_s:.3f} s"),
                Text(f"{result.speed_up:,.0f}x"),
                Text(result.digest[:_SHORT_DIGEST]),
            ]
        before = result.scenario
        table.add_row(*cells)
    return _titled("All scenarios" if several else "All versions", _with_sum(table, results))


def _with_sum(table: Table, results: Sequence[RunResult]) -> RenderableType:
    surprises = sum(not result.verdict.ok for result in results)
    virtual_ns, real_s = sum(r.virtual_ns for r in results), sum(r.real_s for r in results)
    told = f"\n{len(results)} runs, {surprises} not as expected, {seconds(virtual_ns)} virtual"
    if real_s > 0:
        told += f" in {real_s:.1f} s real: {virtual_ns / 1e9 / real_s:,.0f} times as fast"
    return Group(table, Text(told)) if len(results) > 1 else table


def frame(title: str, rows: pd.DataFrame) -> RenderableType:
    """A table of pandas under a title."""
    table = _table()
    for column in rows.columns:
        table.add_column(str(column), overflow="fold")
    for row in rows.itertuples(index=False):
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    body: RenderableType = table if len(rows) else Text("none", style="dim")
    return _titled(title, body)


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)


def _titled(title: str, body: RenderableType) -> RenderableType:
    return Group(Text(f"\n{title}", style="bold"), body)


def _heading(result: RunResult) -> RenderableType:
    ok = result.verdict.ok
    line = Text(f"{result.scenario}, bot {result.version}, seed {result.seed}: ")
    line.append("as expected" if ok else "UNEXPECTED", style=_LAMPS[ok][1])
    return Group(Rule(line, align="left", style="dim"), Text(result.title, style="italic"))


def timeline_table(result: RunResult) -> RenderableType:
    """What happened when, on which host, beside the production log if there is one."""
    return _timeline(result, _rows(result))


def _rows(result: RunResult) -> tuple[timeline.Row, ...]:
    return timeline.rows((*result.milestones, *result.venue_moments), result.production)


def _near(rows: Sequence[timeline.Row], around_ns: int) -> list[timeline.Row]:
    """The rows within a few seconds of a moment; a few in any case, and not too many."""
    # Of what happened at one instant, the last is the nearest.
    distances = sorted((abs(row.time_ns - around_ns), -at) for at, row in enumerate(rows))
    kept = [
        at
        for rank, at in enumerate(-minus_at for _, minus_at in distances)
        if rank < _FEWEST_ROWS or -_BEFORE_NS <= rows[at].time_ns - around_ns <= _AFTER_NS
    ]
    return [rows[at] for at in sorted(kept[:_MOST_ROWS])]


def _timeline(result: RunResult, found: Sequence[timeline.Row]) -> RenderableType:
    with_log = bool(result.production)
    table = _table()
    table.add_column("virtual", no_wrap=True)
    if with_log:
        table.add_column("production", no_wrap=True)
        table.add_column("difference", justify="right", no_wrap=True)
    table.add_column("host", no_wrap=True)
    table.add_column("what")
    for row in found:
        cells = [_clock(row.virtual, result)]
        if with_log:
            cells += [_production_clock(row, result), _difference(row)]
        host = row.milestone.host if row.virtual else ""
        table.add_row(*cells, Text(host, style="cyan"), _what(row, result))
    if not found:
        return Text("no milestone, in the run or in the log", style="dim")
    return table


def _clock(moment: timeline.Moment | None, result: RunResult) -> Text:
    if moment is None:
        return Text("--", style="dim")
    return Text(clock_time(moment.time_ns, result.utc_offset_s))


def _production_clock(row: timeline.Row, result: RunResult) -> Text:
    return Text("") if row.name.startswith("venue_") else _clock(row.production, result)


def _difference(row: timeline.Row) -> Text:
    if row.difference_ns is None:
        if row.name.startswith("venue_"):  # no log of the bot could have it
            return Text("")
        return Text("log only" if row.virtual is None else "run only", style="dim yellow")
    notable = abs(row.difference_ns) > _NOTABLE_NS
    return Text(milliseconds(row.difference_ns), style="yellow" if notable else "green")


def _what(row: timeline.Row, result: RunResult) -> Text:
    dim = row.virtual is None or row.name.startswith("venue_")
    text = Text(row.milestone.text.strip(), style="dim" if dim else "")
    for side, moment in (("", row.virtual), ("log: ", row.production)):
        if moment is None or moment.last_ns == moment.time_ns:
            continue
        until = clock_time(moment.last_ns, result.utc_offset_s)
        if moment.counted:
            text.append(f"\n{side}{moment.count} times, the last at {until}", style="dim")
        else:
            text.append(f"\n{side}several times, until {until.removesuffix('.000')}", style="dim")
    return text


def _verdict(result: RunResult) -> RenderableType:
    if not result.verdict.findings:
        return Text("nothing was expected, and no invariant was judged", style="dim")
    table = _table()
    table.add_column("", no_wrap=True)
    table.add_column("finding", ratio=4)
    table.add_column("outcome", ratio=2)
    table.add_column("evidence", ratio=6)
    for finding in result.verdict.findings:
        sign, style = _LAMPS[finding.ok] if finding.judged else _NOT_JUDGED
        table.add_row(
            Text(sign, style=style),
            Text(finding.name),
            Text(finding.outcome, style="" if finding.ok else style),
            Text(finding.evidence),
        )
    return table


def _hidden(result: RunResult) -> RenderableType:
    table = _table()
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("first", no_wrap=True)
    table.add_column("exception")
    table.add_column("where")
    for one in result.hidden:
        first = clock_time(one.first_ns, result.utc_offset_s)
        table.add_row(str(one.count), first, _exception(one), _where(one))
    return table


def _exception(one: HiddenException) -> Text:
    return Text.assemble((one.type, "bold red"), f": {one.message}")


def _where(one: HiddenException) -> Text:
    return Text.assemble(one.place, (f"\n{one.level} by {one.logger}", "dim"))


def _notes(result: RunResult) -> RenderableType | None:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    fired = [f"{rule}, {times} times" for rule, times in result.faults_fired.items() if times]
    silent = [rule for rule, times in result.faults_fired.items() if not times]
    likes = [each.told for each in result.profiles]
    for label, entries, style in (
        ("profiles", likes, "yellow" if any(p.overruled for p in result.profiles) else ""),
        ("faults that fired", fired, ""),
        ("faults that never fired", silent, "yellow"),
        ("signals lost", result.signals_lost, "yellow"),
        ("real connections refused", result.refusals, "bold red"),
        ("unknown hosts asked for", result.unknown_hosts, "yellow"),
        ("notes on the log", result.log_notes, ""),
        ("log lines not understood", result.unread_log_lines, "dim"),
    ):
        for name, entry in zip_longest([label] if entries else [], entries, fillvalue=""):
            table.add_row(Text(name, style=style), Text(entry, style=style))
    return Padding(table, (1, 0, 0, 0)) if table.row_count else None


def _identity(result: RunResult, deterministic: bool | None) -> Iterator[RenderableType]:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    table.add_row("digest", result.digest)
    if deterministic is not None:
        told = "the second run was equal" if deterministic else "THE SECOND RUN WAS ANOTHER ONE"
        table.add_row("run twice", Text(told, style=_LAMPS[deterministic][1]))
    table.add_row(
        "time",
        f"{seconds(result.virtual_ns)} virtual in {result.real_s:.3f} s real: "
        f"{result.speed_up:,.0f} times as fast",
    )
    yield table
    yield unbroken(f"repeat with  {result.command}", "bold")
