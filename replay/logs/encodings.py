"""Bytes of a log as text, and text that was decoded wrongly put right.

Somebody's editor reads UTF-8 as Mac Roman (it has been seen), Windows-1252, Windows-1251 or Latin-1
and saves what it shows as UTF-8: `✅` has become `‚úÖ`. ftfy, the library for this, leaves most of
the Mac Roman lines as they are: their letters look too much like somebody's quotes and dashes to
it. A log is less shy, for no bot writes `‚úÖ`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ASCII = bytes(range(128))
_TWICE = 3
"""So often one text can have been decoded wrongly."""


@dataclass(slots=True)
class Repairs:
    """What was done to lines before they were read."""

    wrong_codecs: dict[str, int] = field(default_factory=dict)
    """Lines whose UTF-8 had been read with another codec, by the codec."""
    not_utf8: int = 0
    """Lines with bytes that are no UTF-8."""

    def notes(self) -> list[str]:
        """What a person should be told."""
        told = [
            f"{_lines(lines)} UTF-8 that had been read as {codec}, and {_was(lines)} put right"
            for codec, lines in sorted(self.wrong_codecs.items())
        ]
        if self.not_utf8:
            count = f"{self.not_utf8:,} line" + ("s have" if self.not_utf8 > 1 else " has")
            told.append(f"{count} bytes that are no UTF-8, shown as \\xNN")
        return told


def _lines(count: int) -> str:
    return f"{count:,} line{'s' if count > 1 else ''} {_was(count)}"


def _was(count: int) -> str:
    return "were" if count > 1 else "was"


class _Codec:
    """One way of reading bytes from 128 up as letters, and the way back."""

    def __init__(self, name: str, python_name: str, *, cyrillic: bool = False) -> None:
        self.name = name
        letters = {byte: _letter(byte, python_name) for byte in range(0x80, 0x100)}
        self._back = {ord(letter): byte for byte, letter in letters.items()}
        high = re.escape("".join(letters.values()))
        two, three, four, follow = (
            re.escape("".join(letters[byte] for byte in span))
            for span in (
                range(0xC2, 0xE0),
                range(0xE0, 0xF0),
                range(0xF0, 0xF5),
                range(0x80, 0xC0),
            )
        )
        self.suspect = f"[{two}{three}{four}][{follow}]"
        if cyrillic:  # whose words have such pairs in them, as in `всё`, but hardly more
            self.suspect = f"(?:[{two}][{follow}]){{2}}|[{three}][{follow}]{{2}}"
            self.suspect += f"|[{four}][{follow}]{{3}}"
        self._runs = re.compile(f"[{high}]{{2,}}")

    def put_right(self, line: str) -> tuple[str, int]:
        """The line with each run that is UTF-8 read so, and the letters of the longest."""
        longest = 0

        def right(run: re.Match[str]) -> str:
            nonlocal longest
            try:
                found = run[0].translate(self._back).encode("latin-1").decode()
            except UnicodeError:
                return run[0]
            longest = max(longest, len(run[0]))
            return found

        return self._runs.sub(right, line), longest


def _letter(byte: int, codec: str) -> str:
    try:
        return bytes([byte]).decode(codec)
    except UnicodeDecodeError:
        # Windows-1252 has five gaps; browsers and editors fill them with control characters.
        return chr(byte)


_CODECS = (
    _Codec("Latin-1", "latin-1"),
    _Codec("Windows-1251", "cp1251", cyrillic=True),
    _Codec("Windows-1252", "cp1252"),
    _Codec("Mac Roman", "mac_roman"),
)
_SUSPECT = re.compile("|".join(codec.suspect for codec in _CODECS))
"""How a letter of UTF-8 begins that was read with one of the codecs."""


def suspicious(raw: bytes, text: str) -> bool:
    """Whether some of `text`, which is `raw` decoded, may have been decoded wrongly before."""
    # What is not ASCII is little: looked at by itself, most texts are soon known to be in order.
    others = raw.translate(None, _ASCII).decode()
    return _SUSPECT.search(others) is not None and _SUSPECT.search(text) is not None


def decoded(raw: bytes, repairs: Repairs) -> str:
    """UTF-8; bytes that are none are shown as \\xNN, and what was decoded wrongly is put right."""
    if raw.isascii():
        return raw.decode()
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        repairs.not_utf8 += sum(not _is_utf8(line) for line in raw.split(b"\n"))
        text = raw.decode(errors="backslashreplace")
        raw = text.encode()
    if not suspicious(raw, text):
        return text
    return "\n".join(_put_right(line, repairs) for line in text.split("\n"))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _put_right(line: str, repairs: Repairs) -> str:
    for _ in range(_TWICE):
        if _SUSPECT.search(line) is None:
            return line
        found = [(codec, *codec.put_right(line)) for codec in _CODECS]
        known = repairs.wrong_codecs
        codec, right, longest = max(found, key=lambda each: (each[2], known.get(each[0].name, 0)))
        # Two letters alone may well be meant, the root of pi is no `ù`: but not below lines that
        # were certainly read with this codec.
        if longest < (2 if codec.name in known else 3):
            return line
        known[codec.name] = known.get(codec.name, 0) + 1
        line = right
    return line
