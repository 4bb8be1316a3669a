"""An asyncio event loop whose time, timers and network belong to a world.

A small subclass of asyncio's own `BaseEventLoop`: tasks, futures, handles and contexts are the
standard ones. What differs: time and timers are the world's (`simulator.timer_loop`), nothing ever
sleeps, and `create_connection`, `create_server` and `getaddrinfo` speak to the simulated network.
"""

# mypy: disable-error-code="attr-defined, has-type, override"
# A loop that is a subclass of asyncio's own reads attributes that typeshed does not list.

from __future__ import annotations

import asyncio
import contextvars
import functools
import heapq
import itertools
import selectors
import signal
import socket
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from simulator.caller import calling_place
from simulator.errors import RealConnectionError, SimulatorError
from simulator.futures import HostFuture, HostTask
from simulator.handles import Ready
from simulator.locks import WorldLock
from simulator.timer_loop import TimerLoop

if TYPE_CHECKING:
    from simulator.host import Host

_WORKERS = 32
"""Threads of a loop's own executor: asyncio's upper limit, whatever processors a machine has."""

_TASKS_MAY_START_AT_ONCE = sys.version_info >= (3, 12)


class HostLoop(TimerLoop):
    """The event loop of one host. Made by the host, never by hand."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.world = host.world
        self._task_count = 0
        self.driving = False
        """Inside its own `run_forever`: the world steps the others around it."""
        self.selecting = False
        """Driven by a thread, which waits until it has something to do."""
        self.standing = 0
        """How many blocking calls deep it stands still."""
        self.dead = False
        """Its host has crashed: nothing on it goes on."""
        self.never_stands = False
        """Goes on while code of its host blocks."""
        self.future_numbers = itertools.count(1)
        self.task_numbers = itertools.count(1)
        # One call less per future than the method that asyncio defines.
        self.create_future = functools.partial(  # type: ignore[method-assign]
            HostFuture, loop=self
        )

    def is_running(self) -> bool:
        """As asyncio's, except to a task that would start at once: it waits for its turn.

        Since 3.12 a task can be made to run before its maker goes on, and libraries do so where
        they can (aiohttp looks hosts up that way). What happens at one instant would then come in
        another order than on 3.11; here it comes in the same on every Python.
        """
        if not super().is_running():
            return False
        # A task asks from C: its caller's code has no word for the question. Who asks in Python
        # has to name it.
        return not _TASKS_MAY_START_AT_ONCE or "is_running" in sys._getframe(1).f_code.co_names

    @property
    def may_run(self) -> bool:
        """Whether the world may give it a turn: not while its host stands still, nor while it
        drives."""
        return not self.standing and not self.driving

    def is_due(self) -> bool:
        """Whether a callback is ready or a timer due at this instant."""
        timers = self._timers
        return bool(self._ready) or (bool(timers) and timers[0][0] <= self._clock._now)

    def is_stopping(self) -> bool:
        """Whether `stop()` was called since the last iteration."""
        return bool(self._stopping)

    def ready_callbacks(self) -> list[Any]:
        """What runs next, for a person to read."""
        return [handle._callback for handle in self._ready]

    def adopt_generator(self, agen: AsyncGenerator[Any, Any]) -> None:
        """Called at the first step of an async generator on this loop."""
        self._asyncgen_firstiter_hook(agen)

    def finish_generator(self, agen: AsyncGenerator[Any, Any]) -> None:
        """Called when an async generator is dropped before its end."""
        self._asyncgen_finalizer_hook(agen)

    # running

    def run_forever(self) -> None:
        self.driving = True
        try:
            super().run_forever()
        finally:
            self.driving = False

    def _run_once(self) -> None:
        """One iteration when this loop drives: the others have their turn, then it has its own.

        Called by asyncio's `run_forever`. Where a real loop would block in `select`, the rest of
        the world runs until this loop has something to do.
        """
        self.must_live()
        self.world.take_turns_around(self)
        self.run_due()
        self.must_live()  # a task that blocked when it crashed has kept the error for itself

    def run_due(self) -> None:
        """Runs what is due at this instant until the loop is idle or is told to stop."""
        ready = self._ready
        timers = self._timers
        clock = self._clock
        while True:
            now = clock._now
            while timers and timers[0][0] <= now:
                timer = heapq.heappop(timers)[2]
                timer._scheduled = False
                if timer._cancelled:
                    self._cancelled_timers -= 1
                    continue
                if timer._when > self._fired_s:
                    self._fired_s = timer._when
                ready.append(timer)
            if not ready:
                return
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle._cancelled:
                    try:
                        handle._context.run(handle._callback, *handle._args)
                    except (SystemExit, KeyboardInterrupt):
                        raise
                    except BaseException as error:
                        if self.dead:
                            return
                        self._report(handle, error)
            if self._stopping:
                return
            self.world.count_turn()

    def must_live(self) -> None:
        """Raises HostCrashed on a loop whose host has crashed, whatever runs there since."""
        if self.dead:
            raise self.host.crashed()

    def _check_closed(self) -> None:
        self.must_live()
        super()._check_closed()  # type: ignore[misc]  # asyncio's own

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self.dead:  # what is left over of a crashed host has nobody to tell
            super().call_exception_handler(context)

    def _report(self, handle: asyncio.Handle, error: BaseException) -> None:
        """A callback raised: asyncio's exception handler is told, as by a stock loop."""
        if isinstance(error, SimulatorError) and not isinstance(error, OSError):
            raise error  # the world itself gives up: no handler of the guest's may swallow that
        callback = getattr(handle._callback, "__qualname__", repr(handle._callback))
        self.call_exception_handler(
            {"message": f"Exception in callback {callback}", "exception": error, "handle": handle}
        )

    def create_task(self, coro: Coroutine[Any, Any, Any], **kwargs: Any) -> asyncio.Task[Any]:
        if kwargs.get("name") is None:
            # asyncio numbers tasks per process; a run's logs need its own numbers.
            self._task_count += 1
            kwargs["name"] = f"Task-{self._task_count}"
        if self._task_factory is not None:
            return super().create_task(coro, **kwargs)
        self._check_closed()
        return HostTask(coro, loop=self, **kwargs)

    def _write_to_self(self) -> None:
        """A wake-up from another thread has nobody to wake: the world looks by itself."""

    def _process_events(self, event_list: object) -> None:
        """There is no selector whose events could be processed."""

    def close(self) -> None:
        super().close()
        self._timers.clear()
        self.world.forget_loop(self)

    def let_world_drive(self) -> None:
        """Marks the loop as running for good, as code on it expects."""
        self._thread_id: int | None = threading.get_ident()

    def tasks(self) -> list[asyncio.Task[Any]]:
        """The unfinished tasks, in the order in which they were made."""
        return sorted(
            asyncio.all_tasks(self), key=lambda task: (len(task.get_name()), task.get_name())
        )

    def cancel_tasks(self) -> None:
        """Asks every unfinished task to end; nobody will look at how it does."""
        for task in self.tasks():
            task._log_destroy_pending = False
            task.cancel()

    def abandon(self) -> None:
        """Closes the loop whatever state it is in: its world, or its host's life, is over."""
        self._thread_id = None
        self.close()

    def die(self) -> list[asyncio.Task[Any]]:
        """Stops at once, whatever runs; returns the tasks that will never end."""
        tasks = self.tasks()
        for task in tasks:
            task._log_destroy_pending = False
        self.dead = True
        self._ready.clear()
        self.abandon()
        return tasks

    # threads: those of an executor are strands of the world, as all threads of a host

    def run_in_executor(
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Runs `func` on a thread, whose turn is after the loop's.

        An executor that is no thread pool, or was made before the run, cannot take part in it:
        the loop's own does its work.
        """
        if not isinstance(getattr(executor, "_shutdown_lock", None), WorldLock):
            executor = None
            if self._default_executor is None:
                self._default_executor = ThreadPoolExecutor(_WORKERS, "asyncio")
        return super().run_in_executor(executor, func, *args)

    # signals: see simulator/signals.py

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: Any) -> None:
        if int(sig) in (signal.SIGKILL, signal.SIGSTOP):
            raise RuntimeError(f"sig {sig} cannot be caught")
        self.host.signal_handlers[int(sig)] = (self, callback, args)

    def remove_signal_handler(self, sig: int) -> bool:
        return self.host.signal_handlers.pop(int(sig), None) is not None

    # network: see simulator/network

    async def getaddrinfo(
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        return self.world.network.names.look_up(self.host, host, port, family, type, proto)

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        return self.world.network.names.name_of(str(sockaddr[0])), str(sockaddr[1])

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        await self.world.network.connect_socket(self, sock, address)

    async def create_connection(self, protocol_factory: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.world.network.create_connection(self, protocol_factory, *args, **kwargs)

    async def create_server(self, protocol_factory: Any, *args: Any, **kwargs: Any) -> Any:
        return self.world.network.create_server(self, protocol_factory, *args, **kwargs)

    async def start_tls(self, transport: Any, protocol: Any, sslcontext: Any, **kwargs: Any) -> Any:
        return await self.world.network.start_tls(transport, protocol, sslcontext, **kwargs)

    def _refuse(self, what: str, target: object) -> RealConnectionError:
        error = RealConnectionError(what, str(target), calling_place())
        self.world.note_refusal(error)
        return error

    async def create_datagram_endpoint(
        self,
        protocol_factory: Any,
        local_addr: Any = None,
        remote_addr: Any = None,
        **kwargs: Any,
    ) -> Any:
        raise self._refuse("UDP", remote_addr or local_addr)

    async def create_unix_connection(
        self, protocol_factory: Any, path: Any = None, **kwargs: Any
    ) -> Any:
        found = self.world.neighbours.at(str(path))
        if found is None:
            raise self._refuse("a Unix socket connection", path)
        return self.world.network.join_neighbour(self, found, protocol_factory, kwargs.get("ssl"))

    async def create_unix_server(
        self, protocol_factory: Any, path: Any = None, **kwargs: Any
    ) -> Any:
        raise self._refuse("a Unix socket server", path)

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:
        self._watch(fd, selectors.EVENT_READ, callback, args, "reading")

    def add_writer(self, fd: Any, callback: Any, *args: Any) -> None:
        self._watch(fd, selectors.EVENT_WRITE, callback, args, "writing")

    def _watch(self, fd: Any, mask: int, callback: Any, args: Any, what: str) -> None:
        handle = Ready(callback, args, self, contextvars.copy_context())
        number = fd if isinstance(fd, int) else fd.fileno()
        if not self.world.neighbours.add_watch(self, number, mask, handle):
            raise self._refuse(f"{what} a real file descriptor", fd)

    def remove_reader(self, fd: Any) -> bool:
        number = fd if isinstance(fd, int) else fd.fileno()
        return self.world.neighbours.remove_watch(number, selectors.EVENT_READ)

    def remove_writer(self, fd: Any) -> bool:
        number = fd if isinstance(fd, int) else fd.fileno()
        return self.world.neighbours.remove_watch(number, selectors.EVENT_WRITE)

    async def sock_sendto(self, sock: Any, data: Any, address: Any) -> int:
        raise self._refuse("UDP", address)

    async def sock_recv(self, sock: Any, nbytes: int) -> bytes:
        raise self._refuse("reading a real socket", sock)

    async def sock_sendall(self, sock: Any, data: Any) -> None:
        raise self._refuse("writing a real socket", sock)

    async def sock_accept(self, sock: Any) -> Any:
        raise self._refuse("accepting on a real socket", sock)
