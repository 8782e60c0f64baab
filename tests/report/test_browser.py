"""The page in Chromium: themes, widths, keyboard, accessibility, and how it looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from optitracr.report.report import Report
from tests.browser import NAMES, Watched, find_chromium
from tests.report.reports import report_of
from tests.report.screenshots import PICTURES, difference, reference, views
from tests.report.test_page import HOSTILE_TOKENS, hostile_program

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def wide(browser: Browser, reverse_page: Path) -> Iterator[Watched]:
    watched = Watched(browser, reverse_page)
    yield watched
    watched.close()


@pytest.fixture(scope="module")
def dark(browser: Browser, reverse_page: Path) -> Iterator[Watched]:
    watched = Watched(browser, reverse_page, scheme="dark")
    yield watched
    watched.close()


@pytest.fixture
def page(wide: Watched) -> Page:
    """The page as it opens."""
    wide.page.reload()
    return wide.page


def quiet(watched: Watched) -> None:
    """Nothing was logged, and nothing but the file itself was asked for."""
    assert watched.problems == []
    assert all(url.startswith(("file://", "data:")) for url in watched.requests)
    files = {url.partition("#")[0] for url in watched.requests if url.startswith("file://")}
    assert len(files) == 1


def violations(page: Page) -> list[str]:
    options = {"runOnly": {"type": "tag", "values": AXE_TAGS}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{v['id']}: {[n['target'] for n in v['nodes']][:3]}" for v in found]


def heat(page: Page) -> list[str]:
    return page.locator("#heat tbody td").all_inner_texts()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_every_view_opens_quietly_and_fits(
    browser: Browser, reverse_page: Path, scheme: str, width: int
) -> None:
    watched = Watched(browser, reverse_page, width, scheme)
    assert watched.page.evaluate(OVERFLOW) == 0
    for details in watched.page.locator("summary").all():
        details.click()
    assert watched.page.evaluate(OVERFLOW) == 0
    assert watched.page.locator("svg.picture:visible").count() >= 5
    assert violations(watched.page) == []
    quiet(watched)
    watched.close()


@pytest.mark.parametrize("name", ["identity", "dyck2_ptf", "hostile"])
def test_other_programs_fit_a_narrow_screen(browser: Browser, tmp_path: Path, name: str) -> None:
    if name == "hostile":
        from optitracr import make_report

        report: Report = make_report(hostile_program(), HOSTILE_TOKENS, 4)
    else:
        report = report_of(name, time_limit=0)
    report.save(tmp_path / "page.html")
    watched = Watched(browser, tmp_path / "page.html", 400, "dark")
    assert watched.page.evaluate(OVERFLOW) == 0
    if name == "hostile":
        assert violations(watched.page) == []
    quiet(watched)
    watched.close()


def test_an_audit_that_finds_nothing_can_find_something(page: Page) -> None:
    page.evaluate("document.querySelector('select').labels[0].remove()")
    page.add_style_tag(content=".caption { color: #cccccc !important; }")
    found = " ".join(violations(page))
    assert "color-contrast" in found


def test_the_theme_is_the_systems_until_it_is_chosen(wide: Watched, dark: Watched) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light_ground, dark_ground = wide.page.evaluate(ground), dark.page.evaluate(ground)
    assert light_ground != dark_ground
    button = wide.page.get_by_role("button", name="Theme")
    seen = []
    for _ in range(3):
        button.press("Enter")
        seen.append((button.inner_text(), wide.page.evaluate(ground)))
    assert seen == [
        ("Theme: light", light_ground),
        ("Theme: dark", dark_ground),
        ("Theme: automatic", light_ground),
    ]
    fill = "getComputedStyle(document.querySelector('#residual .mark rect')).fill"
    assert wide.page.evaluate(fill) != dark.page.evaluate(fill)
    quiet(wide)


def test_tab_reaches_every_control(page: Page) -> None:
    """Links, buttons, selects, summaries, scrolling boxes, and one mark of each picture."""
    wanted = page.evaluate(
        """[...document.querySelectorAll('a[href], button, select, summary, [tabindex="0"]')]
        .filter(e => e.checkVisibility({contentVisibilityAuto: true}))
        .map((e, i) => (e.dataset.reach = String(i)))"""
    )
    reached, hidden = set(), []
    page.evaluate("document.body.focus()")
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """(() => { const e = document.activeElement; const s = getComputedStyle(e);
            const inner = e.classList.contains('mark');
            return [e.dataset.reach, s.outlineStyle, s.outlineWidth, inner]; })()"""
        )
        if state[0] is not None:
            reached.add(state[0])
            if state[1] == "none" or state[2] == "0px":
                hidden.append(state)
    assert reached == set(wanted)
    assert len(wanted) > 20
    assert hidden == []


def test_another_example_is_chosen_by_keyboard(page: Page, reverse: Report) -> None:
    chooser = page.get_by_label("Input", exact=True)
    page.get_by_label("Layer and head").select_option("1")
    before, shown = heat(page), page.locator(".example:visible")
    assert shown.count() == 1
    first = shown.inner_text()
    chooser.focus()
    page.keyboard.press("ArrowDown")
    assert chooser.input_value() == "1"
    assert shown.count() == 1
    assert shown.inner_text() != first
    assert heat(page) != before
    row = page.locator(".example:visible .values tr", has_text="tokens").locator("td")
    assert tuple(row.all_inner_texts()) == reverse.examples[1].tokens
    output = page.locator(".example:visible .values tr.decoded td").all_inner_texts()
    assert [cell.split()[0] for cell in output] == list(reversed(reverse.examples[1].tokens))
    assert all("✓" in cell for cell in output)


def test_a_head_is_chosen_by_keyboard_and_shows_its_weights(page: Page, reverse: Report) -> None:
    chooser = page.get_by_label("Layer and head")
    first = heat(page)
    chooser.focus()
    page.keyboard.press("ArrowDown")
    assert chooser.input_value() == "1"
    assert heat(page) != first
    weights = reverse.examples[0].patterns[1].weights
    side = len(weights)
    ones = [divmod(place, side) for place, text in enumerate(heat(page)) if text == "1"]
    assert ones == [(q, int(row.argmax())) for q, row in enumerate(weights) if row.max() > 0.995]
    assert len(ones) >= side - 1


def test_static_and_drawn_heads_are_alike(browser: Browser, reverse_page: Path, page: Page) -> None:
    """What the script draws first is what stands there without it."""
    bare = Watched(browser, reverse_page, javascript=False)
    cells = bare.page.locator("#heat table")
    assert cells.inner_text() == page.locator("#heat table").inner_text()
    bare.close()


def test_without_a_script_everything_is_there(browser: Browser, reverse_page: Path) -> None:
    watched = Watched(browser, reverse_page, javascript=False)
    assert watched.page.locator(".example:visible").count() == 5
    assert watched.page.locator("svg.picture:visible").count() == 10
    assert watched.page.locator("#heat td").count() > 0
    assert watched.page.evaluate(OVERFLOW) == 0
    quiet(watched)
    watched.close()


def opacity(page: Page, selector: str) -> list[float]:
    script = "elements => elements.map(e => Number(getComputedStyle(e).opacity))"
    found: list[float] = page.locator(selector).evaluate_all(script)
    return found


def test_a_variable_is_highlighted_everywhere(page: Page, reverse: Report) -> None:
    index = reverse.variables.index("opposite_5")
    own, others = f'svg .mark[data-v="{index}"]', f'svg .mark:not([data-v="{index}"])'
    assert set(opacity(page, others)) == {1.0}
    chip = page.locator(f'.chip[data-v="{index}"]')
    chip.focus()
    assert set(opacity(page, own)) == {1.0}
    assert max(opacity(page, others)) < 0.5
    assert page.locator(f'svg:has(.mark[data-v="{index}"])').count() >= 4
    page.get_by_role("button", name="Theme").focus()
    assert set(opacity(page, others)) == {1.0}
    chip.press("Enter")
    page.get_by_role("button", name="Theme").focus()
    assert max(opacity(page, others)) < 0.5
    assert chip.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert chip.get_attribute("aria-pressed") == "false"
    assert set(opacity(page, others)) == {1.0}
    page.locator(f'#graph .mark[data-v="{index}"]').hover()
    assert max(opacity(page, others)) < 0.5


def test_marks_are_walked_with_arrows_and_told(page: Page, reverse: Report) -> None:
    marks = page.locator("#residual svg").first.locator(".mark")
    marks.first.focus()
    told = page.locator("#residual .told").first
    seen = []
    for _ in range(3):
        seen.append(told.inner_text())
        page.keyboard.press("ArrowRight")
    titles = [mark.title for mark in reverse.picture("residual").marks if mark.title]
    assert seen == titles[:3]
    assert marks.nth(3).get_attribute("tabindex") == "0"
    assert marks.first.get_attribute("tabindex") == "-1"


def test_print_is_light_and_whole(dark: Watched) -> None:
    dark.page.emulate_media(media="print", color_scheme="dark")
    ground = dark.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    ink = dark.page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(27, 32, 40)"
    assert not dark.page.get_by_role("button", name="Theme").is_visible()
    assert dark.page.pdf().startswith(b"%PDF")
    dark.page.emulate_media(media="screen", color_scheme="dark")


def test_motion_is_reduced_where_asked(page: Page) -> None:
    script = "getComputedStyle(document.querySelector('.picture g')).transitionDuration"
    assert page.evaluate(script) == "0s"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_main_views_look_as_they_did(browser: Browser, pictured_page: Path, scheme: str) -> None:
    watched = Watched(browser, pictured_page, scheme=scheme)
    wrong = {
        name: difference(view, reference(f"{name}-{scheme}"))
        for name, view in views(watched.page).items()
    }
    watched.close()
    assert not any(wrong.values()), f"{wrong}; if meant: python -m tests.report.screenshots"


REMOVE = "(element) => element.querySelectorAll('.mark').forEach((mark) => mark.remove())"
SHIFT = "(element) => element.querySelectorAll('.mark rect').forEach((r) => r.setAttribute('x', 0))"


@pytest.mark.parametrize("change", [REMOVE, SHIFT], ids=["missing", "misplaced"])
def test_a_wrong_picture_is_seen(browser: Browser, pictured_page: Path, change: str) -> None:
    watched = Watched(browser, pictured_page)
    for selector in PICTURES.values():
        watched.page.locator(selector).evaluate(change)
    for name, view in views(watched.page).items():
        assert difference(view, reference(f"{name}-light")), name
    watched.close()


def test_a_dark_picture_is_no_light_one(browser: Browser, pictured_page: Path) -> None:
    watched = Watched(browser, pictured_page, scheme="dark")
    for name, view in views(watched.page).items():
        assert difference(view, reference(f"{name}-light")), name
    watched.close()


def test_a_machine_without_chromium_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert Path(find_chromium()).name in NAMES
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="apt-get install -y chromium"):
        find_chromium()
