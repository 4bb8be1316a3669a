"""The options of `replay run` for machines that build; docs/ci.md tells what they write."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
