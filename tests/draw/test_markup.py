"""Markup: what is put into a template is escaped, unless it is markup."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from optitracr.draw.markup import attributes, escaped, joined, markup

HOSTILE = "</b><script>\"'&\x00\u202e"
MEANS_ITSELF = "&lt;/b&gt;&lt;script&gt;&#34;&#39;&amp;\ufffd\ufffd"


def test_text_is_escaped_and_markup_stays() -> None:
    assert escaped(HOSTILE) == MEANS_ITSELF
    assert escaped(Markup("<b>")) == "<b>"
    assert escaped(3) == "3"


@pytest.mark.parametrize(
    "made", [markup("<b>{}</b>", HOSTILE), markup("<b>{x}</b>", x=HOSTILE)], ids=["place", "name"]
)
def test_fields_of_templates_are_escaped(made: Markup) -> None:
    assert made == f"<b>{MEANS_ITSELF}</b>"
    assert markup("<i>{}</i>", made) == f"<i>{made}</i>"


def test_attributes_are_escaped_named_and_left_out() -> None:
    assert attributes(data_v=0, class_="a", role=None, title=HOSTILE) == (
        f' data-v="0" class="a" title="{MEANS_ITSELF}"'
    )
    assert attributes(role=None) == ""


def test_pieces_are_joined_as_they_are() -> None:
    assert joined([Markup("<b>"), Markup("</b>")], "\n") == "<b>\n</b>"
    assert joined(["<b>"]) == "&lt;b&gt;"  # type: ignore[list-item]
