"""`replay serve`: the venues on loopback sockets, in real time; ends with 0 when it is told to, 2
for unusable input."""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replay.cli import options
from replay.cli.shared import app, failure
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from replay.serving.told import Told
    from scenarios.schema import Scenario


@app.command("serve")
def serve_venues(
    scenario: Annotated[
        str | None,
        typer.Argument(
            help="A scenario's name or the path of its file; by default both venues as they are."
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="A loopback address of this machine.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(help="The first of two ports for each venue; by default free ones."),
    ] = None,
    seed: options.Seed = None,
    ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to keep the certificate that clients trust."),
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the addresses, keys and settings as JSON, once they serve."
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all that happened as JSON lines, at the end."),
    ] = None,
) -> None:
    """Serves the venues in real time, for bots in other processes and languages."""
    from replay.serving.plan import plan
    from replay.serving.real_time import wall_ns
    from replay.serving.running import serve

    try:
        _check_loopback(host)
        found = None if scenario is None else _load(scenario)
        serve(
            plan(found, start_ns=wall_ns(), seed=seed),
            host=host,
            port=port,
            ca_file=ca,
            trace_file=trace,
            ready=lambda told: _say_ready(told, json),
            tell=_say,
        )
    except SimulatorError as error:
        raise failure(error) from error


def _load(scenario: str) -> Scenario:
    from replay import runner

    return runner.load(scenario)


def _check_loopback(host: str) -> None:
    """Raises InputError for an address that other machines may reach, and for what is none."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise InputError(
            f"--host {host}: must be an IP address of this machine's loopback; leave it out, or "
            f"write 127.0.0.1 or ::1"
        ) from None
    if not address.is_loopback:
        raise InputError(
            f"--host {host}: must be a loopback address, since other machines have no business "
            f"with these venues; leave it out, or write 127.0.0.1 or ::1"
        )


def _say_ready(told: Told, json: Path | None) -> None:
    from replay.serving.running import write_at_once
    from replay.serving.told import READY, document_text

    for line in told.lines():
        _say(line)
    if json is not None:
        try:
            write_at_once(json, document_text(told))
        except OSError as error:
            raise InputError(f"--json {json}: cannot be written: {error.strerror}") from error
    _say(READY)


def _say(line: str) -> None:
    """On the standard output; where nobody reads it any more, the venues serve on."""
    try:
        typer.echo(line)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
