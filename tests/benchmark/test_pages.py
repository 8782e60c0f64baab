"""The pages of a suite in Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from optitracr import corpus
from optitracr.benchmark import run_suite, save_gallery
from optitracr.benchmark.records import MODELS
from optitracr.benchmark.results import score_suite
from optitracr.benchmark.score_page import score_page
from optitracr.cli.main import main
from tests.benchmark.test_results import suite
from tests.benchmark.test_suite import Here
from tests.browser import Watched, chromium
from tests.report.test_browser import OVERFLOW, quiet, violations

__all__ = ["suite"]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_scores_open_quietly_and_fit(
    browser: Browser, suite: Path, tmp_path: Path, scheme: str
) -> None:
    path = tmp_path / "scores.html"
    path.write_text(score_page("suite", score_suite(suite)), encoding="utf-8")
    watched = Watched(browser, path, 400, scheme)
    assert watched.page.evaluate(OVERFLOW) == 0
    assert violations(watched.page) == []
    watched.page.get_by_role("button", name="good").click()
    assert watched.page.locator("#auroc .mark.is-hot").count() == 1
    assert watched.page.locator("#curve .mark.is-hot").count() == 1
    quiet(watched)
    watched.close()


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of four models, of which one method was run."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("gallery") / "<suite>"
    drawn = corpus.RandomPrograms(2, seed=2)
    programs = ["length", "hist", drawn.item(0), drawn.item(1)]
    corpus.make(programs, folder / MODELS, executor=Here())
    run_suite(folder, ["random"])
    assert main(["benchmark", "page", str(folder)]) == 0
    return folder / "index.html"


def test_a_gallery_is_the_same_again(gallery: Path, tmp_path: Path) -> None:
    assert save_gallery(gallery.parent, tmp_path / "page.html") == 4
    page = gallery.read_bytes()
    assert (tmp_path / "page.html").read_bytes() == page
    assert b"<suite>" not in page
    # The page's own style and scripts, and a few kilobytes a model.
    assert len(page) < 70_000


def names(watched: Watched) -> list[str]:
    return watched.page.locator("tr.model:visible .open").all_inner_texts()


def test_a_gallery_is_searched_and_filtered(browser: Browser, gallery: Path) -> None:
    watched = Watched(browser, gallery)
    page = watched.page
    every = names(watched)
    assert len(every) == 4
    assert "4 of 4" in page.locator("#count").inner_text()
    page.fill("#search", "HIS")
    assert names(watched) == [name for name in every if "his" in name] != []
    page.fill("#search", "")
    models = json.loads(page.locator("#data").inner_text())["models"]
    feature = next(x for x in models[2]["features"] if x not in models[0]["features"])
    page.select_option("#feature", feature)
    some = [model for model in models if feature in model["features"]]
    assert names(watched) == [model["name"] for model in some] != every
    most = str(page.locator("#parameters option").nth(1).get_attribute("value"))
    page.select_option("#parameters", most)
    small = [model["name"] for model in some if model["sizes"]["parameters"] <= int(most)]
    assert names(watched) == small
    page.reload()
    page.select_option("#order", "name")
    assert names(watched) == sorted(every)
    page.select_option("#order", "score")
    shown = [float(x) for x in page.locator("td.score").all_inner_texts() if x != "–"]
    assert shown == sorted(shown)
    quiet(watched)
    watched.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_a_model_opens(browser: Browser, gallery: Path, width: int, scheme: str) -> None:
    watched = Watched(browser, gallery, width, scheme)
    page = watched.page
    assert page.locator(".details").count() == 0
    page.get_by_role("button", name="hist", exact=True).press("Enter")
    page.wait_for_selector(".details .picture-circuit")
    assert page.locator(".details .picture:visible").count() == 3
    assert "selector_width(select(tokens, tokens, ==))" in page.locator("pre").inner_text()
    assert page.locator(".details td", has_text=".").count() > 0
    assert page.evaluate(OVERFLOW) == 0
    assert violations(page) == []
    page.get_by_role("button", name="hist", exact=True).click()
    assert page.locator(".details").count() == 0
    quiet(watched)
    watched.close()
