"""What is known of a model, on its page and card."""

from __future__ import annotations

import pytest

from optitracr import make_report, rasp


@pytest.mark.parametrize(
    ("check", "told", "on_page"),
    [
        ("proof", "proven on every input", "on every input"),
        ("sample", "checked on", "Not proven: the inputs that were not tried"),
        (False, "not checked", "not compared with the interpreter"),
    ],
)
def test_what_is_known_is_said(check: str | bool, told: str, on_page: str) -> None:
    report = make_report(rasp.tokens == "a", {"a", "b"}, 2, check=check)
    assert told in report.model._repr_html_()
    assert on_page in report.html
