"""POSIX signals: what a program on a host makes of them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from simulator import World
from simulator.errors import HostCrashed


def sent(world: World, number: int, *, after_s: float) -> None:
    """Has the world send its host a signal later."""
    host = world.hosts["bot"]
    timeout = world.env.timeout(round(after_s * 1e9))
    timeout.callbacks.append(lambda _: host.signal(number))


def run(script: Callable[[], object], number: int, *, after_s: float = 5.0) -> list[object]:
    """What the script comes to, and after how many seconds."""
    with World() as world:
        host = world.host("bot")
        sent(world, number, after_s=after_s)
        try:
            came: object = host.run(script)
        except BaseException as error:
            came = error
        return [came, world.env.elapsed_ns / 1e9]


def test_a_loop_s_handler_is_called_on_its_loop() -> None:
    async def main() -> str:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, over.set)
        await over.wait()
        await asyncio.sleep(2)
        return "clean"

    assert run(lambda: asyncio.run(main()), signal.SIGTERM) == ["clean", 7.0]


def test_a_handler_may_leave_the_program() -> None:
    def script() -> None:
        signal.signal(signal.SIGTERM, lambda number, frame: exit(int(number)))
        asyncio.run(asyncio.sleep(3600))

    came, at_s = run(script, signal.SIGTERM)
    assert isinstance(came, SystemExit)
    assert came.code == signal.SIGTERM
    assert at_s == 5.0


def test_a_handler_runs_while_the_program_blocks() -> None:
    told: list[float] = []

    def script() -> float:
        signal.signal(signal.SIGUSR1, lambda number, frame: told.append(time.monotonic()))
        began = time.monotonic()
        time.sleep(10)
        return time.monotonic() - began

    came, _ = run(script, signal.SIGUSR1)
    assert came == 10.0
    assert len(told) == 1


def test_without_a_handler_sigterm_ends_the_program_and_nothing_of_it_runs_on() -> None:
    ran: list[str] = []

    async def main() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(1)
            ran.append("finally")

    def script() -> None:
        try:
            asyncio.run(main())
        except Exception:
            ran.append("caught")

    came, at_s = run(script, signal.SIGTERM)
    assert isinstance(came, HostCrashed)
    assert (at_s, ran) == (5.0, [])


def test_a_blocking_call_of_a_task_that_is_killed_ends_the_program() -> None:
    async def main() -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(3600))
        time.sleep(10)

    came, at_s = run(lambda: asyncio.run(main()), signal.SIGKILL)
    assert isinstance(came, HostCrashed)
    assert at_s == 5.0


def test_sigint_is_the_keyboard_interrupt_that_asyncio_makes_of_it() -> None:
    async def main() -> str:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(1)
            raise
        return "never"

    came, at_s = run(lambda: asyncio.run(main()), signal.SIGINT)
    assert isinstance(came, KeyboardInterrupt)
    assert at_s == 6.0


def test_what_is_ignored_or_harmless_changes_nothing() -> None:
    def script() -> str:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        asyncio.run(asyncio.sleep(10))
        return "to its end"

    assert run(script, signal.SIGHUP) == ["to its end", 10.0]
    assert run(lambda: asyncio.run(asyncio.sleep(10)), signal.SIGCHLD) == [None, 10.0]


def test_a_program_can_signal_itself() -> None:
    told: list[int] = []

    def script() -> None:
        signal.signal(signal.SIGUSR1, lambda number, frame: told.append(number))
        os.kill(os.getpid(), 0)
        os.kill(os.getpid(), signal.SIGUSR1)
        signal.raise_signal(signal.SIGUSR1)

    run(script, signal.SIGCHLD)
    assert told == [signal.SIGUSR1, signal.SIGUSR1]


def test_a_program_that_pauses_goes_on_after_the_next_signal_that_it_handles() -> None:
    with World() as world:
        bot = world.host("bot")
        seen: list[tuple[str, int]] = []

        def script() -> None:
            signal.signal(signal.SIGUSR1, lambda *_: seen.append(("handled", now())))
            signal.pause()
            seen.append(("on", now()))

        def now() -> int:
            return world.env.elapsed_ns // 10**9

        for at_s, number in ((3, signal.SIGWINCH), (5, signal.SIGUSR1)):
            sending: Any = world.env.timeout(at_s * 10**9, number)
            sending.callbacks.append(lambda event: bot.signal(event.value))
        bot.run(script)
        assert seen == [("handled", 5), ("on", 5)]


def test_handlers_are_the_host_s_own_and_the_process_keeps_its_own() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with World() as world:
        one, other = world.host("one"), world.host("other")
        one.run(lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))
        assert one.run(lambda: signal.getsignal(signal.SIGTERM)) == signal.SIG_IGN
        assert other.run(lambda: signal.getsignal(signal.SIGTERM)) == signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) == before
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_what_cannot_be_caught_cannot_be_handled(number: int) -> None:
    with World() as world:
        host = world.host("bot")
        with pytest.raises(OSError, match="Invalid argument"):
            host.run(lambda: signal.signal(number, signal.SIG_IGN))
        with pytest.raises(RuntimeError, match="cannot be caught"):
            host.loop.add_signal_handler(number, print)
