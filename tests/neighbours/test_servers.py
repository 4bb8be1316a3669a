"""Where there is no server, a test says so; in CI it fails instead of being passed over."""

from __future__ import annotations

import pytest

from tests.neighbours.conftest import missing

REASON = "no postgres on this machine: apt install it, or the development dependencies"


def test_without_a_server_a_test_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=REASON):
        missing("postgres")


def test_in_ci_it_fails_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=REASON):
        missing("postgres")
