"""One defect on or off, the rest as it was: which of them cost the trade?"""

from __future__ import annotations

import pytest

from bot_under_test.reference import VERSIONS
from tests.bot_under_test.conftest import BUY_308, SELL_27, MakeTrading

THREE_BUGS_OF_THE_REPORT = ["registers_after_order", "pending_skips_update", "no_cached_position"]


def opened(make_trading: MakeTrading, version: str, **settings: object) -> bool:
    trading = make_trading(version, **settings)
    trading.deliver(BUY_308)
    return trading.quantity() == 308 and trading.rows() == [("SKLUSDT", "active")]


@pytest.mark.parametrize(
    "defect", ["order_result_read_as_dict", "compares_raw_with_unified_symbol"]
)
def test_either_of_the_two_defects_removed_saves_sklusdt(
    make_trading: MakeTrading, defect: str
) -> None:
    assert opened(make_trading, "2025-10-28", remove_defects=[defect])


@pytest.mark.parametrize(
    "defect",
    sorted(
        defect.value
        for defect in VERSIONS["2025-10-28"]
        if defect.value not in ("order_result_read_as_dict", "compares_raw_with_unified_symbol")
    ),
)
def test_no_other_defect_removed_alone_saves_sklusdt(
    make_trading: MakeTrading, defect: str
) -> None:
    assert not opened(make_trading, "2025-10-28", remove_defects=[defect])


def test_the_three_fixes_together_would_have_saved_it_if_they_had_read_size(
    make_trading: MakeTrading,
) -> None:
    assert opened(make_trading, "2025-10-28", remove_defects=THREE_BUGS_OF_THE_REPORT)


def test_reading_size_alone_cures_velvetusdt_at_once(make_trading: MakeTrading) -> None:
    trading = make_trading("2025-10-28-three-fixes", remove_defects=["pending_reads_wrong_keys"])
    trading.deliver(SELL_27)
    began = trading.lines.time("Multi-source position verification started for VELVETUSDT")
    assert trading.lines.time("✅ Position verified by WebSocket") == began
    assert trading.quantity("VELVETUSDT") == -27


@pytest.mark.parametrize("order_status_first", [True, False])
def test_the_order_of_the_sources_does_not_matter(
    make_trading: MakeTrading, order_status_first: bool
) -> None:
    trading = make_trading("2025-10-28-three-fixes", order_status_first=order_status_first)
    trading.deliver(SELL_27)
    (timeout,) = trading.lines.texts("Multi-source verification TIMEOUT")
    assert "WebSocket: True\n  - Order status: False\n  - REST API: True" in timeout


def test_exceptions_at_warning_would_have_told(make_trading: MakeTrading) -> None:
    trading = make_trading("2025-10-29", remove_defects=["exceptions_logged_at_debug"])
    trading.deliver(SELL_27)
    told = [
        record.levelname
        for _, record in trading.lines.records
        if "AttributeError: 'OrderResult' object has no attribute 'get'" in record.getMessage()
    ]
    assert told == ["WARNING"] * 5


def test_the_diagnostics_name_error_order_attempt_and_time(make_trading: MakeTrading) -> None:
    trading = make_trading("2025-10-29", diagnostics=True)
    trading.deliver(SELL_27)
    assert len(trading.lines.texts("[SOURCE 1/3] Fetching order 392129879")) == 5
    assert len(trading.lines.texts("[SOURCE 1/3] Fetched in 0.350 s")) == 5
    errors = trading.lines.texts("[SOURCE 1/3] AttributeError")
    assert len(errors) == 5
    assert "order 392129879 of VELVETUSDT, attempt 1, after 0.850 s" in errors[0]


def test_current_with_every_defect_of_a_version_fails_as_that_version_does(
    make_trading: MakeTrading,
) -> None:
    defects = [defect.value for defect in VERSIONS["2025-10-28"]]
    trading = make_trading("current", add_defects=defects)
    trading.deliver(BUY_308)
    assert trading.lines.times("Multi-source verification TIMEOUT")
    assert trading.quantity() == 0


def test_pending_skips_update_loses_the_quantity_even_of_later_mark_prices(
    make_trading: MakeTrading,
) -> None:
    trading = make_trading(
        "current",
        add_defects=[
            "pending_skips_update",
            "order_result_read_as_dict",
            "compares_raw_with_unified_symbol",
        ],
    )
    trading.deliver(BUY_308)
    (timeout,) = trading.lines.texts("Multi-source verification TIMEOUT")
    assert "WebSocket: False" in timeout


@pytest.mark.parametrize(("extra", "verified"), [(["websocket_tried_when_empty"], 0), ([], 1)])
def test_a_websocket_tried_when_empty_misses_an_event_that_comes_later(
    make_trading: MakeTrading, extra: list[str], verified: int
) -> None:
    # Registered after the order, the placeholder learns its quantity from a mark price only,
    # which here comes 0.27 s after verification has begun.
    others = [
        "order_result_read_as_dict",
        "compares_raw_with_unified_symbol",
        "registers_after_order",
    ]
    trading = make_trading("current", add_defects=[*others, *extra], order_status_first=False)
    trading.deliver(BUY_308)
    assert len(trading.lines.times("✅ Position verified by WebSocket")) == verified
