"""From a plan to venues that serve until somebody ends them."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from replay.serving.certificates import Authority
from replay.serving.plan import Plan
from replay.serving.real_time import loop_of
from replay.serving.service import Service, certified_names
from replay.serving.told import Told
from simulator.clock import Clock
from simulator.errors import InputError
from simulator.trace import Trace


def serve(
    plan: Plan,
    *,
    host: str,
    port: int | None,
    ca_file: Path | None,
    trace_file: Path | None,
    ready: Callable[[Told], None],
    tell: Callable[[str], None],
) -> None:
    """Serves until SIGINT or SIGTERM. `ready` is called when clients can connect; `tell` gets a
    line for each fault that fires, and at the end what was served.

    The certificate to trust is written to `ca_file`, by default to a file that is gone at the end;
    everything that happened to `trace_file`. Raises InputError for what cannot be had.
    """
    if trace_file is not None:
        _write(trace_file, "--trace", trace_file.touch)  # said now, not after hours
    clock = Clock(plan.start_ns)
    trace = Trace(clock)
    trace.enabled = trace_file is not None
    authority = Authority()
    service = Service(plan, clock, trace, tell)
    context = authority.context(certified_names(tuple(plan.venues), host))

    async def main() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, ended.set)
        served = await service.start(host, port, context)
        try:
            ready(Told(plan=plan, served=served, ca_file=file))
            await ended.wait()
        finally:
            await service.stop()

    with (
        _certificate_file(authority, ca_file) as file,
        asyncio.Runner(loop_factory=partial(loop_of, clock)) as runner,
    ):
        runner.run(main())
    for line in service.summary():
        tell(line)
    if trace_file is not None:
        _write(trace_file, "--trace", lambda: trace.write(trace_file))


@contextmanager
def _certificate_file(authority: Authority, wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        _write(wanted, "--ca", lambda: wanted.write_text(authority.certificate, encoding="ascii"))
        yield wanted.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="replay-serve-") as folder:
        file = Path(folder) / "ca.pem"
        file.write_text(authority.certificate, encoding="ascii")
        yield file


def write_at_once(file: Path, text: str) -> None:
    """So that whoever waits for the file never reads half of it."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)


def _write(file: Path, option: str, write: Callable[[], object]) -> None:
    try:
        write()
    except OSError as error:
        raise InputError(f"{option} {file}: cannot be written: {error.strerror}") from error
