"""A request on its way to a venue's service, and the answer on its way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar


class Parameters(Protocol):
    """What a venue reads from a query and a body; `values` are shown in records."""

    @property
    def values(self) -> dict[str, str]: ...


P = TypeVar("P", bound=Parameters)


@dataclass(slots=True, kw_only=True)
class Call(Generic[P]):
    """One request as a handler sees it. `account` is empty on public endpoints."""

    method: str
    path: str
    query: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that the venue reads, names in lower case."""
    ip: str = "127.0.0.1"
    account: str = ""
    parameters: P


@dataclass(slots=True)
class Answer:
    """What goes back: the status, the body, and the headers that tell of limits."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)
    public: bool = False
    """Market data, which a record may shorten."""


class Service(Protocol):
    """A venue without its network: requests in, answers out, at once."""

    def read(
        self,
        *,
        method: str,
        path: str,
        query: str,
        body: str,
        headers: Mapping[str, str],
        ip: str,
    ) -> Call[Any]:
        """The request with its parameters; what is wrong with them, the answer says."""

    def answer(self, call: Call[Any]) -> Answer:
        """Carries the call out. Every outcome is an answer, also a refusal."""

    def account_of(self, call: Call[Any]) -> str | None:
        """Whose key it was sent with, checked or not; None for nobody's."""
