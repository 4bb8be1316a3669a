"""One piece of a study's work, in this process."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot_under_test.adapter import create as reference
from replay.tuning.items import Item, work
from replay.tuning.studying import Studying
from simulator.errors import SimulatorError
from tests.tuning.made import STUDY, study


def escaping(settings: Mapping[str, Any]) -> object:
    """A bot that starts a process, and tells nobody that it may not."""
    with suppress(OSError):
        subprocess.run(["true"], check=False)
    return reference({**settings, "version": "current"})


def item_of(folder: Path, bot: str) -> Item:
    made = study(folder, f"{STUDY}bot: {bot}\n")
    return Studying(made, folder).first


def test_a_run_that_tried_to_get_out_of_its_world_is_not_measured(tmp_path: Path) -> None:
    item = item_of(tmp_path, f"{__name__}:escaping")
    with pytest.raises(SimulatorError, match=r"^seed 1: .*true.* refused: .*test_items\.py:\d+"):
        work(item)
    assert len(work(item_of(tmp_path, "current"))) == 1
