"""API keys."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One API key of an account. Neither part shows in a repr."""

    account: str
    api_key: str = field(repr=False)
    secret: str = field(repr=False)
