"""A bot with pybit: HTTP and the private stream, which pybit reads in a thread. Prints what it saw.

python pybit_blocking.py serve.json
"""

from __future__ import annotations

import json
import queue
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from pybit.unified_trading import HTTP, WebSocket

PATIENCE_S = 60
"""For a message that comes at once where it comes at all."""


def main(told: dict[str, Any]) -> dict[str, Any]:
    for module, attributes in told["clients"]["pybit"].items():
        for name, value in attributes.items():
            owner = import_module(module)
            getattr(owner, name)  # a name that the library does not have would change nothing
            setattr(owner, name, value)
    keys = {
        "api_key": told["venues"]["bybit"]["api_key"],
        "api_secret": told["venues"]["bybit"]["secret"],
    }
    messages: queue.Queue[dict[str, Any]] = queue.Queue()
    stream = WebSocket(channel_type="private", testnet=False, **keys)
    stream.position_stream(messages.put)
    http = HTTP(testnet=False, **keys)
    order = {"category": "linear", "symbol": "ETHUSDT", "orderType": "Market", "qty": "0.5"}
    seen: dict[str, Any] = {}
    placed = http.place_order(side="Sell", **order)
    (opened,) = messages.get(timeout=PATIENCE_S)["data"]
    seen["opened"] = [opened["side"], opened["size"], opened["entryPrice"]]
    (found,) = http.get_order_history(category="linear", orderId=placed["result"]["orderId"])[
        "result"
    ]["list"]
    seen["order"] = found["orderStatus"]
    http.place_order(side="Buy", reduceOnly=True, **order)
    (closed,) = messages.get(timeout=PATIENCE_S)["data"]
    seen["closed"] = [closed["side"], closed["size"]]
    (row,) = http.get_positions(category="linear", symbol="ETHUSDT")["result"]["list"]
    seen["left"] = row["size"]
    stream.exit()
    return seen


if __name__ == "__main__":
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(main(document)))
