"""Where in the code under test something was called from, for errors and findings."""

from __future__ import annotations

import sys
import sysconfig
import traceback
from pathlib import Path
from types import FrameType, TracebackType

_STDLIB = sysconfig.get_paths()["stdlib"]
_OURS = str(Path(__file__).parent)


def _is_library(path: str) -> bool:
    """Whether a file is the standard library's, or none at all (frozen or made at run time)."""
    return path.startswith("<") or (path.startswith(_STDLIB) and "site-packages" not in path)


def is_foreign(path: str) -> bool:
    """Whether a file is neither ours nor the standard library's."""
    return not path.startswith(_OURS) and not _is_library(path)


def _short(path: str) -> str:
    """The last two parts of a path: enough to find it, the same on every machine."""
    return "/".join(Path(path).parts[-2:])


def calling_place() -> str:
    """`file:line in function` of the innermost frame outside this package and the library."""
    return _place(sys._getframe(1), installed=True) or "an unknown place"


def own_place() -> str:
    """As `calling_place`, of the innermost frame that is no installed library's either: where the
    code under test itself stands."""
    return place_of(sys._getframe(1))


def place_of(frame: FrameType | None) -> str:
    """As `own_place`, of another thread's innermost frame."""
    return _place(frame, installed=False) or _place(frame, installed=True) or "an unknown place"


def _place(frame: FrameType | None, *, installed: bool) -> str | None:
    while frame is not None:
        code = frame.f_code
        path = code.co_filename
        if is_foreign(path) and (installed or "site-packages" not in path):
            return f"{_short(path)}:{frame.f_lineno} in {code.co_name}"
        frame = frame.f_back
    return None


def raising_place(trace: TracebackType | None) -> str:
    """Where an exception came from: its innermost frame outside the standard library.

    Frames of the standard library are passed over because their lines differ by Python version.
    """
    place = "an unknown place"
    for frame, line in traceback.walk_tb(trace):
        code = frame.f_code
        if not _is_library(code.co_filename):
            place = f"{_short(code.co_filename)}:{line} in {code.co_name}"
    return place


def is_ours(path: str) -> bool:
    """Whether a file is the simulator's own."""
    return path.startswith(_OURS)
