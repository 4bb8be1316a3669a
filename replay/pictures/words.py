"""What is written on the items of a picture: short, in the field's own terms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from replay.evidence import Interval
from replay.truth import OrderMoment

_ASKED = ("symbol", "side", "type", "orderType", "quantity", "qty", "leverage", "stopLoss")
_ANSWERED = ("status", "algoStatus", "code", "retCode", "msg")


def request_title(request: Mapping[str, Any], reply: Mapping[str, Any] | None) -> str:
    """`POST order SKLUSDT BUY MARKET 308: 200 FILLED`."""
    params = request.get("params", {})
    asked = " ".join(str(params[name]) for name in _ASKED if params.get(name))
    path = str(request["path"]).rstrip("/")
    name = path.rsplit("/", 1)[-1] if path.count("/") < 3 else "/".join(path.split("/")[3:])
    return f"{request['method']} {name} {asked}".rstrip() + f": {_answer(reply)}"


def _answer(reply: Mapping[str, Any] | None) -> str:
    if reply is None:
        return "never answered"
    body = _read(reply.get("body"))
    told = [str(body[name]) for name in _ANSWERED if body.get(name)]
    if body.get("retCode"):  # with every success it says OK
        told.append(str(body.get("retMsg", "")))
    return " ".join([str(reply["status"]), *told])


def refused(reply: Mapping[str, Any]) -> bool:
    """Whether the venue said no, in the status or, as Bybit does, in the body."""
    return int(reply["status"]) >= 400 or bool(_read(reply.get("body")).get("retCode"))


def stream_title(entry: Mapping[str, Any]) -> str:
    """`ORDER_TRADE_UPDATE SKLUSDT BUY FILLED`, or the stream of a market event."""
    if "body" not in entry:
        return f"{entry['event']} {entry.get('stream', '')}".rstrip()
    told = " ".join(_told(_read(entry["body"])))
    return f"{entry['event']} {told}".rstrip()


def _told(body: Mapping[str, Any]) -> list[str]:
    match body:
        case {"a": {"P": [*positions]}}:
            return [f"{each['s']} {each['pa']}" for each in positions]
        case {"o": {"s": symbol, "S": side, "X": status}}:
            return [f"{symbol} {side} {status}"]
        case {"data": [*rows]}:
            return [_row(each) for each in rows if isinstance(each, dict) and "symbol" in each]
        case {"s": symbol}:
            return [str(symbol)]
    return []


def _row(row: Mapping[str, Any]) -> str:
    names = ("symbol", "side", "orderStatus", "size", "execQty")
    return " ".join(str(row[name]) for name in names if row.get(name))


def symbols(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The symbols that an event of a private stream speaks of."""
    match _read(entry.get("body")):
        case {"a": {"P": [*positions]}}:
            return tuple(str(each["s"]) for each in positions)
        case {"o": {"s": symbol}} | {"s": symbol}:
            return (str(symbol),)
        case {"data": [*rows]}:
            return tuple(dict.fromkeys(str(each["symbol"]) for each in rows if each.get("symbol")))
    return ()


def order_title(moment: OrderMoment) -> str:
    """`FILLED SKLUSDT BUY MARKET 308 at 0.01947`."""
    price = "" if moment.price is None else f" at {plain(moment.price)}"
    return (
        f"{moment.change} {moment.symbol} {moment.side} {moment.type} "
        f"{plain(moment.quantity)}{price}"
    )


def position_title(interval: Interval) -> str:
    """`SKLUSDT +308 without a stop-loss`."""
    cover = "with" if interval.protected else "without"
    return f"{interval.symbol} {interval.quantity:+f} {cover} a stop-loss"


def up_again_ns(
    trace: Sequence[Mapping[str, Any]], crash: Mapping[str, Any], otherwise_ns: int
) -> int:
    """When the host of a crash is started again; `otherwise_ns` where it never is."""
    for each in trace:
        later = each["t"] >= crash["t"] and each["host"] == crash["host"]
        if later and each["kind"] == "restart":
            return int(each["t"])
    return otherwise_ns


def plain(number: Decimal) -> str:
    """Without an exponent and without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _read(body: Any) -> Mapping[str, Any]:
    """A JSON object in a text; empty for anything else."""
    if not isinstance(body, str):
        return {}
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
