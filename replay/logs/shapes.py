"""The shape of a text: what stays the same from line to line, with the rest replaced."""

from __future__ import annotations

import re
from functools import lru_cache

# Nothing of it holds a space: each word has its own shape.
_PARTS = re.compile(
    r"(?P<id>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b0x[0-9a-fA-F]+\b)"
    r"|(?P<symbol>\b(?=\w*[A-Z])[A-Z0-9]{1,20}[/_-]?(?:USDT|USDC|FDUSD|BUSD|USD|PERP)"
    r"(?::[A-Z]{3,5})?\b)"
    r"|(?P<mixed>\b(?=[A-Za-z_]*\d)(?=\d*[A-Za-z_])\w{8,}\b)"
    r"|(?P<n>(?<![\w.])[-+]?\d+(?:[.,_]\d+)*(?:[eE][-+]?\d+)?|\d+(?:[.,_]\d+)*)"
)

_LONG = 64


def shape(text: str) -> str:
    """The first line of a text, with `<id>`, `<symbol>` and `<n>` for ids, symbols and numbers:
    `Order <id> of <symbol> filled <n>/<n>`."""
    return " ".join(map(_of_word, text.split("\n", 1)[0].split(" ")))


def _of_word(word: str) -> str:
    return _of_known_word(word) if len(word) < _LONG else _PARTS.sub(_name, word)


# The same few words stand in most lines of a log.
@lru_cache(maxsize=1 << 14)
def _of_known_word(word: str) -> str:
    return _PARTS.sub(_name, word)


def _name(found: re.Match[str]) -> str:
    kind = found.lastgroup
    return "<id>" if kind == "mixed" else f"<{kind}>"
