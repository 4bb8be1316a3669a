"""Nothing real is reachable from inside a run, by any means; each attempt is named and kept."""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable

import pytest

from simulator import RealConnectionError, UnknownHostError, World

# 192.0.2.0/24 is TEST-NET-1: nobody answers there even if the fence were broken
TARGET = "192.0.2.1"


def blocking_connect() -> None:
    with socket.socket() as sock:
        sock.connect((TARGET, 443))


def blocking_connect_ex() -> None:
    with socket.socket() as sock:
        sock.connect_ex((TARGET, 443))


def create_connection() -> None:
    socket.create_connection((TARGET, 443), timeout=1)


def http_client() -> None:
    http.client.HTTPSConnection(TARGET, 443, timeout=1).request("GET", "/")


def urllib_request() -> None:
    urllib.request.urlopen(f"https://{TARGET}:443/", timeout=1)


def udp_sendto() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", (TARGET, 443))


def udp_connect() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((TARGET, 443))


def udp_sendmsg() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendmsg([b"x"], [], 0, (TARGET, 443))


def from_the_c_module() -> None:
    import _socket

    sock = _socket.socket()
    try:
        sock.connect((TARGET, 443))
    finally:
        sock.close()


WAYS = [
    blocking_connect,
    blocking_connect_ex,
    create_connection,
    http_client,
    urllib_request,
    udp_sendto,
    udp_connect,
    udp_sendmsg,
    from_the_c_module,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_blocking_way_out_is_refused_and_named(world: World, way: Callable[[], None]) -> None:
    async def main() -> None:
        way()

    with pytest.raises(OSError, match=r"192\.0\.2\.1") as info:
        world.run_until(world.hosts["bot"].start(main()))
    # urllib wraps what it catches; `create_connection` looks the address up first
    text = str(info.value)
    assert "must not reach anything real" in text
    (refusal,) = world.refusals
    assert refusal.target == f"{TARGET}:443"
    assert "test_fence.py" in refusal.caller or way in (http_client, urllib_request)
    assert [e["target"] for e in world.trace.entries() if e["kind"] == "refused"] == [
        f"{TARGET}:443"
    ]


def test_a_raw_dns_lookup_below_pythons_own_is_refused(world: World) -> None:
    import _socket

    async def main() -> None:
        _socket.getaddrinfo("example.com", 443)

    with pytest.raises(RealConnectionError, match=r"DNS look-up to example\.com"):
        world.run_until(world.hosts["bot"].start(main()))


@pytest.mark.parametrize("name", ["getaddrinfo", "gethostbyname", "gethostbyname_ex"])
def test_a_dns_lookup_outside_any_host_is_refused(world: World, name: str) -> None:
    arguments = ("example.com", 443) if name == "getaddrinfo" else ("example.com",)
    with pytest.raises(RealConnectionError, match=r"DNS look-up to example\.com"):
        getattr(socket, name)(*arguments)


def test_an_asyncio_connection_to_a_real_address_is_refused(world: World) -> None:
    async def main() -> None:
        await asyncio.open_connection(TARGET, 443)

    with pytest.raises(RealConnectionError, match=rf"{TARGET}:443 refused.*test_fence\.py"):
        world.run_until(world.hosts["bot"].start(main()))


def test_asyncio_over_a_hand_made_socket_is_refused(world: World) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, (TARGET, 443))

    with pytest.raises(RealConnectionError, match=TARGET):
        world.run_until(world.hosts["bot"].start(main()))


def test_a_datagram_endpoint_is_refused(world: World) -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(TARGET, 53)
        )

    with pytest.raises(RealConnectionError, match=r"UDP to .*192\.0\.2\.1.*53"):
        world.run_until(world.hosts["bot"].start(main()))


def test_a_unix_socket_is_refused(world: World) -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_unix_connection(asyncio.Protocol, "/run/x.sock")

    with pytest.raises(RealConnectionError, match=r"/run/x\.sock"):
        world.run_until(world.hosts["bot"].start(main()))


def test_another_process_is_refused(world: World) -> None:
    async def main() -> None:
        with pytest.raises(RealConnectionError, match="starting a process"):
            subprocess.run([sys.executable, "-c", "pass"], check=False)
        with pytest.raises(RealConnectionError, match="starting a process"):
            os.system("true")

    world.run_until(world.hosts["bot"].start(main()))
    assert len(world.refusals) == 2


def test_an_unknown_name_is_no_real_connection(world: World) -> None:
    async def main() -> None:
        with pytest.raises(UnknownHostError):
            await asyncio.open_connection("example.com", 443)

    world.run_until(world.hosts["bot"].start(main()))
    assert world.refusals == []


def test_there_is_no_ipv6_and_to_look_for_it_is_no_attempt_to_leave(world: World) -> None:
    """As urllib3 does at its import."""

    def look() -> None:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))

    with pytest.raises(OSError, match="Cannot assign requested address") as caught:
        world.hosts["bot"].run(look)
    assert not isinstance(caught.value, RealConnectionError)
    assert world.refusals == []


def test_a_swallowed_refusal_is_kept(world: World) -> None:
    async def main() -> str:
        try:
            blocking_connect()
        except Exception:
            return "carried on"
        return "connected"

    assert world.run_until(world.hosts["bot"].start(main())) == "carried on"
    assert len(world.refusals) == 1


def test_outside_a_world_the_fence_is_down() -> None:
    with World():
        pass
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with socket.create_connection(listener.getsockname()) as client:
            assert client.getpeername() == listener.getsockname()
