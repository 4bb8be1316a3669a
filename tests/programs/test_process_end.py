"""What a program leaves to the end of its process: threads, `atexit`, `os._exit`."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from replay.result import RunResult
from tests.programs.made import program, replay, run, scenario, told

PRICE = "https://fapi.binance.com/fapi/v1/ticker/price?symbol=ADAUSDT"
SINCE = """\
import time

began = time.time()


def say(*words):
    print(*words, f"@{round(time.time() - began)}", sep="", flush=True)


"""


@pytest.fixture
def outliving(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is really registered from now on, to be called when the tests' own process ends."""
    names: list[str] = []
    really_register = atexit.register

    def register(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        names.append(getattr(function, "__name__", ""))
        return really_register(function, *args, **kwargs)

    monkeypatch.setattr(atexit, "register", register)
    return names


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.split()


def code_of(result: RunResult) -> int:
    (code,) = (each["code"] for each in result.trace if each["kind"] == "exit")
    assert isinstance(code, int)
    return code


def test_threads_that_are_no_daemons_are_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """\
import threading
from concurrent.futures import ThreadPoolExecutor


def work(name, seconds):
    time.sleep(seconds)
    say(name)


threading.Thread(target=work, args=("thread", 20)).start()
threading.Thread(target=work, args=("daemon", 50), daemon=True).start()
pool = ThreadPoolExecutor(1)
for number in range(2):
    pool.submit(work, f"pool{number}", 15)
say("main")
"""
    result = run(scenario(tmp_path), program(tmp_path, SINCE + text))
    assert said(capsys) == ["main@0", "pool0@15", "thread@20", "pool1@30"]
    assert code_of(result) == 0


def test_a_signal_reaches_a_program_of_which_only_a_thread_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """\
import signal, threading

over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())


def trade():
    while not over.wait(10):
        pass
    say("over")


threading.Thread(target=trade).start()
"""
    file = scenario(tmp_path, stimulus="[{at: +35 s, send: SIGTERM}]")
    result = run(file, program(tmp_path, SINCE + text))
    assert said(capsys) == ["over@35"]
    assert result.verdict.ok, result.verdict.surprises


def test_what_is_registered_with_atexit_is_called_within_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], outliving: list[str]
) -> None:
    text = f"""\
import atexit, json, threading, urllib.request


@atexit.register
def first():
    say("first")


def price(name):
    say(name, "=", json.load(urllib.request.urlopen({PRICE!r}, timeout=5))["price"])


def fails():
    raise ValueError("at the end")


atexit.register(price, name="price")
atexit.register(fails)
atexit.register(say, "never")
atexit.unregister(say)
threading.Timer(30, say, ["thread"]).start()
raise SystemExit(4)
"""
    result = run(scenario(tmp_path, exit_code=4), program(tmp_path, SINCE + text))
    captured = capsys.readouterr()
    # Last in, first out, after the threads, as Python's documentation has it.
    assert captured.out.split() == ["thread@30", "price=0.5000@30", "first@30"]
    assert "ValueError: at the end" in captured.err
    assert result.verdict.ok, result.verdict.surprises
    assert not {"first", "price", "fails", "say"} & set(outliving)


def test_a_program_that_is_killed_calls_nothing_any_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], outliving: list[str]
) -> None:
    text = 'import atexit\natexit.register(say, "bye")\ntime.sleep(60)\n'
    file = scenario(tmp_path, stimulus="[{at: +5 s, send: SIGTERM}]", exit_code=-15)
    assert run(file, program(tmp_path, SINCE + text)).verdict.ok
    assert said(capsys) == []
    assert "say" not in outliving


LIBRARY = """\
import atexit


def clean_up():
    pass


atexit.register(clean_up)


def connect(bye):
    atexit.register(bye, "library")
"""


def test_a_library_outlives_the_program_and_what_it_does_for_it_does_not(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    outliving: list[str],
) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "a_library.py").write_text(LIBRARY, encoding="utf-8")
    monkeypatch.syspath_prepend(installed)
    text = "import a_library\na_library.connect(say)\n"
    try:
        assert run(scenario(tmp_path), program(tmp_path, SINCE + text)).verdict.ok
        assert said(capsys) == ["library@0"]
        assert "clean_up" in outliving
        assert "say" not in outliving
    finally:
        atexit.unregister(sys.modules.pop("a_library").clean_up)


def test_a_watchdog_that_kills_its_own_process_is_no_error_of_its_thread(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """\
import os, signal, threading

threading.Timer(5, os.kill, [os.getpid(), signal.SIGTERM]).start()
time.sleep(60)
"""
    assert run(scenario(tmp_path, exit_code=-15), program(tmp_path, SINCE + text)).verdict.ok
    said = capsys.readouterr().err
    assert said.startswith("main.py: ended by SIGTERM, while it\n  blocks at main.py:")
    assert "Traceback" not in said
    assert "Exception" not in said


@pytest.mark.parametrize("where", ["main", "thread"])
def test_a_program_that_ends_at_once_ends_alone(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"""\
import atexit, os, threading

atexit.register(say, "never")


def watchdog():
    time.sleep(5)
    os._exit(3)


if {where == "thread"}:
    threading.Thread(target=watchdog, daemon=True).start()
    time.sleep(60)
watchdog()
"""
    result = run(scenario(tmp_path), program(tmp_path, SINCE + text))
    assert told(result, "the program ends with 0") == "it ended with 3"
    (crash,) = (each for each in result.trace if each["kind"] == "crash")
    assert (crash["t"], crash["why"]) == (5 * 10**9, "os._exit(3)")
    assert said(capsys) == []


def test_ending_at_once_with_0_does_not_pass_for_a_run_as_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program(tmp_path, "import os\nos._exit(0)\n")
    ended = replay("exec", scenario(tmp_path, outcome="closed"), "--", "main.py")
    assert ended.exit_code == 1
    assert "ADAUSDT ended untouched" in ended.output


LEAVES_OPEN = """
import asyncio

async def main():
    global kept
    kept = await asyncio.open_connection("fapi.binance.com", 443, ssl=True)

asyncio.run(main())
"""


def test_a_connection_that_a_program_left_open_ends_with_its_process(tmp_path: Path) -> None:
    result = run(scenario(tmp_path), program(tmp_path, LEAVES_OPEN))
    assert result.verdict.ok, result.verdict.surprises
    closed = [
        (each["host"], each["t"] // 10**6) for each in result.trace if each["kind"] == "closed"
    ]
    # Two round trips of 40 ms after the start it is open; the venue hears of its end 20 ms later.
    assert closed == [("bot", 80), ("binance", 100)]
