"""Items carried out by local processes, some of which come to grief."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from replay.tuning.crew import Progress, carry_out
from replay.tuning.lanes import Lanes
from replay.tuning.stopping import Stop, StoppedError
from replay.tuning.store import Store
from replay.tuning.worker import CallError, Limits
from simulator.errors import InputError
from tests.tuning.jobs import Elsewhere, Number, process_of, rows_of

NUMBERS = [Number(number) for number in range(40)]
LIMITS = Limits(timeout_s=30.0)


def opened(folder: Path, name: str = "study.db") -> Store:
    return Store(folder / name, study="numbers", identity={})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as each:
        yield each


@pytest.fixture(scope="module")
def crew() -> Iterator[Lanes]:
    """Two processes, started once."""
    with Lanes(2, LIMITS) as lanes:
        yield lanes


def table(store: Store, items: list[Number]) -> bytes:
    written: str = store.rows(items).to_csv()
    return written.encode()


def test_what_becomes_of_items_comes_in_their_order_with_their_rows(
    crew: Lanes, store: Store
) -> None:
    done = list(carry_out(NUMBERS, rows_of, crew=crew, store=store))
    assert [each.item for each in done] == NUMBERS
    for number, each in enumerate(done):
        first, second = each.rows
        assert first["third"] == number / 3
        assert first["digest"] == hashlib.sha256(b"%05d" % number).hexdigest()
        assert second == {"number": -number, "third": None, "even": None, "digest": "é\n\x00"}


def test_one_worker_gives_the_same_table_as_two(crew: Lanes, tmp_path: Path) -> None:
    with opened(tmp_path, "two.db") as two, opened(tmp_path, "one.db") as one:
        list(carry_out(NUMBERS, rows_of, crew=crew, store=two))
        with Lanes(1, LIMITS) as alone:
            list(carry_out(reversed(NUMBERS), rows_of, crew=alone, store=one))
        assert table(one, NUMBERS) == table(two, NUMBERS)


def test_work_is_spread_over_processes_which_are_not_this_one(crew: Lanes, store: Store) -> None:
    done = list(carry_out(NUMBERS, process_of, crew=crew, store=store))
    assert {each.rows[0]["parent"] for each in done} == {os.getpid()}
    assert len({each.rows[0]["pid"] for each in done}) == 2


def test_what_the_store_knows_is_not_carried_out_again(
    crew: Lanes, store: Store, tmp_path: Path
) -> None:
    items = [Number(number, "counts", tmp_path) for number in range(10)]
    list(carry_out(items[:6], rows_of, crew=crew, store=store))
    for each in tmp_path.glob("0000*"):
        each.unlink()
    told: list[Progress] = []
    done = list(carry_out(items, rows_of, crew=crew, store=store, on_progress=told.append))
    assert sorted(each.name for each in tmp_path.glob("0000*")) == [i.key for i in items[6:]]
    assert [each.rows[0]["number"] for each in done] == list(range(10))
    assert told[-1] == Progress(done=4, known=6)
    assert str(told[-1]) == "4 items done, 6 known from before"


def test_an_item_asked_for_twice_is_carried_out_once(crew: Lanes, store: Store) -> None:
    told: list[Progress] = []
    asked = [NUMBERS[1], NUMBERS[1], NUMBERS[2], NUMBERS[1]]
    done = list(carry_out(asked, rows_of, crew=crew, store=store, on_progress=told.append))
    assert [each.rows[0]["number"] for each in done] == [1, 1, 2, 1]
    assert told[-1].done == 2


def test_a_worker_that_dies_costs_its_item_a_try_and_no_other(
    crew: Lanes, store: Store, tmp_path: Path
) -> None:
    items = [
        Number(number, "dies once" if number % 10 == 5 else "counts", tmp_path)
        for number in range(40)
    ]
    told: list[Progress] = []
    done = list(carry_out(items, rows_of, crew=crew, store=store, on_progress=told.append))
    assert told[-1] == Progress(done=40, retried=4)
    assert [each.rows[0]["number"] for each in done] == list(range(40))


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("dies", "its worker was killed (SIGKILL): by the system for want of memory?"),
        ("exits", "its worker ended with exit code 7"),
        ("raises", "ValueError: 3 is not wanted (tuning/jobs.py:"),
        ("gives a list", "TypeError: 'wrong' of a row is a list; a row has bool, int"),
    ],
)
def test_a_poisonous_item_is_set_aside_and_named(
    crew: Lanes, store: Store, does: str, reason: str
) -> None:
    items = [Number(number, does if number == 3 else "counts") for number in range(8)]
    told: list[Progress] = []
    done = list(carry_out(items, rows_of, crew=crew, store=store, on_progress=told.append))
    assert told[-1] == Progress(done=7, retried=2, set_aside=1)
    assert [each.set_aside is None for each in done] == [number != 3 for number in range(8)]
    [aside] = store.all_set_aside()
    assert (aside.key, aside.title, aside.tries) == ("00003", f"number 3, which {does}", 3)
    assert aside.reason.startswith(reason)
    assert done[3].set_aside == aside.reason
    assert str(told[-1]) == "7 items done, 2 retried, 1 set aside"


def test_what_was_set_aside_is_tried_again_only_when_it_is_forgotten(
    crew: Lanes, store: Store, tmp_path: Path
) -> None:
    items = [Number(3, "dies once", tmp_path)]
    [done] = carry_out(items, rows_of, crew=crew, store=store, tries=1)
    assert done.set_aside is not None
    told: list[Progress] = []
    [done] = carry_out(items, rows_of, crew=crew, store=store, on_progress=told.append)
    assert done.set_aside is not None
    assert told == [Progress(set_aside=1)]
    store.forget_set_aside()
    [done] = carry_out(items, rows_of, crew=crew, store=store)
    assert done.rows[0]["number"] == 3


def test_an_item_that_hangs_is_ended_and_told_where_it_stood(store: Store) -> None:
    items = [Number(number, "hangs" if number == 1 else "counts") for number in range(6)]
    with Lanes(2, Limits(timeout_s=0.5)) as crew:
        done = list(carry_out(items, rows_of, crew=crew, store=store, tries=2))
    assert [each.set_aside is None for each in done] == [True, False, True, True, True, True]
    assert str(done[1].set_aside).startswith(
        "took longer than 0.5 s of real time, at tuning/jobs.py:"
    )
    assert str(done[1].set_aside).endswith("in rows_of")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere address space is not limited")
def test_an_item_that_wants_too_much_memory_is_set_aside(store: Store) -> None:
    items = [Number(number, "allocates" if number == 1 else "counts") for number in range(6)]
    with Lanes(2, Limits(timeout_s=30.0, memory_mb=2_000)) as crew:
        done = list(carry_out(items, rows_of, crew=crew, store=store, tries=2))
    assert [each.set_aside is None for each in done] == [True, False, True, True, True, True]
    assert str(done[1].set_aside).startswith("MemoryError (tuning/jobs.py:")


def test_an_item_of_a_module_that_the_worker_has_not_says_so(crew: Lanes, store: Store) -> None:
    [done] = carry_out([Elsewhere()], rows_of, crew=crew, store=store)
    assert str(done.set_aside).startswith("ModuleNotFoundError: No module named 'my_bot'")


def test_items_are_taken_as_there_is_room_for_them(crew: Lanes, store: Store) -> None:
    taken = 0

    def items() -> Iterator[Number]:
        nonlocal taken
        for number in range(1_000):
            taken += 1
            yield Number(number)

    done = carry_out(items(), rows_of, crew=crew, store=store)
    next(done)
    assert taken <= 17 * crew.width
    done.close()  # type: ignore[attr-defined]


def test_when_it_is_stopped_what_is_done_is_kept_and_told(crew: Lanes, store: Store) -> None:
    stop = Stop()
    items = [Number(number) for number in range(100)]  # more than are done ahead
    done = carry_out(items, rows_of, crew=crew, store=store, stop=stop)
    for _ in range(5):
        next(done)
    stop.ask(signal.SIGTERM)
    with pytest.raises(StoppedError, match=r"stopped by SIGTERM: \d+ items done; .*study\.db") as e:
        list(done)
    assert e.value.exit_code == 143
    assert 5 <= len(store) < 100
    again = list(carry_out(items, rows_of, crew=crew, store=store))
    assert [each.rows[0]["number"] for each in again] == list(range(100))


def test_when_it_is_stopped_nobody_waits_for_what_hangs(store: Store) -> None:
    stop = Stop()
    items = [Number(0), Number(1, "hangs"), Number(2)]
    with Lanes(2, Limits(timeout_s=3_600.0)) as crew:
        done = carry_out(items, rows_of, crew=crew, store=store, stop=stop)
        next(done)
        stop.ask(signal.SIGINT)
        with pytest.raises(StoppedError) as error:
            next(done)
    assert error.value.exit_code == 130


class _Gone:
    """A crew whose workers go while they have something to do."""

    width = 4
    lost = 0
    gone = False

    def refusal(self, _: Exception) -> None:
        return None

    def submit(self, *_: object) -> Future[str]:
        if self.gone:
            raise RuntimeError("closed")
        self.gone = True
        future: Future[str] = Future()
        future.set_exception(TypeError("cannot unpack non-iterable"))
        return future


def test_when_the_workers_are_gone_no_item_is_blamed(store: Store) -> None:
    for items in ([Number(1)], [Number(1), Number(2)]):
        with pytest.raises(InputError, match="the workers are gone: 0 items done; what is done is"):
            list(carry_out(items, rows_of, crew=_Gone(), store=store))
    assert store.all_set_aside() == ()


class _Terminated(Future[str]):
    """The signal that ends its worker reaches this process while it is looked at."""

    def __init__(self, stop: Stop) -> None:
        super().__init__()
        self._stop = stop
        self.set_result("")

    def result(self, timeout: float | None = None) -> str:
        self._stop.ask(signal.SIGTERM)
        raise CallError("its worker was ended by SIGTERM")


class _StoppedToo(_Gone):
    """A crew that gets the signal that is meant for whoever it works for."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def submit(self, *_: object) -> Future[str]:
        return _Terminated(self._stop)


def test_a_worker_that_is_stopped_together_with_the_study_costs_no_try(store: Store) -> None:
    stop = Stop()
    crew = _StoppedToo(stop)
    with pytest.raises(StoppedError, match="stopped by SIGTERM: 0 items done; "):
        list(carry_out([Number(1)], rows_of, crew=crew, store=store, tries=1, stop=stop))
    assert store.all_set_aside() == ()
