"""Logs: 200 MB of a production log into a table, against pandas on the same bytes."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from replay.logs import table
from tests.bench.figures import Figure, median_ratio, seconds

SIZE = 200_000_000
BATCH = 50_000
ROUNDS = 3

_LOGGERS = (
    "core.position_manager",
    "core.signal_processor_websocket",
    "core.exchange_manager",
    "websocket.binance_hybrid_stream",
)
_MESSAGES = (
    "📊 Position update: SKLUSDT → SKLUSDT, mark_price=0.0194{}",
    "✅ Leverage set to 1x for B{}USDT",
    "GET /fapi/v1/positionRisk answered 200 in {} ms, weight 5 of 2400 used in this minute",
    "Signal {} skipped: VELOUSDT: duplicate of a position that is open already",
    "heartbeat - stream {} alive",
)
_TRACEBACK = 'Traceback (most recent call last):\n  File "bot.py", line 3, in run\nValueError: 3\n'


def write_log(file: Path, size: int) -> None:
    """A bot's log of at least `size` bytes: one line in a hundred goes on as a traceback."""
    draw = random.Random(1)
    now_ms, written = 0, 0
    with file.open("w", encoding="utf-8", newline="\n") as log:
        while written < size:
            lines = []
            for _ in range(BATCH):
                now_ms += draw.randrange(1, 40)
                day, of_day_ms = divmod(now_ms, 86_400_000)
                minutes, of_minute_ms = divmod(of_day_ms, 60_000)
                lines.append(
                    f"2025-10-{1 + day:02} {minutes // 60:02}:{minutes % 60:02}:"
                    f"{of_minute_ms // 1000:02},{of_minute_ms % 1000:03} - "
                    f"{draw.choice(_LOGGERS)} - INFO - "
                    f"{draw.choice(_MESSAGES).format(draw.randrange(10**6))}\n"
                )
                if draw.random() < 0.01:
                    lines.append(_TRACEBACK)
            text = "".join(lines)
            written += len(text.encode())
            log.write(text)


def _csv_columns(file: Path) -> object:
    """The C engine's nearest to ` - `, which only the far slower Python engine can split at: at
    each `-`, into the ten parts that a line can have. Quotes mean nothing in a log."""
    return pd.read_csv(
        file,
        sep="-",
        header=None,
        names=list("abcdefghij"),
        quoting=csv.QUOTE_NONE,
        on_bad_lines="error",
    )


def _csv_lines(file: Path) -> object:
    """The least that read_csv can do: each line a text, nothing split, nothing converted."""
    return pd.read_csv(file, sep="\x01", header=None, names=["line"], quoting=csv.QUOTE_NONE)


def figures() -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        log = Path(folder) / "bot.log"
        write_log(log, SIZE)

        def ratio(read: Callable[[Path], object]) -> float:
            return median_ratio(
                lambda: seconds(lambda: table.read_table(log)),
                lambda: seconds(lambda: read(log)),
                rounds=ROUNDS,
            )

        yield Figure(
            name="log_reader_ratio",
            value=ratio(_csv_columns),
            unit="x read_csv, split at the dashes, 200 MB",
            target=3,
            better="lower",
        )
        with pd.option_context("mode.string_storage", "python"):
            yield Figure(
                name="log_reader_ratio_without_arrow",
                value=ratio(_csv_columns),
                unit="x read_csv, split at the dashes, 200 MB",
                target=None,
                better="lower",
            )
        yield Figure(
            name="log_reader_ratio_to_whole_lines",
            value=ratio(_csv_lines),
            unit="x read_csv, lines unsplit, 200 MB",
            target=None,
            better="lower",
        )
