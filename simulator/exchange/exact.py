"""Decimal arithmetic that nobody outside can disturb.

The decimal context belongs to the thread, so a bot that sets a precision of 8 digits for itself
would otherwise round the exchange's books as well.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    getcontext,
    setcontext,
)
from functools import wraps
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# Products of a price and a quantity stay exact: 50 digits hold far more than both have.
_EXACT = Context(prec=50, traps=[InvalidOperation, DivisionByZero, Overflow])
SMALLEST = Decimal("0.00000001")


def exact(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Runs `function` in the exchange's own decimal context, whatever the caller's is."""

    @wraps(function)
    def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        theirs = getcontext()
        setcontext(_EXACT)
        try:
            return function(*args, **kwargs)
        finally:
            setcontext(theirs)

    return guarded


def eight_decimals(value: Decimal) -> Decimal:
    """`value` rounded to 8 decimals, half to even: what venues keep of amounts of money."""
    return value.quantize(SMALLEST)
