"""Where a test's own freezegun has set the time: a world begins there."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import Any


def frozen_start(function: Any) -> datetime | None:
    """The time that is frozen now, or that a decorator of the test will freeze; None for neither.

    With the local time zone that freezegun was given.
    """
    frozen: Any = sys.modules.get("freezegun.api")
    if frozen is None:
        return None
    if frozen.freeze_factories:
        return _aware(frozen.freeze_factories[-1](), frozen.tz_offsets[-1])
    while function is not None:
        # The decorators of freezegun keep what they freeze in their closures, and nowhere else.
        for cell in getattr(function, "__closure__", None) or ():
            try:
                freeze = cell.cell_contents
            except ValueError:  # a name that is not bound yet
                continue
            if isinstance(freeze, frozen._freeze_time):
                return _aware(freeze.time_to_freeze, freeze.tz_offset)
        function = getattr(function, "__wrapped__", None)
    return None


def _aware(utc: datetime, offset: timedelta) -> datetime:
    zone = timezone(offset)
    return (utc + offset).replace(tzinfo=zone)
