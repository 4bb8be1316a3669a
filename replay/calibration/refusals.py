"""Refusals, failures and disconnects, as logs and traces show them: counted, and not fitted.

How often a venue refuses depends on how much it is asked, and of a log nobody knows how much that
was; so no rate of a fault and no limit comes of them. What was there is told all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from replay.logs.rows import Rows

# https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
# https://bybit-exchange.github.io/docs/v5/error
CODES: Mapping[str, Mapping[int, str]] = {
    "binance": {
        -1000: "unknown error",
        -1001: "disconnected",
        -1003: "too many requests",
        -1006: "unexpected response",
        -1007: "status unknown",
        -1008: "overloaded",
        -1015: "too many orders",
        -1016: "shutting down",
    },
    "bybit": {
        10000: "server timeout",
        10006: "too many requests",
        10016: "internal error",
        10018: "too many requests of one address",
        10429: "too many requests of all",
    },
}
"""With which a venue says that it could not or would not, whatever was asked of it."""
_STATUSES = (403, 418, 429)
_BY_CODE = {code: (venue, told) for venue, of in CODES.items() for code, told in of.items()}

_HINTS = (
    "code",
    "http",
    "status",
    "too many",
    "ratelimitexceeded",
    "ddosprotection",
    "banned",
    "requesttimeout",
    "disconnect",
    "connection",
    "socket",
)
"""One of these is in every line that one of the patterns finds, in small letters."""
_CODE = re.compile(r"""\b(?:ret|err)?_?code["']?\s*[=:]\s*["']?(-?\d{4,6})\b""", re.IGNORECASE)
_STATUS = re.compile(
    r"""\b(?:HTTP(?:/\d(?:\.\d)?)?|status(?:[ _]?code)?)["']?\s*[=:]?\s*(403|418|429|5\d\d)\b""",
    re.IGNORECASE,
)
_WORDS = (
    (
        re.compile(
            r"\btoo many (?:requests|visits|orders)\b|\bRateLimitExceeded\b|\bDDoSProtection\b"
            r"|\bbanned until\b",
            re.IGNORECASE,
        ),
        "too many requests",
    ),
    (re.compile(r"\bRequestTimeout\b"), "request timed out"),
    (
        re.compile(
            r"\b(?:web ?socket|ws|stream|connection)\b.{0,40}?"
            r"\b(?:disconnected|closed|lost|reset|dropped)\b"
            r"|\bConnectionClosed(?:Error|OK)?\b|\b(?:Server|Client)Disconnected(?:Error)?\b"
            r"|\bConnectionResetError\b",
            re.IGNORECASE,
        ),
        "connection closed or lost",
    ),
)


@dataclass(slots=True)
class Refusals:
    """How often each was seen, where first, and in how much time."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    """The first place of each, `file:line`."""
    watched_ns: int = 0
    """From the first to the last moment of each log and trace, together."""

    def see(self, what: str, source: str) -> None:
        """One more."""
        self.counts[what] += 1
        self.first.setdefault(what, source)

    def add(self, other: Refusals) -> None:
        """Takes over what another file gave."""
        self.counts += other.counts
        self.first = {**other.first, **self.first}
        self.watched_ns += other.watched_ns


def of_reply(venue: str, status: int, body: object) -> str | None:
    """What a reply says if it is a refusal or a failure: `429 -1003, too many requests`."""
    code = _code_of(body)
    told = CODES.get(venue, {}).get(code) if code is not None else None
    if told is None and status not in _STATUSES and status < 500:
        return None
    parts = [str(status)] if status != 200 else []
    if told is not None:
        parts.append(f"{code}, {told}")
    return " ".join(parts)


def _code_of(body: object) -> int | None:
    told: Any = None
    if isinstance(body, dict):
        told = body.get("code", body.get("retCode"))
    return told if isinstance(told, int) else None


def of_text(text: str) -> str | None:
    """What a log line says of one, as far as it can be told: a code of a venue's, an HTTP status,
    or words that clients use."""
    for found in _CODE.finditer(text):
        if (known := _BY_CODE.get(int(found[1]))) is not None:
            return f"{known[0]} {int(found[1])}, {known[1]}"
    if (found_status := _STATUS.search(text)) is not None:
        return f"status {found_status[1]}"
    return next((told for pattern, told in _WORDS if pattern.search(text)), None)


def of_log(found: Iterable[Rows], refusals: Refusals) -> None:
    """Counts those of a log, of which every row is looked at."""
    first_ns: int | None = None
    last_ns = 0
    for rows in found:
        times = [each for each in rows.times_ns if each is not None]
        if times:
            first_ns = min(times) if first_ns is None else min(first_ns, *times)
            last_ns = max(last_ns, *times)
        for place, text in enumerate(rows.messages):
            small = text.lower()
            if any(hint in small for hint in _HINTS) and (told := of_text(text)) is not None:
                refusals.see(told, f"{rows.file}:{rows.numbers[place]}")
    if first_ns is not None:
        refusals.watched_ns += last_ns - first_ns
