"""What may be recorded: never an API key, a secret, a signature or a whole listen key."""

from __future__ import annotations

import re
from collections.abc import Sequence

from simulator.wire.credentials import Credentials

_SHORTEST_SECRET = 6
_DROPPED = ("signature",)
_LISTEN_KEY = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{64}(?![A-Za-z0-9])")


def shortened(secret: str) -> str:
    """The first four characters, enough to tell two apart."""
    return secret[:4] + "…"


class Redactor:
    """Knows the accounts' secrets; `listen_keys` is read anew each time, for it grows."""

    def __init__(self, accounts: Sequence[Credentials], listen_keys: Sequence[str] = ()) -> None:
        secrets = [each.api_key for each in accounts] + [each.secret for each in accounts]
        # What is shorter is no secret, and its letters occur everywhere.
        self._secrets = tuple(each for each in secrets if len(each) >= _SHORTEST_SECRET)
        self._listen_keys = listen_keys

    def text(self, text: str) -> str:
        """A body, a path or a message with every known secret shortened."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, shortened(secret))
        for key in self._listen_keys:
            if key in text:
                text = text.replace(key, shortened(key))
        return text

    def path(self, path: str) -> str:
        """A path, also one with a listen key that was never valid."""
        if len(path) > 64:
            path = _LISTEN_KEY.sub(lambda found: shortened(found.group()), path)
        return self.text(path)

    def parameters(self, values: dict[str, str]) -> dict[str, str]:
        """Parameters without the signature, listen and API keys shortened."""
        shown = {}
        for name, value in values.items():
            if name in _DROPPED:
                continue
            if name in ("listenKey", "apiKey"):
                value = shortened(value)
            shown[name] = self.text(value)
        return shown
