"""After a request failed: was it certainly not carried out?"""

from __future__ import annotations

import re

import ccxt

_REFUSALS = (
    ccxt.AuthenticationError,
    ccxt.ArgumentsRequired,
    ccxt.BadRequest,
    ccxt.InsufficientFunds,
    ccxt.InvalidOrder,
    ccxt.NotSupported,
    ccxt.OperationRejected,
    ccxt.DDoSProtection,
)
_CODE = re.compile(r'"(?:code|retCode)"\s*:\s*(-?\d+)')
_BINANCE_UNKNOWN = ("-1000", "-1001", "-1006", "-1007", "-1008")
"""Codes with which the venue says itself that it does not know (its error code page), and -1008,
of which it says that it certainly failed, and which came for an order that was filled
(banbox/banbot#114)."""
_BYBIT_UNKNOWN = ("10000", "10006", "10016", "10019", "10403", "10429", "429", "500000")
"""Bybit's codes after which an order may exist (as nautilus_trader sorts them)."""
_UNKNOWN_OUTCOMES = frozenset((*_BINANCE_UNKNOWN, *_BYBIT_UNKNOWN))

_NOT_YET = "can not set tp/sl/ts for zero position"
"""Bybit, of a position whose fill has not come through to where stops are set."""


def was_refused(error: BaseException) -> bool:
    """Whether the venue, or ccxt itself, certainly did not carry the request out.

    A time-out, a broken connection, a 5xx and -1007 leave that open: the order may exist.
    """
    code = _CODE.search(str(error))
    if code is not None and code[1] in _UNKNOWN_OUTCOMES:
        return False
    if isinstance(error, _REFUSALS):
        return True
    return code is not None and isinstance(error, ccxt.BaseError)


def is_passing(error: BaseException) -> bool:
    """Whether what was refused may be taken a moment later."""
    return isinstance(error, (ccxt.DDoSProtection, ccxt.RateLimitExceeded)) or (
        _NOT_YET in str(error)
    )


def describe(error: BaseException) -> str:
    """Type and text of an error; a time-out has no text of its own."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
