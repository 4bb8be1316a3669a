"""An executor of local processes in which a call that goes wrong disturbs no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from replay.tuning.worker import First, Limits, RefusedError, Worker

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Task:
    future: Future[Any]
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Lanes(Executor):
    """So many calls at a time, each lane a thread here and a process that does its work.

    A future has what the call returned, or a CallError; a RefusedError where what every process
    does `first` says that it must not be given work. Not done at the end is not done at all:
    leaving ends the processes.
    """

    def __init__(self, count: int, limits: Limits, first: First | None = None) -> None:
        self.width = 2 * count  # one that is carried out, and one that waits
        self.lost = 0  # whoever submits is told
        self.gone = False  # a process that is gone is started again
        self._waiting: SimpleQueue[_Task | None] = SimpleQueue()
        self._closed = False
        self._workers = [Worker(limits, first) for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._serve, args=(each,), daemon=True)
            for each in self._workers
        ]
        for thread in self._threads:
            thread.start()

    def submit(
        self, function: Callable[P, R], /, *arguments: P.args, **keywords: P.kwargs
    ) -> Future[R]:
        """As any executor's; there are no keywords."""
        if self._closed or keywords:
            raise RuntimeError("closed" if self._closed else "no keywords go to a worker")
        future: Future[R] = Future()
        self._waiting.put(_Task(future, function, arguments))
        return future

    def refusal(self, error: Exception) -> str | None:
        """See `crew.Crew`."""
        return str(error) if isinstance(error, RefusedError) else None

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the processes; with `cancel_futures` at once, without it after what was asked."""
        if self._closed:
            return
        self._closed = True
        while cancel_futures and not self._waiting.empty():
            task = self._waiting.get()
            if task is not None:
                task.future.cancel()
        for _ in self._threads:
            self._waiting.put(None)
        if cancel_futures:
            for worker in self._workers:
                worker.end()
        if wait:
            for thread in self._threads:
                thread.join()

    def __exit__(self, *_: object) -> None:
        self.shutdown(cancel_futures=True)

    def _serve(self, worker: Worker) -> None:
        while (task := self._waiting.get()) is not None:
            if not task.future.set_running_or_notify_cancel():
                continue
            try:
                result = worker.call(task.function, *task.arguments)
            except BaseException as error:
                task.future.set_exception(error)
            else:
                task.future.set_result(result)
        worker.close()
