"""The table of endpoints: who may call each, and which handler answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.bybit import (
    account,
    market_data,
    order_queries,
    position_settings,
    trading,
)
from simulator.bybit.desk import Call, Desk, Reply
from simulator.bybit.errors import Problem
from simulator.wire.json_text import Json

Handler = Callable[[Desk, Call], Json]
"""Answers with the `result`, or with a `Reply`."""
BatchHandler = Callable[[Desk, Call, int], Reply]
"""The number says how many of its items the rate limit admits."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path. Its limit has the name of both."""

    handler: Handler
    private: bool = True


@dataclass(frozen=True, slots=True)
class BatchEndpoint:
    """One that takes several orders, of which each counts."""

    handler: BatchHandler
    private: bool = True


Table = dict[tuple[str, str], Endpoint | BatchEndpoint]

_PUBLIC: dict[str, Handler] = {
    "market/time": market_data.server_time,
    "market/instruments-info": market_data.instruments_info,
    "market/tickers": market_data.tickers,
    "market/orderbook": market_data.orderbook,
    "market/kline": market_data.kline,
    "market/recent-trade": market_data.recent_trades,
    "market/funding/history": market_data.funding_history,
    "market/risk-limit": market_data.risk_limit,
    "system/status": market_data.system_status,
}

_QUERIES: dict[str, Handler] = {
    "order/realtime": order_queries.realtime,
    "order/history": order_queries.history,
    "execution/list": order_queries.executions,
    "position/list": account.positions,
    "position/closed-pnl": account.closed_profits,
    "account/wallet-balance": account.wallet_balance,
    "account/info": account.info,
    "account/withdrawal": account.withdrawal,
    "account/transaction-log": account.transaction_log,
    "account/fee-rate": account.fee_rate,
    "user/query-api": account.query_api,
    "asset/coin/query-info": account.coins,
}

_COMMANDS: dict[str, Handler] = {
    "order/create": trading.create,
    "order/cancel": trading.cancel,
    "order/cancel-all": trading.cancel_all,
    "position/set-leverage": position_settings.set_leverage,
    "position/switch-mode": position_settings.switch_mode,
    "position/trading-stop": position_settings.trading_stop,
    "account/set-margin-mode": account.set_margin_mode,
}

_BATCHES: dict[str, BatchHandler] = {
    "order/create-batch": trading.create_batch,
    "order/cancel-batch": trading.cancel_batch,
}

_UNMODELLED = (
    "order/amend",
    "order/amend-batch",
    "order/pre-check",
    "order/disconnected-cancel-all",
    "position/add-margin",
    "position/set-auto-add-margin",
    "position/confirm-pending-mmr",
)
"""The venue has these, this one has not: refused with 10001 instead of a 404."""


def _unsupported(desk: Desk, call: Call) -> Json:
    raise Problem.UNSUPPORTED.error(name=call.path)


def endpoints() -> Table:
    """Every endpoint by method and path."""
    table: Table = {}
    for name, handler in _PUBLIC.items():
        table["GET", f"/v5/{name}"] = Endpoint(handler, private=False)
    for name, handler in _QUERIES.items():
        table["GET", f"/v5/{name}"] = Endpoint(handler)
    for name, handler in (_COMMANDS | dict.fromkeys(_UNMODELLED, _unsupported)).items():
        table["POST", f"/v5/{name}"] = Endpoint(handler)
    for name, batch_handler in _BATCHES.items():
        table["POST", f"/v5/{name}"] = BatchEndpoint(batch_handler)
    return table
