"""Programs that know nothing of this project, run as they are."""

from __future__ import annotations

import html
import json
import logging
import os
import shlex
import socket
import sys
import threading
from decimal import getcontext
from pathlib import Path

import pytest

from replay.programs import Program
from tests.programs.made import BUYS, digests_elsewhere, program, replay, run, scenario, told

SIGNAL = "{id: 1, symbol: ADAUSDT, side: BUY, scores: [1, 1]}"
REAL = "BINANCE_API_KEY=thisisarealkey\nBINANCE_SECRET=thisisarealsecret\nMODE=live\n"


def test_a_bot_is_stopped_by_sigterm_and_closes_what_it_has(tmp_path: Path) -> None:
    file = scenario(
        tmp_path,
        stimulus="[{at: +5 min, send: SIGTERM}]",
        outcome="closed",
        breaks="[no_unprotected_position]",
    )
    result = run(file, program(tmp_path, BUYS, "12"))
    assert result.verdict.ok, result.verdict.surprises
    logged = [
        (each["t"] // 10**9, each["message"])
        for each in result.trace
        if each["kind"] == "log" and each["logger"] == "mine"
    ]
    assert logged == [(0, "bought"), (300, "stopped")]


def test_what_never_ends_is_told_to_when_the_scenario_is_over(tmp_path: Path) -> None:
    file = scenario(tmp_path, outcome="closed", breaks="[no_unprotected_position]")
    result = run(file, program(tmp_path, BUYS, "12"))
    assert result.verdict.ok, result.verdict.surprises
    assert result.over_budget == ()
    assert [each["t"] for each in result.trace if each["kind"] == "signal"] == [600 * 10**9]


def test_what_does_not_end_then_is_killed_and_told(tmp_path: Path) -> None:
    text = """
    import asyncio, signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        try:
            asyncio.run(asyncio.sleep(3600))
        except Exception:
            pass
    """
    result = run(scenario(tmp_path), program(tmp_path, text))
    (said,) = result.over_budget
    assert said.startswith("the program: still running 30 s after SIGTERM; it was killed while it ")
    assert "waits in Task-1 (sleep) at " in said
    assert told(result, "the program ends with 0") == "it ended with -9"
    assert result.virtual_ns == 630 * 10**9


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("import sys; sys.exit(3)", 3),
        ("raise SystemExit('no configuration')", 1),
        ("import os; os.environ['NOT_THERE']", 1),
        ("import asyncio; asyncio.run(asyncio.sleep(1))", 0),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
        ("import signal; signal.raise_signal(signal.SIGINT)", -2),
    ],
)
def test_how_a_program_ends_is_judged(tmp_path: Path, text: str, code: int) -> None:
    result = run(scenario(tmp_path, exit_code=code), program(tmp_path, text))
    assert result.verdict.ok, result.verdict.surprises
    result = run(scenario(tmp_path, exit_code=7), program(tmp_path, text))
    assert told(result, "the program ends with 7") == f"it ended with {code}"
    assert not result.verdict.ok


SHOWS = """
import json, os, sys
from pathlib import Path
Path("shown.json").write_text(json.dumps(
    {"argv": sys.argv, "env": dict(os.environ), "cwd": os.getcwd(), "name": __name__}
))
"""


def test_a_program_finds_its_arguments_its_directory_and_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYBIT_SECRET", "of this machine")
    (tmp_path / ".env").write_text(REAL + "TELEGRAM_TOKEN=real\n", encoding="utf-8")
    before = dict(os.environ), os.getcwd(), list(sys.path), list(sys.argv)
    env_file = tmp_path / ".env"
    run(scenario(tmp_path), program(tmp_path, SHOWS, "--fast", "12", env_file=env_file))
    shown = json.loads((tmp_path / "shown.json").read_text(encoding="utf-8"))
    assert shown["argv"] == ["main.py", "--fast", "12"]
    assert shown["name"] == "__main__"
    assert Path(shown["cwd"]) == tmp_path.resolve()
    env = shown["env"]
    assert env["MODE"] == "live"
    assert env["PATH"] == os.environ["PATH"]
    assert env["TELEGRAM_TOKEN"] == "replaced-in-a-replay"
    assert len(env["BINANCE_API_KEY"]) == 64
    assert "BYBIT_SECRET" not in env
    assert (dict(os.environ), os.getcwd(), list(sys.path), list(sys.argv)) == before


