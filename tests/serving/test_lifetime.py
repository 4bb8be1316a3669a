"""How `replay serve` begins and ends, and what it refuses."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from typer.testing import CliRunner

from replay import cli
from tests.serving.conftest import serving

PATIENCE_S = 60
GOING_AWAY = 1001
"""RFC 6455, 7.4.1: a server going down."""


@pytest.mark.asyncio
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly_and_its_clients_are_told(
    tmp_path: Path, sign: signal.Signals
) -> None:
    with serving(tmp_path) as served:
        told = served.told
        url = told["venues"]["binance"]["ws"] + "/public/ws/btcusdt@depth"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as stream:
            await stream.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
            while "id" not in json.loads(await stream.receive_str(timeout=PATIENCE_S)):
                pass
            served.process.send_signal(sign)
            while (await stream.receive(timeout=PATIENCE_S)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert stream.close_code == GOING_AWAY
        code, printed, errors = served.ended()  # a second signal would cut it short
    assert (code, errors) == (0, "")
    assert printed == ["binance: 0 requests, 1 streams", "bybit: 0 requests, 0 streams"]
    assert not Path(told["ca_file"]).exists()
    for venue in told["venues"].values():
        for scheme in ("https", "http"):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", urlsplit(venue[scheme]).port))


def test_a_request_that_is_never_answered_does_not_keep_it_alive(tmp_path: Path) -> None:
    scenario = tmp_path / "hang.yaml"
    late = Path(__file__).with_name("late.yaml").read_text(encoding="utf-8")
    assert "POST /fapi/v1/order, kind: error" in late
    hang = late.replace("POST /fapi/v1/order, kind: error", "GET /fapi/v1/time, kind: hang")
    scenario.write_text(hang.replace("nth: [2]", "nth: [1]"), encoding="utf-8")
    with serving(tmp_path, str(scenario)) as served:
        port = urlsplit(served.told["venues"]["binance"]["http"]).port
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /fapi/v1/time HTTP/1.1\r\nhost: here\r\n\r\n")
            assert served.process.stdout is not None
            assert "fault busy fired" in served.process.stdout.readline()
            code, _, errors = served.end(signal.SIGTERM)
    assert (code, errors) == (0, "")


def test_venues_serve_on_when_nobody_reads_what_they_print(tmp_path: Path) -> None:
    scenario = str(Path(__file__).with_name("late.yaml"))
    with serving(tmp_path, scenario) as served:
        assert served.process.stdout is not None
        served.process.stdout.close()
        seen = served.client("ccxt_faults.py")
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(timeout=PATIENCE_S) == 0
    assert seen["bought"] == ["fine", "ExchangeNotAvailable", "fine"]


def test_ports_follow_one_another_from_the_one_that_is_named(tmp_path: Path) -> None:
    first = _four_free_ports()
    with serving(tmp_path, "--port", str(first), "--ca", str(tmp_path / "ca.pem")) as served:
        told = served.told
        code, _, _ = served.end(signal.SIGTERM)
    assert code == 0
    urls = [venue[scheme] for venue in told["venues"].values() for scheme in ("https", "http")]
    assert [urlsplit(each).port for each in urls] == [first, first + 1, first + 2, first + 3]
    assert told["ca_file"] == str(tmp_path / "ca.pem")
    assert (tmp_path / "ca.pem").read_text().startswith("-----BEGIN CERTIFICATE-----")


def _four_free_ports() -> int:
    """Below those that the machine gives out by itself."""
    for first in range(20_000, 30_000, 4):
        held = [socket.socket() for _ in range(4)]
        try:
            for number, each in enumerate(held):
                each.bind(("127.0.0.1", first + number))
            return first
        except OSError:
            continue
        finally:
            for each in held:
                each.close()
    pytest.fail("no four ports in a row are free")


def test_an_ipv6_loopback_is_served_as_well(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "::1") as served:
        url = urlsplit(served.told["venues"]["bybit"]["http"])
        assert url.hostname == "::1"
        socket.create_connection((url.hostname, url.port or 0)).close()


def refused(*arguments: str) -> str:
    """What the command says when it ends at once with unusable input."""
    ended = CliRunner().invoke(cli.app, ["serve", *arguments])
    assert ended.exit_code == 2, ended.output
    return ended.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_another_address_than_loopback_is_refused(host: str) -> None:
    assert refused("--host", host) == (
        f"replay: --host {host}: must be a loopback address, since other machines have no business "
        "with these venues; leave it out, or write 127.0.0.1 or ::1\n"
    )


def test_a_name_is_no_address() -> None:
    assert "--host localhost: must be an IP address" in refused("--host", "localhost")


def test_a_port_in_use_is_told_with_the_venue_that_wanted_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("--port", str(port))
    assert said == (
        f"replay: --port {port}: cannot listen at 127.0.0.1 on port {port} for binance: Address "
        "already in use; name another one, or leave it out for free ones\n"
    )


def test_a_port_in_use_further_on_is_told_as_what_follows_from_the_one_named() -> None:
    first = _four_free_ports()
    with socket.create_server(("127.0.0.1", first + 3)):
        said = refused("--port", str(first))
    assert f"--port {first}: cannot listen at 127.0.0.1 on port {first + 3} for bybit: " in said


@pytest.mark.parametrize("port", ["0", "65533", "70000"])
def test_ports_that_there_are_not_are_refused(port: str) -> None:
    assert f"--port {port}: must be from 1 to 65532" in refused("--port", port)


def test_a_scenario_that_cannot_be_read_is_told_with_its_place() -> None:
    said = refused("no-such-scenario")
    assert said.startswith("replay: no-such-scenario:1: ")
    assert "no such scenario" in said


def test_files_that_cannot_be_written_are_refused_by_option(tmp_path: Path) -> None:
    nowhere = tmp_path / "missing" / "file"
    for option in ("--ca", "--json", "--trace"):
        assert f"{option} {nowhere}: cannot be written: No such file" in refused(
            option, str(nowhere)
        )
