"""The options that write: traces, pictures (docs/pictures.md), and what machines that build
read (docs/ci.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Trace = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write the trace as JSON lines; scenario and version are put before the suffix where "
        "there are several.",
    ),
]
Json = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the results as JSON; - writes nothing else."),
]
Html = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write a page to look at, named as --trace names."),
]
Perfetto = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write a trace for Perfetto, named as --trace names."),
]
JUnit = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the results as JUnit XML, for CI.")
]
Markdown = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a summary as Markdown.")]
Baseline = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Say what changed since this was written.")
]
WriteBaseline = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Keep what the runs came to, for --baseline to compare."),
]
StrictBaseline = Annotated[
    bool, typer.Option("--strict-baseline", help="End with 1 if anything changed.")
]
