"""`replay diff`: two traces against each other; ends with 0 equal, 1 different, 2 unusable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replay.cli.shared import ExitCode, app, failure
from replay.clocktime import milliseconds, seconds
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from replay.traces.pairing import Pair, State
    from replay.traces.summary import Differences, Moved
    from replay.traces.trace_file import TraceFile

_LONGEST = 300  # characters of an entry; the fields that differ are told on their own

_COLUMNS: dict[State, str] = {
    "same": "same",
    "moved": "moved",
    "changed": "changed",
    "only first": "only in A",
    "only second": "only in B",
}


@app.command("diff")
def show_difference(
    first: Annotated[Path, typer.Argument(metavar="A", help="A file of `replay run --trace`.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another; .gz is read as well.")],
    limit: Annotated[
        int, typer.Option(min=0, help="Show so many requests and milestones; 0 shows all.")
    ] = 40,
) -> None:
    """Shows where two traces part, what led to it, and all in which they differ."""
    from replay import report
    from replay.traces import trace_file

    try:
        one, other = trace_file.read(first), trace_file.read(second)
    except SimulatorError as error:
        raise failure(error) from error
    out = report.console()
    if one.lines == other.lines:
        _say(out, [f"equal: {len(one.lines):,} entries"])
        raise typer.Exit(ExitCode.AS_EXPECTED)
    _show(out, (str(first), str(second)), one, other, limit)
    raise typer.Exit(ExitCode.BROKEN)


def _show(
    out: Console, names: tuple[str, str], one: TraceFile, other: TraceFile, limit: int
) -> None:
    from replay.traces import difference
    from replay.traces.summary import differences

    parted = difference.first_difference(one.lines, other.lines)
    assert parted is not None  # the lines are not equal
    found = differences(one, other)
    _say(out, [_short(line) for line in difference.lines(parted, names)])
    _say(out, _led_to_it(found, parted.index, one, other))
    out.print("\nAll differences: A is the first file, B the second", style="bold")
    out.print(_table(found))
    _list(out, "Requests", [_times(*each) for each in found.requests], limit)
    _list(out, "Milestones", [_moved(each) for each in found.milestones], limit)
    _say(out, ["", _ending(found, one)])


def _led_to_it(found: Differences, at: int, one: TraceFile, other: TraceFile) -> list[str]:
    """The fields that differ first, and what stands before and behind them."""
    told = ["where they first differ:", *_fields(found.first, one, other)]
    if found.first_other is None:
        told.append("nowhere in more than times, ids and line numbers of code")
    elif found.first_other != found.first:
        told.append("the first that differs in more than times, ids and line numbers of code:")
        told += _fields(found.first_other, one, other)
    before = next((e for e in reversed(one.entries[:at]) if e["kind"] == "milestone"), None)
    if before is not None:
        told.append(f"the last milestone of both: {before['name']} at {seconds(before['t'])}")
    return told


def _fields(pair: Pair | None, one: TraceFile, other: TraceFile) -> list[str]:
    """What differs in a pair, or the whole entry where only one trace has it."""
    from replay.traces import difference

    match pair:
        case (int(a), int(b)):
            told = difference.fields(one.entries[a], other.entries[b])
            return [f"    entry {a + 1} of A, {b + 1} of B", *(f"    {each}" for each in told)]
        case (int(a), None):
            return [f"    only in A: {a + 1}  {_short(one.lines[a])}"]
        case (None, int(b)):
            return [f"    only in B: {b + 1}  {_short(other.lines[b])}"]
    return []


def _table(found: Differences) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("kind", "host"):
        table.add_column(column, no_wrap=True)
    for column in _COLUMNS.values():
        table.add_column(column, justify="right", no_wrap=True)
    for (kind, host), tally in found.tallies.items():
        counts = [tally.get(state, 0) for state in _COLUMNS]
        table.add_row(kind, host, *(f"{count:,}" if count else "" for count in counts))
    return table


def _times(what: str, first: int, second: int) -> str:
    return f"{what}: {first} -> {second} times"


def _moved(moved: Moved) -> str:
    name = moved.name if moved.number == 1 else f"{moved.name} ({moved.number})"
    if moved.first_ns is None:
        return f"{name}: only in B, at {seconds(moved.second_ns or 0)}"
    if moved.second_ns is None:
        return f"{name}: only in A, at {seconds(moved.first_ns)}"
    apart = milliseconds(moved.second_ns - moved.first_ns)
    return f"{name}: {seconds(moved.first_ns)} -> {seconds(moved.second_ns)}, {apart}"


def _ending(found: Differences, one: TraceFile) -> str:
    for began, how in (
        (found.same_from, "the same"),
        (found.alike_from, "the same but for times and ids"),
    ):
        if began is not None:
            a, b = began
            moment = seconds(one.entries[a]["t"])
            count = len(one.entries) - a
            return (
                f"{how} from entry {a + 1} of A and {b + 1} of B on, at {moment}: "
                f"{count:,} to the end"
            )
    return "never the same again"


def _list(out: Console, title: str, told: list[str], limit: int) -> None:
    if told:
        shown = told[: limit or None]
        out.print(f"\n{title}", style="bold")
        _say(out, shown)
        if len(shown) < len(told):
            _say(out, [f"and {len(told) - len(shown):,} more; --limit 0 shows all"])


def _say(out: Console, told: list[str]) -> None:
    for line in told:
        out.print(line, markup=False, soft_wrap=True)


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
