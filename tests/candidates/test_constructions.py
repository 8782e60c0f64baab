"""The smallest programs that need each construction, exact on every input, None included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, rasp
from optitracr.constructions.leaves import Leaf
from optitracr.constructions.table_mlp import plan_table
from optitracr.constructions.weightings import weightings
from optitracr.library import shift_by
from optitracr.library.counting import make_frac_prevs
from optitracr.rasp import Comparison, indices, numerical, tokens

BEFORE = rasp.Select(indices, indices, Comparison.LEQ)
JOINT = rasp.SequenceMap(lambda t, i: i if t == "a" else -1, tokens, indices)
EARLIER_SAME = rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)


def share(token: str) -> rasp.SOp:
    return make_frac_prevs(tokens == token)


def sums(first: rasp.SOp, second: rasp.SOp, a: float, b: float) -> rasp.SOp:
    return numerical(rasp.LinearSequenceMap(first, second, a, b))


def stable_rank() -> rasp.SOp:
    """How many tokens sort before this one, equal ones by position."""
    joint = rasp.SequenceMap(lambda t, i: (t, i), tokens, indices)
    return rasp.SelectorWidth(rasp.Select(joint, joint, Comparison.LT))


def running_sum() -> rasp.SOp:
    counts = [
        rasp.SelectorWidth(
            rasp.Select(
                rasp.SequenceMap(lambda t, i, x=x: i if t == x else 9, tokens, indices),
                indices,
                Comparison.LEQ,
            )
        )
        for x in "ab"
    ]
    return counts[0] + 2 * counts[1]


CASES: dict[str, tuple[Callable[[], rasp.SOp], int, int]] = {
    # A joint key is two conditions that add up, with no MLP before the head.
    "joint key": (
        lambda: rasp.SelectorWidth(rasp.Select(JOINT, indices, lambda k, q: 0 <= k <= q)),
        1,
        13,
    ),
    "joint key and query": (
        lambda: rasp.SelectorWidth(
            rasp.Select(EARLIER_SAME, EARLIER_SAME, lambda k, q: k[0] == q[0] and k[1] <= q[1])
        ),
        1,
        14,
    ),
    # Positions that are equal, or a step apart, take two numbers on a circle.
    "circle": (lambda: shift_by(1, tokens), 1, 10),
    "circle of functions": (
        lambda: rasp.Aggregate(rasp.Select(indices, indices, lambda k, q: k == q // 2), tokens),
        1,
        10,
    ),
    # What selects one position, read as a class, as a number and as None.
    "none through a head": (lambda: rasp.Map(lambda t: t == "a", shift_by(2, tokens)), 1, 9),
    "none through an mlp": (
        lambda: rasp.SequenceMap(
            lambda p, t: None if p == t else p, shift_by(1, tokens), shift_by(2, tokens)
        ),
        1,
        12,
    ),
    # Conditions on two numbers in one hidden layer.
    "two thresholds": (
        lambda: rasp.SequenceMap(
            lambda x, y: x and y,
            rasp.Map(lambda x: x > 0.3, share("a")),
            rasp.Map(lambda x: x > 0.6, share("b")),
        ),
        2,
        12,
    ),
    # A number that is a sum of functions of one variable each.
    "additive": (
        lambda: numerical(
            rasp.SequenceMap(lambda t, n: n + (t == "a"), tokens, rasp.SelectorWidth(BEFORE))
        ),
        1,
        10,
    ),
    # A width whose selector is a disjoint union of two conjunctions.
    "union": (stable_rank, 1, 20),
    # Two raw widths of which a weighted sum tells the outputs apart.
    "two widths": (running_sum, 1, 20),
    # The mean of a sum, by one head; thresholds on the difference of two means.
    "sum of means": (lambda: sums(share("a"), share("b"), 2, -1), 1, 9),
    "threshold of a sum": (
        lambda: rasp.Map(lambda x: x > 0.1, sums(share("a"), share("b"), 1, -1)),
        1,
        8,
    ),
}


@pytest.mark.sweep
@pytest.mark.parametrize("name", list(CASES))
@pytest.mark.parametrize("causal", [False, True])
def test_small_and_exact(name: str, causal: bool) -> None:
    make, layers, width = CASES[name]
    program = make()
    model = compile_rasp_to_model(program, {"a", "b", "c"}, 4, causal=causal)
    report = model.verify(2000)
    assert report.exhaustive_length == 4
    assert model.size.layers <= layers
    if not causal:
        assert model.size.width <= width


@pytest.mark.parametrize("selects", [lambda k, q: k == q - 1, lambda k, q: k <= q])
def test_a_sum_modulo_a_number_is_a_line_with_one_leap(selects: Callable[[int, int], bool]) -> None:
    """However many values it is of, and None where there is no earlier token."""
    earlier = rasp.Aggregate(rasp.SelectFirst(rasp.Select(indices, indices, selects)), tokens)
    total = rasp.SequenceMap(lambda x, y: None if y is None else (x + y) % 61, tokens, earlier)
    size = compile_rasp_to_model(total, set(range(61)), 3).size
    assert size.layers == 1
    assert size.neurons <= 4


@pytest.mark.parametrize("call", [lambda x, y: (3 * x + 5 * y) % 16, lambda x, y: (7 * y - x) % 16])
def test_a_sum_of_multiples_modulo_a_number_is_told_by_a_number_of_each(
    call: Callable[[int, int], int],
) -> None:
    first = rasp.Aggregate(rasp.Select(indices, indices, lambda k, q: k == 0), tokens)
    total = rasp.SequenceMap(call, tokens, first)
    options: dict[str, Any] = {"objective": "depth,neurons,width"}
    size = compile_rasp_to_model(total, set(range(16)), 3, **options).size
    assert (size.layers, size.neurons) == (1, 3)


def leaf(label: str, numbers: tuple[float, ...], numerical: bool) -> Leaf:
    return Leaf(label, numerical, False, numbers, len(numbers))


def test_planned_tables_compute_their_tables() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        numerical = rng.random(2) < 0.5
        leaves = [
            leaf(f"x{k}", tuple(np.sort(rng.choice(np.arange(1, 9), 4, False) / 4.0)), bool(n))
            for k, n in enumerate(numerical)
        ]
        table = rng.integers(-1, 3, (4, 4)).astype(np.int32)
        rows = rng.normal(size=(3, 2)).round(2)
        for plan in plan_table(leaves, table, rows, tolerance=1e-2):
            hidden = np.broadcast_to(plan.b_in, (4, 4, plan.neurons)).astype(np.float64)
            for axis, weights in zip(plan.axes, plan.w_in, strict=True):
                place = [one.label for one in leaves].index(axis.leaf.label)
                read = values_of(axis) @ weights
                hidden = hidden + (read[:, None] if place == 0 else read[None, :])
            found = np.maximum(hidden, 0.0) @ plan.w_out + plan.bias
            wanted = np.where(table[..., None] >= 0, rows[table], 0.0)
            np.testing.assert_allclose(found, wanted, atol=2e-2)


def values_of(axis: Any) -> Any:
    """What an MLP reads of a leaf, for each of its values."""
    if axis.leaf.numerical:
        return np.asarray(axis.leaf.numbers)[:, None]
    if axis.numbers:
        held = np.append(np.asarray(axis.numbers), 0.0)
        return held[np.asarray(axis.classes)][:, None] if axis.classes else held[:-1, None]
    classes = np.asarray(axis.classes)
    return np.eye(classes.max() + 1)[classes] * (classes >= 0)[:, None]


def test_weights_of_two_numbers_keep_outputs_apart() -> None:
    shares = tuple(1.0 / (1 + w) for w in range(7))
    leaves = [leaf("x", shares, True), leaf("y", shares, True)]
    counts = np.arange(7)
    table = (counts[:, None] + 2 * counts[None, :]).astype(np.int32)
    possible = counts[:, None] + counts[None, :] <= 6
    *_, [(x, y)] = weightings(leaves, [counts * 1.0] * 2, table, possible)
    total = (x[:, None] + y[None, :])[possible]
    order = np.argsort(total)
    gaps = np.diff(total[order])
    changes = np.diff(table[possible][order]) != 0
    assert gaps[changes].min() / abs(total).max() > 1e-3
