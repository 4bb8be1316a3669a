"""Who calls: the API key, the signature, and the receive window."""

from __future__ import annotations

import hmac
import re
from enum import Enum
from urllib.parse import unquote_plus

from simulator.binance.errors import Problem
from simulator.binance.parameters import Parameters
from simulator.wire.credentials import Credentials


class Security(Enum):
    NONE = "NONE"
    KEY = "KEY"
    """The API key alone, in the header."""
    SIGNED = "SIGNED"
    """The key, a timestamp and a signature."""


_KEY = re.compile(r"[A-Za-z0-9_.\-]{1,128}")
_SIGNATURE = re.compile(r"(?:^|&)signature=[^&]*")


class Gatekeeper:
    """Knows the accounts' keys and checks requests against them."""

    def __init__(self, credentials: tuple[Credentials, ...], recv_window_ms: int) -> None:
        self._by_key = {each.api_key: each for each in credentials}
        self._secrets = {each.api_key: each.secret.encode() for each in credentials}
        self._recv_window_ms = recv_window_ms

    def account_of(self, api_key: str | None) -> str | None:
        """Whose key it is; None for nobody's."""
        credentials = self._by_key.get(api_key) if api_key else None
        return credentials.account if credentials else None

    def check_key(self, api_key: str | None) -> Credentials:
        """The key's account. Raises -2014 for no or a malformed key, -2015 for an unknown one."""
        if not api_key or not _KEY.fullmatch(api_key):
            raise Problem.KEY_FORMAT.error()
        credentials = self._by_key.get(api_key)
        if credentials is None:
            raise Problem.KEY_UNKNOWN.error()
        return credentials

    def check_signed(
        self, credentials: Credentials, parameters: Parameters, query: str, body: str, now_ms: int
    ) -> None:
        """Raises -1102, -1021 or -1022 when the request must not pass."""
        timestamp = parameters.need_integer("timestamp")
        signature = parameters.need("signature")
        window = parameters.integer("recvWindow")
        if window is None:
            window = self._recv_window_ms
        if timestamp >= now_ms + 1000:
            raise Problem.AHEAD_OF_SERVER.error()
        if now_ms - timestamp > window:
            raise Problem.OUTSIDE_RECV_WINDOW.error()
        payload = _signed_text(query) + _signed_text(body)
        if not self._matches(credentials.api_key, payload, signature.lower()):
            raise Problem.BAD_SIGNATURE.error()

    def _matches(self, api_key: str, payload: str, signature: str) -> bool:
        secret = self._secrets[api_key]
        if hmac.digest(secret, payload.encode(), "sha256").hex() == signature:
            return True
        # Some clients sign before they percent-encode.
        plain = unquote_plus(payload)
        return plain != payload and (
            hmac.digest(secret, plain.encode(), "sha256").hex() == signature
        )


def _signed_text(raw: str) -> str:
    """A raw query or body without its `signature`."""
    if "signature=" not in raw:
        return raw
    head, found, tail = raw.rpartition("&signature=")
    if found and "&" not in tail:
        return head
    return _SIGNATURE.sub("", raw).removeprefix("&")
