"""Names of a user's that are spelled as the compiler's own are."""

from __future__ import annotations

from itertools import product

import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.graph.build import RESERVED, build_graph
from optitracr.model.layout import _unique

BOS = "compiler_bos"


class Labelled(rasp.Map):
    """An s-op whose label is just what its author says."""

    exact = ""

    @property
    def label(self) -> str:
        return self.exact


def labelled(label: str, sop: rasp.SOp) -> rasp.SOp:
    made = Labelled(lambda x: x, sop, simplify=False)
    made.exact = label
    return made


def exact(program: rasp.SOp, level: int, vocab: str = "ab", length: int = 3) -> None:
    model = compile_rasp_to_model(program, set(vocab), length, optimize=level)
    for size in range(1, length + 1):
        for tokens in product(vocab, repeat=size):
            found = model.apply([BOS, *tokens]).decoded[1:]
            assert found == program(tokens), tokens
    assert len(set(model.residual_labels)) == len(model.residual_labels)


SAME = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
HIST = rasp.SelectorWidth(SAME).named("hist")
LABEL = HIST.label
INTERNAL = [
    *(f"{LABEL}.{part}" for part in ("share", "share.0", "class", "count", "average", "mean")),
    *(f"{LABEL}{mark}" for mark in ("~1", "@0", "+tokens", "#2")),
    *RESERVED,
    "tokens",
    "indices",
    "",
    "x" * 2000,
    "a.b.c",
    "selector0",
]


@pytest.mark.sweep
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("label", INTERNAL)
def test_a_label_of_the_compilers_own(label: str, level: int) -> None:
    other = labelled(label, rasp.Map(lambda t: 1 if t == "a" else 0, rasp.tokens))
    exact(rasp.SequenceMap(lambda x, y: 2 * x + y, HIST, other), level)


@pytest.mark.sweep
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("part", ["class", "less", "difference", "default", "mean", "average"])
def test_beside_a_mean_that_is_converted(part: str, level: int) -> None:
    earlier = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LT)
    number = rasp.numerical(rasp.Map(lambda t: 1 if t == "a" else 0, rasp.tokens))
    mean = rasp.numerical(rasp.Aggregate(earlier, number, 2)).named("mean")
    other = labelled(f"{mean.label}.{part}", rasp.Map(lambda t: t == "b", rasp.tokens))
    exact(rasp.SequenceMap(lambda x, y: x > 0.5 and y, mean, other), level)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_beside_joint_variables(level: int) -> None:
    before = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LT)
    both = rasp.SelectorOr(SAME, before).named("both")
    width = rasp.SelectorWidth(both).named("width")
    for side in ("keys", "queries"):
        other = labelled(f"{both.label}.{width.label}.{side}", rasp.tokens)
        exact(rasp.SequenceMap(lambda x, y: (x, y), width, other), level)


@pytest.mark.parametrize("level", [1, 2])
def test_heads_are_shared_by_what_is_selected_alone(level: int) -> None:
    """Labels with the mark that separates queries from keys in the name of what is shared."""
    first, second = rasp.Map(lambda t: t == "a", rasp.tokens), rasp.indices % 2 == 0
    a, bc = labelled("a", first), labelled("b|c", second)
    ab, c = labelled("a|b", second), labelled("c", first)
    one = rasp.SelectorWidth(rasp.Select(bc, a, rasp.Comparison.EQ))
    two = rasp.SelectorWidth(rasp.Select(c, ab, rasp.Comparison.EQ))
    exact(rasp.SequenceMap(lambda x, y: (x, y), one, two), level)


def test_what_is_made_for_a_variable_says_so() -> None:
    """The circuit names variables of the program, whatever dots these have in their names."""
    left = labelled("same.3", rasp.Map(lambda t: t == "a", rasp.tokens))
    both = rasp.SelectorOr(SAME, rasp.Select(left, rasp.indices, lambda k, q: q == 0))
    program = rasp.SelectorWidth(both.named("same.3")).named("same.3.width")
    model = compile_rasp_to_model(program, {"a", "b"}, 3)
    written = {node.label for node in build_graph(program).nodes}
    assert {label for part in model.components for label in part.serves} <= written


def test_labels_of_columns_are_unique() -> None:
    assert len(set(_unique(["a", "a#2", "a", "a", "b", "a#2"]))) == 6
