"""The page in a real browser, with a real mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator

from replay.tuning.page import write_page
from replay.tuning.studying import Findings
from tests.pictures.conftest import Watched, browsing, chromium
from tests.tuning.page.made import FEW, findings, metrics, study

EVIL = "</script><script>window.evil = 1</script><img src=x>"
PLOTS = ["against-0", "parameter-0", "parameter-1", "parameter-2", "distribution", "pareto", "heat"]
Opener = Callable[..., Watched]


@pytest.fixture(scope="module")
def files(lag: Findings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    chromium()  # without one there is nothing to write them for
    folder = tmp_path_factory.mktemp("pages")
    text = FEW.replace("tries:", '"<b>tries":').replace("[0 ms, 300 ms,", '["<i>now",')
    of = study(folder, text)
    few = findings(of, list(of.grid()), lambda _, __, seeds: metrics(len(seeds)), runs=3)
    evil = few.study.model_copy(update={"title": EVIL, "description": EVIL, "bot": EVIL})
    made = {"lag": lag, "evil": replace(few, study=evil)}
    for name, each in made.items():
        write_page(each, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture(scope="module")
def browser(files: dict[str, Path]) -> Iterator[Browser]:
    with browsing() as opened:
        yield opened


@pytest.fixture(scope="module")
def loaded(browser: Browser, files: dict[str, Path]) -> Watched:
    """The page in a tab that all tests share which leave it as it was: plotly is long to read."""
    tab = Watched(browser)
    tab.page.goto(files["lag"].as_uri())
    tab.wait_until("document.documentElement.dataset.drawn === 'yes'")
    return tab


@pytest.fixture
def shared(loaded: Watched) -> Iterator[Watched]:
    yield loaded
    loaded.page.keyboard.press("Escape")
    assert loaded.complaints == []


@pytest.fixture
def opened(browser: Browser, files: dict[str, Path]) -> Iterator[Opener]:
    """Opens a page by name; in the end it may not have complained of anything."""
    tabs: list[Watched] = []

    def open_page(name: str = "lag", *, dark: bool = False) -> Watched:
        tab = Watched(browser, dark=dark)
        tabs.append(tab)
        tab.page.goto(files[name].as_uri())
        tab.wait_until("document.documentElement.dataset.drawn === 'yes'")
        return tab

    yield open_page
    for tab in tabs:
        tab.page.context.close()
    assert [text for tab in tabs for text in tab.complaints] == []


def middle(found: Locator) -> tuple[float, float]:
    """Where on the screen it is, once it is there."""
    found.scroll_into_view_if_needed()
    box = found.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def click(tab: Watched, found: Locator) -> None:
    """Plotly looks where the mouse is, and so it has to come from somewhere."""
    x, y = middle(found)
    tab.page.mouse.move(x - 3, y - 3)
    tab.page.mouse.move(x, y)
    tab.ask("1")
    tab.page.mouse.click(x, y)


def shown_command(tab: Watched) -> str:
    tab.wait_until("!document.getElementById('command').hidden")
    return str(tab.ask("document.getElementById('line').textContent"))


def test_the_page_asks_for_itself_and_for_nothing_else(
    opened: Opener, files: dict[str, Path]
) -> None:
    assert opened().asked == [files["lag"].as_uri()]


def test_the_page_cannot_reach_the_network_even_if_it_wanted_to(opened: Opener) -> None:
    tab = opened()
    blocked = tab.page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation",
                (event) => done(event.effectiveDirective));
            const notRefused = () => setTimeout(() => done("not refused"), 500);
            fetch("https://cdn.invalid/").then(notRefused, notRefused);
        })"""
    )
    assert blocked == "connect-src"
    tab.complaints.clear()  # the browser tells of the refusal


@pytest.mark.parametrize("dark", [False, True])
def test_every_plot_is_drawn_with_as_many_points_as_it_has(opened: Opener, dark: bool) -> None:
    tab = opened(dark=dark)
    assert tab.ask("[...document.querySelectorAll('.plot')].map((each) => each.id)") == [
        *PLOTS[:4],
        "heat",
        *PLOTS[4:6],
    ]
    for name in PLOTS[:-1]:
        points: Any = tab.ask(
            f"document.getElementById('{name}').data.filter((each) => each.customdata)"
            ".reduce((sum, each) => sum + each.x.length, 0)"
        )
        assert points > 0
        assert tab.page.locator(f"#{name} .scatterlayer path.point").count() == points
    assert tab.page.locator("#heat .heatmaplayer image").count() == 1
    assert tab.page.locator("#heat .heatmap-label").count() == 5 * 4
    assert tab.page.locator("#pareto .scatterlayer path.js-line").count() == 1
    assert tab.page.locator("#against-0 .errorbar path").count() > 8


def test_hovering_shows_the_number_its_interval_and_the_command(shared: Watched) -> None:
    point = shared.page.locator("#parameter-0 path.point").nth(4)
    x, y = middle(point)
    shared.page.mouse.move(x - 3, y - 3)
    shared.page.mouse.move(x, y)
    shared.wait_until("document.querySelector('#parameter-0 .hovertext')")
    said = shared.page.locator("#parameter-0 .hovertext").text_content() or ""
    assert "12 candidates with tries=8" in said
    assert "960 runs" in said  # twelve, in eight lags, with the ten seeds of the first round
    assert "replay run late_order_bybit" in said
    assert "order_fetch_attempts=8" in said


