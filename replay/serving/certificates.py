"""Certificates made at the start, for as long as the venues serve."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

import trustme


class Authority:
    """A certificate authority whose key never leaves this process."""

    def __init__(self) -> None:
        self._authority = trustme.CA(organization_name="trading bot simulator")

    @property
    def certificate(self) -> str:
        """What clients have to trust, as PEM."""
        return self._authority.cert_pem.bytes().decode()

    def context(self, names: Sequence[str]) -> ssl.SSLContext:
        """A server's side of TLS, with a certificate for these host names and addresses."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*names).configure_cert(context)
        return context
