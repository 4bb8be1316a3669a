"""An executor on the machines of a Dask cluster.

A world takes over the process that enters it: its clocks, its sockets, its threads. So a worker of
the cluster, which has to go on answering its scheduler, does not carry out a call itself: it has
lanes of its own, and a call that dies or hangs takes down neither it nor what it holds. When one
of the cluster's workers is lost, the scheduler gives its calls to others.

What the lanes do first, as whether they have the same code, each of them does before it is given
work, those of a worker that joins late as well. All that are there are asked at once in the
beginning, so that one sees all that is to be mended.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from replay.tuning.lanes import Lanes
from replay.tuning.worker import CallError, First, Limits, RefusedError
from simulator.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")

_CONNECT_S = 10
_WORKERS_S = 20
_FIT_S = 30
_ASK_AGAIN = 100  # calls after which the cluster may have another size


class Cluster(Executor):
    """Whatever workers there are at an address; they need this project and the bot installed.

    A future has what the call returned, or a CallError; it is cancelled when the cluster is gone.
    """

    def __init__(self, address: str, limits: Limits, first: First | None = None) -> None:
        """Raises InputError for an address at which there is no scheduler, or one without
        workers, for workers that must not be given work, and where `distributed` is not
        installed."""
        try:
            import distributed
        except ModuleNotFoundError as error:
            raise InputError(
                f"--cluster {address}: {error.name} is missing: pip install "
                f"'trading-bot-simulator[cluster]'"
            ) from error
        _look_at(address)
        self._limits = limits
        self._first = first
        self._lost = 0
        self._submitted = 0
        try:
            self._client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
        except OSError as error:
            raise InputError(
                f"--cluster {address}: no scheduler answers there ({error}); start one with: "
                f"dask scheduler"
            ) from error
        try:
            self._client.wait_for_workers(1, timeout=_WORKERS_S)
            self._client.subscribe_topic("all", self._hear)
        except TimeoutError as error:
            self._client.close()
            raise InputError(
                f"--cluster {address}: the scheduler has no workers after {_WORKERS_S} s; start "
                f"some with: dask worker {address}"
            ) from error
        self._executor = self._client.get_executor()
        self._width = self._measured()
        if unfit := self._unfit():
            self.shutdown(cancel_futures=True)
            raise InputError(
                f"--cluster {address}: {'; '.join(unfit)}: have the same on all workers as here, "
                f"and start them again"
            )

    @property
    def width(self) -> int:
        """So many calls at a time leave no worker idle."""
        return self._width

    @property
    def lost(self) -> int:
        """Calls that were begun again because their worker of the cluster was lost."""
        return self._lost

    @property
    def gone(self) -> bool:
        """Whether the scheduler no longer answers."""
        gone: bool = self._client.status != "running"
        return gone

    def submit(
        self, function: Callable[P, R], /, *arguments: P.args, **keywords: P.kwargs
    ) -> Future[R]:
        """As any executor's; there are no keywords."""
        if keywords:
            raise RuntimeError("no keywords go to a worker")
        self._submitted += 1
        if self._submitted % _ASK_AGAIN == 0:
            self._width = self._measured()
        key = f"{self._prefix}{self._submitted}"
        future: Future[R] = self._executor.submit(
            _in_a_lane, self._limits, self._first, function, *arguments, key=key
        )
        return future

    def refusal(self, error: Exception) -> str | None:
        """See `crew.Crew`."""
        from distributed import KilledWorker

        if isinstance(error, RefusedError):
            return str(error)
        if isinstance(error, (CallError, KilledWorker)):
            return None
        # Not even our part of a worker came to be called, as it is not there: who was it?
        return "; ".join(self._unfit()) or f"{type(error).__name__}: {error}"

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leaves the cluster as it is; calls that are not done there are given up."""
        self._executor.shutdown(wait=wait and not cancel_futures)
        if self._client.status == "running":
            # The scheduler complains loudly when it has to tell us that we have left.
            self._client.unsubscribe_topic("all")
        self._client.close()

    def __exit__(self, *_: object) -> None:
        self.shutdown(cancel_futures=True)

    @property
    def _prefix(self) -> str:
        return f"replay-{self._client.id}-"

    def _unfit(self) -> list[str]:
        """The workers that must not be given work, and why, as far as they answer soon."""
        from distributed import wait

        if self._first is None:
            return []
        asked = {
            address: self._client.submit(
                _in_a_lane,
                self._limits,
                self._first,
                _nothing,
                workers=[address],
                allow_other_workers=False,
                pure=False,
            )
            for address in sorted(self._client.nthreads())
        }
        # Who has something else to do answers later.
        with self._client.as_current(), contextlib.suppress(TimeoutError):
            wait(list(asked.values()), timeout=_FIT_S)
        unfit: list[str] = []
        for address, future in asked.items():
            error = future.exception() if future.done() else None
            if isinstance(error, RefusedError):
                unfit.append(str(error))
            elif error is not None and address in self._client.nthreads():  # and not gone meanwhile
                unfit.append(f"worker {address}: {type(error).__name__}: {error}")
        return unfit

    def _measured(self) -> int:
        # One that is carried out, and one that is on its way.
        threads: int = sum(self._client.nthreads().values())
        return 2 * max(1, threads)

    def _hear(self, event: tuple[float, Mapping[str, Any]]) -> None:
        _, told = event
        if told.get("action") == "remove-worker":
            self._lost += sum(key.startswith(self._prefix) for key in told["processing-tasks"])


def _look_at(address: str) -> None:
    """A client that is given none does not get as far as to be closed."""
    from distributed.comm import get_address_host_port

    try:
        get_address_host_port(address)
    except ValueError as error:
        raise InputError(
            f"--cluster {address}: is no scheduler's address: {error}; write tcp://host:8786"
        ) from None


def _in_a_lane(
    limits: Limits, first: First | None, function: Callable[..., Any], *arguments: Any
) -> Any:
    """What a worker of the cluster does: has it done."""
    from distributed import get_worker

    worker = get_worker()
    with _kept.lanes(worker.state.nthreads, limits, first) as lanes:
        try:
            return lanes.submit(function, *arguments).result()
        except RefusedError as error:
            raise RefusedError(f"worker {worker.address}: {error}") from None


def _nothing() -> None:
    """Has a lane begin, if it has not yet."""


class _Kept:
    """A worker's lanes, as long as there is something for them to do and until there is something
    else: a process takes a second to start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[Any, Lanes] = {}
        self._busy: Counter[Any] = Counter()

    @contextmanager
    def lanes(self, count: int, limits: Limits, first: First | None) -> Iterator[Lanes]:
        # What comes first is told apart as it is sent: partial functions are all different.
        key = count, limits, pickle.dumps(first)
        with self._lock:
            self._busy[key] += 1
            over = [each for each in self._lanes if not self._busy[each]]
            ended = [self._lanes.pop(each) for each in over]
            if key not in self._lanes:
                self._lanes[key] = _made(count, limits, first)
            lanes = self._lanes[key]
        try:
            for each in ended:
                each.shutdown(cancel_futures=True)
            yield lanes
        finally:
            with self._lock:
                self._busy[key] -= 1


_kept = _Kept()


def _made(count: int, limits: Limits, first: First | None) -> Lanes:
    # Dask marks its workers so that they may have no children, lest these be left behind. Ours
    # never are: they end with their parent.
    multiprocessing.current_process().daemon = False
    return Lanes(count, limits, first)
