"""Each position attends to itself, and BOS to itself."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.constructions.bilinear import on_circle
from optitracr.constructions.own_position import OwnPosition, by_point, by_powers
from optitracr.craft.spaces import FloatArray

COLD = 40.0


def leads(own: OwnPosition, numbers: FloatArray) -> FloatArray:
    """By how much the logit of itself leads the others, for each query; BOS comes first."""
    marked = np.concatenate([numbers, np.zeros((len(numbers), 1))], axis=1)
    marked[0, -1] = 1.0
    logits = (marked @ own.query + own.bias) @ (marked @ own.key).T
    itself = np.diag(logits).copy()
    np.fill_diagonal(logits, -np.inf)
    return np.asarray(itself - logits.max(axis=1))


def with_bos(numbers: FloatArray) -> FloatArray:
    return np.concatenate([np.zeros((1, numbers.shape[1])), numbers])


@pytest.mark.parametrize("count", [2, 5, 9])
def test_a_point_finds_itself(count: int) -> None:
    numbers = with_bos(on_circle(np.arange(count), max(count, 4)))
    assert leads(by_point(numbers, COLD), numbers).min() >= COLD * (1 - 1e-9)


@pytest.mark.parametrize(("count", "bits"), [(2, 3), (6, 12), (8, 9)])
@pytest.mark.parametrize("ends", [False, True])
def test_two_powers_find_themselves(count: int, bits: int, ends: bool) -> None:
    up = np.exp2(bits * (np.arange(count) - count + 1.0))
    down = up[::-1].copy()
    if ends:
        # Powers that are too small for float32 are zero.
        up[0] = down[-1] = 0.0
    own = by_powers(up, down, COLD)
    assert own is not None
    assert leads(own, with_bos(np.stack([up, down], axis=1))).min() >= COLD * (1 - 1e-9)
    assert max(abs(own.query[:2]).max(), own.key.max()) <= 2.0**44


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]),
        ([1.0, 4.0, 16.0], [1.0, 4.0, 16.0]),
        ([2.0**-200, 2.0**-100, 1.0], [1.0, 2.0**-100, 2.0**-200]),
    ],
)
def test_what_are_no_such_powers(up: list[float], down: list[float]) -> None:
    assert by_powers(np.array(up), np.array(down), COLD) is None


@pytest.mark.parametrize(("name", "width"), [("bracket_depth", 5), ("running_sum", 5)])
def test_erasing_heads_read_what_others_read(name: str, width: int) -> None:
    entry = library.get(name)
    model = compile_rasp_to_model(entry.make(), entry.vocab, entry.max_seq_len)
    assert model.size.width == width
    assert model.proof.proven
    assert not any("position" in str(held) for held in model.residual_map[0])
