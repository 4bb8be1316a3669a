"""What a failed test shows of its world: what happened around the break, and what was hidden."""

from __future__ import annotations

import io
import logging
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console, RenderableType

from replay import report
from replay.hidden import hidden_exceptions
from replay.logs.milestones import known
from replay.result import Milestone, RunResult, Verdict
from replay.venue_moments import venue_moments
from simulator.trace import digest_of

if TYPE_CHECKING:
    from replay.pytest_plugin.staging import Staged

_SECTION = "simulated world"
_NARROWEST, _WIDEST = 80, 100


def of_run(result: RunResult) -> str:
    """A scenario's run that was not as expected."""
    surprises = result.verdict.surprises
    times = [each.time_ns for each in surprises if each.time_ns is not None]
    end_ns = result.start_ns + result.virtual_ns
    excerpt = _text(report.excerpt(result, around_ns=min(times, default=end_ns)))
    # The first line is all that pytest's summary shows.
    broken = ", ".join(each.name for each in surprises) or "something tried to leave the world"
    return f"not as expected: {broken}\n\n{excerpt}"


def repeat(command: str) -> str:
    """The line that says how to see it again."""
    return f"repeat with  {command}"


def tell(item: pytest.Item, test_report: pytest.TestReport) -> None:
    """Adds to the report of a failed test what its world knows; nothing where it had none."""
    from replay.pytest_plugin.staging import KEY

    staged = item.stash.get(KEY, None)
    if staged is None:
        return
    try:
        result = _result(item, staged)
        text = _text(report.excerpt(result, around_ns=result.start_ns + result.virtual_ns))
    except Exception as error:  # the test's own failure must be told whatever became of the world
        text = f"the world cannot be shown: {type(error).__name__}: {error}"
    test_report.sections.append((_SECTION, text))


def _result(item: pytest.Item, staged: Staged) -> RunResult:
    """The world up to the break, in the form of a run."""
    world, marked = staged.world, staged.marked
    lines = tuple(world.trace.lines())
    entries = world.trace.entries()
    _, _, name = item.nodeid.partition("::")
    test = f"{os.path.relpath(item.path, item.config.invocation_params.dir)}::{name}"
    venues = staged.stage.venues if staged.stage is not None else {}
    return RunResult(
        scenario=item.name if marked is None else f"{item.name}, {marked.scenario.name}",
        title="",
        version="" if marked is None else marked.version,
        seed=world.seed,
        digest=digest_of(lines),
        start_ns=world.env.start_ns,
        utc_offset_s=world.utc_offset_s,
        virtual_ns=world.env.elapsed_ns,
        real_s=0.0,
        command=f"pytest {shlex.quote(test)} --world-seed {world.seed}",
        verdict=Verdict(),
        milestones=tuple(_moments(entries, staged)),
        venue_moments=tuple(venue_moments(entries, world.env.start_ns)),
        hidden=hidden_exceptions(entries, world.env.start_ns),
        faults_fired={
            f"{name}: {fault}": count
            for name, venue in venues.items()
            for fault, count in venue.faults.fired.items()
        },
        unknown_hosts=tuple(
            dict.fromkeys(str(each["name"]) for each in entries if each["kind"] == "unknown_host")
        ),
        refusals=tuple(str(each) for each in world.refusals),
    )


def _moments(entries: Sequence[Mapping[str, Any]], staged: Staged) -> Iterator[Milestone]:
    """What the code under test logged from INFO up, milestones by their names."""
    patterns = known()
    if staged.marked is not None:
        from replay import runner

        patterns = runner.patterns_of(staged.marked.scenario)
    for entry in entries:
        if entry["kind"] != "log":
            continue
        # Whatever the log level lets out: under pytest it is WARNING unless somebody sets it.
        text, level = str(entry["message"]), str(entry["level"])
        if logging.getLevelName(level) < logging.INFO:
            continue
        match = patterns.find(text, str(entry["logger"]))
        if logging.getLevelName(level) >= logging.WARNING:
            text = f"{level} {text}"
        yield Milestone(
            name="log" if match is None else match.name,
            time_ns=staged.world.env.start_ns + int(entry["t"]),
            host=str(entry["host"]),
            text=text,
            groups={} if match is None else match.groups,
        )


def _text(shown: RenderableType) -> str:
    """As plain text, as wide as the terminal within reason."""
    width = min(max(shutil.get_terminal_size((_WIDEST, 24)).columns, _NARROWEST), _WIDEST)
    made = io.StringIO()
    Console(file=made, width=width, no_color=True, highlight=False).print(shown, crop=False)
    return "\n".join(line.rstrip() for line in made.getvalue().strip("\n").splitlines())
