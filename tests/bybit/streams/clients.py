"""A bot's side of the wire, on aiohttp at production URLs."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from types import TracebackType
from typing import Any

import aiohttp

from tests.bybit.streams.conftest import API_KEY, SECRET
from tests.venue_world import VenueWorld

REST = "https://api.bybit.com"
LINEAR = "wss://stream.bybit.com/v5/public/linear"
PRIVATE = "wss://stream.bybit.com/v5/private"
TRADE = "wss://stream.bybit.com/v5/trade"
ALL = ("order", "execution", "position", "wallet")
"""The private topics."""


def signature(text: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def auth(ahead_ms: int = 1000, secret: str = SECRET) -> dict[str, Any]:
    """As pybit sends it."""
    expires = int(time.time() * 1000) + ahead_ms
    return {"op": "auth", "args": [API_KEY, expires, signature(f"GET/realtime{expires}", secret)]}


class Socket:
    """A WebSocket that speaks JSON."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = socket

    async def send(self, **message: Any) -> None:
        await self.raw.send_str(json.dumps(message))

    async def receive(self) -> Any:
        return json.loads(await self.raw.receive_str())

    async def ask(self, **message: Any) -> Any:
        """The next message after this one."""
        await self.send(**message)
        return await self.receive()

    async def everything(self, seconds: float) -> list[Any]:
        """All that comes within so many virtual seconds."""
        messages: list[Any] = []
        try:
            async with asyncio.timeout(seconds):
                while True:
                    messages.append(await self.receive())
        except TimeoutError:
            return messages


class Bot:
    """An HTTP session with the trader's key."""

    async def __aenter__(self) -> Bot:
        self.session = aiohttp.ClientSession()
        self.sockets: list[Socket] = []
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for socket in self.sockets:
            await socket.raw.close()
        await self.session.close()

    async def connect(self, url: str, **more: Any) -> Socket:
        socket = Socket(await self.session.ws_connect(url, **more))
        self.sockets.append(socket)
        return socket

    async def private(self, *topics: str) -> Socket:
        """A private socket that has signed in and subscribed."""
        socket = await self.connect(PRIVATE)
        assert (await socket.ask(**auth()))["success"]
        assert (await socket.ask(op="subscribe", args=list(topics)))["success"]
        return socket

    async def trade(self) -> Socket:
        """A trade socket that has signed in."""
        socket = await self.connect(TRADE)
        assert (await socket.ask(**auth()))["retCode"] == 0
        return socket

    async def post(self, path: str, **values: Any) -> Any:
        """The parsed reply to a signed request."""
        body, now = json.dumps(values), str(int(time.time() * 1000))
        headers = {
            "X-BAPI-API-KEY": API_KEY,
            "X-BAPI-TIMESTAMP": now,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": signature(now + API_KEY + "5000" + body),
            "Content-Type": "application/json",
        }
        async with self.session.post(REST + path, data=body, headers=headers) as response:
            return json.loads(await response.text())

    async def create(self, **changes: Any) -> str:
        """Buys 0.003 BTC, or what else is asked for; the order's id."""
        order = {
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": "Buy",
            "orderType": "Market",
            "qty": "0.003",
        }
        reply = await self.post("/v5/order/create", **(order | changes))
        assert reply["retCode"] == 0, reply
        return str(reply["result"]["orderId"])


def watch(venue: VenueWorld, flow: Any, *topics: str, seconds: float = 5) -> list[Any]:
    """All messages of the topics that the flow brings about."""

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.private(*topics)
            doing = asyncio.create_task(flow(bot))
            messages = await socket.everything(seconds)
            await doing
            return messages

    return list(venue.run(main()))


def told(messages: list[Any]) -> list[str]:
    """`order/Filled`, `position/0.003` and the like."""
    shown = []
    for message in messages:
        row = message["data"][0]
        detail = row.get("orderStatus") or row.get("execQty") or row.get("size")
        shown.append("/".join(part for part in (message["topic"], detail) if part))
    return shown
