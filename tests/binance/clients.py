"""A bot's side of the wire, on aiohttp at production URLs."""

from __future__ import annotations

import asyncio
import json
import time
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.binance.conftest import API_KEY, sign

REST = "https://fapi.binance.com"
STREAM = "wss://fstream.binance.com"


class Bot:
    """An HTTP session with the trader's key."""

    async def __aenter__(self) -> Bot:
        self.session = aiohttp.ClientSession(headers={"X-MBX-APIKEY": API_KEY})
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.session.close()

    async def call(self, method: str, path: str, *, signed: bool = True, **params: object) -> Any:
        """Status and parsed body; POST and PUT send a form."""
        if signed:
            text = sign(urlencode({"timestamp": int(time.time() * 1000), **params}))
        else:
            text = urlencode(params)
        url, data = f"{REST}{path}", None
        if method in ("POST", "PUT"):
            data = text
        elif text:
            url = f"{url}?{text}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with self.session.request(method, url, data=data, headers=headers) as response:
            body = await response.text()
            return response.status, json.loads(body) if body[:1] in ("{", "[") else body

    async def listen_key(self) -> str:
        _, reply = await self.call("POST", "/fapi/v1/listenKey", signed=False)
        return str(reply["listenKey"])

    async def stream(self, path: str, **more: Any) -> aiohttp.ClientWebSocketResponse:
        return await self.session.ws_connect(f"{STREAM}{path}", **more)

    async def buy(self, quantity: str = "1000", **more: object) -> Any:
        order = {"symbol": "SKLUSDT", "side": "BUY", "type": "MARKET", "quantity": quantity}
        status, reply = await self.call("POST", "/fapi/v1/order", **(order | more))
        assert status == 200, reply
        return reply


async def receive(socket: aiohttp.ClientWebSocketResponse, count: int) -> list[Any]:
    """The next messages, parsed."""
    return [json.loads(await socket.receive_str()) for _ in range(count)]


async def everything(socket: aiohttp.ClientWebSocketResponse, seconds: float) -> list[Any]:
    """All that comes within so many virtual seconds."""
    messages: list[Any] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return messages
                messages.append(json.loads(message.data))
    except TimeoutError:
        return messages
