"""The venue's API as it was at a date. A difference is a field here, never a name compared."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What differs by date, or by whom one believes."""

    name: str
    bad_signature: str
    """The text of 10004; `{origin}` is what the venue signed."""
    available_to_withdraw: bool
    """Whether a coin's `availableToWithdraw` has a number; it was deprecated early in 2025."""


OCTOBER_2025 = Profile(
    name="2025-10",
    bad_signature="error sign! origin_string[{origin}]",
    available_to_withdraw=False,
)

NOVEMBER_2026 = replace(
    OCTOBER_2025,
    name="2026-11",
    bad_signature=(
        "Error sign, please check your signature generation algorithm: origin_string[{origin}]"
    ),
)

PROFILES = {profile.name: profile for profile in (OCTOBER_2025, NOVEMBER_2026)}
