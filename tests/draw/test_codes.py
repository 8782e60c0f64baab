"""Points that stand for values: each is drawn, labelled, and parted from others as it is read."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.compiled import CompiledModel
from optitracr.draw.codes import MOST, Code, codes_of, codes_picture
from optitracr.draw.deciding import Lines, regions
from optitracr.draw.picture import Line, Rectangle, Role, Text
from optitracr.draw.variables import variables_of
from optitracr.errors import NotFoundError
from tests.compiled import compiled
from tests.draw.test_pictures import inside, titled

CASES = ("reverse", "hist", "sort_unique", "parity", "fizzbuzz")


def named(model: CompiledModel) -> dict[str, Code]:
    return {code.stay.variable.label: code for code in codes_of(model)}


def test_every_point_is_drawn_with_its_values() -> None:
    model = compiled("reverse", 2)
    picture = codes_picture(model, variables_of([model]))
    assert inside(picture)
    codes = codes_of(model)
    assert len(titled(picture)) == len(codes) + sum(len(code.classes) for code in codes)
    code = named(model)["indices~1"]
    assert code.classes == [(place,) for place in range(8)]
    assert np.hypot(*code.points.T) == pytest.approx(1.0)
    assert code.readers() == "read by 1 head, 1 neuron alone, 56 neurons with others"
    texts = {s.text for m in picture.marks for s in m.shapes if isinstance(s, Text)}
    assert {"indices", "'a'", "'d'", "0", "7", "None"} <= texts


def test_none_is_a_dashed_square() -> None:
    model = compiled("reverse", 2)
    picture = codes_picture(model, variables_of([model]), "reverse_8")
    [nothing] = [mark for mark in titled(picture) if "is None" in mark.title]
    [square] = [shape for shape in nothing.shapes if isinstance(shape, Rectangle)]
    assert square.dashed
    assert square.radius == 0.0
    assert square.fill.role is Role.SURFACE


@pytest.mark.parametrize("name", CASES)
def test_what_is_read_out_lies_in_its_region(name: str) -> None:
    """Of each value that the output is read out as, and None in no region."""
    model = compiled(name, 2)
    encoding = model.output_encoder.encoding_map
    found = [code for code in codes_of(model) if code.read.scores is not None]
    assert found
    for code in found:
        low, high = float(code.points.min()) - 1.0, float(code.points.max()) + 1.0
        assert code.read.scores is not None
        bounds = regions(code.read.scores, [(low,), (high,)])
        for point, values in zip(code.points[:, 0], code.classes, strict=True):
            inside_of = {
                i for i, ends in enumerate(bounds) if ends and min(ends)[0] < point < max(ends)[0]
            }
            own = encoding.get(values[0]) if code.variable == model.name else None
            assert len(inside_of) == (0 if values == (None,) else 1)
            assert own is None or inside_of == {own}


def test_edges_of_neurons_part_values() -> None:
    """Those of a width lie among its shares, and are drawn dashed."""
    model = compiled("parity", 2)
    code = named(model)["selector_width_3.share"]
    edges = -code.read.edges.constant / code.read.edges.weights[:, 0]
    assert code.read.alone == len(edges) > 1
    assert ((edges > code.points.min() - 1e-6) & (edges < code.points.max())).all()
    picture = codes_picture(model, variables_of([model]), "selector_width_3")
    lines = [s for m in picture.marks for s in m.shapes if isinstance(s, Line) and s.dashed]
    assert len(lines) >= len(edges) - 1


def test_regions_of_the_plane() -> None:
    """Points of a circle are told apart by their tangents."""
    angles = np.arange(5) * 2 * np.pi / 5
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    frame = [(-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0)]
    found = regions(Lines(2.0 * points, np.full(5, -0.5)), frame)
    area = 0.0
    for own, corners in enumerate(found):
        x, y = np.array(corners).T
        area += float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
        scores = np.array([np.mean(x), np.mean(y)]) @ points.T
        assert scores.argmax() == own
    assert 10.0 < area < 16.0


def test_models_without_codes_and_with_many() -> None:
    plain = compiled("is_vowel", 0)
    picture = codes_picture(plain, variables_of([plain]))
    assert "a dimension of its own" in picture.marks[-1].title
    with pytest.raises(NotFoundError, match="held so are: none"):
        codes_picture(plain, variables_of([plain]), "tokens")
    deep = compiled("distinct_sorted", 2)
    picture = codes_picture(deep, variables_of([deep]))
    assert inside(picture)
    assert picture.width <= 1060
    assert len(codes_of(deep)) <= MOST


def test_a_code_as_a_figure() -> None:
    model = compiled("hist", 2)
    figure = model.draw_code("hist_3")
    assert {text.get_text() for text in figure.axes[0].texts} >= {"hist_3", "0", "8"}
    with pytest.raises(NotFoundError, match="held so are: tokens, hist_3"):
        model.draw_code("nobody")
