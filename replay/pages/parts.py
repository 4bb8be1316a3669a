"""A page is one file that needs nothing else: its template, with its parts put in their places.

A template begins with `@HEAD@`, and what it looks like is `base.css` and then its own style.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any


def head(title: str, *, policy: str, style: str) -> str:
    """All before the body. `policy` says what the page may load and run; the title may be any text.

    The theme is light or dark as the reader's system is, until the page's root has `data-theme`.
    """
    places = {"@POLICY@": policy, "@TITLE@": escape(title), "@STYLE@": style}
    return filled(_part("head.html"), places)


def style(own: str) -> str:
    """The style of all pages, and over it a page's own."""
    return f"{_part('base.css')}{own}"


def filled(template: str, places: Mapping[str, str]) -> str:
    """The template with each of its places filled, which `places` has in the template's order.

    Raises ValueError for a place that is not there, or not in its order.
    """
    # From the front, so that nothing in a part is taken for a place to fill.
    parts: list[str] = []
    for name, part in places.items():
        before, template = template.split(name, 1)
        parts += [before, part]
    return "".join([*parts, template])


def as_script_data(value: Any) -> str:
    """JSON that cannot end the element it stands in, nor start another one in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def digest(text: str) -> str:
    """By which a policy names the one script or style that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _part(name: str) -> str:
    return files("replay.pages").joinpath(name).read_text(encoding="utf-8")
