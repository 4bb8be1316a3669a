"""The table of endpoints: what each costs, who may call it, and which handler answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.binance import (
    account,
    algo_trading,
    market_data,
    order_queries,
    spot,
    trading,
    user_data,
)
from simulator.binance import account_settings as settings
from simulator.binance.desk import Call, Desk
from simulator.binance.errors import Problem
from simulator.binance.gate import Gate
from simulator.binance.parameters import Parameters
from simulator.binance.profiles import Profile
from simulator.binance.security import Security
from simulator.wire.json_text import Json

Handler = Callable[[Desk, Call], Json]
Weight = int | Callable[[Parameters], int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path. `orders` are the units in 10 s and in 1 minute windows."""

    handler: Handler
    weight: Weight = 1
    security: Security = Security.NONE
    orders: tuple[int, int] | None = None

    def weigh(self, parameters: Parameters) -> int:
        return self.weight if isinstance(self.weight, int) else self.weight(parameters)


def _by_symbol(one: int, every: int) -> Callable[[Parameters], int]:
    """A weight that depends on whether a symbol was named."""
    return lambda parameters: one if parameters.values.get("symbol") else every


_SIGNED = Security.SIGNED
_KEY = Security.KEY
_F1, _F2, _F3 = "/fapi/v1/", "/fapi/v2/", "/fapi/v3/"

_PUBLIC: dict[tuple[str, str], Endpoint] = {
    ("GET", _F1 + "ping"): Endpoint(market_data.ping),
    ("GET", _F1 + "time"): Endpoint(market_data.server_time),
    ("GET", _F1 + "depth"): Endpoint(market_data.depth, market_data.depth_weight),
    ("GET", _F1 + "klines"): Endpoint(market_data.klines, market_data.klines_weight),
    ("GET", _F1 + "trades"): Endpoint(market_data.trades, 5),
    ("GET", _F1 + "aggTrades"): Endpoint(market_data.aggregate_trades, 20),
    ("GET", _F1 + "ticker/24hr"): Endpoint(market_data.day_ticker, _by_symbol(1, 40)),
    ("GET", _F1 + "ticker/price"): Endpoint(market_data.price_ticker, _by_symbol(1, 2)),
    ("GET", _F2 + "ticker/price"): Endpoint(market_data.price_ticker, _by_symbol(1, 2)),
    ("GET", _F1 + "ticker/bookTicker"): Endpoint(market_data.book_ticker, _by_symbol(2, 5)),
    ("GET", _F1 + "premiumIndex"): Endpoint(market_data.premium_index, _by_symbol(1, 10)),
    ("GET", _F1 + "fundingRate"): Endpoint(market_data.funding_rates, 0),
    ("GET", _F1 + "fundingInfo"): Endpoint(market_data.funding_info, 0),
    ("GET", "/api/v3/ping"): Endpoint(market_data.ping),
    ("GET", "/api/v3/time"): Endpoint(market_data.server_time),
}

_TRADING: dict[tuple[str, str], Endpoint] = {
    ("POST", _F1 + "order"): Endpoint(trading.new_order, 0, _SIGNED, (1, 1)),
    ("POST", _F1 + "order/test"): Endpoint(trading.try_order, 1, _SIGNED),
    ("POST", _F1 + "batchOrders"): Endpoint(trading.new_orders, 5, _SIGNED, (5, 1)),
    ("GET", _F1 + "order"): Endpoint(order_queries.query_order, 1, _SIGNED),
    ("GET", _F1 + "openOrder"): Endpoint(order_queries.query_open_order, 1, _SIGNED),
    ("GET", _F1 + "openOrders"): Endpoint(order_queries.open_orders, _by_symbol(1, 40), _SIGNED),
    ("GET", _F1 + "allOrders"): Endpoint(order_queries.all_orders, 5, _SIGNED),
    ("GET", _F1 + "userTrades"): Endpoint(order_queries.user_trades, 5, _SIGNED),
    ("DELETE", _F1 + "order"): Endpoint(trading.cancel_order, 1, _SIGNED),
    ("DELETE", _F1 + "allOpenOrders"): Endpoint(trading.cancel_all_orders, 1, _SIGNED),
    ("DELETE", _F1 + "batchOrders"): Endpoint(trading.cancel_orders, 1, _SIGNED),
}

