"""`replay tune` of a study some items of which always fail, hang, or take too much memory."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tuning.disturbed import STUDY, Disturbed


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Disturbed]:
    each = Disturbed(tmp_path, STUDY.replace("[0 ms, 1.5 s]", "[1.5 s]"))
    yield each
    each.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be seen")
def test_what_always_fails_is_set_aside_and_named_and_can_be_tried_again(study: Disturbed) -> None:
    study.trouble(tries_1="dies", tries_2="hangs", tries_3="leaks", tries_5="fails")
    options = ("--workers", "1", "--timeout", "5", "--memory", "500", "--tries", "1")
    code, out, told = study.ended(*options)
    assert code == 1
    assert "1 items done, 4 set aside\n" in told
    assert "Which law of asking survives which lag: tries=8" in out
    assert "set aside, and in none of these numbers: 4 items" in out
    [dies, hangs, leaks, fails] = re.findall(
        r"^  late_order_bybit: .*lag=1.5 s, order_fetch_attempts=[1235], seeds 1 to 2: (.*)$",
        out,
        re.MULTILINE,
    )
    assert dies == "its worker was killed (SIGKILL): by the system for want of memory?"
    assert re.fullmatch(r"took longer than 5 s of real time, at .*/guest\.py:\d+ in create", hangs)
    assert leaks == "took more than 500 MB of memory"
    assert re.fullmatch(r"RuntimeError: out of order \(.*/guest\.py:\d+ in create\)", fails)
    assert len(study.stored()) == 1

    command = re.search(r"try again with  replay tune (.*)$", out, re.MULTILINE)
    assert command is not None
    study.trouble()
    again = shlex.split(command[1])
    assert again == ["laws.yaml", *options, "--retry-set-aside"]
    code, out, told = study.ended(*again[1:])
    assert code == 0, told
    assert "4 items done, 1 known from before\n" in told
    assert "set aside" not in out
    assert len(study.stored()) == 5
