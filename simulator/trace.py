"""Everything that happened in a run, in order, with virtual time; its digest identifies the run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from simulator.clock import Clock

_SIGNATURE = re.compile(
    # Quotes of a text that is JSON itself are escaped in a line.
    r"""((?:signature|BAPI-SIGN)(?:\\?['"])?\s*[=:]\s*(?:\\?['"])?)[0-9A-Za-z%+/=_-]{16,}""",
    re.IGNORECASE,
)
_DIGEST = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")
"""A signature that nobody calls one: the last part of a WebSocket's `auth`."""
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_LINE_NUMBER = re.compile(r"""(?<=\.py)((?:\\?["'])?)(?::|, line )\d+(?=,? in )""")
"""That of a place (`bot.py:12 in open`) or of a line of a traceback."""
_MASK = "***"
_MIN_SECRET_LENGTH = 6


def digest_of(lines: Iterable[str]) -> str:
    """The digest of a trace that was written as these lines."""
    sha = hashlib.sha256()
    for line in lines:
        sha.update(line.encode())
        sha.update(b"\n")
    return sha.hexdigest()


def digest_without_line_numbers(lines: Iterable[str]) -> str:
    """As `digest_of`, but the same wherever in its file the code stands that a line tells of: an
    edit of the bot that changes nothing it does leaves this digest as it was."""
    return digest_of(without_line_numbers(line) for line in lines)


def without_line_numbers(line: str) -> str:
    """A line of a trace without the numbers of the lines of code that it tells of."""
    return _LINE_NUMBER.sub(r"\1", line) if ".py" in line else line


class Trace:
    """The record of a run: entries of `t` (ns since the start), `host`, `kind` and more fields.

    Secrets registered with `hide`, and signatures, never leave it in clear;
    addresses of objects, which differ between runs, are taken out of texts.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[tuple[int, str, str, dict[str, Any]]] = []
        self._secrets: list[str] = []
        self.enabled = True
        self.listeners: list[Callable[[str, str, Mapping[str, Any]], None]] = []
        """Told of every entry, right after it: kind, host, fields."""

    def __len__(self) -> int:
        return len(self._entries)

    def record(self, kind: str, host: str, /, **fields: Any) -> None:
        """Notes something at the present moment. `fields` must be fit for JSON."""
        if self.enabled:
            self._entries.append((self._clock.elapsed_ns, host, kind, fields))
            for hear in self.listeners:
                hear(kind, host, fields)

    def hide(self, secret: str) -> None:
        """Makes sure that this text never appears in what the trace gives out."""
        if len(secret) >= _MIN_SECRET_LENGTH and secret not in self._secrets:
            self._secrets.append(secret)
            self._secrets.sort(key=len, reverse=True)

    def redact(self, text: str) -> str:
        """`text` without secrets, signatures and object addresses."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, _MASK)
        if "ignature" in text or "SIGN" in text or "bapi-sign" in text:
            text = _SIGNATURE.sub(rf"\g<1>{_MASK}", text)
        if "auth" in text:
            text = _DIGEST.sub(_MASK, text)
        if "0x" in text:
            text = _ADDRESS.sub("0x", text)
        return text

    def lines(
        self, wanted: Callable[[str, Mapping[str, Any]], bool] | None = None
    ) -> Iterator[str]:
        """The entries as JSON, one line each, redacted; which, as for `entries`."""
        encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        for time_ns, host, kind, fields in self._entries:
            if wanted is not None and not wanted(kind, fields):
                continue
            yield self.redact(encode({"t": time_ns, "host": host, "kind": kind, **fields}))

    def entries(
        self, wanted: Callable[[str, Mapping[str, Any]], bool] | None = None
    ) -> list[Mapping[str, Any]]:
        """The entries as a reader of the trace file would get them; those that are `wanted`, by
        kind and fields, if that is given."""
        return [json.loads(line) for line in self.lines(wanted)]

    def digest(self) -> str:
        """SHA-256 over the lines, in hexadecimal."""
        return digest_of(self.lines())

    def write(self, path: Path) -> None:
        """Writes the trace as JSON lines, UTF-8."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for line in self.lines():
                file.write(line)
                file.write("\n")
