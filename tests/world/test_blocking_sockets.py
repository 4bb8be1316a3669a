"""Sockets that block are sockets of the simulated network: virtual time passes while they wait."""

from __future__ import annotations

import asyncio
import errno
import select
import selectors
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

import pytest

from simulator import RealConnectionError, SpinningError, StalledError, UnknownHostError, World
from tests.world.conftest import ONE_WAY_NS, elapsed_s, on_the_bot

ROUND_TRIP_S = 2 * ONE_WAY_NS / 1e9
VENUE = ("fapi.binance.com", 9_000)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """`wait <seconds>` answers late, `reset` and `close` end the connection, the rest comes back;
    the end of the stream is answered by `bye`."""
    while line := await reader.readline():
        words = line.split()
        if words[:1] == [b"wait"]:
            await asyncio.sleep(float(words[1]))
        elif words == [b"reset"]:
            writer.transport.abort()
            return
        elif words == [b"close"]:
            break
        writer.write(line)
    else:
        writer.write(b"bye")
    writer.close()


@pytest.fixture
def served(world: World) -> World:
    async def serve() -> None:
        await asyncio.start_server(echo, "0.0.0.0", VENUE[1])

    world.run_until(world.hosts["venue"].start(serve()))
    return world


def test_a_line_comes_back_after_two_round_trips(served: World) -> None:
    def script() -> bytes:
        with socket.create_connection(VENUE) as sock:
            sock.sendall(b"hello\n")
            return sock.recv(100)

    assert on_the_bot(served, script) == b"hello\n"
    assert elapsed_s(served) == 2 * ROUND_TRIP_S


def test_a_plain_socket_connects_by_name_and_knows_its_addresses(served: World) -> None:
    def script() -> tuple[Any, Any, Any]:
        with socket.socket() as sock:
            sock.connect(VENUE)
            return sock.getpeername(), sock.getsockname(), socket.gethostbyname(VENUE[0])

    peer, own, address = on_the_bot(served, script)
    assert peer == (address, VENUE[1])
    assert own == (served.hosts["bot"].address, 49_152)


def test_a_file_of_a_socket_reads_lines_and_meets_the_end(served: World) -> None:
    def script() -> list[bytes]:
        with socket.create_connection(VENUE) as sock, sock.makefile("rwb") as file:
            file.write(b"one\ntwo\n")
            file.flush()
            lines = [file.readline(), file.readline()]
            sock.shutdown(socket.SHUT_WR)
            return [*lines, file.read()]

    assert on_the_bot(served, script) == [b"one\n", b"two\n", b"bye"]


def test_recv_into_fills_what_it_is_given_and_peek_leaves_it(served: World) -> None:
    def script() -> tuple[bytes, int, bytearray, bytes]:
        room = bytearray(3)
        with socket.create_connection(VENUE) as sock:
            sock.sendall(b"abcdef\n")
            seen = sock.recv(2, socket.MSG_PEEK)
            size = sock.recv_into(room)
            return seen, size, room, sock.recv(4, socket.MSG_WAITALL)

    assert on_the_bot(served, script) == (b"ab", 3, bytearray(b"abc"), b"def\n")


def test_a_read_times_out_at_its_virtual_moment_and_can_be_repeated(served: World) -> None:
    def script() -> tuple[float, bytes]:
        with socket.create_connection(VENUE, timeout=2.5) as sock:
            sock.sendall(b"wait 4\n")
            before = time.monotonic()
            with pytest.raises(TimeoutError, match="timed out"):
                sock.recv(100)
            return time.monotonic() - before, sock.recv(100)

    waited, late = on_the_bot(served, script)
    assert waited == pytest.approx(2.5, abs=1e-9)
    assert late == b"wait 4\n"
    assert elapsed_s(served) == 2 * ROUND_TRIP_S + 4


def test_a_connection_times_out_at_its_virtual_moment(served: World) -> None:
    served.network.hold("bot", "venue")

    def script() -> None:
        with pytest.raises(TimeoutError):
            socket.create_connection(VENUE, timeout=3)

    on_the_bot(served, script)
    assert elapsed_s(served) == 3


def test_a_port_where_nobody_listens_refuses_after_a_round_trip(served: World) -> None:
    def script() -> int:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((VENUE[0], 1))
        with socket.socket() as sock:
            return sock.connect_ex((VENUE[0], 1))

    assert on_the_bot(served, script) == errno.ECONNREFUSED
    assert elapsed_s(served) == 2 * ROUND_TRIP_S


def test_an_unknown_name_fails_as_one_and_a_real_address_is_refused(served: World) -> None:
    def script() -> None:
        with pytest.raises(UnknownHostError) as info:
            socket.create_connection(("example.com", 443))
        assert info.value.errno == socket.EAI_NONAME
        with socket.socket() as sock, pytest.raises(socket.gaierror, match="Name or service"):
            sock.connect(("example.com", 443))
        assert served.refusals == []
        with pytest.raises(RealConnectionError, match=r"192\.0\.2\.1:443"):
            socket.create_connection(("192.0.2.1", 443))

    on_the_bot(served, script)
    assert [refusal.target for refusal in served.refusals] == ["192.0.2.1:443"]


