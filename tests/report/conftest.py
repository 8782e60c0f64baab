"""Reports and a browser, made once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from optitracr import library, make_report
from optitracr.report.report import Report
from tests.browser import chromium
from tests.report.screenshots import PROGRAM


def report_of(name: str, **options: Any) -> Report:
    entry = library.get(name)
    return make_report(
        entry.make(), entry.vocab, entry.max_seq_len, entry.causal, name=entry.name, **options
    )


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
