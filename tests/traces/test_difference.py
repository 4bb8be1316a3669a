"""Where two traces part."""

from __future__ import annotations

from replay.traces import difference


def entries(count: int) -> list[dict[str, object]]:
    return [{"t": i, "host": "bot", "kind": "log"} for i in range(count)]


def test_equal_traces_do_not_part() -> None:
    assert difference.first_difference(entries(20), entries(20)) is None
    assert difference.first_difference([], []) is None


def test_the_first_difference_comes_with_five_entries_on_either_side() -> None:
    left, right = entries(30), entries(30)
    right[12]["host"] = "binance"
    right[20]["host"] = "binance"
    found = difference.first_difference(left, right)
    assert found is not None
    assert found.index == 12
    assert found.common == tuple(left[7:12])
    assert found.left == tuple(left[7:18])
    assert found.right == tuple(right[7:18])


def test_a_trace_that_ends_earlier_differs_at_its_end() -> None:
    found = difference.first_difference(entries(3), entries(4))
    assert found is not None
    assert found.index == 3
    assert "  >      4  (the trace ends)" in difference.lines(found)


def test_a_difference_in_the_first_entry_has_nothing_before_it() -> None:
    found = difference.first_difference(["a", "b"], ["x", "b"])
    assert found is not None
    assert (found.index, found.common) == (0, ())


def test_the_differing_entries_are_marked() -> None:
    found = difference.first_difference(["a", "b", "c"], ["a", "x", "c"])
    assert found is not None
    assert difference.lines(found) == [
        "the runs part at entry 2; both have before it:",
        "         1  a",
        "first run:",
        "  >      2  b",
        "         3  c",
        "second run:",
        "  >      2  x",
        "         3  c",
    ]
