"""Runs every benchmark, prints a table and writes `build/bench.json`."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import blocking, logs, loops, neighbours, plugin, programs, replays, rest, streams
from tests.bench.figures import Figure

RESULT = Path("build/bench.json")


def _table(measured: list[Figure]) -> Table:
    table = Table("figure", "value", "unit", "target", "met")
    for figure in measured:
        sign = "<=" if figure.better == "lower" else ">="
        target = "-" if figure.target is None else f"{sign} {figure.target:g}"
        met = {True: "yes", False: "no", None: "-"}[figure.met]
        table.add_row(figure.name, f"{figure.value:,.3f}", figure.unit, target, met)
    return table


def main() -> None:
    console = Console()
    measured: list[Figure] = []
    for part in (loops, rest, blocking, streams, replays, programs, logs, plugin, neighbours):
        # No spinner: its thread would take part in what is measured.
        console.print(f"measuring {part.__name__}")
        measured += part.figures()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps([figure.as_row() for figure in measured], indent=2) + "\n")
    console.print(_table(measured))
    console.print(f"written to {RESULT}")


if __name__ == "__main__":
    main()
