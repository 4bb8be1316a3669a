"""The page in a real browser, with real mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from replay import pictures, runner
from scenarios.likeness import Likeness, Overruled
from tests.pictures.conftest import Watched, browsing, chromium
from tests.pictures.made import log, long_run, run_of
from tests.replay.made import MS, S

EVENTS = 50_000
EVIL = "</script><script>window.evil = 1</script>\u2028<img src=x>"
CALM = Likeness(
    venue="binance",
    profile="calm",
    effective=True,
    overruled=(Overruled(what="visibility order", by="the scenario"),),
)
Opener = Callable[..., Any]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages by name, written before there is a browser: its loop and a world's do not mix."""
    chromium()  # without one there is nothing to write them for
    folder = tmp_path_factory.mktemp("pages")
    runs = {
        "sklusdt": runner.run("sklusdt", version="2025-10-28"),
        "wave": runner.run("wave_limit", version="2025-10-12"),
        "evil": run_of(log(S, EVIL), title=EVIL, scenario=EVIL),
        "long": long_run(EVENTS),
        "liked": run_of(log(S, "line"), profiles=(CALM,)),
    }
    for name, result in runs.items():
        (folder / f"{name}.html").write_text(pictures.page(result), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in runs}


@pytest.fixture(scope="module")
def browser(files: dict[str, Path]) -> Iterator[Browser]:
    with browsing() as opened:
        yield opened


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Watched:
    return Watched(browser)


@pytest.fixture
def opened(tab: Watched, files: dict[str, Path]) -> Iterator[Opener]:
    """Opens a page by name; in the end it may not have complained of anything."""

    def open_page(name: str) -> Watched:
        tab.open(files[name])
        return tab

    yield open_page
    assert tab.complaints == []


def look(page: Watched, from_ns: int, to_ns: int) -> None:
    page.ask(f"replay.show({from_ns}, {to_ns})")


def spot(page: Watched, t: int, lane: int) -> tuple[float, float]:
    """Where on the screen a moment of a lane is."""
    at: Any = page.ask(f"replay.point({t}, {lane})")
    box = page.page.locator("#canvas").bounding_box()
    assert box is not None
    return box["x"] + at["x"], box["y"] + at["y"]


def number_of(page: Watched, title: str) -> int:
    found: Any = page.ask(
        "Array.from({length: replay.count().items}, (_, number) => number)"
        f".filter((number) => replay.item(number).title.startsWith({title!r}))"
    )
    assert len(found) == 1, found
    return int(found[0])


def test_the_page_asks_for_itself_and_for_nothing_else(
    opened: Opener, files: dict[str, Path]
) -> None:
    page = opened("sklusdt")
    page.ask("1")
    assert page.asked == [files["sklusdt"].as_uri()]
    assert page.complaints == []


