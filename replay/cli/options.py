"""The options of `replay run`, some of which other commands have too: what runs and how; and those
that write: traces, pictures (docs/pictures.md), and what machines that build read (docs/ci.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Scenario = Annotated[
    str | None,
    typer.Argument(
        help="A scenario's name, the path of its file or of a folder of them, or `all`."
    ),
]
Every = Annotated[bool, typer.Option("--all", help="Every scenario at hand.")]
Bot = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION", help="Only this version of the bot, or one's own: module:factory."
    ),
]
Source = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[LABEL=]FOLDER",
        help="Import the bot from this folder, in a process of its own; several are versions "
        "side by side.",
    ),
]
Seed = Annotated[int | None, typer.Option(help="Instead of the scenario's seed.")]
Setting = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="Another setting of the bot, over the file's."),
]
Change = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PLACE=VALUE",
        help="Another value in the scenario, as venues.bybit.behaviour.visibility[0].lag=1 s.",
    ),
]
Twice = Annotated[bool, typer.Option("--twice", help="Run twice and show the first difference.")]

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
