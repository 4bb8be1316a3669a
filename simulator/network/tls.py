"""TLS that ends in the simulated network: clients ask for it, get its answers, and no handshake.

A transport made with `ssl=` carries a `PlainTls`. Libraries that do TLS themselves over memory
buffers (anyio, and so httpx) get a `PlainTls` from `SSLContext.wrap_bio` while a world is entered;
`sslobject_class` is the documented place to put another class.
"""

from __future__ import annotations

import ssl
from typing import Any


class PlainTls:
    """Looks like an `ssl.SSLObject` after a successful handshake, and passes bytes through."""

    def __init__(
        self,
        server_hostname: str | None,
        context: ssl.SSLContext | None,
        incoming: ssl.MemoryBIO | None = None,
        outgoing: ssl.MemoryBIO | None = None,
        server_side: bool = False,
    ) -> None:
        self.server_hostname = server_hostname
        self.context = context
        self.server_side = server_side
        self.session = None
        self.session_reused = False
        self._incoming = incoming
        self._outgoing = outgoing

    @classmethod
    def _create(
        cls,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | None = None,
        session: object = None,
        context: ssl.SSLContext | None = None,
    ) -> PlainTls:
        """Called by `SSLContext.wrap_bio`."""
        return cls(server_hostname, context, incoming, outgoing, server_side)

    def do_handshake(self) -> None:
        """Nothing to agree on."""

    def getpeercert(self, binary_form: bool = False) -> Any:
        """A certificate that names the host that was asked for."""
        if binary_form:
            return b""
        name = self.server_hostname or ""
        return {"subject": ((("commonName", name),),), "subjectAltName": (("DNS", name),)}

    def selected_alpn_protocol(self) -> str | None:
        return "http/1.1"

    def selected_npn_protocol(self) -> str | None:
        return None

    def cipher(self) -> tuple[str, str, int]:
        return ("TLS_AES_128_GCM_SHA256", "TLSv1.3", 128)

    def shared_ciphers(self) -> list[tuple[str, str, int]]:
        return [self.cipher()]

    def compression(self) -> str | None:
        return None

    def version(self) -> str:
        return "TLSv1.3"

    def get_channel_binding(self, cb_type: str = "tls-unique") -> bytes | None:
        return None

    def pending(self) -> int:
        return self._incoming.pending if self._incoming else 0

    def read(self, length: int = 1024, buffer: bytearray | None = None) -> Any:
        """Bytes that have arrived; SSLWantReadError when none have, empty at the end."""
        assert self._incoming is not None
        data = self._incoming.read(length)
        if not data and not self._incoming.eof:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "no bytes have arrived yet")
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: bytes) -> int:
        assert self._outgoing is not None
        return self._outgoing.write(data)

    def unwrap(self) -> None:
        """Nothing to take back."""
