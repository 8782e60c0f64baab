"""A component in the weights computes what its block computes alone, and touches nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optitracr.craft.blocks import Block, Determined
from optitracr.craft.evaluate import evaluate
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import FloatArray
from optitracr.model.record import HeadUse
from tests.assembly.blocks import (
    BOS,
    LETTERS,
    NUMBER,
    POSITION,
    RESULT,
    SHAPE,
    VARIABLES,
    after_attention,
    after_mlp,
    component,
    head,
    layout,
    mlp,
    stream,
    written,
)

EVERYWHERE = np.ones((1, 4, 4), dtype=bool)


def alone(block: Block, x: FloatArray) -> FloatArray:
    """What a block writes into a stream of named variables, in float64."""
    where = layout()
    named = {
        direction: x[None, :, column]
        for variable in VARIABLES
        for direction, column in zip(
            variable.space.directions, where.columns_of(variable.space), strict=True
        )
    }
    result: FloatArray = evaluate(block, named, EVERYWHERE)[0]
    return result


def at(variable: Variable, x: FloatArray) -> FloatArray:
    return x[:, layout().columns_of(variable.space)]


def elsewhere(x: FloatArray, *variables: Variable) -> FloatArray:
    columns = np.concatenate([layout().columns_of(v.space) for v in variables])
    return np.delete(x, columns, axis=1)


@pytest.mark.parametrize("source", [LETTERS, NUMBER, POSITION], ids=lambda v: v.label)
def test_an_mlp_in_its_columns(source: Variable) -> None:
    block, x = mlp(source, b_out=np.array([0.5, -1.0, 0.0])), stream()
    added = after_mlp(written(1, component("m", block)), x)
    assert at(RESULT, added) == pytest.approx(alone(block, x), abs=1e-5)
    assert not elsewhere(added, RESULT).any()


def test_mlps_in_one_sublayer_have_neurons_of_their_own() -> None:
    blocks, x = (mlp(LETTERS, 1), mlp(NUMBER, 2, neurons=2)), stream()
    weights = written(1, *(component(f"m{i}", block) for i, block in enumerate(blocks)))
    assert at(RESULT, after_mlp(weights, x)) == pytest.approx(
        sum(alone(block, x) for block in blocks), abs=1e-5
    )
    assert [(u.start, u.stop, u.component) for u in weights.neurons[0]] == [
        (0, 3, "m0"),
        (3, 5, "m1"),
    ]


def test_a_head_in_its_columns() -> None:
    block, x = head(LETTERS, 2), stream()
    weights = written(0, component("h", block))
    added = after_attention(weights, x)
    assert at(RESULT, added) == pytest.approx(alone(block, x), abs=1e-5)
    assert not elsewhere(added, RESULT).any()
    assert weights.heads[0] == (HeadUse(("h",), (), ((0, 2),)),)


def test_components_with_one_selector_share_heads() -> None:
    """Three and two columns, four to a head: the second component lies in both heads."""
    blocks, x = (head(LETTERS, 3, 1), head(NUMBER, 2, 2)), stream()
    parts = [component(f"h{i}", block, "same") for i, block in enumerate(blocks)]
    weights = written(0, *parts)
    assert at(RESULT, after_attention(weights, x)) == pytest.approx(
        sum(alone(block, x) for block in blocks), abs=1e-5
    )
    assert weights.heads[0] == (
        HeadUse(("h0", "h1"), (), ((0, 3), (3, 4))),
        HeadUse(("h1",), (), ((0, 1),)),
    )


def test_other_selectors_have_heads_of_their_own() -> None:
    blocks = (head(LETTERS, 1, 1), head(NUMBER, 1, 2))
    weights = written(0, *(component(f"h{i}", b, f"s{i}") for i, b in enumerate(blocks)))
    assert [use.components for use in weights.heads[0]] == [("h0",), ("h1",)]


@pytest.mark.parametrize("sublayer", [0, 1], ids=["by a head", "by neurons"])
def test_what_is_erased_is_zero(sublayer: int) -> None:
    gone, x = (LETTERS, NUMBER), stream()
    weights = written(sublayer, erased=gone)
    added = (after_attention if sublayer == 0 else after_mlp)(weights, x)
    for variable in gone:
        assert at(variable, x + added) == pytest.approx(0.0, abs=1e-5)
    assert not elsewhere(added, *gone).any()


def test_a_number_of_both_signs_takes_two_neurons_to_erase() -> None:
    def neurons(variable: Variable) -> list[tuple[int, int, tuple[str, ...]]]:
        return [(u.start, u.stop, u.erased) for u in written(1, erased=(variable,)).neurons[0]]

    assert neurons(NUMBER) == [(0, 1, ("number",)), (1, 2, ("number",))]
    assert neurons(LETTERS) == [(0, 2, ("letters",))]


def test_erasing_more_columns_than_a_head_has_takes_two() -> None:
    weights = written(0, erased=(RESULT, LETTERS))
    assert len(weights.heads[0]) == 2
    assert all(use.erased == ("result", "letters") for use in weights.heads[0])
    assert after_attention(weights, stream()) == pytest.approx(
        -np.where(np.isin(np.arange(SHAPE.width), _columns(RESULT, LETTERS)), stream(), 0.0),
        abs=1e-5,
    )


def test_neurons_erase_what_they_determine() -> None:
    """Neurons that are the letters, but for a constant, write their negation for nothing more."""
    eye = np.eye(2)
    block = mlp(LETTERS, neurons=2, determined=(Determined("letters", eye, np.full(2, -3.0)),))
    block = replace(block, w_in=eye, b_in=np.full(2, 3.0))
    x = stream()
    weights = written(1, component("m", block), erased=(LETTERS,))
    added = after_mlp(weights, x)
    assert at(LETTERS, x + added) == pytest.approx(0.0, abs=1e-6)
    assert at(RESULT, added) == pytest.approx(alone(block, x), abs=1e-5)
    [use] = weights.neurons[0]
    assert (use.stop, use.component, use.erased) == (2, "m", ("letters",))


def test_embeddings_hold_what_is_alive() -> None:
    weights, where = written(1), layout()
    tokens, positions = (weights.params[f"{k}_embed"]["embeddings"] for k in ("token", "pos"))
    assert tokens.shape == positions.shape == (4, SHAPE.width)
    assert (tokens[:, where.columns_of(LETTERS.space)] == np.eye(4)[:, :2]).all()
    assert (tokens[:, where.columns_of(BOS.space)] == np.eye(4)[:, 2:3]).all()
    assert (positions[:, where.columns_of(POSITION.space)] == np.eye(4)[:, 1:]).all()
    assert (tokens.sum(), positions.sum()) == (3.0, 3.0)


def test_the_unembedding_reads_the_output_alone() -> None:
    weights = written(1)
    assert (weights.unembedding[layout().columns_of(RESULT.space)] == np.eye(3)).all()
    assert weights.unembedding.sum() == 3.0


def _columns(*variables: Variable) -> FloatArray:
    return np.concatenate([layout().columns_of(v.space) for v in variables])
