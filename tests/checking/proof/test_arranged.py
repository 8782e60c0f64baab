"""Inputs that heads see alike are bounded once, and each position is given what is its own."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from optitracr.checking.proof.arranged import arranged

READ = (np.array([[0.0], [1.0], [1.0], [2.0]]),)
"""What heads make of four rows, of which they do not tell the second and the third apart."""


def _inputs(causal: bool) -> tuple[np.ndarray, np.ndarray]:
    """All inputs of three rows of four, of which the last may be padding."""
    ids = np.array(list(product(range(4), repeat=3)) * 2)
    seen = np.ones(ids.shape, dtype=bool)
    seen[: len(ids) // 2, 2] = False
    mask = seen[:, None, None, :]
    if causal:
        mask = mask & np.tril(np.ones((3, 3), dtype=bool))
    return ids, mask


@pytest.mark.parametrize("causal", [False, True])
def test_each_position_is_given_what_its_own_input_gives(causal: bool) -> None:
    ids, mask = _inputs(causal)
    found = arranged(ids, mask, READ)
    kind = READ[0][:, 0]
    mask = np.broadcast_to(mask, (len(ids), 1, 3, 3))
    kept = np.broadcast_to(found.mask, (len(found.ids), 1, 3, 3))
    for number, own in enumerate(ids):
        for position in range(3):
            at, place = divmod(found.place[number, position], 3)
            there = found.ids[at]
            assert kind[there[place]] == kind[own[position]]
            assert sorted(kind[there[kept[at, 0, place]]]) == sorted(
                kind[own[mask[number, 0, position]]]
            )


def test_the_order_of_keys_counts_only_where_queries_see_different_ones() -> None:
    ids, mask = _inputs(False)
    # Three kinds of three, ten ways to take three of them; six to take two, beside three unseen.
    assert len(arranged(ids, mask, READ).ids) == 10 + 6 * 3
    ids, mask = _inputs(True)
    assert len(arranged(ids, mask, READ).ids) == 2 * 27
