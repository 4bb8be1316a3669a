"""The trace holds what happened, gives no secret away, and its digest identifies the run."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest

from simulator import World
from tests import elsewhere

PROGRAM = """
import asyncio, logging, random, uuid
import aiohttp
from aiohttp import web
from simulator import World
from simulator.distributions import LogNormal

async def serve():
    async def handler(request):
        return web.Response(text=str({c for c in "hash seeds show here"} and request.path))
    await asyncio.get_running_loop().create_server(web.Server(handler), "0.0.0.0", 443)
    await asyncio.Event().wait()

async def main(world):
    log = logging.getLogger("bot")
    async with aiohttp.ClientSession() as session:
        for number in range(20):
            async with session.get(f"https://fapi.binance.com/{number}") as reply:
                log.info("%s %s %r", await reply.text(), uuid.uuid4(), object())
            await asyncio.sleep(random.random())

with World(seed=5) as world:
    world.host("bot"); world.host("venue", names=("fapi.binance.com",))
    world.network.link("bot", "venue", latency=LogNormal(20_000_000, 0.5))
    world.hosts["venue"].start(serve())
    world.run_until(world.hosts["bot"].start(main(world)))
    print(world.trace.digest(), len(world.trace))
"""


def run_with_hash_seed(seed: str) -> str:
    return elsewhere.python("-c", PROGRAM, PYTHONHASHSEED=seed).stdout


def test_two_processes_with_different_hash_seeds_have_the_same_digest() -> None:
    one, other = run_with_hash_seed("1"), run_with_hash_seed("4242")
    assert one == other
    assert len(one.split()[0]) == 64


def test_log_records_of_all_levels_are_traced_and_the_bots_output_stays(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    log = logging.getLogger("core.verification")
    log.setLevel(logging.INFO)

    async def main() -> None:
        await asyncio.sleep(1)
        try:
            {}["missing"]
        except KeyError:
            log.debug("Source failed", exc_info=True)
        log.info("visible")
        assert not log.isEnabledFor(logging.DEBUG)

    world.run_until(world.hosts["bot"].start(main()))
    assert [r.getMessage() for r in caplog.records if r.name == log.name] == ["visible"]
    hidden, visible = [e for e in world.trace.entries() if e["kind"] == "log"]
    assert hidden["t"] == 1_000_000_000
    assert hidden["host"] == "bot"
    assert (hidden["level"], hidden["hidden"]) == ("DEBUG", True)
    assert hidden["exception"]["type"] == "KeyError"
    assert hidden["exception"]["message"] == "'missing'"
    assert "world/test_trace.py" in hidden["exception"]["place"]
    assert "hidden" not in visible


def test_hidden_records_that_nobody_waits_for_are_not_made(world: World) -> None:
    world.loggers_heard = ("core.*",)
    heard, other = logging.getLogger("core.opener"), logging.getLogger("library.http")
    listened = []
    world.log_listeners.append(lambda record: listened.append(record.getMessage()))

    async def main() -> None:
        for logger in (heard, other):
            logger.debug("%s at debug", logger.name)
            logger.warning("%s at warning", logger.name)
            assert not logger.isEnabledFor(logging.DEBUG)
        other.debug("%s failed", other.name, exc_info=KeyError("missing"))

    world.run_until(world.hosts["bot"].start(main()))
    assert listened == [
        "core.opener at debug",
        "core.opener at warning",
        "library.http at warning",
        "library.http failed",
    ]
    said = [e["message"] for e in world.trace.entries() if e["kind"] == "log"]
    assert said == listened


def test_secrets_and_signatures_never_leave_the_trace_in_clear(world: World) -> None:
    world.trace.hide("my-api-secret")
    world.trace.record(
        "request",
        "bot",
        url="https://fapi.binance.com/fapi/v1/order?symbol=X&signature=" + "ab" * 32,
        headers={"X-MBX-APIKEY": "my-api-secret", "signature": "cd" * 32},
    )
    (line,) = world.trace.lines()
    assert "my-api-secret" not in line
    assert "abab" not in line
    assert "cdcd" not in line
    assert json.loads(line)["url"].endswith("symbol=X&signature=***")


@pytest.mark.parametrize(
    "told",
    [
        {"message": "Request: {'X-BAPI-SIGN': '" + "ef" * 32 + "', 'X-BAPI-TIMESTAMP': '1'}"},
        {"message": '{"x-bapi-sign":"' + "ef" * 32 + '"}'},
        {"headers": {"X-BAPI-SIGN": "ef" * 32}},
        {"message": 'sending {"op":"auth","args":["key",1761676440000,"' + "ef" * 32 + '"]}'},
        {"message": "sending {'op': 'auth', 'args': ['key', '17616764', '" + "ef" * 32 + "']}"},
    ],
)
def test_signatures_are_known_however_a_client_spells_them(
    world: World, told: dict[str, object]
) -> None:
    world.trace.record("log", "bot", **told)
    (line,) = world.trace.lines()
    assert "efef" not in line
    assert "***" in line
    json.loads(line)


def test_what_the_trace_is_written_to_has_the_digest_of_the_run(
    world: World, tmp_path: Path
) -> None:
    import hashlib

    world.trace.record("fault", "venue", name="késés")
    world.trace.write(tmp_path / "trace.jsonl")
    written = (tmp_path / "trace.jsonl").read_bytes()
    assert hashlib.sha256(written).hexdigest() == world.trace.digest()
    assert json.loads(written)["name"] == "késés"
