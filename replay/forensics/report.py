"""What `replay compare` and `replay explain` show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import pandas as pd
from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot_under_test.reference import Defect
from replay.clocktime import NS_PER_MS, clock_time, milliseconds
from replay.forensics.alignment import Pair
from replay.forensics.comparison import Comparison
from replay.forensics.explanation import Explanation, Ranking
from replay.forensics.findings import Fact
from replay.logs.milestones import known
from replay.result import HiddenException
from replay.timeline import Moment

_STYLES = {"same": "green", "late": "yellow", "early": "yellow"}
_FEW = 10
_SEVERAL = 3


def comparison(found: Comparison, title: str, *, everything: bool = False) -> RenderableType:
    """Both sides, moment by moment, and what comes of it. What only the run has is told moment by
    moment if there are few between two of the log, or if `everything` is to be shown."""
    table = _table()
    if found.timed:
        table.add_column("log", no_wrap=True)
        table.add_column("run", no_wrap=True)
        table.add_column("difference", justify="right", no_wrap=True)
    table.add_column("line", justify="right", no_wrap=True)
    table.add_column("milestone", no_wrap=True)
    table.add_column("")
    for run_only, group in groupby(_by_time(found), lambda each: isinstance(each, Moment)):
        rows = list(group)
        if run_only and len(rows) > _SEVERAL and not everything:
            blank = [""] * (len(table.columns) - 2)
            told = Text(f"{len(rows)} moments", style="dim")
            table.add_row(*blank, told, Text("run only (--all shows them)", style="dim"))
            continue
        for each in rows:
            table.add_row(*_cells(found, each))
    return Group(
        Rule(Text(title), align="left", style="dim"), table, Padding(_sums(found), (1, 0, 1, 0))
    )


def _by_time(found: Comparison) -> list[Pair | Moment]:
    """The log's moments in its order, with what only the run has where it happens."""
    rows: list[tuple[int, int, Pair | Moment]] = []
    latest_ns = 0
    for number, pair in enumerate(found.pairs):
        if pair.run is not None and pair.in_order:
            latest_ns = pair.run.time_ns
        rows.append((latest_ns, number, pair))
    rows += [(each.time_ns, len(rows), each) for each in found.additional]
    return [each for _, _, each in sorted(rows, key=lambda row: row[:2])]


def _cells(found: Comparison, each: Pair | Moment) -> Iterator[Text]:
    if isinstance(each, Moment):
        if found.timed:
            yield Text("")
            yield Text(clock_time(each.time_ns, found.utc_offset_s), style="dim")
            yield Text("")
        yield Text("")
        yield Text(known().title(each.milestone.name), style="dim")
        yield Text("run only", style="dim")
        return
    status = found.status(each)
    difference_ns = found.difference_ns(each)
    if found.timed:
        yield Text(clock_time(each.log.time_ns, found.utc_offset_s))
        run = "--" if each.run is None else clock_time(each.run.time_ns, found.utc_offset_s)
        yield Text(run)
        shown = "" if difference_ns is None else milliseconds(difference_ns)
        yield Text(shown, style=_STYLES.get(status, ""))
    yield Text("" if each.log.milestone.line is None else str(each.log.milestone.line), style="dim")
    yield Text(known().title(each.name))
    yield Text(_told(each, status), style="" if status == "same" else "bold red")


def _told(pair: Pair, status: str) -> str:
    match status:
        case "same":
            return ""
        case "missing":
            return "LOG ONLY: the run does not come to it"
        case "order":
            return "ELSEWHERE among the others"
        case "values":
            return "; ".join(f"{key}: log {log}, run {run}" for key, log, run in pair.differing)
    return f"too {status}"


def _sums(found: Comparison) -> RenderableType:
    pairs = len(found.pairs)
    present = pairs - len(found.missing)
    told = [
        f"{present} of {pairs} milestones of the log present, "
        f"{present - len(found.disordered)} in order",
    ]
    if found.timed:
        punctual = pairs - len(found.late) - len(found.missing)
        told[0] += f", {punctual} within {found.tolerance_ns // NS_PER_MS} ms"
    else:
        told.append("the log has no times: only the order was compared")
    told.append(f"fidelity {found.fidelity:.1%}; {len(found.additional)} in the run only")
    if found.outside:
        told.append(f"{found.outside} of the log lie before or after the scenario: not compared")
    return Text("\n".join(told), style="bold" if found.fidelity == 1 else "")


def ranking(found: Ranking, *, everything: bool = False) -> RenderableType:
    """The candidates by rank, the best in full, and every theory with what contradicts it."""
    parts: list[RenderableType] = [_heading(found), _ranks(found, everything=everything)]
    best = [each for rank, _, each in found.ranks() if rank == 1]
    # What leaves the same log for the same reasons need not be told twice.
    distinct = list({each.facts: each for each in reversed(best)}.values())
    parts += [_in_full(each) for each in reversed(distinct[-_SEVERAL:])]
    wrong = [
        each
        for each in found.explanations
        if each.candidate.kind == "theory" and each.contradictions and each not in best
    ]
    if wrong:
        parts.append(_titled("What speaks against the theories", _against(wrong)))
    if found.failed:
        rows = [(each.candidate.name, each.failure) for each in found.failed]
        parts.append(_titled("Could not be run", _pairs(rows)))
    return Group(*parts)


