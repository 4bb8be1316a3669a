"""Orders, executions, positions, wallets and tickers as JSON, in the REST form and in the streams'.

Field sets and the values of what is not modelled are those of the v5 pages, in one-way mode.
"""

from simulator.bybit.rows.executions import closed_pnl, execution_row
from simulator.bybit.rows.orders import LATER_FIELDS, order_row
from simulator.bybit.rows.positions import RISK_LIMIT, position_row
from simulator.bybit.rows.tickers import ticker_row
from simulator.bybit.rows.wallets import isolated, wallet_row

__all__ = [
    "LATER_FIELDS",
    "RISK_LIMIT",
    "closed_pnl",
    "execution_row",
    "isolated",
    "order_row",
    "position_row",
    "ticker_row",
    "wallet_row",
]
