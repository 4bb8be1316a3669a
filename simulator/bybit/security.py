"""Who calls: the API key, the signature, and the receive window."""

from __future__ import annotations

import hmac
import re

from simulator.bybit.desk import Call
from simulator.bybit.errors import ApiError, Problem
from simulator.bybit.profiles import Profile
from simulator.wire.credentials import Credentials
from simulator.wire.redaction import shortened

KEY = "x-bapi-api-key"
TIMESTAMP = "x-bapi-timestamp"
SIGNATURE = "x-bapi-sign"
RECV_WINDOW = "x-bapi-recv-window"
HEARD = frozenset(name.encode() for name in (KEY, TIMESTAMP, SIGNATURE, RECV_WINDOW))
"""The request headers that the venue reads."""

_BAD_SIGNATURE = 10004
_AHEAD_MS = 1000
_NUMBER = re.compile(r"[0-9]{1,18}")


class Gatekeeper:
    """Knows the accounts' keys and checks requests against them."""

    def __init__(
        self, credentials: tuple[Credentials, ...], recv_window_ms: int, profile: Profile
    ) -> None:
        self._by_key = {each.api_key: each for each in credentials}
        self._recv_window_ms = recv_window_ms
        self._profile = profile

    def account_of(self, api_key: str | None) -> str | None:
        """Whose key it is; None for nobody's."""
        credentials = self._by_key.get(api_key) if api_key else None
        return credentials.account if credentials else None

    def check(self, call: Call, now_ms: int) -> Credentials:
        """Whose request it is. Raises HTTP 401, 10003, 10002 or 10004 when it must not pass."""
        headers = call.headers
        key, signature = headers.get(KEY), headers.get(SIGNATURE)
        timestamp, window = headers.get(TIMESTAMP, ""), headers.get(RECV_WINDOW, "")
        if not key or not signature:
            raise Problem.NO_HEADERS.error()
        credentials = self._known(key)
        self.check_time(timestamp, window, now_ms)
        # Signed are the very bytes: clients differ in blanks, in order and in what they encode.
        payload = call.query if call.method == "GET" else call.body
        self._check_signature(credentials, [timestamp, key, window, payload], signature)
        return credentials

    def check_time(self, timestamp: str, window: str, now_ms: int) -> None:
        """Raises 10002 for a time outside the receive window, HTTP 401 for what is no time."""
        if not _NUMBER.fullmatch(timestamp) or (window and not _NUMBER.fullmatch(window)):
            raise Problem.NO_HEADERS.error()
        allowed = int(window) if window else self._recv_window_ms
        if not now_ms - allowed <= int(timestamp) < now_ms + _AHEAD_MS:
            raise Problem.OUTSIDE_RECV_WINDOW.error(timestamp=timestamp, now=now_ms, window=allowed)

    def check_socket_auth(
        self, api_key: str, expires: str, signature: str, now_ms: int
    ) -> Credentials:
        """Whose WebSocket it is. Raises 10003, 10002 or 10004."""
        credentials = self._known(api_key)
        if not _NUMBER.fullmatch(expires) or int(expires) <= now_ms:
            raise Problem.OUTSIDE_RECV_WINDOW.error(timestamp=expires, now=now_ms, window=0)
        self._check_signature(credentials, ["GET/realtime", expires], signature)
        return credentials

    def _known(self, api_key: str) -> Credentials:
        credentials = self._by_key.get(api_key)
        if credentials is None:
            raise Problem.KEY_INVALID.error()
        return credentials

    def _check_signature(self, credentials: Credentials, parts: list[str], signature: str) -> None:
        text = "".join(parts)
        digest = hmac.digest(credentials.secret.encode(), text.encode(), "sha256")
        if digest.hex() == signature:
            return
        # The venue shows the key in full; here it may end up in a log.
        key = credentials.api_key
        origin = "".join(shortened(part) if part == key else part for part in parts)
        raise ApiError(_BAD_SIGNATURE, self._profile.bad_signature.format(origin=origin))
