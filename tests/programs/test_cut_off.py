"""C code with sockets of its own, which no fence of Python's sees, finds no network."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay.cut_off import needs_network
from tests import elsewhere
from tests.programs.made import scenario

CONNECTS = """
import ctypes, os, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
found = libc.socket(2, 1, 0)
address = struct.pack("=H", 2) + struct.pack("!H4B", int(sys.argv[1]), 127, 0, 0, 1) + bytes(8)
code = libc.connect(found, address, len(address))
print(code and os.strerror(ctypes.get_errno()))
"""


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def run(folder: Path, file: Path, server: socket.socket, *options: str) -> tuple[str, str]:
    """What the program prints, and what the command says."""
    (folder / "main.py").write_text(CONNECTS, encoding="utf-8")
    port = str(server.getsockname()[1])
    done = elsewhere.replay("exec", file.name, *options, "--", "main.py", port, cwd=folder)
    return done.stdout.strip(), done.stderr


def can_be_cut_off() -> bool:
    code = "from replay.cut_off import cut_off; raise SystemExit(cut_off())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.skipif(not can_be_cut_off(), reason="this machine allows no network namespaces")
def test_c_code_reaches_nothing_real(tmp_path: Path, listening: socket.socket) -> None:
    said, told = run(tmp_path, scenario(tmp_path), listening)
    assert said == "Network is unreachable"
    assert "the real network is there" not in told
    with pytest.raises(TimeoutError):
        listening.accept()


def test_the_network_is_kept_where_it_is_asked_for(
    tmp_path: Path, listening: socket.socket
) -> None:
    said, _ = run(tmp_path, scenario(tmp_path), listening, "--keep-network")
    assert said == "0"
    listening.accept()[0].close()


def test_a_neighbour_over_tcp_keeps_the_network_and_that_is_told(
    tmp_path: Path, listening: socket.socket
) -> None:
    file = scenario(tmp_path)
    address = "{}:{}".format(*listening.getsockname())
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"neighbours: {{database: {{address: '{address}'}}}}\n")
    assert needs_network(str(file))
    said, told = run(tmp_path, file, listening)
    assert said == "0"
    assert "the real network is there for C code with sockets of its own: the scenario has" in told


def test_a_neighbour_at_a_path_needs_no_network(tmp_path: Path) -> None:
    file = scenario(tmp_path)
    with file.open("a", encoding="utf-8") as opened:
        opened.write("neighbours: {database: {address: /run/postgres.sock}}\n")
    assert not needs_network(str(file))
    assert not needs_network("no-such-scenario")
