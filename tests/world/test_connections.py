"""Streams end as TCP's do, bytes take the link's time, and a slow reader is felt by the writer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from simulator import StalledError, UnknownHostError, World
from simulator.distributions import Fixed, Uniform

HOST, PORT = "fapi.binance.com", 443


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_kept: list[asyncio.StreamWriter] = []


@pytest.fixture(autouse=True)
def _writers_outlive_their_coroutines() -> Iterator[None]:
    """asyncio warns of a writer that is dropped before it is closed; the world closes them all."""
    yield
    _kept.clear()


async def connect(host: str, port: int) -> Streams:
    reader, writer = await asyncio.open_connection(host, port)
    _kept.append(writer)
    return reader, writer


def start_server(world: World, serve: Serve) -> None:
    async def main() -> None:
        await asyncio.start_server(keeping(serve), "0.0.0.0", PORT)

    world.hosts["venue"].start(main())


def keeping(serve: Serve) -> Serve:
    async def serve_and_keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _kept.append(writer)
        await serve(reader, writer)

    return serve_and_keep


def test_a_request_and_its_reply_take_the_links_latency_each(world: World) -> None:
    arrivals = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        arrivals.append(world.env.elapsed_ns / 1e6)
        writer.write(b"reply\n")

    async def main() -> float:
        reader, writer = await connect(HOST, PORT)
        assert world.env.elapsed_ns / 1e6 == 350
        writer.write(b"request\n")
        await reader.readline()
        return world.env.elapsed_ns / 1e6

    start_server(world, serve)
    assert world.run_until(world.hosts["bot"].start(main())) == 700
    assert arrivals == [525]


def test_a_link_may_differ_by_direction_and_by_name() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())

    async def main(world: World, host: str) -> float:
        before = world.env.elapsed_ns
        reader, writer = await connect(host, PORT)
        writer.write(b"x\n")
        await reader.readline()
        return (world.env.elapsed_ns - before) / 1e6

    with World() as world:
        bot = world.host("bot")
        world.host("venue", names=("fapi.binance.com", "fstream.binance.com"))
        world.network.link("bot", "venue", there=Fixed(1_000_000), back=Fixed(2_000_000))
        world.network.link("bot", "fstream.binance.com", latency=Fixed(10_000_000))
        start_server(world, serve)
        assert world.run_until(bot.start(main(world, "fapi.binance.com"))) == 2 * 3
        assert world.run_until(bot.start(main(world, "fstream.binance.com"))) == 2 * 20


def test_bytes_keep_their_order_whatever_latency_is_drawn(world: World) -> None:
    world.network.link("venue", "bot", latency=Uniform(0, 500_000_000))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(200):
            writer.write(b"%d\n" % number)
            await asyncio.sleep(0.01)

    async def main() -> list[int]:
        reader, _ = await connect(HOST, PORT)
        return [int(await reader.readline()) for _ in range(200)]

    start_server(world, serve)
    assert world.run_until(world.hosts["bot"].start(main())) == list(range(200))


def test_a_half_closed_stream_still_carries_the_other_direction(world: World) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.read()  # until the client's end of stream
        writer.write(b"got " + request)
        writer.close()

    async def main() -> bytes:
        reader, writer = await connect(HOST, PORT)
        assert writer.can_write_eof()
        writer.write(b"all of it")
        writer.write_eof()
        return await reader.read()

    start_server(world, serve)
    assert world.run_until(world.hosts["bot"].start(main())) == b"got all of it"


def test_a_closed_connection_delivers_what_was_sent_before(world: World) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"last words")
        writer.close()

    async def main() -> bytes:
        reader, _ = await connect(HOST, PORT)
        return await reader.read()

    start_server(world, serve)
    assert world.run_until(world.hosts["bot"].start(main())) == b"last words"


def test_a_reset_reaches_the_reader_as_an_error(world: World) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def main() -> None:
        reader, _ = await connect(HOST, PORT)
        with pytest.raises(ConnectionResetError):
            await reader.read()

    start_server(world, serve)
    world.run_until(world.hosts["bot"].start(main()))


def test_writing_to_a_peer_that_has_closed_is_answered_by_a_reset(world: World) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    class Client(asyncio.Protocol):
        lost: Exception | None = None

        def eof_received(self) -> bool:
            return True  # keep writing

        def connection_lost(self, exc: Exception | None) -> None:
            self.lost = exc

    async def main() -> Exception | None:
        loop = asyncio.get_running_loop()
        transport, client = await loop.create_connection(Client, HOST, PORT)
        await asyncio.sleep(1)
        transport.write(b"too late")
        await asyncio.sleep(1)
        return client.lost

    start_server(world, serve)
    lost = world.run_until(world.hosts["bot"].start(main()))
    assert isinstance(lost, ConnectionResetError)


def test_a_port_where_nobody_listens_refuses_after_a_round_trip(world: World) -> None:
    async def main() -> None:
        with pytest.raises(ConnectionRefusedError):
            await connect(HOST, 8080)

    world.run_until(world.hosts["bot"].start(main()))
    assert world.env.elapsed_ns == 350_000_000


def test_a_name_outside_the_world_is_an_unknown_host_that_says_what_to_do(world: World) -> None:
    async def main() -> None:
        with pytest.raises(UnknownHostError, match=r"'api\.telegram\.org' \(port 443\)") as info:
            await connect("api.telegram.org", 443)
        assert "test_connections.py" in str(info.value)
        assert "fapi.binance.com" in str(info.value)

    world.run_until(world.hosts["bot"].start(main()))
    unknown = [e for e in world.trace.entries() if e["kind"] == "unknown_host"]
    assert [e["name"] for e in unknown] == ["api.telegram.org"]


def test_a_reader_that_pauses_makes_drain_wait(world: World) -> None:
    release = asyncio.Event()
    megabyte = b"x" * 1_048_576

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        total = 0
        while total < len(megabyte):
            total += len(await reader.read(65_536))

    async def main() -> tuple[bool, float]:
        _, writer = await connect(HOST, PORT)
        writer.write(megabyte)
        drained = asyncio.ensure_future(writer.drain())
        await asyncio.sleep(10)
        waited = not drained.done()
        release.set()
        await drained
        return waited, world.env.elapsed_ns / 1e9

    async def release_later() -> None:
        await asyncio.sleep(10.35)

    start_server(world, serve)
    waited, done_s = world.run_until(world.hosts["bot"].start(main()))
    assert waited
    assert done_s >= 10.35


def test_a_partition_delays_and_loses_nothing(world: World) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)

    async def main() -> tuple[bytes, float]:
        reader, writer = await connect(HOST, PORT)
        world.network.partition("bot", "venue")
        writer.write(b"hello\n")
        asyncio.get_running_loop().call_later(60, world.network.repair, "bot", "venue")
        return await reader.readline(), world.env.elapsed_ns / 1e6

    start_server(world, serve)
    assert world.run_until(world.hosts["bot"].start(main())) == (b"hello\n", 350 + 60_000 + 350)


def test_two_listeners_on_one_port_are_refused(world: World) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_server(asyncio.Protocol, "0.0.0.0", 80)
        with pytest.raises(OSError, match="listens there already"):
            await loop.create_server(asyncio.Protocol, None, 80)

    world.run_until(world.hosts["bot"].start(main()))


def test_loopback_belongs_to_the_host_itself(world: World) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"mine")
        writer.close()

    async def main() -> bytes:
        server = await asyncio.start_server(keeping(serve), "127.0.0.1", 9000)
        assert server.sockets[0].getsockname() == ("127.0.0.1", 9000)
        reader, _ = await connect("localhost", 9000)
        return await reader.read()

    assert world.run_until(world.hosts["bot"].start(main())) == b"mine"

    async def intruder() -> None:
        with pytest.raises(ConnectionRefusedError):
            await connect("bot", 9000)

    world.run_until(world.hosts["venue"].start(intruder()))


def test_a_world_in_which_nothing_can_happen_says_who_waits_for_what(world: World) -> None:
    async def waits_for_ever() -> None:
        await asyncio.Event().wait()

    with pytest.raises(
        StalledError,
        match=r"bot: Task-1 \(.*waits_for_ever\) at .*test_conn.* a Future.* in Event\.wait",
    ):
        world.run_until(world.hosts["bot"].start(waits_for_ever()))
