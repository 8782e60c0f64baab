"""Programs over a hundred positions and more, at every level, on the inputs that are hardest."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.craft.numerics import MarginError
from optitracr.craft.piecewise import LOOSE_JUMP_ERROR, through_points
from optitracr.errors import LimitError
from optitracr.rasp import Comparison, SelectorWidth, indices, tokens

EQUAL = SelectorWidth(rasp.Select(tokens, tokens, Comparison.EQ))
BEFORE = SelectorWidth(rasp.Select(indices, indices, Comparison.LT))


def inputs(length: int) -> list[list[str]]:
    """All equal, one odd one out at either end, two halves, alternating, and short ones."""
    return [
        ["a"] * length,
        ["b"] + ["a"] * (length - 1),
        ["a"] * (length - 1) + ["b"],
        ["a"] * (length // 2) + ["b"] * (length - length // 2),
        ["a", "b"] * (length // 2),
        ["a"],
        ["b"] * (length - 1),
    ]


@pytest.mark.sweep
@pytest.mark.parametrize("length", [101, 140, 200])
@pytest.mark.parametrize("program", [EQUAL, BEFORE], ids=["equal", "before"])
def test_widths_are_exact_at_any_length(program: rasp.SOp, length: int) -> None:
    model = compile_rasp_to_model(program, ["a", "b"], length, check=False)
    for tokens_ in inputs(length):
        assert model.apply(["compiler_bos", *tokens_]).decoded[1:] == program(tokens_)


def test_what_reads_a_long_width() -> None:
    program = rasp.SequenceMap(lambda n, i: (n - i) % 7, EQUAL, indices)
    model = compile_rasp_to_model(program, ["a", "b"], 110, check=False)
    for tokens_ in inputs(110):
        assert model.apply(["compiler_bos", *tokens_]).decoded[1:] == program(tokens_)


@pytest.mark.slow
def test_a_selector_over_more_pairs_than_are_looked_below() -> None:
    """A thousand keys by a thousand queries: one condition, as at level 1."""
    joint = rasp.SequenceMap(lambda t, i: t + i / 64, tokens, indices)
    program = SelectorWidth(rasp.Select(joint, joint, Comparison.LT))
    model = compile_rasp_to_model(program, range(17), 64, check=False)
    for tokens_ in ([16] * 64, [k % 17 for k in range(64)], [16 - k % 17 for k in range(64)]):
        assert model.apply(["compiler_bos", *tokens_]).decoded[1:] == program(tokens_)


def test_counts_of_any_length_have_steps() -> None:
    shares = 1.0 / np.arange(1001, 0, -1)
    made = through_points(shares, np.eye(1001), None, LOOSE_JUMP_ERROR, close=True)
    x = shares.astype(np.float32)
    z = x[:, None] * made.slope.astype(np.float32) + made.offset.astype(np.float32)
    found = np.maximum(z, np.float32(0)) @ made.weight.astype(np.float32) + made.bias
    assert abs(found - np.eye(1001)).max() <= LOOSE_JUMP_ERROR


def test_a_refusal_names_the_threshold() -> None:
    close = [0.5, 0.5 + 1e-8]
    with pytest.raises(MarginError, match="closer than float32"):
        through_points(np.array(close), np.eye(2), None, close=True)
    share = rasp.numerical(
        rasp.Aggregate(
            rasp.Select(indices, indices, Comparison.TRUE), rasp.numerical(tokens), default=0
        )
    )
    program = rasp.Map(lambda x: x > 1.0, share)
    for level in (1, 2):
        with pytest.raises(LimitError, match="closer than float32") as caught:
            compile_rasp_to_model(program, [1.0, 1.0 + 1e-7], 3, optimize=level)
        assert "optimize=" not in str(caught.value)
