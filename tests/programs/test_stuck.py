"""Programs that block for good, and programs that will not hear that it is over."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from replay import exit_codes
from simulator import OverBudgetError, StalledError, World, WorldError
from tests import elsewhere
from tests.programs.made import program, run, scenario, told

BLOCKS = {
    "a queue": ("import queue", "queue.Queue().get()", "blocks at main.py:2 in <module>"),
    "a simple queue": (
        "import queue",
        "queue.SimpleQueue().get()",
        "blocks at main.py:2 in <module>",
    ),
    "a lock": (
        "import threading; lock = threading.Lock()",
        "lock.acquire(); lock.acquire()",
        "blocks at main.py:2 in <module>",
    ),
    "a thread": (
        "import threading; event = threading.Event()",
        "thread = threading.Thread(target=lambda: event.wait()); thread.start(); thread.join()",
        "blocks at main.py:2 in <module>\n  bot: thread 1 at main.py:2 in <lambda>",
    ),
    "a loop": (
        "import asyncio",
        "asyncio.run(asyncio.Event().wait())",
        "waits in Task-1 (Event.wait) at ",
    ),
    "a coroutine": (
        "import asyncio, threading\nasync def main(): threading.Event().wait()",
        "asyncio.run(main())",
        "blocks at main.py:2 in main\n  waits in Task-1 (main) at ",
    ),
    "a pause": ("import signal", "signal.pause()", "blocks at main.py:2 in <module>"),
}


@pytest.mark.parametrize("what", BLOCKS)
def test_a_program_that_blocks_for_good_ends_with_the_scenario_and_the_place_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    before, call, place = BLOCKS[what]
    result = run(scenario(tmp_path), program(tmp_path, f"{before}\n{call}\n"))
    assert told(result, "the program ends with 0") == "it ended with -15"
    assert f"main.py: ended by SIGTERM, while it\n  {place}" in capsys.readouterr().err
    assert result.virtual_ns == 600 * 10**9


def test_one_that_ignores_sigterm_in_its_place_is_killed_there_and_that_is_over_budget(
    tmp_path: Path,
) -> None:
    text = """
    import queue, signal
    signal.signal(signal.SIGTERM, lambda *_: None)
    queue.Queue().get()
    """
    result = run(scenario(tmp_path), program(tmp_path, text))
    (said,) = result.over_budget
    assert said.endswith("it was killed while it blocks at main.py:4 in <module>")
    assert exit_codes.of_result(result) == exit_codes.ExitCode.OVER_BUDGET


def swallowing(call: str, more: str = "") -> str:
    lines = (more, "while True:", "    try:", f"        {call}", "    except BaseException:")
    return "\n".join((*lines, "        continue\n"))


NESTED = """\
import time
while True:
    try:
        while True:
            try:
                time.sleep(1)
            except BaseException:
                continue
            finally:
                time.sleep(1)
    except BaseException:
        try:
            time.sleep(1)
        except BaseException:
            pass
"""
IN_A_THREAD = """\
import threading, time
def work():
    while True:
        try:
            time.sleep(1)
        except BaseException:
            continue
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
IN_A_TASK = """\
import asyncio
async def main():
    while True:
        try:
            await asyncio.sleep(60)
        except BaseException:
            continue
"""
DEAF = {
    "a sleep": swallowing("time.sleep(60)", "import time"),
    "a queue": swallowing("things.get()", "import queue\nthings = queue.Queue()"),
    "a request": swallowing(
        "requests.get('https://fapi.binance.com/fapi/v1/time'); time.sleep(30)",
        "import requests, time",
    ),
    "a loop": swallowing("asyncio.run(main())", IN_A_TASK),
    "nested": NESTED,
    "a thread": IN_A_THREAD,
}


@pytest.mark.parametrize("what", DEAF)
def test_a_program_that_swallows_everything_ends_when_it_is_ended(
    tmp_path: Path, what: str
) -> None:
    file = scenario(tmp_path)
    program(tmp_path, DEAF[what])
    done = elsewhere.replay("exec", file.name, "--", "main.py", cwd=tmp_path, ends_with=1)
    assert "main.py: ended by SIGTERM, while it" in done.stderr
    assert "it ended with -15" in done.stderr


def test_one_that_ignores_sigterm_as_well_is_killed_and_that_is_over_budget(tmp_path: Path) -> None:
    ignores = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)"
    result = run(scenario(tmp_path), program(tmp_path, swallowing("time.sleep(7)", ignores)))
    assert exit_codes.of_result(result) == exit_codes.ExitCode.OVER_BUDGET
    assert told(result, "the program ends with 0") == "it ended with -9"


def test_who_waits_by_reading_the_clock_and_swallows_the_error_is_ended_with_it(
    tmp_path: Path,
) -> None:
    text = swallowing("time.time()", "import time")
    with pytest.raises(WorldError, match=r"the clock was read .* main\.py:4 in <module>"):
        run(scenario(tmp_path), program(tmp_path, text))


def test_a_stalled_world_is_told_to_whoever_drives_it_however_often_it_is_swallowed() -> None:
    turns = []

    def script() -> None:
        while True:
            try:
                turns.append(threading.Event().wait())
            except BaseException:
                continue

    with World() as world, pytest.raises(StalledError, match="bot blocks at "):
        world.host("bot").run(script)
    assert turns == []


def test_more_virtual_time_than_there_is_is_told_however_often_it_is_swallowed() -> None:
    def script() -> None:
        while True:
            try:
                time.sleep(1)
            except Exception:
                continue

    with World() as world:
        world.limit_ns = world.env.now + 60 * 10**9
        with pytest.raises(OverBudgetError, match="it was to end within 60 s"):
            world.host("bot").run(script)
        assert world.env.elapsed_ns == 60 * 10**9


def test_a_guest_may_swallow_an_error_of_the_world_s_once_and_go_on() -> None:
    def script() -> str:
        try:
            threading.Event().wait()
        except StalledError:
            time.sleep(1)
        return "went on"

    with World() as world:
        assert world.host("bot").run(script) == "went on"
        assert world.env.elapsed_ns == 10**9


def test_afterwards_a_debugger_s_trace_function_is_back() -> None:
    def traced(*_: object) -> None:
        return None

    def script() -> None:
        while True:
            try:
                threading.Event().wait()
            except BaseException:
                continue

    before = sys.gettrace()
    with World() as world:
        sys.settrace(traced)
        try:
            with pytest.raises(StalledError):
                world.host("bot").run(script)
            assert sys.gettrace() is traced
        finally:
            sys.settrace(before)


IN_A_HANDLER = """
import time

try:
    raise ValueError("of the program")
except ValueError:
    try:
        time.sleep(20)
    finally:
        print("cleaned up")
"""


@pytest.mark.parametrize(
    "text",
    [IN_A_HANDLER, "import requests\nrequests.get('https://fapi.binance.com/fapi/v1/time')\n"],
)
def test_what_a_killed_program_was_handling_is_forgotten(tmp_path: Path, text: str) -> None:
    file = scenario(tmp_path)
    file.write_text(f"{file.read_text()}crash:\n  - {{at: +0.05 s}}\n", encoding="utf-8")
    run(file, program(tmp_path, text))
    assert sys.exception() is None
    with pytest.raises(KeyError) as later:
        raise KeyError("later")
    assert later.value.__context__ is None
