"""Programs choose their event loop in every way that asyncio and uvloop know."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from simulator import WorldError
from tests import elsewhere
from tests.programs.made import program, run, scenario

MAIN = """\
import asyncio, sys, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
began = time.time()


async def main():
    await asyncio.sleep(300)


START
print(round(time.time() - began))
"""
WAYS = {
    "asyncio.run": "asyncio.run(main())",
    "Runner": """
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(main())
        """,
    "run_forever": """
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.create_task(main()).add_done_callback(lambda _: loop.stop())
        loop.run_forever()
        loop.close()
        """,
    "SelectorEventLoop": """
        loop = asyncio.SelectorEventLoop()
        loop.run_until_complete(main())
        loop.close()
        """,
    "policy": """
        class Policy(asyncio.DefaultEventLoopPolicy):
            def new_event_loop(self):
                raise RuntimeError("asked")
        asyncio.set_event_loop_policy(Policy())
        asyncio.run(main())
        """,
    "uvloop.install": """
        import uvloop
        uvloop.install()
        asyncio.run(main())
        """,
    "uvloop policy": """
        from uvloop import EventLoopPolicy
        asyncio.set_event_loop_policy(EventLoopPolicy())
        asyncio.run(main())
        """,
    "uvloop factory": """
        import uvloop
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())
        """,
    "uvloop.run": """
        import uvloop
        uvloop.run(main())
        """,
    "uvloop.Loop": """
        from uvloop import Loop
        loop = Loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main())
        loop.close()
        """,
}


def text(way: str) -> str:
    return MAIN.replace("START", dedent(WAYS[way]).strip())


@pytest.mark.parametrize("way", WAYS)
def test_five_minutes_pass_on_it_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    result = run(scenario(tmp_path), program(tmp_path, text(way)))
    assert result.verdict.ok, result.verdict.surprises
    assert capsys.readouterr().out == "300\n"


def test_uvloop_run_is_the_host_s_loop_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = scenario(tmp_path)
    program(tmp_path, text("uvloop.run"))
    done = elsewhere.replay("exec", file.name, "--", "main.py", cwd=tmp_path)
    assert done.stdout == "300\n"


def test_a_loop_class_of_its_own_ends_it_with_an_error_that_says_what_to_do(
    tmp_path: Path,
) -> None:
    start = """
        class Mine(asyncio.SelectorEventLoop):
            pass
        Mine()
        """
    of = program(tmp_path, MAIN.replace("START", dedent(start)))
    with pytest.raises(WorldError) as raised:
        run(scenario(tmp_path), of)
    said = str(raised.value)
    assert "a loop of the class __main__.Mine is a real one" in said
    assert "main.py:13 in <module>" in said
    assert "asyncio.new_event_loop()" in said
