"""A thread that writes what the bot counts, so that the disk never holds up trading."""

import json
import logging
import queue
import threading
import time
from pathlib import Path

log = logging.getLogger("breakout.metrics")


class Metrics:
    """`count` may be called from anywhere. A line goes out every `every_s`, and one at the end."""

    def __init__(self, path: Path, every_s: float = 30.0) -> None:
        self._path = path
        self._every_s = every_s
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def count(self, name: str) -> None:
        self._queue.put(name)

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        counts: dict[str, int] = {}
        due = time.monotonic() + self._every_s
        with self._path.open("a", encoding="utf-8") as out:
            while True:
                try:
                    name = self._queue.get(timeout=max(0.0, due - time.monotonic()))
                except queue.Empty:
                    self._write(out, counts)
                    due += self._every_s
                    continue
                if name is None:
                    break
                counts[name] = counts.get(name, 0) + 1
            self._write(out, counts)
        log.debug("metrics thread has ended")

    def _write(self, out, counts: dict[str, int]) -> None:
        out.write(json.dumps({"at": round(time.time(), 3), **counts}) + "\n")
        out.flush()
