"""A page taken apart."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any


class Parts(HTMLParser):
    """Texts of scripts, what could load something, the policy, and the texts that are shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.shown: list[str] = []
        self.policy = ""
        self._open = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append(tag)
        self._open = tag
        if tag == "script":
            self.scripts.append("")
        self.loads += [name for name in named if name in ("src", "href", "action", "srcset")]
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"] or ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[-1] += data
        elif self._open != "style":
            self.shown.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def data_of(page: str) -> Any:
    """What the page's script is given."""
    return json.loads(Parts(page).scripts[0])
