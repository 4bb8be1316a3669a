"""Work spread over processes."""

from __future__ import annotations

import os

import pytest

from replay import parallel
from simulator.errors import InputError


def own_process(_: int) -> int:
    return os.getpid()


def half(number: int) -> int:
    if number % 2:
        raise InputError(f"{number} is odd")
    return number // 2


@pytest.mark.parametrize("count", [1, 2])
def test_results_come_in_the_order_of_what_was_asked(count: int) -> None:
    with parallel.workers(count) as mapped:
        assert list(mapped(half, range(0, 40, 2))) == list(range(20))


def test_one_worker_is_this_process_and_two_are_others() -> None:
    with parallel.workers(1) as mapped:
        assert set(mapped(own_process, range(3))) == {os.getpid()}
    with parallel.workers(2) as mapped:
        assert os.getpid() not in set(mapped(own_process, range(3)))


@pytest.mark.parametrize("count", [1, 2])
def test_what_a_function_raises_is_raised_here(count: int) -> None:
    with pytest.raises(InputError, match="3 is odd"), parallel.workers(count) as mapped:
        list(mapped(half, [2, 3, 4]))
