"""The page as text: what it may do, what it must not hold, that it is the same every time."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser

from replay import pictures, runner
from replay.pages import as_script_data
from replay.pictures.html import document
from simulator.randomness import Streams
from tests import elsewhere
from tests.pictures.made import log, run_of
from tests.replay.made import S, full_result


class Parts(HTMLParser):
    """The texts of scripts and styles, and every attribute that could load something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self.loads: list[str] = []
        self.policy = ""
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self._open = tag if tag in ("script", "style") else ""
        self.loads += [name for name in named if name in ("src", "href", "action", "srcset")]
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"] or ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.append((self._open, data))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def test_the_page_loads_nothing_and_its_policy_lets_only_its_own_script_run() -> None:
    parts = Parts(pictures.page(full_result()))
    assert parts.loads == []
    (style, data, script) = parts.texts
    assert [style[0], data[0], script[0]] == ["style", "script", "script"]
    rules = dict(rule.strip().split(" ", 1) for rule in parts.policy.split(";"))
    assert rules["default-src"] == "'none'"
    for directive, text in (("style-src", style[1]), ("script-src", script[1])):
        digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[directive] == f"'sha256-{digest}'"


def test_no_text_of_a_run_can_end_the_data_or_start_a_script() -> None:
    evil = "</script><script>x()</script><!-- & \u2028 \u2029 @SCRIPT@"
    page = pictures.page(run_of(log(S, evil)))
    assert page.count("<script") == 2
    assert "\u2028" not in page
    (_, data, _) = Parts(page).texts
    assert evil in [item[6] for item in json.loads(data[1])["items"]]


def test_data_is_still_json() -> None:
    value = {"a": "<>&\u2028\u2029é\n\x00"}
    assert json.loads(as_script_data(value)) == value
    assert not re.search("[<>&\u2028\u2029\x00\n]", as_script_data(value))


def test_numbers_that_a_browser_would_round_are_text() -> None:
    (item,) = document(run_of(log(S, "line", ids=[2**53 - 1, 2**53 + 1], ok=True)))["items"]
    assert item[-1]["ids"] == [2**53 - 1, "9007199254740993"]
    assert item[-1]["ok"] is True


def test_neither_real_time_nor_the_programs_folder_is_on_the_page() -> None:
    result = full_result()
    slow = replace(result, real_s=99.0, command=f"/home/me/bin/{result.command}")
    assert pictures.page(slow) == pictures.page(result)
    assert document(slow)["run"]["command"] == "replay run sklusdt --bot 2025-10-28 --seed 1"


def test_what_could_not_be_read_or_drawn_is_said() -> None:
    told = document(full_result())
    assert told["left_out"] == {"lines of the log not understood": 1}
    assert told["unreached"] == ["api.telegram.org"]
    assert told["faults"] == {"lost_reply": 2, "reset": 0}
    assert [one["type"] for one in told["hidden"]] == ["AttributeError"]
    assert [one["ok"] for one in told["findings"]] == [True, True, False]


def test_the_same_run_gives_the_same_pictures_in_another_process() -> None:
    program = (
        "import hashlib; from replay import pictures, runner; "
        "result = runner.run('sklusdt', version='2025-10-28'); "
        "made = pictures.page(result) + pictures.perfetto_trace(result); "
        "print(hashlib.sha256(made.encode()).hexdigest())"
    )
    digests = [elsewhere.python("-c", program, PYTHONHASHSEED=seed).stdout for seed in ("1", "2")]
    assert digests[0] == digests[1]


def test_no_key_and_no_secret_is_in_a_picture() -> None:
    result = runner.run("sklusdt", version="2025-10-28")
    keys = Streams(1)["binance.credentials"]
    secrets = [keys.randbytes(32).hex() for _ in range(2)]
    for made in (pictures.page(result), pictures.perfetto_trace(result)):
        assert "POST order" in made
        assert not [secret for secret in secrets if secret in made]
        assert not re.search(r"signature=(?!\*\*\*)", made)
