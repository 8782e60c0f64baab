"""The pages of a suite in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from optitracr.benchmark.results import score_suite
from optitracr.benchmark.score_page import score_page
from tests.benchmark.test_results import suite
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
