"""Settings and signals are checked when they are read."""

from __future__ import annotations

import pytest

from bot_under_test.__main__ import settings_from
from bot_under_test.adapter import create
from bot_under_test.reference import VERSIONS, Defect, Settings, Signal

KEYS = {"binance": {"api_key": "key-of-the-test", "secret": "secret-of-the-test"}}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"version": "2024"}, "no version '2024'; choose one of 2025-10-12, "),
        ({"add_defects": ["typo"]}, "no defect 'typo'; choose among registers_after_order"),
        ({"remove_defects": "active_before_stop"}, "must be lists of names"),
        ({"typo": 1}, "no setting 'typo'; choose among version"),
        ({"defects": []}, "no setting 'defects'"),
        ({"leverage": "high"}, "leverage must be of type int, was 'high'"),
        ({"leverage": True}, "leverage must be of type int, was True"),
        ({"credentials": "key"}, "credentials must be a mapping"),
    ],
)
def test_what_the_bot_does_not_know_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings.read(values)


def test_a_bot_without_credentials_for_the_venue_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="one or more of binance, bybit"):
        create({"version": "current"})


def test_defects_are_added_to_and_removed_from_a_version() -> None:
    settings = Settings.read(
        {
            "version": "2025-10-29-attribute-access",
            "add_defects": ["no_cached_position"],
            "remove_defects": ["active_before_stop"],
        }
    )
    expected = VERSIONS["2025-10-29-attribute-access"] | {Defect.NO_CACHED_POSITION}
    assert settings.defects == expected - {Defect.ACTIVE_BEFORE_STOP}


def test_versions_differ_in_ways_that_have_no_defects_name() -> None:
    first = Settings.read({"version": "2025-10-28"})
    later = Settings.read({"version": "2025-10-29"})
    current = Settings.read({})
    assert [each.order_status_first for each in (first, later, current)] == [False, True, True]
    assert [each.order_status_delay_s for each in (first, later, current)] == [0.5, 0.5, 0.0]
    assert not later.rollback_reduce_only
    assert Settings.read(
        {"version": "2025-10-29", "rollback_reduce_only": True}
    ).rollback_reduce_only


def test_secrets_do_not_show_in_a_repr() -> None:
    shown = repr(Settings.read({"credentials": KEYS}))
    assert "key-of-the-test" not in shown
    assert "secret-of-the-test" not in shown


def test_a_program_reads_its_settings_from_the_environment() -> None:
    environment = {
        "HOME": "/nowhere",
        "BINANCE_API_KEY": "key",
        "BINANCE_SECRET": "secret",
        "BOT_VERSION": "2025-10-29",
        "BOT_STOP_LOSS_PERCENT": "1.5",
        "BOT_DIAGNOSTICS": "true",
        "BOT_TRACKED_SYMBOLS": '["RADUSDT"]',
    }
    settings = settings_from(environment)
    assert settings.version == "2025-10-29"
    assert settings.stop_loss_percent == 1.5
    assert settings.diagnostics
    assert settings.tracked_symbols == ("RADUSDT",)
    assert settings.credentials["binance"].secret == "secret"


def test_a_program_without_credentials_is_told_what_to_set() -> None:
    with pytest.raises(ValueError, match="set BINANCE_API_KEY and BINANCE_SECRET"):
        settings_from({})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"side": "BUY"}, "needs a symbol and a side"),
        ({"symbol": "SKLUSDT", "side": "HOLD"}, "needs a symbol and a side BUY or SELL"),
        ({"symbol": "SKLUSDT", "side": "buy", "quantity": 0}, "quantity must be > 0, was 0"),
        ({"symbol": "SKLUSDT", "side": "buy", "usdt_size": -6}, "usdt_size must be > 0, was -6"),
    ],
)
def test_a_signal_that_says_too_little_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Signal.read(values)