def test_a_reset_is_told_once_and_a_write_after_it_is_a_broken_pipe(served: World) -> None:
    def script() -> bytes:
        with socket.create_connection(VENUE) as sock:
            sock.sendall(b"reset\n")
            with pytest.raises(ConnectionResetError):
                sock.recv(100)
            with pytest.raises(BrokenPipeError):
                sock.sendall(b"more\n")
            return sock.recv(100)

    assert on_the_bot(served, script) == b""


def test_the_bots_own_loop_stands_still_and_the_trace_says_so(served: World) -> None:
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            ticks.append(elapsed_s(served))
            await asyncio.sleep(0.1)

    def script() -> bytes:
        with socket.create_connection(VENUE) as sock:
            sock.sendall(b"wait 1\n")
            return sock.recv(100)

    served.hosts["bot"].start(tick())
    assert on_the_bot(served, script) == b"wait 1\n"
    assert ticks == [0.0, 2 * ROUND_TRIP_S + 1]  # due at 0.1, when its loop stood still
    still = [e for e in served.trace.entries() if e["kind"] == "stood_still"]
    assert [(e["t"], e["for_ns"]) for e in still] == [
        (2 * ONE_WAY_NS, 2 * ONE_WAY_NS),
        (4 * ONE_WAY_NS + 10**9, 2 * ONE_WAY_NS + 10**9),
    ]
    assert all("test_blocking_sockets.py" in e["at"] for e in still)


def test_other_hosts_go_on_while_one_blocks(served: World) -> None:
    ticks: list[float] = []

    async def tick() -> None:
        for _ in range(5):
            ticks.append(elapsed_s(served))
            await asyncio.sleep(0.25)

    served.host("other").start(tick())
    on_the_bot(served, lambda: socket.create_connection(VENUE).close() or time.sleep(1))
    assert ticks == [0.0, 0.25, 0.5, 0.75, 1.0]


def _by_select(sock: socket.socket, timeout: float) -> bool:
    return bool(select.select([sock], [], [], timeout)[0])


def _by_poll(sock: socket.socket, timeout: float) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return poll.poll(timeout * 1_000) == [(sock.fileno(), select.POLLIN)]


def _by_epoll(sock: socket.socket, timeout: float) -> bool:
    with select.epoll() as epoll:
        epoll.register(sock, select.EPOLLIN)
        return bool(epoll.poll(timeout))


def _by_a_selector(sock: socket.socket, timeout: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(timeout))


WAITS = [_by_select, _by_poll, _by_epoll, _by_a_selector]


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: wait.__name__)
def test_waiting_for_a_descriptor_takes_virtual_time(
    served: World, wait: Callable[[socket.socket, float], bool]
) -> None:
    def script() -> list[tuple[bool, float]]:
        seen = []
        with socket.create_connection(VENUE) as sock:
            sock.sendall(b"wait 10\n")
            for timeout in (0, 3, 60, 0):
                seen.append((wait(sock, timeout), elapsed_s(served)))
            assert sock.recv(100) == b"wait 10\n"
            seen.append((wait(sock, 1), elapsed_s(served)))
        return seen

    connected, answered = ROUND_TRIP_S, 2 * ROUND_TRIP_S + 10
    assert on_the_bot(served, script) == [
        (False, connected),
        (False, connected + 3),
        (True, answered),
        (True, answered),
        (False, answered + 1),
    ]


def test_a_socket_that_never_waits_connects_reads_and_writes_by_select(served: World) -> None:
    def script() -> bytes:
        with socket.socket() as sock:
            sock.setblocking(False)
            assert sock.connect_ex(VENUE) == errno.EINPROGRESS
            assert select.select([], [sock], [], 0.1)[1] == []
            assert select.select([], [sock], [], 60)[1] == [sock]
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            assert sock.send(b"hello\n") == 6
            with pytest.raises(BlockingIOError):
                sock.recv(100)
            select.select([sock], [], [])
            return sock.recv(100)

    assert on_the_bot(served, script) == b"hello\n"
    assert elapsed_s(served) == 2 * ROUND_TRIP_S


def test_looking_again_and_again_is_an_error_that_says_what_to_do(served: World) -> None:
    def script() -> None:
        with socket.create_connection(VENUE) as sock:
            sock.setblocking(False)
            while True:
                try:
                    sock.recv(1)
                except BlockingIOError:
                    continue

    with pytest.raises(SpinningError, match="use select, a time-out or a sleep"):
        on_the_bot(served, script)


