"""What the pictures say, and that they stay small."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.compiled import CompiledModel
from optitracr.draw.attention import MOST, attention_picture, patterns
from optitracr.draw.picture import (
    Line,
    Mark,
    Picture,
    Rectangle,
    Role,
    Text,
    fitted,
    plain,
    text_width,
)
from optitracr.draw.program_graph import graph_picture
from optitracr.draw.residual import (
    Panel,
    column_names,
    residual_picture,
    runs,
    state_name,
)
from optitracr.draw.sublayers import sublayers_picture, uses
from optitracr.draw.variables import Variables, variables_of
from optitracr.graph.program import operation_reads
from optitracr.library.random_programs import random_program
from optitracr.model.layout import erased


def compiled(name: str, level: int) -> CompiledModel:
    entry = library.get(name)
    return compile_rasp_to_model(
        entry.make(), entry.vocab, entry.max_seq_len, causal=entry.causal, optimize=level
    )


@pytest.fixture(scope="module")
def models() -> dict[int, CompiledModel]:
    return {level: compiled("reverse", level) for level in (0, 2)}


@pytest.fixture(scope="module")
def variables(models: dict[int, CompiledModel]) -> Variables:
    return variables_of(models.values())


def rectangles(mark: Mark) -> list[Rectangle]:
    return [shape for shape in mark.shapes if isinstance(shape, Rectangle)]


def titled(picture: Picture) -> list[Mark]:
    return [mark for mark in picture.marks if mark.title]


def inside(picture: Picture) -> bool:
    """Whether every rectangle and text lies within the picture."""
    shapes = [shape for mark in picture.marks for shape in mark.shapes]
    boxes = [s for s in shapes if isinstance(s, Rectangle)]
    texts = [s for s in shapes if isinstance(s, Text)]
    return all(
        box.x >= 0
        and box.y >= 0
        and box.x + box.width <= picture.width + 0.01
        and box.y + box.height <= picture.height + 0.01
        for box in boxes
    ) and all(-1 <= text.x <= picture.width and 0 <= text.y <= picture.height for text in texts)


def test_a_residual_stream_covers_the_map(
    models: dict[int, CompiledModel], variables: Variables
) -> None:
    """The painted area is that of the residual map, cell by cell."""
    for model in models.values():
        picture = residual_picture([Panel("a", model)], variables)
        frame = next(
            shape for mark in picture.marks for shape in mark.shapes if isinstance(shape, Rectangle)
        )
        cell = frame.width / model.layout.states, frame.height / model.size.width
        painted = {
            (round((box.x - frame.x) / cell[0]) + state, round((box.y - frame.y) / cell[1]) + row)
            for mark in titled(picture)
            for box in rectangles(mark)
            for state in range(round(box.width / cell[0]))
            for row in range(round(box.height / cell[1]))
        }
        held = {
            (state, column)
            for state, tenants in enumerate(model.residual_map)
            for column, tenant in enumerate(tenants)
            if tenant is not None
        }
        assert painted == held


def test_both_levels_have_one_scale_and_one_colour_a_variable(
    models: dict[int, CompiledModel], variables: Variables
) -> None:
    picture = residual_picture([Panel(f"level {i}", m) for i, m in models.items()], variables)
    colours: dict[str, set[object]] = {}
    heights: dict[int, float] = {}
    for mark in titled(picture):
        level, _, rest = mark.title.partition(": ")
        name = rest.split(":")[0].split(" (")[0]
        for box in rectangles(mark):
            colours.setdefault(name, set()).add(box.fill)
            number = int(level.split()[1])
            heights[number] = max(heights.get(number, 0.0), box.y + box.height)
    assert {"tokens", "indices", "opposite_5", "reverse_8"} <= set(colours)
    assert all(len(found) == 1 for found in colours.values())
    fills = [next(iter(colours[name])) for name in ("tokens", "indices", "opposite_5", "reverse_8")]
    assert len(set(fills)) == 4
    tops = 68.0
    wide, narrow = models[0].size.width, models[2].size.width
    assert (heights[0] - tops) / (heights[2] - tops) == pytest.approx(wide / narrow)


def test_erasures_are_marked_where_the_model_erases(
    models: dict[int, CompiledModel], variables: Variables
) -> None:
    layout = models[2].layout
    gone = {stay.variable.label for stay in layout.tenancies if erased(stay, layout)}
    erasing = {name for node in models[2].circuit.nodes for name in node.erases}
    assert erasing == gone != set()
    picture = residual_picture([Panel("a", models[2])], variables)
    told = [mark for mark in titled(picture) if "erased by layer" in mark.title]
    assert len(told) == len(gone)
    for mark in titled(picture):
        edges = [shape for shape in mark.shapes if isinstance(shape, Line)]
        crosses = [s for s in mark.shapes if isinstance(s, Text) and s.text == "×"]
        assert len(edges) == len(crosses) == len(rectangles(mark)) * (mark in told)
    bare = models[0].layout
    assert not any(erased(stay, bare) for stay in bare.tenancies)


def test_sublayers_show_every_node_once(
    models: dict[int, CompiledModel], variables: Variables
) -> None:
    for model in models.values():
        found = uses(model)
        amounts = sum(use.amount for use in found if not use.head)
        nodes = [node for node in model.circuit.nodes if node.kind != "head"]
        assert amounts == sum(node.index[1] - node.index[0] for node in nodes)
        picture = sublayers_picture("a", model, variables)
        assert {str(use) for use in found} == {mark.title for mark in titled(picture)}
        assert inside(picture)
    assert any("erases" in str(use) for use in uses(models[2]))


def test_bars_are_as_long_as_neurons_are_many(
    models: dict[int, CompiledModel], variables: Variables
) -> None:
    picture = sublayers_picture("a", models[0], variables)
    bars = {mark.title: rectangles(mark)[0].width for mark in titled(picture)}
    one = bars["L0.neurons0-18 (18 neurons) computes length_3"]
    four = bars["L1.neurons0-72 (72 neurons) computes opposite_5"]
    assert four + 1 == pytest.approx(4 * (one + 1))


def test_a_program_graph_has_every_node_and_edge(
    models: dict[int, CompiledModel], variables: Variables
) -> None:
    graph = models[2].program.graph
    picture = graph_picture(graph, models[2].savings, variables)
    labels = [mark.title.split(":")[0] for mark in titled(picture)]
    assert sorted(labels) == sorted(node.label for node in graph.nodes)
    lines = [mark for mark in picture.marks if not mark.title]
    edges = [set(operation_reads(node.operation)) for node in graph.nodes]
    assert len(lines) == sum(map(len, edges)) == 7
    dashed = {mark.title.split(":")[0] for mark in titled(picture) if rectangles(mark)[0].dashed}
    assert dashed == {"length_3", "opposite_index_6"}
    assert inside(picture)


def test_attention_is_the_softmax_of_the_logits(models: dict[int, CompiledModel]) -> None:
    found = patterns(models[2], "abcd")
    (last,) = (pattern for pattern in found if pattern.use.variables == ("reverse_8",))
    assert last.weights.sum(axis=-1) == pytest.approx(1.0)
    assert last.weights[1:, 1:].argmax(axis=-1).tolist() == [3, 2, 1, 0]


def test_an_attention_cell_is_as_dark_as_its_weight(
    models: dict[int, CompiledModel], variables: Variables
) -> None:
    picture = attention_picture(models[2], "abc", variables)
    found = patterns(models[2], "abc")
    assert len(titled(picture)) == len(found)
    for mark, pattern in zip(titled(picture), found, strict=True):
        cells = [box for box in rectangles(mark) if box.fill.role is Role.HEAT]
        assert sum(box.fill.opacity for box in cells) == pytest.approx(
            pattern.weights[pattern.weights >= 0.005].sum(), abs=0.02
        )
    assert inside(picture)


def test_a_model_without_layers_has_all_pictures() -> None:
    model = compiled("identity", 2)
    assert model.size.layers == 0
    variables = variables_of([model])
    assert "straight off the embedding" in sublayers_picture("a", model, variables).marks[-1].title
    assert "no attention" in attention_picture(model, "ab", variables).marks[-1].title
    tokens, constant = titled(residual_picture([Panel("a", model)], variables))
    assert "tokens" in tokens.title
    assert "constant" in constant.title


@pytest.mark.slow
@pytest.mark.parametrize("level", [0, 2])
def test_pictures_of_a_large_program_are_bounded(level: int) -> None:
    made = random_program(seed=3, size=100)
    model = compile_rasp_to_model(
        made.program, made.vocab, made.max_seq_len, optimize=level, time_limit=0
    )
    variables = variables_of([model])
    pictures = [
        residual_picture([Panel("a", model), Panel("b", model)], variables),
        sublayers_picture("a", model, variables),
        graph_picture(model.program.graph, model.savings, variables),
        attention_picture(model, "abcab", variables),
    ]
    for picture in pictures:
        assert picture.width <= 1100, picture.name
        assert picture.height <= 1000, picture.name
        assert inside(picture), picture.name
    if len(patterns(model, "abcab")) > MOST:
        assert "more heads" in pictures[3].marks[-1].title
    assert len(titled(pictures[2])) == len(model.program.graph.nodes)


@pytest.mark.slow
def test_labels_never_leave_their_rectangle() -> None:
    model = compiled("shuffle_dyck2", 2)
    picture = residual_picture([Panel("a", model)], variables_of([model]))
    for mark in titled(picture):
        for text in (shape for shape in mark.shapes if isinstance(shape, Text)):
            width = text_width(text.text, text.size)
            left = text.x - width / 2 if text.anchor == "middle" else text.x
            assert any(
                box.x <= left and left + width <= box.x + box.width for box in rectangles(mark)
            )


def test_words() -> None:
    assert runs([3, 1, 2, 7]) == [(1, 4), (7, 8)]
    assert runs([]) == []
    assert column_names([1, 2, 3, 7]) == "dimensions 1–3, 7"
    assert column_names([4]) == "dimension 4"
    assert [state_name(t) for t in (0, 1, 4)] == [
        "the embedding",
        "after layer 0's attention",
        "after layer 1's MLP",
    ]
    assert fitted("opposite", 100, 10) == "opposite"
    assert fitted("opposite", 37, 10) == "oppos…"
    assert fitted("opposite", 20, 10) == ""
    assert plain("a\x00\u202e\ud800\ufffeé日") == "a����é日"


def test_a_variable_that_no_picture_knows_is_neutral() -> None:
    variables = Variables(("tokens", "hist"))
    assert variables.index("") is None
    assert variables.fill("").role is Role.NEUTRAL
    assert variables.fill("hist").index == 1


def test_constants_are_drawn_as_constants() -> None:
    program = rasp.SequenceMap(lambda x, y: x + y, rasp.Full(3), rasp.indices)
    model = compile_rasp_to_model(program, "ab", 3, optimize=0)
    picture = graph_picture(model.program.graph, model.savings, variables_of([model]))
    assert any(": constant" in mark.title for mark in titled(picture))
