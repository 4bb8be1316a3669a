"""A real browser, headless, for the tests that look at the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """The program's path; without one the test is skipped, and fails where CI is set."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is not None:
        return found
    reason = f"no Chromium here (looked for {', '.join(_NAMES)}); install it: apt install chromium"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Playwright brings an event loop of its own, so worlds must not run meanwhile."""
    program = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield browser
        browser.close()


class Watched:
    """A tab of the browser, with everything that its page complained of or asked for."""

    def __init__(self, browser: Browser, *, dark: bool = False) -> None:
        context = browser.new_context(
            viewport={"width": 1200, "height": 800}, color_scheme="dark" if dark else "light"
        )
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, file: Path) -> None:
        """Loads a page afresh, whatever was there before."""
        self.complaints.clear()
        self.asked.clear()
        self.page.goto(file.as_uri())
        self.wait_until("replay.drawn().marks > 0")

    def wait_until(self, condition: str, frames: int = 600) -> None:
        """Playwright's own waiting has the page read a text as code, which its policy forbids."""
        came = self.page.evaluate(
            f"""() => new Promise((done) => {{
                let left = {frames};
                const look = () => {{
                    if ({condition}) done(true);
                    else if ((left -= 1) < 0) done(false);
                    else requestAnimationFrame(look);
                }};
                look();
            }})"""
        )
        assert came, f"never so on the page: {condition}"

    def ask(self, expression: str) -> object:
        """What an expression gives on the page, once what was asked before has been drawn."""
        return self.page.evaluate(
            f"() => new Promise((done) => requestAnimationFrame(() => done({expression})))"
        )
