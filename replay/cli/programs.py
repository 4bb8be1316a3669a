"""`replay exec`: a program of one's own inside a scenario, without a change to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replay.cli import options
from replay.cli.shared import ExitCode, app, cut_off_from_the_network, failure
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from replay.cli.outputs import Wanted
    from replay.programs import Program
    from replay.result import RunResult


_Command = Annotated[
    list[str],
    typer.Argument(
        metavar="-- PROGRAM [ARGS]...", help="A Python file, or -m and a module; its arguments."
    ),
]


@app.command("exec")
def exec_program(
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or the path of its file.")],
    command: _Command,
    bot: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="What of `expect` holds; by default its first entry."),
    ] = None,
    seed: options.Seed = None,
    env_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The bot's .env; secrets in it are replaced."),
    ] = None,
    directory: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the program is and works.")
    ] = Path(),
    scratch: Annotated[
        bool, typer.Option("--scratch", help="Work in a copy of the folder, thrown away after.")
    ] = False,
    keep_network: Annotated[
        bool,
        typer.Option(
            "--keep-network", help="Leave the real network to C code, say a debugger's connection."
        ),
    ] = False,
    trace: options.Trace = None,
    json: options.Json = None,
    html: options.Html = None,
    perfetto: options.Perfetto = None,
) -> None:
    """Runs a program as it is, in virtual time, with simulated venues, and judges what came of it.

    What the program prints is its own; the report comes on the standard error.
    """
    if not keep_network:
        cut_off_from_the_network(scenario)
    from replay import report
    from replay.cli.outputs import Wanted
    from replay.programs import Program

    wanted = Wanted(trace=trace, json=json, html=html, perfetto=perfetto)
    try:
        program = Program.of(command, directory=directory, env_file=env_file, scratch=scratch)
        result, code = _run(program, scenario, bot, seed, wanted)
    except SimulatorError as error:
        raise failure(error) from error
    report.console(stderr=True).print(report.section(result))
    raise typer.Exit(code)


def _run(
    program: Program, scenario: str, version: str | None, seed: int | None, wanted: Wanted
) -> tuple[RunResult, ExitCode]:
    """What came of it, and how the command ends. Raises InputError, and what a run raises."""
    from replay import exit_codes, runner
    from replay.ci.attempt import Attempt
    from replay.cli.outputs import write_all, write_run
    from replay.cli.selection import Selection

    found = runner.load(scenario)
    version = version or found.versions[0]
    result = runner.play(found, scenario, version=version, seed=seed, program=program)
    code = exit_codes.of_result(result, deterministic=None)
    selection = Selection(runs=((scenario, version),), of=scenario)
    write_run(wanted, result, selection)
    attempt = Attempt(scenario=scenario, version=version, result=result)
    write_all(wanted, [attempt], None, selection, None, code)
    return result, code
