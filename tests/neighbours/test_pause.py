"""What may be reached, what is said when a neighbour does not answer, and what a run looks like."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import asyncpg
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from simulator import InputError, NeighbourError, World, WorldError
from tests import elsewhere
from tests.neighbours.servers import Server, free_port


class _Real:
    """The real clock, kept where a world does not look for names to replace."""

    def __init__(self) -> None:
        self.sleep = time.sleep


_real = _Real()
ROOT = Path(__file__).parents[2]
_ONE_CONNECTION = """
import socket
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    connection, _ = listener.accept()
    with connection:
"""
_CLOSING = (
    _ONE_CONNECTION
    + """
        connection.recv(100)
        connection.sendall(b"goodbye")
"""
)
_TALKATIVE = (
    _ONE_CONNECTION
    + r"""
        connection.recv(100)
        connection.sendall(b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
        while True:
            connection.sendall(b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n")
"""
)
_ECHO = (
    _ONE_CONNECTION
    + """
        while data := connection.recv(100):
            connection.sendall(b"you said ")
            connection.sendall(data)
"""
)
_WEB = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *args):
        pass
server = HTTPServer(("127.0.0.1", 0), Hello)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def mute() -> Iterator[socket.socket]:
    """Somebody who takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


@pytest.fixture
def nobody() -> int:
    """A port at which nobody listens."""
    return free_port()


@contextmanager
def _elsewhere(program: str) -> Iterator[int]:
    """A server in another process, which prints its port."""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server with a protocol of its own."""
    with _elsewhere(_ECHO) as port:
        yield port


@pytest.fixture
def web() -> Iterator[int]:
    """The port of a web server that says hello."""
    with _elsewhere(_WEB) as port:
        yield port


@pytest.fixture
def talkative() -> Iterator[int]:
    """The port of a Redis of sorts whose channel never falls silent."""
    with _elsewhere(_TALKATIVE) as port:
        yield port


@pytest.fixture
def closing() -> Iterator[int]:
    """The port of a server that answers once and hangs up."""
    with _elsewhere(_CLOSING) as port:
        yield port


@pytest.mark.parametrize(
    "address", ["192.0.2.1:5432", "db.example.com:5432", "10.0.0.5:6379", "0.0.0.0:5432"]
)
def test_a_neighbour_on_another_machine_is_refused(world: World, address: str) -> None:
    with pytest.raises(InputError, match=f"must be on this machine, was '{address}'"):
        world.neighbour("db", address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "x:y", ""])
def test_an_address_that_is_none_is_refused(world: World, address: str) -> None:
    with pytest.raises(InputError, match="must be host:port or the path of a Unix socket"):
        world.neighbour("db", address)


def test_two_neighbours_cannot_have_one_name(world: World) -> None:
    world.neighbour("db", "127.0.0.1:5432")
    with pytest.raises(WorldError, match="'db' exists already"):
        world.neighbour("db", "127.0.0.1:5433")


def test_a_server_that_nobody_named_stays_out_of_reach(
    nobody: int, world: World, postgres: Server
) -> None:
    world.neighbour("other", f"127.0.0.1:{nobody}")

    async def with_asyncpg() -> None:
        await asyncpg.connect(postgres.dsn)

    async def with_psycopg() -> None:
        await psycopg.AsyncConnection.connect(postgres.dsn)

    with pytest.raises(OSError, match=r"Connect call failed .* has to be named as a neighbour"):
        world.run_until(world.hosts["bot"].start(with_asyncpg()))
    with pytest.raises(psycopg.OperationalError):  # which is what psycopg makes of a refusal
        world.run_until(world.hosts["bot"].start(with_psycopg()))
    assert [each.what for each in world.refusals] == ["writing a real file descriptor"]


@pytest.mark.parametrize("client", ["asyncpg", "psycopg"])
def test_where_nobody_listens_the_client_is_told_as_in_production(
    nobody: int, world: World, client: str
) -> None:
    world.neighbour("db", f"127.0.0.1:{nobody}")
    dsn = f"postgresql://bot@127.0.0.1:{nobody}/postgres"

    async def work() -> None:
        if client == "asyncpg":
            await asyncpg.connect(dsn)
        else:
            await psycopg.AsyncConnection.connect(dsn)

    with pytest.raises((ConnectionRefusedError, psycopg.OperationalError), match="refused"):
        world.run_until(world.hosts["bot"].start(work()))


def test_a_reply_that_does_not_come_is_an_error_and_no_hang(
    mute: socket.socket, world: World
) -> None:
    port = mute.getsockname()[1]
    world.neighbour("db", f"127.0.0.1:{port}", timeout_s=0.05)
    dsn = f"postgresql://bot@127.0.0.1:{port}/postgres"
    with pytest.raises(
        NeighbourError,
        match=rf"neighbour db at 127\.0\.0\.1:{port} has not replied within 0\.05 s of real time",
    ):
        world.run_until(world.hosts["bot"].start(asyncpg.connect(dsn)))


def test_a_lock_held_across_a_sleep_is_said_to_be_the_likely_cause(
    world: World, postgres: Server
) -> None:
    world.neighbour("db", postgres.address, timeout_s=0.2)

    async def work() -> None:
        holder, waiter = [await asyncpg.connect(postgres.dsn) for _ in range(2)]
        async with holder.transaction():
            await holder.execute("SELECT pg_advisory_xact_lock(8)")
            waiting = asyncio.create_task(waiter.execute("SELECT pg_advisory_lock(8)"))
            await asyncio.sleep(1)
        await waiting

    with pytest.raises(
        NeighbourError, match="a lock that another connection holds while it sleeps"
    ):
        world.run_until(world.hosts["bot"].start(work()))


def test_a_guest_that_reads_no_more_is_told_of_the_end_when_it_does(
    closing: int, world: World
) -> None:
    world.neighbour("closing", f"127.0.0.1:{closing}")
    heard: list[str] = []

    class Slow(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            transport.pause_reading()

        def data_received(self, data: bytes) -> None:
            heard.append(data.decode())

        def connection_lost(self, error: Exception | None) -> None:
            heard.append("lost")

    async def work() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(Slow, "127.0.0.1", closing)
        transport.write(b"?")
        await asyncio.sleep(10)
        assert heard == []
        transport.resume_reading()
        await asyncio.sleep(1)

    world.run_until(world.hosts["bot"].start(work()))
    assert heard == ["goodbye", "lost"]


def test_who_never_stops_talking_does_not_keep_time_from_passing(
    talkative: int, world: World
) -> None:
    world.neighbour("cache", f"127.0.0.1:{talkative}")

    async def work() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", talkative)
        writer.write(b"*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n")
        await asyncio.sleep(5)
        writer.close()

    world.run_until(world.hosts["bot"].start(work()))
    assert world.env.elapsed_ns == 5_000_000_000


def test_tls_to_a_neighbour_is_refused_with_the_cure(mute: socket.socket, world: World) -> None:
    port = mute.getsockname()[1]
    world.neighbour("cache", f"127.0.0.1:{port}")

    async def work() -> None:
        await asyncio.open_connection("127.0.0.1", port, ssl=True)

    with pytest.raises(NeighbourError, match="connect without: sslmode=disable, redis://"):
        world.run_until(world.hosts["bot"].start(work()))


DYING = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # If the server's last words come in the middle of two statements, asyncpg has no state for the
    # next one. Which of the two it is, the real server's timing decides.
    asyncpg.InternalClientError,
    ConnectionError,
    psycopg.OperationalError,
    DBAPIError,
)


@pytest.mark.parametrize("client", ["asyncpg", "psycopg", "sqlalchemy"])
def test_a_server_that_dies_in_the_middle_is_an_error_in_the_client(
    doomed: Server, world: World, client: str
) -> None:
    world.neighbour("db", doomed.address, timeout_s=20)
    before = "SELECT pg_terminate_backend(pg_backend_pid())"

    async def work() -> None:
        if client == "asyncpg":
            connection = await asyncpg.connect(doomed.dsn)
            await asyncio.sleep(1)
            await connection.execute(before)
        elif client == "psycopg":
            async with await psycopg.AsyncConnection.connect(doomed.dsn) as other:
                await asyncio.sleep(1)
                await other.execute(before)
        else:
            engine = create_async_engine(doomed.dsn.replace("postgresql", "postgresql+asyncpg"))
            async with engine.connect() as third:
                await third.execute(text(before))

    with pytest.raises(DYING):
        world.run_until(world.hosts["bot"].start(work()))


def test_a_server_killed_between_two_statements_is_noticed_and_noted(
    doomed: Server, world: World
) -> None:
    world.neighbour("db", doomed.address, timeout_s=20)

    async def work() -> str:
        connection = await asyncpg.connect(doomed.dsn)
        await connection.execute("SELECT 1")
        doomed.kill()

        async def go_on() -> None:
            while True:
                await asyncio.sleep(1)
                await connection.execute("SELECT pg_sleep(0.05)")

        with pytest.raises(DYING):
            await go_on()
        if connection.is_closed() and not ends():
            return "hung up first"  # asyncpg does, where the last words come amid a reply
        # Its last words may come before the end of the connection, which the real server sends when
        # its own clock says so.
        for _ in range(4_000):
            if ends():
                break
            _real.sleep(0.005)
            await asyncio.sleep(1)
        return "noticed"

    def ends() -> list[str]:
        entries = world.trace.entries()
        return [each["name"] for each in entries if each["kind"] == "neighbour_hung_up"]

    noticed = world.run_until(world.hosts["bot"].start(work())) == "noticed"
    assert ends() == ["db"] * noticed


def test_an_unknown_protocol_has_replied_once_it_falls_silent(echo: int, world: World) -> None:
    world.neighbour("echo", f"127.0.0.1:{echo}")

    async def work() -> list[bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", echo)
        said = []
        for each in (b"one", b"two"):
            writer.write(each)
            said.append(await reader.read(100))
            await asyncio.sleep(1)
        writer.close()
        await writer.wait_closed()
        return said

    assert world.run_until(world.hosts["bot"].start(work())) == [b"you said one", b"you said two"]
    assert world.env.elapsed_ns == 2_000_000_000


def test_a_web_service_is_a_neighbour_too(web: int, world: World) -> None:
    world.neighbour("service.internal", f"127.0.0.1:{web}")

    async def work() -> list[str]:
        async with aiohttp.ClientSession() as session:
            found = []
            for host in ("127.0.0.1", "service.internal"):
                async with session.get(f"http://{host}:{web}/") as reply:
                    found.append(await reply.text())
            return found

    assert world.run_until(world.hosts["bot"].start(work())) == ["hello", "hello"]
    assert world.env.elapsed_ns == 0


def test_equal_runs_have_equal_digests_in_two_processes(postgres: Server, redis: Server) -> None:
    script = ("-m", "tests.neighbours.script", postgres.dsn, str(redis.port))
    told = [elsewhere.python(*script, cwd=ROOT, PYTHONHASHSEED=seed).stdout for seed in ("1", "2")]
    digest, logged = told[0].split()
    assert (len(digest), logged) == (64, "100")
    assert told[0] == told[1]
