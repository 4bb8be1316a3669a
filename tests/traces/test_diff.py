"""Two traces against each other: what is paired with what, what is told, and how it ends."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from replay import cli
from replay.traces import pairing, trace_file
from replay.traces.summary import Moved, differences
from replay.traces.trace_file import TraceFile
from simulator.errors import InputError
from tests.replay.made import MS

Entry = dict[str, Any]


def entry(t: int, kind: str = "log", host: str = "bot", **fields: Any) -> Entry:
    return {"t": t, "host": host, "kind": kind, **fields}


def said(t: int, message: str) -> Entry:
    return entry(t, logger="core", level="INFO", message=message)


def asked(t: int, number: int, path: str, method: str = "GET", **params: str) -> Entry:
    return entry(
        t, "request", "binance", id=number, method=method, path=path, params=params, sent_ns=t
    )


def reached(t: int, name: str, **groups: str) -> Entry:
    return entry(t, "milestone", name=name, **groups)


def text(entries: list[Entry]) -> str:
    return "".join(f"{json.dumps(each, separators=(',', ':'))}\n" for each in entries)


def trace(entries: list[Entry]) -> TraceFile:
    return TraceFile(lines=tuple(text(entries).splitlines()), entries=tuple(entries))


def diff(folder: Path, one: list[Entry], other: list[Entry], *options: str) -> Result:
    files = [folder / "a.jsonl", folder / "b.jsonl"]
    for file, entries in zip(files, (one, other), strict=True):
        file.write_text(text(entries), encoding="utf-8")
    return CliRunner().invoke(cli.app, ["diff", *map(str, files), *options])


def states(one: list[Entry], other: list[Entry]) -> list[pairing.State]:
    return list(pairing.pair(trace(one), trace(other)).states)


# What is paired


def test_an_entry_more_leaves_the_rest_as_it_was_but_for_times() -> None:
    one = [asked(number, number, f"/{number}") for number in range(6)]
    other = [
        *one[:2],
        asked(2, 2, "/more"),
        *(asked(number + 1, number + 1, f"/{number}") for number in range(2, 6)),
    ]
    assert states(one, other) == ["same"] * 2 + ["only second"] + ["moved"] * 4


def test_what_repeats_is_paired_in_order() -> None:
    one = [said(t, "poll") for t in range(5)]
    other = [said(t * 2, "poll") for t in range(5)]
    assert states(one, other) == ["same", *["moved"] * 4]


def test_the_same_request_with_another_parameter_is_changed() -> None:
    one = [said(0, "a"), asked(1, 1, "/order", "POST", symbol="X", quantity="308"), said(2, "b")]
    other = [said(0, "a"), asked(1, 1, "/order", "POST", symbol="X", quantity="307"), said(2, "b")]
    assert states(one, other) == ["same", "changed", "same"]


def test_a_message_with_another_number_in_it_is_changed_and_another_message_is_not_it() -> None:
    one = [said(0, "a"), said(1, "Position opened: 12"), said(2, "gave up"), said(9, "z")]
    other = [said(0, "a"), said(1, "Position opened: 13"), said(2, "went on"), said(9, "z")]
    assert states(one, other) == ["same", "changed", "only first", "only second", "same"]


def test_order_ids_and_moments_do_not_make_an_entry_another_one() -> None:
    one = [entry(1, "reply", "binance", id=1, body='{"orderId":8389765501,"T":1761676452073}')]
    other = [entry(5, "reply", "binance", id=2, body='{"orderId":8389765777,"T":1761676452077}')]
    assert states(one, other) == ["moved"]


def test_code_that_only_moved_in_its_file_does_not_make_an_entry_another_one() -> None:
    one, other = (
        [entry(1, exception={"place": f"bot.py:{line} in open", "message": "gone"})]
        for line in (12, 15)
    )
    assert states(one, other) == ["moved"]


def test_a_quantity_is_no_id() -> None:
    one, other = ([asked(1, 1, "/order", "POST", quantity=of)] for of in ("30800", "30700"))
    assert states(one, other) == ["changed"]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30),
)
def test_every_entry_of_both_is_there_once_and_in_order(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    made = [
        trace([said(t, f"{'abcd'[what]}") for t, (_, what) in enumerate(each)])
        for each in (one, other)
    ]
    found = pairing.pair(*made)
    assert [a for a, _ in found.pairs if a is not None] == list(range(len(one)))
    assert [b for _, b in found.pairs if b is not None] == list(range(len(other)))
    for (a, b), state in zip(found.pairs, found.states, strict=True):
        assert (state == "only second") is (a is None)
        assert (state == "only first") is (b is None)


@given(st.lists(st.integers(0, 400), unique=True, max_size=40))
def test_of_entries_that_are_there_once_as_many_are_paired_as_can_be(order: list[int]) -> None:
    one = trace([said(0, f"x{number}x") for number in sorted(order)])
    other = trace([said(0, f"x{number}x") for number in order])
    paired = [pair for pair in pairing.pair(one, other).pairs if None not in pair]
    longest = [1] * len(order)  # of the increasing sequences that end at each place
    for i, number in enumerate(order):
        longest[i] += max((longest[j] for j in range(i) if order[j] < number), default=0)
    # Common beginnings and ends are paired first, which never costs more than the longest gains.
    same = [p for p in paired if one.lines[p[0] or 0] == other.lines[p[1] or 0]]
    assert len(same) == max(longest, default=0)


def test_long_traces_are_no_matter_of_the_square_of_their_length() -> None:
    """Counted, not timed: what is looked at of 100,000 entries without any order in common."""
    looked = 0

    class Key(int):
        def __eq__(self, other: object) -> bool:
            nonlocal looked
            looked += 1
            return int(self) == other

        __hash__ = int.__hash__

    count = 100_000
    left = [Key(number) for number in range(count)]
    right = left[:]
    random.Random(1).shuffle(right)
    pairs = list(pairing.paired(left, right))
    assert sum(None not in pair for pair in pairs) > 100
    assert looked < 20 * count


# What is told


def test_equal_traces_end_with_0(tmp_path: Path) -> None:
    one = [said(t, "x") for t in range(3)]
    ended = diff(tmp_path, one, one)
    assert (ended.exit_code, ended.stdout) == (0, "equal: 3 entries\n")


def test_the_first_difference_is_told_with_what_led_to_it(tmp_path: Path) -> None:
    one = [
        reached(1_500 * MS, "operation_started", symbol="X"),
        *(said(2_000 * MS, f"step {n}") for n in range(3)),
        asked(3_000 * MS, 1, "/order", "POST", symbol="X", quantity="308"),
        said(4_000 * MS, "end"),
    ]
    other = [*one[:4], asked(3_000 * MS, 1, "/order", "POST", symbol="X", quantity="307"), one[5]]
    ended = diff(tmp_path, one, other)
    assert ended.exit_code == 1
    shown = ended.stdout.splitlines()
    assert "the runs part at entry 5; both have before it:" in shown
    assert f"         4  {text([one[3]])}".rstrip() in shown
    assert f"  >      5  {text([other[4]])}".rstrip() in shown
    assert "    params.quantity: 308 -> 307" in shown
    assert "the last milestone of both: operation_started at 1.500 s" in shown
    assert "the same from entry 6 of A and 6 of B on, at 4.000 s: 1 to the end" in shown


def test_the_first_difference_in_more_than_times_is_told_as_well(tmp_path: Path) -> None:
    one = [said(0, "a"), said(1, "b"), said(2, "took 3 ms"), said(3, "end")]
    other = [said(0, "a"), said(2, "b"), said(3, "new"), said(4, "took 4 ms"), said(5, "end")]
    shown = diff(tmp_path, one, other).stdout.splitlines()
    at = shown.index("where they first differ:")
    assert shown[at + 1 : at + 5] == [
        "    entry 2 of A, 2 of B",
        "    t: 1 -> 2",
        "the first that differs in more than times, ids and line numbers of code:",
        f"    only in B: 3  {text([other[2]])}".rstrip(),
    ]


def test_traces_that_only_moved_are_told_to_be_no_more_than_that(tmp_path: Path) -> None:
    one, other = [said(0, "a"), said(1, "b")], [said(0, "a"), said(2, "b")]
    ended = diff(tmp_path, one, other)
    assert ended.exit_code == 1
    assert "nowhere in more than times, ids and line numbers of code\n" in ended.stdout


def test_differences_are_counted_by_kind_and_host(tmp_path: Path) -> None:
    one = [said(0, "a"), asked(1, 1, "/x"), asked(2, 2, "/y"), said(3, "b"), said(4, "c")]
    other = [said(0, "a"), asked(1, 1, "/x"), said(3, "b!"), said(4, "d"), said(5, "c")]
    found = differences(trace(one), trace(other))
    assert {key: dict(tally) for key, tally in found.tallies.items()} == {
        ("log", "bot"): {"same": 1, "only first": 1, "only second": 2, "moved": 1},
        ("request", "binance"): {"same": 1, "only first": 1},
    }
    assert found.requests == (("binance GET /y", 1, 0),)
    rows = [line.split() for line in diff(tmp_path, one, other).stdout.splitlines()]
    assert ["log", "bot", "1", "1", "1", "2"] in rows


def test_milestones_are_told_with_how_far_they_moved(tmp_path: Path) -> None:
    one = [
        reached(1_000 * MS, "started", symbol="X"),
        reached(2_000 * MS, "confirmed", symbol="X"),
        reached(3_000 * MS, "confirmed", symbol="X"),
        reached(4_000 * MS, "gone"),
    ]
    other = [
        reached(1_000 * MS, "started", symbol="X"),
        reached(1_512 * MS, "new"),
        reached(2_000 * MS, "confirmed", symbol="X"),
        reached(4_468 * MS, "confirmed", symbol="X"),
    ]
    assert differences(trace(one), trace(other)).milestones == (
        Moved(name="new", number=1, first_ns=None, second_ns=1_512 * MS),
        Moved(name="confirmed X", number=2, first_ns=3_000 * MS, second_ns=4_468 * MS),
        Moved(name="gone", number=1, first_ns=4_000 * MS, second_ns=None),
    )
    shown = diff(tmp_path, one, other).stdout
    assert "new: only in B, at 1.512 s\n" in shown
    assert "confirmed X (2): 3.000 s -> 4.468 s, +1,468.0 ms\n" in shown
    assert "gone: only in A, at 4.000 s\n" in shown


def test_two_milestones_that_change_places_have_both_moved() -> None:
    one = [reached(1, "ws_update"), reached(2, "order_placed"), said(3, "end")]
    other = [reached(1, "order_placed"), reached(2, "ws_update"), said(3, "end")]
    found = differences(trace(one), trace(other)).milestones
    assert [(each.name, each.first_ns, each.second_ns) for each in found] == [
        ("ws_update", 1, 2),
        ("order_placed", 2, 1),
    ]


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (said(7, "end"), "the same from entry 2 of A and 3 of B on"),
        (said(8, "end"), "the same but for times and ids from entry 2 of A and 3 of B on"),
        (said(7, "other"), "never the same again"),
    ],
)
def test_the_end_says_whether_they_came_together_again(
    tmp_path: Path, last: Entry, told: str
) -> None:
    one = [said(1, "a"), said(7, "end")]
    assert told in diff(tmp_path, one, [said(1, "a"), said(2, "more"), last]).stdout


def test_long_lists_are_cut_and_what_was_cut_is_counted(tmp_path: Path) -> None:
    one = [reached(t, f"m{t}") for t in range(50)]
    other = [reached(t + 1, f"m{t}") for t in range(50)]
    assert "and 10 more; --limit 0 shows all" in diff(tmp_path, one, other).stdout
    shown = diff(tmp_path, one, other, "--limit", "0").stdout
    assert "more; --limit" not in shown
    assert shown.count("+0.0 ms") == 50


# What is read


def test_a_packed_trace_is_read_by_its_content(tmp_path: Path) -> None:
    entries = [said(t, "x") for t in range(3)]
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.trace"
    plain.write_text(text(entries), encoding="utf-8")
    packed.write_bytes(gzip.compress(text(entries).encode()))
    assert trace_file.read(packed) == trace_file.read(plain)


def test_a_line_that_python_would_split_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"t":1,"host":"bot","kind":"log","message":"a\u2028b"}\n', encoding="utf-8")
    assert len(trace_file.read(file).lines) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"t":1,"host":"bot","kind":"log"}\n{"t":', r"a\.jsonl:2: no JSON: .*; name a file that"),
        (b'{"t":1,"host":"bot"}\n', r"a\.jsonl:1: .* is no entry with `t`, `host` and `kind`"),
        (b"[1]\n", r"a\.jsonl:1: \[1\] is no entry"),
        (b"\xff\n", r"a\.jsonl: cannot be read: "),
        (gzip.compress(b'{"t":1}\n' * 99, mtime=0)[:-9], r"a\.jsonl(:1)?: "),
    ],
)
def test_a_file_that_is_no_trace_is_unusable(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(content)
    with pytest.raises(InputError, match=told):
        trace_file.read(file)
    assert CliRunner().invoke(cli.app, ["diff", str(file), str(file)]).exit_code == 2


def test_a_file_that_is_not_there_is_unusable(tmp_path: Path) -> None:
    ended = CliRunner().invoke(cli.app, ["diff", str(tmp_path / "a"), str(tmp_path / "b")])
    assert ended.exit_code == 2
    assert "a: cannot be read: No such file or directory; name a file that" in ended.stderr


def test_a_real_trace_against_that_of_another_version(tmp_path: Path) -> None:
    files = [tmp_path / "t.current.jsonl", tmp_path / "t.2025-10-28.jsonl"]
    for file in files:
        version = file.name.removeprefix("t.").removesuffix(".jsonl")
        options = ["--bot", version, "--trace", str(file)]
        CliRunner().invoke(cli.app, ["run", "sklusdt", *options])
    ended = CliRunner().invoke(cli.app, ["diff", *map(str, files)])
    assert ended.exit_code == 1
    assert "verification_timeout SKLUSDT: only in B, at 23.3" in ended.stdout
    assert "position_active SKLUSDT: only in A" in ended.stdout
    assert "binance POST /fapi/v1/algoOrder SKLUSDT: 2 -> 0 times" in ended.stdout
