"""Whatever request fails, and however: in the end the position has a stop, or there is none."""

from __future__ import annotations

import pytest

from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule, Span
from tests.bot_under_test.conftest import BUY_308, START_NS, MakeTrading, S, Trading

REQUESTS = [
    ("GET /fapi/v3/positionRisk", 6),
    ("GET /fapi/v3/account", 2),
    ("GET /fapi/v1/ticker/24hr", 2),
    ("POST /fapi/v1/leverage", 1),
    ("POST /fapi/v1/order", 1),
    ("GET /fapi/v1/order", 2),
    ("GET /fapi/v1/openAlgoOrders", 2),
    ("POST /fapi/v1/algoOrder", 2),
    ("POST /fapi/v1/listenKey", 1),
]
"""What an opening of `current` asks, and how often until it stands."""

WAYS = [
    (FaultKind.ERROR, 500),
    (FaultKind.ERROR_AFTER, 502),
    (FaultKind.HANG, 0),
    (FaultKind.REPLY_LOST, 0),
    (FaultKind.RESET, 0),
    (FaultKind.RESET_AFTER, 0),
    (FaultKind.ERROR, 418),
    (FaultKind.ERROR, 429),
]


def assert_safe(trading: Trading) -> None:
    """The venue, the rows and the bot's belief agree, and nothing is naked or left over."""
    quantity = trading.quantity()
    active = [row for row in trading.rows() if row[1] == "active"]
    believed = [each["quantity"] for each in trading.bot.believes()["positions"]]
    if quantity:
        assert quantity == 308
        assert any(stop.reduce_only and stop.quantity == 308 for stop in trading.stops())
        assert len(active) == 1
        assert believed == [308.0]
    else:
        assert trading.stops() == []
        assert active == []
        assert believed == []


@pytest.mark.parametrize(("kind", "status"), WAYS)
@pytest.mark.parametrize(
    ("endpoint", "nth"),
    [(endpoint, nth) for endpoint, times in REQUESTS for nth in range(1, times + 1)],
)
def test_one_request_that_fails_leaves_nothing_naked(
    make_trading: MakeTrading, endpoint: str, nth: int, kind: FaultKind, status: int
) -> None:
    rule = FaultRule(
        name="one",
        endpoint=endpoint,
        kind=kind,
        status=status,
        body="<html>no</html>",
        nth=frozenset({nth}),
    )
    trading = make_trading(behaviour=Behaviour(faults=(rule,)))
    trading.deliver(BUY_308)
    trading.run_for(150)
    assert trading.venue.faults.fired == {"one": 1}
    assert_safe(trading)


@pytest.mark.parametrize("seconds", [3, 10, 40])
@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.HANG, FaultKind.REPLY_LOST])
@pytest.mark.parametrize("phase", range(7))
def test_a_venue_that_is_gone_for_a_while_leaves_nothing_naked(
    make_trading: MakeTrading, phase: int, kind: FaultKind, seconds: int
) -> None:
    begin_ns = START_NS + round((10.0 + 0.7 * phase) * S)
    rules = tuple(
        FaultRule(
            name=method,
            endpoint=f"{method} /*",
            kind=kind,
            status=503,
            body="<html>gone</html>",
            span=Span(start_ns=begin_ns, end_ns=begin_ns + seconds * S),
        )
        for method in ("GET", "POST", "DELETE")
    )
    trading = make_trading(behaviour=Behaviour(faults=rules))
    trading.deliver(BUY_308)
    trading.run_for(150)
    assert sum(trading.venue.faults.fired.values()) > 0
    assert_safe(trading)