def test_a_click_on_a_point_shows_the_command_of_the_worst_run_in_its_cell(shared: Watched) -> None:
    assert not shared.page.locator("#command").is_visible()
    line = shared.page.locator("#against-0 .scatterlayer .trace").first
    click(shared, line.locator("path.point").nth(7))
    command = shown_command(shared)
    assert command.startswith("replay run late_order_bybit --bot=current --seed=")
    assert command.endswith("'--change=venues.bybit.behaviour.visibility[0].lag=12 s'")
    assert "lag, s = 12 s" in shared.page.locator("#about").inner_text()
    shared.page.keyboard.press("Escape")
    assert not shared.page.locator("#command").is_visible()


@pytest.mark.parametrize("name", ["distribution", "pareto"])
def test_a_click_on_any_plot_shows_a_command(shared: Watched, name: str) -> None:
    click(shared, shared.page.locator(f"#{name} .scatterlayer path.point").last)
    assert shown_command(shared).startswith("replay run late_order_bybit ")


def test_a_click_on_the_heat_map_shows_the_worst_run_of_the_cells_best(shared: Watched) -> None:
    click(shared, shared.page.locator("#heat .heatmap-label").first)  # 1 try, after 0.1 s
    command = shown_command(shared)
    assert "--setting=order_fetch_attempts=1 " in command
    assert "--setting=bybit_order_fetch_delay_s=0.1 " in command


def test_the_command_is_copied_as_it_is(shared: Watched) -> None:
    shared.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    click(shared, shared.page.locator("#pareto .scatterlayer path.point").last)
    command = shown_command(shared)
    shared.page.locator("#copy").click()
    shared.wait_until("document.getElementById('copied').textContent === 'copied'")
    assert shared.page.evaluate("() => navigator.clipboard.readText()") == command


def test_the_select_box_chooses_which_two_parameters(opened: Opener) -> None:
    tab = opened()
    assert tab.page.locator("#pair option").all_inner_texts() == [
        "tries and delay_s",
        "tries and growth",
        "delay_s and growth",
    ]
    tab.page.locator("#pair").select_option("delay_s and growth")
    tab.wait_until("document.querySelectorAll('#heat .heatmap-label').length === 12")
    titles = tab.page.locator("#heat .xtitle, #heat .ytitle").all_text_contents()
    assert sorted(titles) == ["delay_s", "growth"]


def test_a_click_on_a_heading_sorts_and_another_one_turns_it_round(opened: Opener) -> None:
    tab = opened()
    heading = tab.page.locator("#candidates th", has_text="requests")
    column: Any = heading.evaluate("(cell) => cell.cellIndex")

    def values() -> list[float]:
        cells = tab.page.locator(f"#candidates tbody td:nth-child({column + 1})")
        return [float(text.split()[0]) for text in cells.all_inner_texts()]

    before = values()
    assert before != sorted(before)
    heading.locator("button").click()
    assert values() == sorted(before)
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").click()
    assert values() == sorted(before, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    assert tab.page.locator("#candidates tbody tr").count() == 60


def test_the_first_row_is_the_recommended_one_and_shows_its_worst_run(shared: Watched) -> None:
    row = shared.page.locator("#candidates tbody tr").first
    assert "recommended" in row.inner_text()
    row.locator("summary").click()
    assert "--setting=order_fetch_attempts=8 " in shown_command(shared)


def test_without_scripts_the_answer_the_numbers_and_the_commands_can_be_read(
    browser: Browser, files: dict[str, Path]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files["lag"].as_uri())
    assert "tries=8, delay_s=1.0, growth=1.5" in page.locator("#answer").inner_text()
    assert "The plots need JavaScript" in page.locator("main").inner_text()
    page.locator("#circumstances summary").click()
    assert page.locator("#circumstances th").all_inner_texts()[-1] == "12 s"
    first = page.locator("#candidates tbody tr").first
    first.locator("summary").click()
    assert first.locator("code").inner_text().startswith("replay run late_order_bybit ")
    context.close()


def test_no_text_of_a_study_is_read_as_markup(opened: Opener) -> None:
    tab = opened("evil")
    assert tab.ask("typeof window.evil") == "undefined"
    assert tab.page.locator("img").count() == 0
    assert tab.page.locator("h1").inner_text() == EVIL
    point = tab.page.locator("#against-0 path.point").first
    click(tab, point)
    assert f"--bot={EVIL}".replace(" ", "") in shown_command(tab).replace("'", "").replace(" ", "")
    assert "<b>tries=" in tab.page.locator("#about").inner_text()
    assert tab.page.locator("#parameter-0 .xtitle").text_content() == "<b>tries"
    assert tab.page.locator("#against-0 .xtick").first.text_content() == "<i>now"
    assert "<b>tries=" in (tab.page.locator("#against-0 .legendtext").first.text_content() or "")


@pytest.mark.parametrize("width", [700, 1280])
def test_nothing_is_wider_than_the_window(opened: Opener, width: int) -> None:
    tab = opened()
    tab.page.set_viewport_size({"width": width, "height": 800})
    tab.wait_until(
        "[...document.querySelectorAll('.plot .main-svg')]"
        ".every((each) => each.getBoundingClientRect().right <= innerWidth)"
    )
    assert tab.ask("document.documentElement.scrollWidth <= innerWidth")


def test_light_and_dark_change_places_with_a_key(opened: Opener) -> None:
    tab = opened(dark=True)
    ground = "document.querySelector('#pareto .main-svg').style.background"
    assert tab.ask(ground) == "rgb(20, 23, 28)"
    tab.page.keyboard.press("t")
    tab.wait_until(f"{ground} === 'rgb(255, 255, 255)'")
