"""A picture as SVG and as a figure: the same shapes, well-formed, the same bytes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from optitracr.draw.colours import LIGHT
from optitracr.draw.figure import to_figure
from optitracr.draw.picture import Line, Mark, Paint, Picture, Rectangle, Role, Text
from optitracr.draw.style import save
from optitracr.draw.svg import to_svg

INK = Paint(Role.INK)
HOSTILE = "</title><script>alert(1)</script> \"'&\x00 $x^2$ 日"
PICTURE = Picture(
    "test",
    HOSTILE,
    "all shapes",
    200.0,
    100.0,
    (
        Mark((Rectangle(1, 2, 30, 40, Paint(Role.VARIABLE, 3), INK, 4.0, True),), HOSTILE, 3),
        Mark((Line(((0, 0), (50, 50), (100, 20)), INK, 2.0, True, True),), "", 1),
        Mark((Line(((0, 0), (10, 10)), Paint(Role.LINE, opacity=0.5)),)),
        Mark((Text(20, 20, HOSTILE, 12, "middle", bold=True, upright=True),), "second"),
    ),
)
SVG = "{http://www.w3.org/2000/svg}"


def test_svg_is_well_formed_and_says_what_it_shows() -> None:
    root = ElementTree.fromstring(to_svg(PICTURE))
    assert root.get("role") == "group"
    assert "all shapes" in root.get("aria-label", "")
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert titles == [HOSTILE.replace("\x00", "\ufffd"), "second"]
    assert len(list(root.iter(f"{SVG}script"))) == 0
    marks = [g for g in root.iter(f"{SVG}g") if g.get("class") == "mark"]
    assert [(g.get("tabindex"), g.get("data-v")) for g in marks] == [("0", "3"), ("-1", None)]
    assert all(g.get("role") == "img" for g in marks)
    lines = [g for g in root.iter(f"{SVG}g") if g.get("aria-hidden")]
    assert [g.get("data-v") for g in lines] == ["1", None]
    assert next(root.iter(f"{SVG}rect")).get("fill") == "var(--v3)"


def test_svg_without_a_page_has_plain_colours_and_nothing_to_focus() -> None:
    text = to_svg(PICTURE, LIGHT, interactive=False)
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    assert "var(" not in text
    assert "tabindex" not in text
    assert next(root.iter(f"{SVG}rect")).get("fill") == LIGHT.colour(Paint(Role.VARIABLE, 3))


def test_a_figure_has_every_shape() -> None:
    figure = to_figure(PICTURE)
    axis = figure.axes[0]
    assert tuple(figure.get_size_inches()) == (2.0, 1.0)
    assert len(axis.patches) == 3
    assert len(axis.texts) == 1
    assert axis.texts[0].get_text().endswith("$x^2$ □")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_picture_is_the_same_file(tmp_path: Path, suffix: str) -> None:
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    for path in (first, second):
        save(to_figure(PICTURE), path)
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size > 1000


def test_a_picture_without_its_shapes_is_seen_to_differ(tmp_path: Path) -> None:
    bare = Picture("test", "", "", 200.0, 100.0, ())
    save(to_figure(PICTURE), tmp_path / "a.png")
    save(to_figure(bare), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()
