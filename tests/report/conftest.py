"""Reports and a browser, made once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from optitracr.report.report import Report
from tests.browser import chromium
from tests.report.reports import report_of
from tests.report.screenshots import PROGRAM


@pytest.fixture(scope="session")
def reverse() -> Report:
    return report_of("reverse")


@pytest.fixture(scope="session")
def reverse_page(reverse: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "reverse.html"
    reverse.save(path)
    return path


@pytest.fixture(scope="session")
def pictured_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of which there are reference screenshots."""
    path = tmp_path_factory.mktemp("report") / "pictured.html"
    report_of(PROGRAM, time_limit=0).save(path)
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    with chromium() as opened:
        yield opened
