"""What is asked of a venue about the account and its positions, the same way everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot_under_test.reference.exchange_manager import ExchangePosition
from bot_under_test.reference.requests import Requests


class AccountQueries:
    """`unified` is ccxt's name for a venue's id; `read` makes a position of ccxt's row."""

    def __init__(
        self,
        client: Any,
        requests: Requests,
        unified: Callable[[str], str],
        read: Callable[[dict[str, Any]], ExchangePosition],
    ) -> None:
        self._client = client
        self._requests = requests
        self._unified = unified
        self._read = read

    async def positions(self, symbol: str | None = None) -> list[ExchangePosition]:
        return await self._positions(None if symbol is None else [self._unified(symbol)])

    async def positions_by_raw_id(self, symbol: str) -> list[ExchangePosition]:
        return await self._positions([symbol])

    async def _positions(self, wanted: list[str] | None) -> list[ExchangePosition]:
        rows = await self._requests.look(self._client.fetch_positions, wanted)
        return [self._read(row) for row in rows if float(row["contracts"] or 0) > 0]

    async def position(self, symbol: str) -> ExchangePosition | None:
        return next(iter(await self.positions(symbol)), None)

    async def balance(self) -> tuple[float, float]:
        balance = await self._requests.look(self._client.fetch_balance)
        usdt = balance.get("USDT") or {}
        return float(usdt.get("free") or 0.0), float(usdt.get("total") or 0.0)

    async def last_price(self, symbol: str) -> float:
        ticker = await self._requests.look(self._client.fetch_ticker, self._unified(symbol))
        return float(ticker["last"])
