"""Runs every benchmark, prints a table and writes `build/bench.json`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from tests.bench import (
    blocking,
    endurance,
    logs,
    loops,
    neighbours,
    plugin,
    programs,
    replays,
    rest,
    streams,
    studies,
)
from tests.bench.figures import Figure

RESULT = Path("build/bench.json")


def _table(measured: list[Figure]) -> Table:
    table = Table(Column("figure", no_wrap=True), "value", "unit", "target", "met")
    for figure in measured:
        sign = "<=" if figure.better == "lower" else ">="
        target = "-" if figure.target is None else f"{sign} {figure.target:g}"
        met = {True: "yes", False: "no", None: "-"}[figure.met]
        table.add_row(figure.name, f"{figure.value:,.3f}", figure.unit, target, met)
    return table


PARTS = (loops, rest, blocking, streams, replays, programs, logs, plugin, neighbours, studies)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--long", action="store_true", help="cost and memory over 10,000 runs, too: minutes"
    )
    parser.add_argument("--only", metavar="PART", help="one part, as `studies` or `endurance`")
    return parser.parse_args()


def main() -> None:
    options = _options()
    parts = (*PARTS, endurance) if options.long or options.only else PARTS
    console = Console()
    measured: list[Figure] = []
    for part in parts:
        if options.only not in (None, part.__name__.rpartition(".")[2]):
            continue
        # No spinner: its thread would take part in what is measured.
        console.print(f"measuring {part.__name__}")
        measured += part.figures()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps([figure.as_row() for figure in measured], indent=2) + "\n")
    console.print(_table(measured))
    console.print(f"written to {RESULT}")


if __name__ == "__main__":
    main()
