"""By how much an MLP may be wrong: what is found without each combination is never less."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.candidates import mlp_noise
from optitracr.candidates.margins import SAFETY
from optitracr.candidates.noise import Read
from optitracr.candidates.tolerances import ONE_HOT_TOLERANCE
from optitracr.constructions.leaves import Axis, Leaf
from optitracr.constructions.sharp import sharp_plan
from optitracr.constructions.table_mlp import plan_table
from tests.constructions.leaves import category, written


def read_off(leaf: Leaf, axis: Axis, draw: np.random.Generator) -> Read:
    """A one-hot whose every dimension is wrong by a little."""
    held = np.eye(leaf.size)
    columns = np.eye(axis.width + 1)[list(axis.classes), :-1]
    error = draw.uniform(0.0, 1e-3, held.shape)
    return Read(leaf.label, columns, error @ columns, held, error, columns)


@pytest.mark.parametrize("seed", range(8))
def test_bounds_are_no_less_than_what_is_found(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(seed)
    leaves = (category("a", 12), category("b", 9), category("c", 2))[: 2 + seed % 2]
    table = draw.integers(-1, 3, size=[leaf.size for leaf in leaves]).astype(np.int32)
    rows = np.eye(3)
    plan = plan_table(leaves, table, rows)[0]
    by_label = {leaf.label: leaf for leaf in leaves}
    reads = [read_off(by_label[axis.leaf.label], axis, draw) for axis in plan.axes]
    found = mlp_noise.mlp_error(plan, reads, rows, raw=False).max()
    bound = mlp_noise.bounded_error(plan, reads)
    assert 1e-3 < found <= bound
    assert bound < 100 * found
    monkeypatch.setattr(mlp_noise, "MAX_WORK", 0)
    taken = mlp_noise.mlp_error(plan, reads, rows, raw=False).max()
    assert min(found, mlp_noise.ASSUMED) <= taken <= ONE_HOT_TOLERANCE / SAFETY


def test_what_is_off_by_little_is_copied_exactly() -> None:
    leaf = category("a", 4)
    plan = sharp_plan(Axis(leaf, (0, 1, -1, 0)))
    for value, wanted in enumerate([[1, 0], [0, 1], [0, 0], [1, 0]]):
        assert (written(plan, (leaf,), (value,)) == wanted).all()
    single = [x.astype(np.float32) for x in (plan.w_in[0], plan.b_in, plan.w_out)]
    for off in np.linspace(-0.37, 0.37, 99):
        given = np.array([off, 1.0 + off], dtype=np.float32)
        assert (np.maximum(given @ single[0] + single[1], 0) @ single[2] == [0.0, 1.0]).all()