_ALGO: dict[tuple[str, str], Endpoint] = {
    # That algo orders count as orders is an assumption; their IP weight of 0 is documented.
    ("POST", _F1 + "algoOrder"): Endpoint(algo_trading.new_algo_order, 0, _SIGNED, (1, 1)),
    ("GET", _F1 + "algoOrder"): Endpoint(algo_trading.query_algo_order, 1, _SIGNED),
    ("GET", _F1 + "openAlgoOrders"): Endpoint(
        algo_trading.open_algo_orders, _by_symbol(1, 40), _SIGNED
    ),
    ("GET", _F1 + "allAlgoOrders"): Endpoint(algo_trading.all_algo_orders, 5, _SIGNED),
    ("DELETE", _F1 + "algoOrder"): Endpoint(algo_trading.cancel_algo_order, 1, _SIGNED),
    ("DELETE", _F1 + "algoOpenOrders"): Endpoint(algo_trading.cancel_all_algo_orders, 1, _SIGNED),
}

_ACCOUNT: dict[tuple[str, str], Endpoint] = {
    ("GET", _F2 + "balance"): Endpoint(account.balance, 5, _SIGNED),
    ("GET", _F3 + "balance"): Endpoint(account.balance, 5, _SIGNED),
    ("GET", _F2 + "account"): Endpoint(account.account_v2, 5, _SIGNED),
    ("GET", _F3 + "account"): Endpoint(account.account_v3, 5, _SIGNED),
    ("GET", _F2 + "positionRisk"): Endpoint(account.positions_v2, 5, _SIGNED),
    ("GET", _F3 + "positionRisk"): Endpoint(account.positions_v3, 5, _SIGNED),
    ("POST", _F1 + "leverage"): Endpoint(settings.set_leverage, 1, _SIGNED),
    ("POST", _F1 + "marginType"): Endpoint(settings.set_margin_type, 1, _SIGNED),
    ("GET", _F1 + "positionSide/dual"): Endpoint(settings.position_mode, 30, _SIGNED),
    ("POST", _F1 + "positionSide/dual"): Endpoint(settings.set_position_mode, 1, _SIGNED),
    ("GET", _F1 + "multiAssetsMargin"): Endpoint(settings.multi_assets_mode, 30, _SIGNED),
    ("POST", _F1 + "multiAssetsMargin"): Endpoint(settings.set_multi_assets_mode, 1, _SIGNED),
    ("GET", _F1 + "accountConfig"): Endpoint(settings.account_config, 5, _SIGNED),
    ("GET", _F1 + "symbolConfig"): Endpoint(settings.symbol_config, 5, _SIGNED),
    ("GET", _F1 + "leverageBracket"): Endpoint(settings.leverage_brackets, 1, _SIGNED),
    ("GET", _F1 + "commissionRate"): Endpoint(settings.commission_rate, 20, _SIGNED),
    ("GET", _F1 + "adlQuantile"): Endpoint(settings.adl_quantile, 5, _SIGNED),
    ("GET", _F1 + "income"): Endpoint(settings.income, 30, _SIGNED),
    ("POST", _F1 + "listenKey"): Endpoint(user_data.start_stream, 1, _KEY),
    ("PUT", _F1 + "listenKey"): Endpoint(user_data.extend_stream, 1, _KEY),
    ("DELETE", _F1 + "listenKey"): Endpoint(user_data.end_stream, 1, _KEY),
    ("GET", "/sapi/v1/capital/config/getall"): Endpoint(spot.all_coins, 10, _SIGNED),
    # Signed by ccxt, although the key would do.
    ("GET", "/sapi/v1/margin/allPairs"): Endpoint(spot.margin_pairs, 1, _KEY),
}


_UNMODELLED = (
    ("PUT", _F1 + "order"),
    ("PUT", _F1 + "batchOrders"),
    ("GET", _F1 + "orderAmendment"),
    ("POST", _F1 + "countdownCancelAll"),
    ("POST", _F1 + "positionMargin"),
    ("GET", _F1 + "positionMargin/history"),
    ("GET", _F1 + "forceOrders"),
    ("GET", _F1 + "openInterest"),
)
"""The venue has these, this one has not: refused with -1020 instead of a 404."""


def _unsupported(desk: Desk, call: Call) -> Json:
    raise Problem.UNSUPPORTED.error()


def endpoints(profile: Profile, gate: Gate) -> dict[tuple[str, str], Endpoint]:
    """Every endpoint of a profile by method and path."""
    table = _PUBLIC | _TRADING | _ACCOUNT
    if profile.algo_service:
        table |= _ALGO
    table |= dict.fromkeys(_UNMODELLED, Endpoint(_unsupported))
    table["GET", _F1 + "exchangeInfo"] = Endpoint(
        lambda desk, call: market_data.exchange_info(desk, call, gate.limits())
    )
    table["GET", _F1 + "rateLimit/order"] = Endpoint(
        lambda desk, call: gate.order_limits(), 1, _SIGNED
    )
    return table