def test_the_page_cannot_reach_the_network_even_if_it_wanted_to(opened: Opener) -> None:
    page = opened("sklusdt")
    blocked = page.page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation",
                (event) => done(event.effectiveDirective));
            const notRefused = () => setTimeout(() => done("not refused"), 500);
            fetch("https://fapi.binance.invalid/").then(notRefused, notRefused);
        })"""
    )
    assert blocked == "connect-src"
    page.complaints.clear()  # the browser tells of the refusal


def test_no_text_of_a_run_is_ever_read_as_markup(opened: Opener) -> None:
    page = opened("evil")
    assert page.ask("typeof window.evil") == "undefined"
    assert page.page.locator("img").count() == 0
    assert EVIL in page.page.locator("#heading").inner_text(timeout=2000).replace("\n", "\u2028")
    page.page.locator(".row").first.click()
    assert "</script>" in page.page.locator("#details h2").inner_text()


def test_the_fills_arrow_reaches_the_bot_4_ms_before_the_replys(opened: Opener) -> None:
    page = opened("sklusdt")
    look(page, 12_200 * MS, 12_260 * MS)
    arrows: Any = page.ask(
        "replay.arrows().map((each) => ({...each, title: replay.item(each.item).title, "
        "arrives: replay.clock(each.end)}))"
    )
    # The two moments of the log between which everything went wrong.
    assert [(each["kind"], each["title"].split(":")[0], each["arrives"]) for each in arrows] == [
        ("reply", "POST order SKLUSDT BUY MARKET 308", "22:34:12.250"),
        ("event", "ACCOUNT_UPDATE SKLUSDT 308", "22:34:12.246"),
    ]
    drawn: Any = page.ask("replay.drawn()")
    assert drawn["arrows"] == 2
    assert drawn["races"] == ["ACCOUNT_UPDATE 4 ms before the reply to POST order"]


def test_there_is_a_lane_for_every_window_of_every_venue(opened: Opener) -> None:
    lanes: Any = opened("wave").ask("replay.lanes()")
    for venue in ("binance", "bybit"):
        for window in ("REST", "user stream", "market stream", "orders", "positions"):
            assert f"{venue}: {window}" in lanes
    assert {"bot: log", "network: on the way", "binance: resting orders"} <= set(lanes)


def test_the_wheel_zooms_around_the_mouse(opened: Opener) -> None:
    page = opened("sklusdt")
    x, y = spot(page, 12_250 * MS, 2)
    page.page.mouse.move(x, y)
    before: Any = page.ask("replay.view()")
    page.page.mouse.wheel(0, -800)
    page.wait_until(f"replay.view().from > {before['from']}")
    after: Any = page.ask("replay.view()")
    assert after["to"] - after["from"] < (before["to"] - before["from"]) / 4
    there, _ = spot(page, 12_250 * MS, 2)
    assert there == pytest.approx(x, abs=1)


def test_dragging_moves_what_is_under_the_mouse_with_it(opened: Opener) -> None:
    page = opened("sklusdt")
    look(page, 12 * S, 13 * S)
    x, y = spot(page, 12_500 * MS, 5)
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x - 100, y, steps=4)
    page.page.mouse.up()
    there, _ = spot(page, 12_500 * MS, 5)
    assert there == pytest.approx(x - 100, abs=1)


def test_the_keyboard_zooms_moves_and_goes_back_to_the_whole_run(opened: Opener) -> None:
    page = opened("sklusdt")
    whole: Any = page.ask("replay.view()")
    page.page.keyboard.press("+")
    page.page.keyboard.press("+")
    zoomed: Any = page.ask("replay.view()")
    span = whole["to"] - whole["from"]
    assert zoomed["to"] - zoomed["from"] == pytest.approx(span / 4)
    page.page.keyboard.press("ArrowRight")
    moved: Any = page.ask("replay.view()")
    assert moved["from"] - zoomed["from"] == pytest.approx(0.15 * span / 4)
    page.page.keyboard.press("0")
    assert page.ask("replay.view()") == whole


def test_the_view_goes_down_to_microseconds_and_no_further(opened: Opener) -> None:
    page = opened("sklusdt")
    look(page, 12_246 * MS, 12_246 * MS + 1)
    view: Any = page.ask("replay.view()")
    assert view["to"] - view["from"] == pytest.approx(2_000)
    assert page.ask(f"replay.clock({12_246 * MS + 1_000})") == "22:34:12.246001"


def test_search_finds_highlights_and_walks_through_its_hits(opened: Opener) -> None:
    page = opened("sklusdt")
    page.page.keyboard.press("/")
    page.page.keyboard.type("LEVERAGE")
    kinds: Any = page.ask("replay.hits().items.map((number) => replay.item(number).kind)")
    # A request, what was said of it, and the milestone on both sides.
    assert {"request", "log", "milestone", "production"} <= set(kinds)
    hits = page.page.locator("#hits")
    assert hits.inner_text() == f"{len(kinds)} hits"
    assert page.page.locator(".row.hit").count() > 0
    for place in (1, 2):
        page.page.keyboard.press("Enter")
        assert hits.inner_text() == f"{place} of {len(kinds)}"
        assert page.ask("replay.selected() === replay.hits().items[replay.hits().at]") is True
    page.page.keyboard.press("Shift+Enter")
    assert hits.inner_text() == f"1 of {len(kinds)}"
    page.page.locator("#search").fill("no such thing")
    assert hits.inner_text() == "0 hits"


def test_a_click_on_a_log_line_centres_the_picture_on_it(opened: Opener) -> None:
    page = opened("sklusdt")
    look(page, 0, S)
    page.page.locator(".row", has_text="Pre-registered SKLUSDT").click()
    view: Any = page.ask("replay.view()")
    # The log: 22:34:12.250 - ⚡ Pre-registered, 12.25 s after the run's start.
    assert (view["from"] + view["to"]) / 2 == pytest.approx(12_250 * MS)
    assert page.page.locator("#details h2").inner_text().startswith("⚡ Pre-registered SKLUSDT")


def test_a_click_on_the_picture_brings_the_log_to_the_same_moment(opened: Opener) -> None:
    page = opened("sklusdt")
    look(page, 23_300 * MS, 23_400 * MS)
    timeout = number_of(page, "❌ Multi-source verification TIMEOUT")
    item: Any = page.ask(f"replay.item({timeout})")
    page.page.mouse.click(*spot(page, item["start"], item["lane"]))
    assert page.ask("replay.selected()") == timeout
    row = page.page.locator(".row.selected")
    assert "Multi-source verification TIMEOUT" in row.inner_text()
    assert "22:34:23.370" in row.inner_text()


def test_the_log_keeps_up_with_what_the_picture_shows(opened: Opener) -> None:
    page = opened("wave")
    first = page.page.locator(".row", has_text="[PRIVATE] Connected")
    assert first.count() == 1
    look(page, 80 * S, 82 * S)
    page.wait_until(
        "document.querySelector('.row.away') && document.querySelector('.row:not(.away)')"
    )
    assert first.count() == 0
    near: Any = page.ask(
        "[...document.querySelectorAll('.row:not(.away)')]"
        ".map((row) => replay.item(Number(row.dataset.item)).start)"
    )
    assert near
    assert all(80 * S <= start <= 82 * S for start in near)


def test_a_click_on_a_request_shows_what_it_carried(opened: Opener) -> None:
    page = opened("sklusdt")
    look(page, 11_500 * MS, 12_500 * MS)
    order = number_of(page, "POST order SKLUSDT BUY")
    lanes: Any = page.ask("replay.lanes()")
    page.page.mouse.click(*spot(page, 12_000 * MS, lanes.index("bot: sends and hears")))
    assert page.ask("replay.selected()") == order
    shown = page.page.locator("#details").inner_text()
    for text in ("22:34:11.898", "22:34:12.250", '"newOrderRespType": "RESULT"', '"orderId": 1'):
        assert text in shown


def test_what_the_log_level_hid_appears_when_asked_for_and_is_marked(opened: Opener) -> None:
    page = opened("sklusdt")
    assert page.page.locator(".row .mark", has_text="hidden").count() == 0
    page.page.keyboard.press("/")
    page.page.keyboard.type("AttributeError debug")
    page.page.keyboard.press("Enter")
    row = page.page.locator(".row.selected")
    assert row.locator(".mark").all_inner_texts() == ["hidden", "AttributeError"]
    assert page.page.locator("#showhidden").is_checked()
    page.page.locator("#showhidden").click()
    assert page.page.locator(".row .mark", has_text="hidden").count() == 0


def test_production_time_stands_beside_virtual_time(opened: Opener) -> None:
    page = opened("sklusdt")
    page.page.get_by_role("tab", name="Milestones").click()
    row = page.page.locator("#pairs tr", has_text="verification_timeout").first
    # The log: 22:34:23.371.
    assert row.locator("td").all_inner_texts()[:3] == ["22:34:23.369500", "22:34:23.371", "-1.5 ms"]


def test_the_verdict_and_the_hidden_exceptions_are_on_the_page(opened: Opener) -> None:
    page = opened("sklusdt")
    assert page.page.locator("#badge").inner_text() == "as expected"
    page.page.get_by_role("tab", name="Verdict").click()
    shown = page.page.locator("#verdict").inner_text()
    assert "no_unprotected_position" in shown
    assert "broken, as expected" in shown
    assert "AttributeError: 'OrderResult' object has no attribute 'get'" in shown
    assert "not in the picture: 2 lines of the log not understood" in shown


def test_the_profile_that_a_run_was_under_is_on_the_page(opened: Opener) -> None:
    page = opened("liked")
    page.page.get_by_role("tab", name="Verdict").click()
    told = "profile at binance: calm; overruled by the scenario: visibility order"
    assert told in page.page.locator("#verdict").inner_text().splitlines()


@pytest.mark.parametrize(("dark", "ground"), [(False, [255, 255, 255]), (True, [20, 23, 28])])
def test_the_picture_is_light_or_dark_as_the_reader_wants(
    browser: Browser, files: dict[str, Path], dark: bool, ground: list[int]
) -> None:
    page = Watched(browser, dark=dark)
    page.open(files["sklusdt"])
    corner = pixels("2", "copy.height - 3", "1")
    assert page.ask(f"{corner}.slice(0, 3)") == ground
    page.page.locator("#theme").click()
    page.ask("1")
    assert page.ask(f"{corner}.slice(0, 3)") != ground
    assert page.complaints == []


def pixels(x: str, y: str, width: str) -> str:
    """The colours of a line of the canvas, taken from a copy, which may be read at any time."""
    return (
        "(() => { const shown = document.getElementById('canvas');"
        "const copy = new OffscreenCanvas(shown.width, shown.height);"
        "const context = copy.getContext('2d', { willReadFrequently: true });"
        "context.drawImage(shown, 0, 0);"
        f"return [...context.getImageData({x}, {y}, {width}, 1).data]; }})()"
    )


def test_fifty_thousand_events_are_drawn_searched_and_walked_through(opened: Opener) -> None:
    page = opened("long")
    # A request and its reply are one item with two arrows; an event has one.
    assert page.ask("replay.count()") == {"items": EVENTS // 5 * 4, "arrows": EVENTS // 5 * 3}
    assert page.page.locator(".row").count() < 100
    drawn: Any = page.ask("replay.drawn()")
    assert drawn["arrows"] < 5_000  # by the pixel, not by the event
    assert drawn["arrows"] + drawn["skipped"] == EVENTS // 5 * 3  # and the rest is told
    assert drawn["marks"] > 1_000
    assert red_in_log(page), "the one error among ten thousand lines on the same pixels"
    page.page.keyboard.press("/")
    page.page.keyboard.type("needle")
    page.page.keyboard.press("Enter")
    assert page.page.locator("#hits").inner_text() == "1 of 1"
    assert "the needle broke" in page.page.locator(".row.selected").inner_text()
    middle_ns = S + EVENTS // 10 * 20 * MS - 6 * MS  # of that line
    view: Any = page.ask("replay.view()")
    assert (view["from"] + view["to"]) / 2 == pytest.approx(middle_ns)
    look(page, middle_ns, middle_ns + 40 * MS)
    # A request every 20 ms, 6 ms after its line, and an event before each reply.
    kinds: Any = page.ask("replay.arrows().map((each) => each.kind)")
    assert kinds == ["request", "event", "reply"] * 2


def red_in_log(page: Watched) -> bool:
    """Whether the colour of errors is anywhere in the lane of the log."""
    at: Any = page.ask("replay.point(0, replay.lanes().indexOf('bot: log'))")
    line: Any = page.ask(pixels("160", str(at["y"]), "copy.width - 160"))
    return any(line[i : i + 3] == [0xD1, 0x32, 0x3F] for i in range(0, len(line), 4))
