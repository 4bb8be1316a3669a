"""Carries out the items of a study: each at least tried, none counted twice, none lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Protocol

from replay.tuning.stopping import Stop
from replay.tuning.store import Store
from replay.tuning.work import Item, Row, Work, read, written
from simulator.errors import InputError

_AHEAD = 16
"""How many times the crew's width may be done before their turn, while one item takes long. What a
search asks for no longer then was done in vain."""


class Crew(Protocol):
    """A `concurrent.futures.Executor`, and how much it can be busy with."""

    @property
    def width(self) -> int:
        """So many calls at a time leave nobody idle. It may change."""

    @property
    def lost(self) -> int:
        """Calls that it has begun again by itself, so far."""

    @property
    def gone(self) -> bool:
        """Whether it can do nothing more: what fails then is no fault of the item's."""

    def refusal(self, error: Exception) -> str | None:
        """Why a worker must not be given work, if that is what an error of a future tells: what
        failed then is no fault of the item's. Else None."""

    def submit(
        self, function: Callable[[Work, Item], str], work: Work, item: Item, /
    ) -> Future[str]:
        """As the executor's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of an item."""

    item: Item
    rows: tuple[Row, ...]  # none of an item that was set aside
    set_aside: str | None = None  # why


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the work has come, in items."""

    done: int = 0  # in this go, over all that was carried out in it
    known: int = 0  # from an earlier one
    retried: int = 0  # tries that failed and were repeated
    set_aside: int = 0  # in this go or an earlier one

    @property
    def settled(self) -> int:
        """With which nothing has to be done any more."""
        return self.done + self.known + self.set_aside

    def __str__(self) -> str:
        parts = [f"{self.done} items done"]
        parts += [f"{self.known} known from before"] * bool(self.known)
        parts += [f"{self.retried} retried"] * bool(self.retried)
        parts += [f"{self.set_aside} set aside"] * bool(self.set_aside)
        return ", ".join(parts)


def carry_out(
    items: Iterable[Item],
    work: Work,
    *,
    crew: Crew,
    store: Store,
    tries: int = 3,
    stop: Stop | None = None,
    before: Progress = Progress(),
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[Done]:
    """What becomes of each item, in the order of the items, whoever is ready first. Items are
    taken as there is room for them, a few ahead of what was yielded. One that the store knows is
    not carried out again. One that fails `tries` times is set aside. Progress is counted on from
    `before`.

    Raises StoppedError when it is stopped, InputError when the crew is gone or must not do it.
    """
    carrying = _Carrying(work, crew, store, tries, stop or Stop(), on_progress, crew.lost, before)
    try:
        yield from carrying.out(iter(items))
    finally:
        carrying.leave()


def tried(
    item: Item, work: Work, *, crew: Crew, store: Store, stop: Stop | None = None
) -> tuple[Row, ...] | None:
    """What the work makes of an item, of which nothing is kept; None if it comes to nothing.

    Raises as `carry_out` does.
    """
    carrying = _Carrying(work, crew, store, 1, stop or Stop(), lambda _: None, crew.lost)
    try:
        return carrying.once(item)
    finally:
        carrying.leave()


@dataclass(slots=True)
class _Carrying:
    work: Work
    crew: Crew
    store: Store
    tries: int
    stop: Stop
    on_progress: Callable[[Progress], None]
    lost: int  # of the crew, when they were counted last
    progress: Progress = Progress()
    asked: deque[Item] = field(default_factory=deque)  # and not yet yielded
    running: dict[str, tuple[Item, Future[str]]] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    ended: SimpleQueue[str | None] = field(default_factory=SimpleQueue)
    """Keys of items as they end; None wakes up whoever waits."""

    def out(self, items: Iterator[Item]) -> Iterator[Done]:
        self.stop.listeners.append(self._wake)
        more = True
        while True:
            self._look_whether_to_stop()
            while more and self._has_room():
                more = self._ask(next(items, None))
            if not self.asked:
                return
            if self.asked[0].key not in self.running:
                yield self._done(self.asked.popleft())
            else:
                self._settle(self.ended.get())

    def once(self, item: Item) -> tuple[Row, ...] | None:
        self.stop.listeners.append(self._wake)
        future = self._sent(item)
        while not future.done():
            self._look_whether_to_stop()
            self.ended.get()
        try:
            return read(self._result(future))
        except InputError:
            raise
        except Exception:
            return None

    def _look_whether_to_stop(self) -> None:
        if self.stop.asked_by is not None:
            raise self.stop.error(f"{self.progress}; what is done is kept in {self.store.file}")

    def leave(self) -> None:
        """What is ready by now is kept, the rest is not waited for."""
        if self._wake in self.stop.listeners:
            self.stop.listeners.remove(self._wake)
        for item, future in self.running.values():
            if not future.cancel() and future.done() and future.exception() is None:
                self.store.add(item, future.result())

    def _wake(self) -> None:
        self.ended.put(None)  # safe in the middle of a `get`, unlike that of other queues

    def _has_room(self) -> bool:
        width = self.crew.width
        return len(self.running) < width and len(self.asked) < _AHEAD * width

    def _ask(self, item: Item | None) -> bool:
        """Has an item carried out of which nothing is known; False if there is none."""
        if item is None:
            return False
        self.asked.append(item)
        if item.key in self.running:
            return True
        if not self.store.knows(item.key):
            self._submit(item)
        elif self.store.why_set_aside(item.key) is None:
            self._count(known=1)
        else:
            self._count(set_aside=1)
        return True

    def _submit(self, item: Item) -> None:
        self.running[item.key] = item, self._sent(item)

    def _sent(self, item: Item) -> Future[str]:
        try:
            future = self.crew.submit(written, self.work, item)
        except Exception as error:
            if self.crew.gone:
                raise self._gone() from error
            raise
        future.add_done_callback(lambda _: self.ended.put(item.key))
        return future

    def _settle(self, key: str | None) -> None:
        if key is None:
            return
        item, future = self.running.pop(key)
        try:
            rows = self._result(future)
        except InputError:
            raise
        except Exception as error:
            if self.stop.asked_by is None:  # else whoever stops us stops our workers as well
                self._failed(item, str(error) or type(error).__name__)
        else:
            self.store.add(item, rows)
            self._count(done=1)

    def _result(self, future: Future[str]) -> str:
        """Of one that has ended. Raises InputError for what no item is to blame for, else what the
        future has."""
        try:
            return future.result()
        except CancelledError:
            raise self._gone() from None
        except Exception as error:
            if self.crew.gone:
                raise self._gone() from error
            if (why := self.crew.refusal(error)) is not None:
                raise self._refused(why) from error
            raise

    def _gone(self) -> InputError:
        return InputError(
            f"the workers are gone: {self.progress}; what is done is kept in {self.store.file}: "
            f"see to them and give the same command again"
        )

    def _refused(self, why: str) -> InputError:
        return InputError(
            f"not all workers are as it is here: {why}: {self.progress}; what is done is kept in "
            f"{self.store.file}: have the same everywhere and give the same command again"
        )

    def _failed(self, item: Item, why: str) -> None:
        tried = self.failed[item.key] = self.failed.get(item.key, 0) + 1
        if tried < self.tries:
            self._count(retried=1)
            self._submit(item)
        else:
            self.store.set_aside(item, tried, why)
            self._count(set_aside=1)

    def _count(
        self, *, done: int = 0, known: int = 0, retried: int = 0, set_aside: int = 0
    ) -> None:
        lost, self.lost = self.crew.lost - self.lost, self.crew.lost
        before = self.progress
        self.progress = Progress(
            done=before.done + done,
            known=before.known + known,
            retried=before.retried + retried + lost,
            set_aside=before.set_aside + set_aside,
        )
        self.on_progress(self.progress)

    def _done(self, item: Item) -> Done:
        # Of the store even if it is new: what is known from before must be no different.
        rows = self.store.rows_of(item.key)
        if rows is not None:
            return Done(item=item, rows=rows)
        aside = self.store.why_set_aside(item.key)
        assert aside is not None  # it is settled, and not by rows
        return Done(item=item, rows=(), set_aside=aside.reason)
