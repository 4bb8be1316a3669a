"""A program that is killed in the middle of things and run again, with its files and no more."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from replay import runner
from replay.programs import Program
from replay.result import RunResult
from tests.programs.made import scenario

LIVES = """\
import asyncio, logging, pathlib, sqlite3, time

log = logging.getLogger("mine")
database = sqlite3.connect("bot.db", isolation_level=None)
database.execute("CREATE TABLE IF NOT EXISTS lives (at REAL)")
(before,) = database.execute("SELECT count(*) FROM lives").fetchone()
database.execute("INSERT INTO lives VALUES (?)", (time.time(),))
log.warning("life %d", before + 1)


async def main():
    try:
        WAIT
    finally:
        database.execute("DELETE FROM lives")
        log.warning("cleaned up")


try:
    asyncio.run(main())
except BaseException as error:
    log.warning("ended by %r", error)
    raise
"""


def run(folder: Path, wait: str, crash: str) -> RunResult:
    (folder / "mine.py").write_text(LIVES.replace("WAIT", wait), encoding="utf-8")
    file = scenario(folder)
    file.write_text(f"{file.read_text()}crash:\n  - {dedent(crash)}\n", encoding="utf-8")
    program = Program.of(["mine.py"], directory=folder, scratch=True)
    loaded = runner.load(str(file))
    return runner.play(loaded, str(file), version="mine", program=program)


def told(result: RunResult) -> list[tuple[float, str]]:
    """Second and line of what the program logged, and of its crashes and ends."""
    return [
        (each["t"] / 1e9, str(each.get("message", each["kind"])))
        for each in result.trace
        if each["kind"] in ("log", "crash", "restart")
        and each["host"] == "bot"
        and each.get("logger", "mine") == "mine"
    ]


@pytest.mark.parametrize(
    "wait", ["await asyncio.sleep(20)", "time.sleep(20)", "await asyncio.to_thread(time.sleep, 20)"]
)
def test_it_is_run_again_with_its_files(tmp_path: Path, wait: str) -> None:
    result = run(tmp_path, wait, "{at: +5 s, restart: {after: 3 s}}")
    assert told(result) == [
        (0.0, "life 1"),
        (5.0, "crash"),
        (8.0, "restart"),
        (8.0, "life 2"),
        (28.0, "cleaned up"),
    ]
    assert [each["code"] for each in result.trace if each["kind"] == "exit"] == [0]


def test_a_program_that_stays_down_has_been_killed(tmp_path: Path) -> None:
    result = run(tmp_path, "await asyncio.sleep(20)", "{after_log: {message: life 1}}")
    assert told(result) == [(0.0, "life 1"), (0.0, "crash")]
    assert [each["code"] for each in result.trace if each["kind"] == "exit"] == [-9]


LOGS = """\
import logging, time

logging.basicConfig(filename="bot.log", level="INFO", format="%(message)s")
own = logging.getLogger("own")
own.addHandler(logging.FileHandler("own.log"))
for turn in range(4):
    own.info("turn %d", turn)
    time.sleep(2)
"""


def test_each_life_sets_up_its_log_files_anew(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(LOGS, encoding="utf-8")
    file = scenario(tmp_path)
    crash = "crash: [{at: +3 s, restart: {after: 3 s}}]\n"
    file.write_text(f"{file.read_text()}{crash}", encoding="utf-8")
    program = Program.of(["mine.py"], directory=tmp_path)
    runner.play(runner.load(str(file)), str(file), version="mine", program=program)
    turns = [f"turn {turn}" for life in (range(2), range(4)) for turn in life]
    for name in ("bot.log", "own.log"):
        assert (tmp_path / name).read_text(encoding="utf-8").split("\n")[:-1] == turns


LAST_WORDS = """\
import pathlib, time
import requests

try:
    WAIT
except BaseException as error:
    pathlib.Path("last.txt").write_text(repr(error))
finally:
    pathlib.Path("words.txt").write_text("cleaned up")
"""


@pytest.mark.parametrize(
    "wait",
    [
        "time.sleep(20)",
        "requests.get('https://fapi.binance.com/fapi/v1/time')",
        "import asyncio; asyncio.run(asyncio.sleep(20))",
        "import asyncio; asyncio.run(asyncio.to_thread(time.sleep, 20))",
        "import threading; threading.Thread(target=time.sleep, args=(20,)).start(); time.sleep(20)",
    ],
)
def test_nothing_that_it_would_do_last_reaches_the_disk(tmp_path: Path, wait: str) -> None:
    (tmp_path / "mine.py").write_text(LAST_WORDS.replace("WAIT", wait), encoding="utf-8")
    file = scenario(tmp_path)
    file.write_text(f"{file.read_text()}crash:\n  - {{at: +0.05 s}}\n", encoding="utf-8")
    program = Program.of(["mine.py"], directory=tmp_path)
    result = runner.play(runner.load(str(file)), str(file), version="mine", program=program)
    assert [each["code"] for each in result.trace if each["kind"] == "exit"] == [-9]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["mine.py", "mine.yaml"]


ASKS = """\
import logging, threading
import requests

log = logging.getLogger("mine")


def ask():
    log.warning("asks")
    requests.get("https://fapi.binance.com/fapi/v1/time", timeout=5)
    log.warning("knows")


def in_a_thread():
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()


WAY
"""


@pytest.mark.parametrize("way", ["ask()", "in_a_thread()"])
@pytest.mark.parametrize(
    ("crash", "before", "requests"),
    [
        # Of two lives: in the first the venue has the request, or has not, when the bot dies.
        ("request: GET /fapi/v1/time, when: unsent", ["asks"], 1),
        ("request: GET /fapi/v1/time, when: taken", ["asks"], 2),
        ("request: GET /fapi/v1/time, when: answered", ["asks"], 2),
        ("after_log: {message: asks}", ["asks"], 1),
        ("after_log: {message: knows}", ["asks", "knows"], 2),
    ],
)
def test_a_blocking_request_is_a_place_to_crash_at(
    tmp_path: Path, way: str, crash: str, before: list[str], requests: int
) -> None:
    (tmp_path / "mine.py").write_text(ASKS.replace("WAY", way), encoding="utf-8")
    file = scenario(tmp_path)
    entry = f"crash:\n  - {{{crash}, restart: {{after: 3 s}}}}\n"
    file.write_text(f"{file.read_text()}{entry}", encoding="utf-8")
    program = Program.of(["mine.py"], directory=tmp_path)
    result = runner.play(runner.load(str(file)), str(file), version="mine", program=program)
    said = [what for _, what in told(result)]
    assert said == [*before, "crash", "restart", "asks", "knows"]
    asked = [each for each in result.trace if each["kind"] == "request"]
    assert len(asked) == requests
    assert result.verdict.ok, result.verdict.surprises