def test_waiting_for_what_never_comes_is_an_error(served: World) -> None:
    def script() -> None:
        with socket.create_connection(VENUE) as sock:
            sock.recv(1)

    with pytest.raises(StalledError, match=r"the bot blocks at .*test_blocking_sockets\.py"):
        on_the_bot(served, script)


def test_a_writer_waits_for_a_reader_that_does_not_read(world: World) -> None:
    got: list[int] = []

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)
        while piece := await reader.read(1_000_000):
            got.append(len(piece))
        writer.close()

    async def serve() -> None:
        await asyncio.start_server(late, "0.0.0.0", VENUE[1])

    def script() -> float:
        with socket.create_connection(VENUE, timeout=5) as sock:
            assert sock.send(b"x" * 10_000_000) < 10_000_000
            with pytest.raises(TimeoutError):
                sock.sendall(b"x" * 5_000_000)
            sock.settimeout(None)
            sock.sendall(b"x" * 1_000_000)
            return elapsed_s(world)

    world.run_until(world.hosts["venue"].start(serve()))
    assert on_the_bot(world, script) > 60
    world.run_for(10)
    assert sum(got) > 1_000_000


def test_many_bytes_arrive_whole_whatever_the_reader_asks_for(served: World) -> None:
    line = bytes(range(32, 127)) * 500 + b"\n"  # below what the server's reader takes as a line

    def script() -> bytes:
        got = b""
        with socket.create_connection(VENUE) as sock:
            for _ in range(40):
                sock.sendall(line)
            time.sleep(5)
            while len(got) < 40 * len(line):
                got += sock.recv(1_234)
        return got

    assert on_the_bot(served, script) == 40 * line


def test_tls_ends_in_the_network_after_a_round_trip_of_its_own(served: World) -> None:
    def script() -> tuple[Any, ...]:
        context = ssl.create_default_context()
        with (
            socket.create_connection(VENUE) as plain,
            context.wrap_socket(plain, server_hostname=VENUE[0]) as sock,
        ):
            sock.sendall(b"secret\n")
            names = sock.getpeercert()
            assert isinstance(sock, ssl.SSLSocket)
            assert plain.fileno() == -1
            return sock.recv(100), sock.version(), sock.selected_alpn_protocol(), names

    data, version, protocol, certificate = on_the_bot(served, script)
    assert (data, version, protocol) == (b"secret\n", "TLSv1.3", "http/1.1")
    assert certificate["subjectAltName"] == (("DNS", VENUE[0]),)
    assert served.env.elapsed_ns == 6 * ONE_WAY_NS


def test_tls_over_a_socket_that_connects_later_and_one_that_never_waits(served: World) -> None:
    def script() -> bytes:
        context = ssl.create_default_context()
        with context.wrap_socket(socket.socket(), server_hostname=VENUE[0]) as sock:
            sock.connect(VENUE)
            sock.setblocking(False)
            sock.send(b"hello\n")
            with pytest.raises(ssl.SSLWantReadError):
                sock.recv(100)
            select.select([sock], [], [])
            assert sock.recv(2) == b"he"
            assert sock.pending() == 4
            return sock.recv(100)

    assert on_the_bot(served, script) == b"llo\n"


def test_a_tls_handshake_that_is_never_answered_times_out(served: World) -> None:
    served.network.link("venue", "bot", latency=_slow())

    def script() -> None:
        with socket.create_connection(VENUE, timeout=60) as sock:
            sock.settimeout(2)
            with pytest.raises(TimeoutError, match="handshake operation timed out"):
                ssl.create_default_context().wrap_socket(sock, server_hostname=VENUE[0])

    on_the_bot(served, script)


def _slow() -> Any:
    from simulator.distributions import Fixed

    return Fixed(20 * 10**9)


def test_what_is_closed_is_closed_on_the_other_side_too(served: World) -> None:
    def script() -> None:
        socket.create_connection(VENUE).close()
        time.sleep(1)

    on_the_bot(served, script)
    closed = [e["host"] for e in served.trace.entries() if e["kind"] == "closed"]
    assert closed == ["bot", "venue"]


def test_after_the_run_the_methods_and_the_look_ups_are_the_real_ones() -> None:
    kind: Any = socket.socket
    before = (dict(vars(kind)), socket.getaddrinfo, select.select, ssl.SSLContext.sslsocket_class)
    with World():
        assert dict(vars(kind)) != before[0]
    after = (dict(vars(kind)), socket.getaddrinfo, select.select, ssl.SSLContext.sslsocket_class)
    assert after == before


def test_a_socket_that_outlives_its_world_can_be_closed() -> None:
    async def serve() -> None:
        await asyncio.start_server(echo, "0.0.0.0", VENUE[1])

    with World() as world:
        venue = world.host("venue", names=VENUE[:1])
        world.run_until(venue.start(serve()))
        world.host("bot")
        sock = on_the_bot(world, lambda: socket.create_connection(VENUE))
    sock.close()
    assert sock.fileno() == -1