def table(found: Ranking) -> pd.DataFrame:
    """One row for each candidate: rank, tie, kind, candidate, what, bot, explained, facts,
    contradictions, the contradictions themselves, and the exceptions that the bot hid."""
    rows = [
        {
            "rank": rank,
            "tie": "yes" if tied else "no",
            "kind": each.candidate.kind,
            "candidate": each.candidate.name,
            "what": each.candidate.title,
            "bot": each.candidate.version,
            "explained": len(each.explained),
            "facts": len(each.facts),
            "contradictions": len(each.contradictions),
            "contradicted_by": "; ".join(map(_contradiction, each.contradictions)),
            "hidden": "; ".join(f"{one.count} x {one.type}" for one in each.hidden),
        }
        for rank, tied, each in found.ranks()
    ]
    return pd.DataFrame(rows)


def _heading(found: Ranking) -> RenderableType:
    best = [each for rank, _, each in found.ranks() if rank == 1]
    if not best or best[0].contradictions:
        told = "every candidate is contradicted: the cause is none of them, or not one alone"
    elif len(best) > 1:
        told = f"a tie: {len(best)} candidates explain the log equally well"
    else:
        told = "nothing contradicts the first"
    return Rule(Text(f"{found.scenario.name}: {told}"), align="left", style="dim")


def _ranks(found: Ranking, *, everything: bool) -> RenderableType:
    shown = _table()
    shown.add_column("rank", justify="right", no_wrap=True)
    shown.add_column("kind", no_wrap=True)
    shown.add_column("candidate", ratio=5)
    shown.add_column("explains", justify="right", no_wrap=True)
    shown.add_column("against", justify="right", no_wrap=True)
    shown.add_column("above all", ratio=4)
    idle = next((e.facts for e in found.explanations if e.candidate.kind == "as it is"), None)
    left_out: list[Explanation] = []
    rows = 0
    for rank, tied, each in found.ranks():
        changes_nothing = each.facts == idle and each.candidate.kind not in ("as it is", "theory")
        if not everything and (changes_nothing or rows >= _FEW):
            left_out.append(each)
            continue
        rows += 1
        first = each.contradictions[0] if each.contradictions else None
        shown.add_row(
            f"{rank}{'=' if tied else ''}",
            each.candidate.kind,
            Text.assemble((each.candidate.name, "bold"), f"\n{each.candidate.title}"),
            f"{len(each.explained)} of {len(each.facts)}",
            str(len(each.contradictions) or "nothing"),
            Text.assemble("" if first is None else _contradiction(first), *_hides(each, first)),
        )
    if not left_out:
        return shown
    idle_ones = sum(each.facts == idle for each in left_out)
    told = (
        f"and {len(left_out)} more (--all), of which {idle_ones} change nothing of what is logged"
    )
    return Group(shown, Text(told, style="dim"))


def _hides(each: Explanation, first: Fact | None) -> Iterator[tuple[str, str]]:
    if each.hidden:
        told = ", ".join(f"{one.count} x {one.type}" for one in each.hidden)
        yield ("" if first is None else "\n") + f"hidden: {told}", "dim"


def _in_full(best: Explanation) -> RenderableType:
    facts = _table()
    facts.add_column("line", justify="right", no_wrap=True)
    facts.add_column("the log", ratio=1)
    facts.add_column("", ratio=1)
    for fact in best.facts:
        told = fact.contradiction or ("explained" if fact.explained else "not told by the run")
        style = "bold red" if fact.contradiction else ("green" if fact.explained else "yellow")
        facts.add_row(_line(fact), Text(fact.text), Text(told, style=style))
    parts: list[RenderableType] = [_titled(f"Best: {best.candidate.name}", facts)]
    if best.candidate.defects:
        parts.append(_titled("Defects that the log needs", _defects(best)))
    if best.hidden:
        parts.append(_titled("What its log level hides", _hidden(best.hidden)))
    return Group(*parts)


def _defects(best: Explanation) -> RenderableType:
    needed = best.candidate.defects or frozenset()
    return _pairs([(each.value, each.description) for each in Defect if each.value in needed])


def _hidden(hidden: Sequence[HiddenException]) -> RenderableType:
    return _pairs(
        [
            (f"{one.count} x {one.type}", f"{one.message} ({one.place}, {one.level})")
            for one in hidden
        ]
    )


def _against(wrong: Sequence[Explanation]) -> RenderableType:
    shown = _table()
    shown.add_column("theory", ratio=1)
    shown.add_column("contradicted by", ratio=2)
    for each in wrong:
        against = [_contradiction(fact) for fact in each.contradictions]
        more = len(against) - _SEVERAL
        told = against[:_SEVERAL] + ([f"and {more} more"] if more > 0 else [])
        shown.add_row(
            Text.assemble((each.candidate.name, "bold"), f"\n{each.candidate.title}"),
            Text("\n".join(told)),
        )
    return shown


def _contradiction(fact: Fact) -> str:
    where = f"line {fact.line}, " if fact.line is not None else ""
    return f"{where}{fact.text.split(' (')[0]}: {fact.contradiction}"


def _line(fact: Fact) -> str:
    return "" if fact.line is None else str(fact.line)


def _pairs(rows: Sequence[tuple[str, str]]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for name, told in rows:
        grid.add_row(Text(name, style="bold"), Text(told))
    return grid


def _titled(title: str, body: RenderableType) -> RenderableType:
    return Group(Text(f"\n{title}", style="bold"), body)


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
