"""Wallets as JSON: the unified account."""

from __future__ import annotations

from decimal import Decimal

from simulator.bybit.desk import Desk
from simulator.bybit.formats import Row, plain
from simulator.exchange.margin import Margin
from simulator.exchange.positions import Wallet


def wallet_row(desk: Desk, account: str, *, stream: bool = False) -> Row:
    """The unified account with its one coin; in a stream as it is, else as queries see it.

    In isolated margin mode there are no totals over the account.
    """
    exchange = desk.exchange
    margin = exchange.margin(account)
    wallet = exchange.wallet(account) if stream else exchange.seen_wallet(account)
    equity = wallet.balance + margin.unrealized_pnl
    available = max(Decimal(0), equity - (margin.initial + margin.orders))
    totals = _totals(wallet, margin, equity, available)
    if isolated(desk, account):
        totals = dict.fromkeys(totals, "")
    withdrawable = min(wallet.balance, available)
    coin: Row = {
        "coin": exchange.settle_asset,
        "equity": plain(equity),
        "usdValue": plain(equity),
        "walletBalance": plain(wallet.balance),
        "availableToWithdraw": plain(withdrawable) if desk.profile.available_to_withdraw else "",
        "availableToBorrow": "",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "totalOrderIM": plain(margin.orders),
        "totalPositionIM": plain(margin.initial),
        "totalPositionMM": plain(margin.maintenance),
        "unrealisedPnl": plain(margin.unrealized_pnl),
        "cumRealisedPnl": plain(desk.journal.realized(account)),
        "bonus": "0",
        "collateralSwitch": True,
        "marginCollateral": True,
        "locked": "0",
        "spotHedgingQty": "0",
        "spotBorrow": "0",
    }
    return {"accountType": "UNIFIED", **totals, "coin": [coin]}


def _totals(wallet: Wallet, margin: Margin, equity: Decimal, available: Decimal) -> Row:
    bound = margin.initial + margin.orders
    return {
        "accountLTV": "0",
        "accountIMRate": _rate(bound, equity),
        "accountIMRateByMp": _rate(bound, equity),
        "accountMMRate": _rate(margin.maintenance, equity),
        "accountMMRateByMp": _rate(margin.maintenance, equity),
        "totalEquity": plain(equity),
        "totalWalletBalance": plain(wallet.balance),
        "totalMarginBalance": plain(equity),
        "totalAvailableBalance": plain(available),
        "totalPerpUPL": plain(margin.unrealized_pnl),
        "totalInitialMargin": plain(bound),
        "totalInitialMarginByMp": plain(bound),
        "totalMaintenanceMargin": plain(margin.maintenance),
        "totalMaintenanceMarginByMp": plain(margin.maintenance),
    }


def _rate(part: Decimal, equity: Decimal) -> str:
    return f"{part / equity:.4f}" if equity > 0 else "0"


def isolated(desk: Desk, account: str) -> bool:
    """Whether the account is in isolated margin mode, which its symbols all are or none."""
    return desk.exchange.isolated(account, next(iter(desk.exchange.instruments)))
