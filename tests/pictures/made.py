"""Traces made by hand. Times are nanoseconds since the run's start, 22:34:00 of 2025-10-28."""

from __future__ import annotations

import json
from typing import Any

from replay.result import RunResult
from tests.replay.made import MS, S, clock, result

START_NS = clock("22:34:00")


def request(number: int, at: int, *, travels: int = 175 * MS, **fields: Any) -> dict[str, Any]:
    """A request as it reaches the venue; `travels` is how long it was on its way."""
    return {
        "t": at,
        "host": "binance",
        "kind": "request",
        "id": number,
        "method": "POST",
        "path": "/fapi/v1/order",
        "params": {"symbol": "SKLUSDT", "side": "BUY", "type": "MARKET", "quantity": "308"},
        "account": "bot",
        "sent_ns": START_NS + at - travels,
        **fields,
    }


def reply(number: int, at: int, *, travels: int = 175 * MS, **fields: Any) -> dict[str, Any]:
    return {
        "t": at,
        "host": "binance",
        "kind": "reply",
        "id": number,
        "status": 200,
        "body": '{"orderId":1,"status":"FILLED"}',
        "arrives_ns": START_NS + at + travels,
        **fields,
    }


def event(at: int, *, travels: int = 109 * MS, symbol: str = "SKLUSDT") -> dict[str, Any]:
    body = {"e": "ACCOUNT_UPDATE", "a": {"P": [{"s": symbol, "pa": "308"}]}}
    return {
        "t": at,
        "host": "binance",
        "kind": "stream",
        "connection": 2,
        "event": "ACCOUNT_UPDATE",
        "body": json.dumps(body),
        "arrives_ns": START_NS + at + travels,
    }


def log(at: int, message: str, *, level: str = "INFO", **fields: Any) -> dict[str, Any]:
    return {
        "t": at,
        "host": "bot",
        "kind": "log",
        "logger": "core.bot",
        "level": level,
        "message": message,
        **fields,
    }


def run_of(*entries: dict[str, Any], **changes: Any) -> RunResult:
    return result(trace=entries, **changes)


def long_run(count: int) -> RunResult:
    """`count` entries, a fifth of them requests, one of the log lines an error."""
    entries: list[dict[str, Any]] = []
    for number in range(count // 5):
        at = S + number * 20 * MS
        entries += [
            log(at - 6 * MS, f"line {number}", level="INFO"),
            request(number, at, travels=5 * MS),
            event(at + MS, travels=3 * MS),
            reply(number, at + 2 * MS, travels=5 * MS),
            log(at + 8 * MS, f"debug {number}", level="DEBUG", hidden=True),
        ]
    middle = count // 10
    at = S + middle * 20 * MS - 6 * MS
    entries[5 * middle] = log(at, "the needle broke", level="ERROR")
    return run_of(*entries, virtual_ns=(count // 5) * 20 * MS + 2 * S)
