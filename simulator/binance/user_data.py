"""Endpoints of the user data stream's listen key."""

from __future__ import annotations

from simulator.binance.desk import Call, Desk
from simulator.wire.json_text import Json


def start_stream(desk: Desk, call: Call) -> Json:
    """POST /fapi/v1/listenKey: the same key while one lives."""
    return {"listenKey": desk.listen_keys.start(call.account)}


def extend_stream(desk: Desk, call: Call) -> Json:
    """PUT /fapi/v1/listenKey: answers with the key since 2024-04-25."""
    return {"listenKey": desk.listen_keys.extend(call.account)}


def end_stream(desk: Desk, call: Call) -> Json:
    """DELETE /fapi/v1/listenKey"""
    desk.listen_keys.end(call.account)
    return {}
