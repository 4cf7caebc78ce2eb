"""The report in a real browser, with scripts off: wide and narrow, light and dark, and on paper."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.cli.conftest import Typed
from tests.client.cli.test_report import story

CHROMIUM = shutil.which("chromium")
PANELS = (".panel.at", ".panel.recorded", ".panel.received")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        why = "The report is looked at in Debian's chromium: apt-get install chromium."
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as launched,
    ):
        yield launched


@pytest.fixture
def file(kith: Typed, tmp_path: Path) -> str:
    story(kith)
    path = tmp_path / "carol.html"
    kith("why", "Carol", "--report", str(path))
    return f"file://{path}"


def opened(browser: Any, file: str, width: int = 1100, scheme: str = "light") -> Any:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=False
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file)
    assert asked == [file]
    return page


def shown(page: Any) -> list[str]:
    return [panel for panel in PANELS if page.locator(panel).is_visible()]


def test_one_clock_is_shown_and_each_can_be_chosen(browser: Any, file: str) -> None:
    page = opened(browser, file)
    assert shown(page) == [".panel.at"]
    for by, panel in (("recorded", 1), ("received", 2), ("at", 0)):
        page.locator(f"label[for=by-{by}]").click()
        assert shown(page) == [PANELS[panel]]


def test_the_clocks_can_be_chosen_by_keyboard(browser: Any, file: str) -> None:
    page = opened(browser, file)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert shown(page) == [".panel.recorded"]


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_it_fits_any_width_with_one_plot_that_can_be_read(
    browser: Any, file: str, width: int
) -> None:
    page = opened(browser, file, width)
    plots = [plot for plot in page.locator(".panel.at svg").all() if plot.is_visible()]
    assert len(plots) == 1
    box = plots[0].bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    label = page.locator(".panel.at svg:visible text.label").first.bounding_box()
    assert label["height"] >= 10
    for row in page.locator(".panel.at li > div").all():
        found = row.bounding_box()
        assert found["x"] + found["width"] <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ink_stands_out_from_the_paper(browser: Any, file: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(file)

    def brightness(name: str, selector: str = "body") -> float:
        colour = page.locator(selector).first.evaluate(f"e => getComputedStyle(e).{name}")
        red, green, blue = map(int, colour.removeprefix("rgb(").removesuffix(")").split(","))
        return red * 0.299 + green * 0.587 + blue * 0.114

    paper = brightness("backgroundColor")
    assert (paper > 200) == (scheme == "light")
    assert (paper < 60) == (scheme == "dark")
    for selector in ("h1", ".score strong", ".about", "dt", ".fall strong", ".late"):
        assert abs(brightness("color", selector) - paper) > 90, selector
    context.close()


def test_a_mark_leads_to_its_row(browser: Any, file: str) -> None:
    page = opened(browser, file)
    page.locator(".panel.at svg:visible a").nth(1).click()
    assert page.url.endswith("#at-2")
    assert page.locator("li:target").inner_text().count("Bob trusted Carol 2") == 1


def test_on_paper_every_clock_is_printed(browser: Any, file: str) -> None:
    page = opened(browser, file)
    page.emulate_media(media="print")
    assert shown(page) == list(PANELS)
    assert not page.locator(".tabs").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