def test_a_module_runs_as_python_m_does(tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "__main__.py").write_text("import sys\nsys.exit(len(sys.argv))\n", encoding="utf-8")
    of = Program(name="pkg", arguments=("a", "b"), module=True, directory=tmp_path)
    assert run(scenario(tmp_path, exit_code=3), of).verdict.ok


def test_a_scratch_copy_keeps_the_folder_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "bot"
    folder.mkdir()
    (folder / "state.txt").write_text("1", encoding="utf-8")
    text = "from pathlib import Path\nPath('state.txt').write_text('2')\n"
    of = program(folder, text, scratch=True)
    assert run(scenario(tmp_path), of).verdict.ok
    assert (folder / "state.txt").read_text(encoding="utf-8") == "1"


def test_modules_of_the_program_are_new_in_every_run(tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text("runs = 0\n", encoding="utf-8")
    of = program(tmp_path, "import counter, sys\ncounter.runs += 1\nsys.exit(counter.runs)\n")
    for _ in range(2):
        assert run(scenario(tmp_path, exit_code=1), of).verdict.ok
    assert "counter" not in sys.modules


def test_a_bot_that_loads_its_own_env_file_over_its_environment_is_caught(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(REAL, encoding="utf-8")
    text = 'from dotenv import load_dotenv\nload_dotenv(".env", override=True)\n' + BUYS
    file = scenario(tmp_path, outcome="closed", breaks="[no_unprotected_position]")
    result = run(file, program(tmp_path, text, "12"))
    assert result.verdict.ok, result.verdict.surprises
    kept = [each["name"] for each in result.trace if each["kind"] == "kept_variable"]
    assert kept == ["BINANCE_API_KEY", "BINANCE_SECRET"]


def test_real_keys_are_nowhere_in_what_a_run_leaves(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(REAL, encoding="utf-8")
    text = f"""
    import logging, os
    logging.warning("%s %s", os.environ["BINANCE_API_KEY"], {REAL.split()[0].split("=")[1]!r})
    """
    result = run(scenario(tmp_path), program(tmp_path, text, env_file=tmp_path / ".env"))
    assert any(each["kind"] == "log" for each in result.trace)
    assert not any("thisisareal" in line for line in result.trace_lines)


def test_the_digest_is_the_same_in_other_processes(tmp_path: Path) -> None:
    file = scenario(tmp_path, outcome="closed", breaks="[no_unprotected_position]")
    program(tmp_path, BUYS)
    assert len(digests_elsewhere(tmp_path, file, "main.py", "12")) == 1


@pytest.mark.parametrize(
    ("parts", "arguments", "message"),
    [
        ({}, ["--", "no.py"], "no.py: no such program"),
        ({}, ["--env-file", "no.env", "--", "main.py"], "--env-file no.env: cannot be read"),
        (
            {"environment": '{KEY: "${binance.apikey}"}'},
            ["--", "main.py"],
            "mine: bot.environment.KEY: ${binance.apikey} — stands for nothing; did you mean "
            "'binance.api_key'?",
        ),
        (
            {"stimulus": f"[{{at: +1 s, signal: {SIGNAL}}}]"},
            ["--", "main.py"],
            "a program is handed no `signal`",
        ),
        ({"stimulus": "[{at: +1 s, send: SIGFOO}]"}, ["--", "main.py"], "stimulus[0].send: SIGFOO"),
    ],
)
def test_what_cannot_be_run_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    parts: dict[str, object],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    program(tmp_path, "pass")
    ended = replay("exec", scenario(tmp_path, **parts), *arguments)
    assert ended.exit_code == 2
    assert message in ended.output


def test_a_bot_by_its_factory_is_sent_no_posix_signal(tmp_path: Path) -> None:
    file = scenario(tmp_path, stimulus="[{at: +1 s, send: SIGTERM}]")
    text = file.read_text(encoding="utf-8").replace("  mine:", "  current:")
    file.write_text(text, encoding="utf-8")
    ended = replay("run", file)
    assert ended.exit_code == 2
    assert "`send` is for programs" in ended.output


BLOCKS = """\
import threading, time
import requests

PRICE = "https://fapi.binance.com/fapi/v1/ticker/price?symbol=ADAUSDT"
over = threading.Event()
told = []


def beat():
    while not over.wait(25):
        told.append(("beat", time.time()))


thread = threading.Thread(target=beat)
thread.start()
for _ in range(2):
    told.append((requests.get(PRICE, timeout=5).json()["price"], time.time()))
    time.sleep(60)
over.set()
thread.join()
print(*(f"{what}@{round(when) % 3600}" for what, when in told))
"""


def test_a_program_that_blocks_and_has_a_thread_runs_in_virtual_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(scenario(tmp_path), program(tmp_path, BLOCKS))
    assert result.verdict.ok, result.verdict.surprises
    assert capsys.readouterr().out.split() == [
        *("0.5000@0", "beat@25", "beat@50", "0.5000@60"),
        *("beat@75", "beat@100"),
    ]


SETTINGS = """\
import json, logging, logging.config
from decimal import Decimal, getcontext
from pathlib import Path

root, own = logging.getLogger(), logging.getLogger("own.settings")
found = [root.level, len(root.handlers), own.level, len(own.handlers), getcontext().prec]
Path("found.json").write_text(json.dumps(found))
logging.config.dictConfig({
    "version": 1,
    "disable_existing_loggers": True,
    "handlers": {"screen": {"class": "logging.StreamHandler"}},
    "loggers": {"own.settings": {"level": "DEBUG", "handlers": ["screen"], "propagate": False}},
    "root": {"level": "DEBUG", "handlers": ["screen"]},
})
getcontext().prec = 8
"""


def test_a_program_finds_logging_and_decimals_as_in_a_process_of_its_own(tmp_path: Path) -> None:
    def settings() -> tuple[object, ...]:
        loggers = [logging.getLogger(name) for name in (None, "own.settings", "asyncio")]
        told = [(each.level, list(each.handlers), each.disabled) for each in loggers]
        return told, getcontext().prec

    logging.getLogger("own.settings").setLevel(logging.NOTSET)
    before = settings()
    for _ in range(2):
        run(scenario(tmp_path), program(tmp_path, SETTINGS))
        # Python's documentation: the root logger is created with WARNING; 28 digits.
        found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
        assert found == [logging.WARNING, 0, logging.NOTSET, 0, 28]
    assert settings() == before


HOOKS = """\
import io, socket, sys, threading

sys.stdout = sys.stderr = io.StringIO()
threading.excepthook = print
socket.setdefaulttimeout(7)
sys.setrecursionlimit(12345)


def report(kind, error, trace):
    with open("report.txt", "w") as out:
        out.write(f"{kind.__name__}: {error}")
    raise SystemExit(9)


sys.excepthook = report
raise ValueError("no such symbol")
"""


def test_a_program_tells_of_its_end_by_its_own_hook_and_leaves_none_behind(tmp_path: Path) -> None:
    def settings() -> tuple[object, ...]:
        streams = sys.stdin, sys.stdout, sys.stderr
        limits = socket.getdefaulttimeout(), sys.getrecursionlimit()
        return *streams, sys.excepthook, threading.excepthook, *limits

    before = settings()
    result = run(scenario(tmp_path, exit_code=1), program(tmp_path, HOOKS))
    assert settings() == before
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == "ValueError: no such symbol"
    assert result.verdict.ok, result.verdict.surprises


def test_the_command_to_repeat_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = scenario(tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace("  mine:", "  my own:"))
    (tmp_path / "bot").mkdir()
    program(tmp_path / "bot", "pass")
    Path(".env").write_text(REAL, encoding="utf-8")
    options = ("--env-file", ".env", "--directory", "bot", "--scratch", "--json", "result.json")
    ended = replay("exec", "mine.yaml", *options, "--html", "run.html", "--", "main.py", "a b")
    assert ended.exit_code == 0, ended.output
    written = json.loads(Path("result.json").read_text(encoding="utf-8"))["runs"][0]
    wanted = (
        "replay exec mine.yaml --bot 'my own' --seed 1 --directory bot --env-file .env --scratch "
        "-- main.py 'a b'"
    )
    assert written["command"] == wanted
    assert html.escape(wanted, quote=False) in Path("run.html").read_text(encoding="utf-8")
    again = replay(*shlex.split(written["command"])[1:])
    assert again.exit_code == 0
    assert written["digest"] in again.output
