"""Heads attend to what fulfils all their conditions, and else to BOS."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.constructions.bilinear import Bilinear, circle, exact
from optitracr.constructions.heads import HeadPlan, Reading, plan_head
from optitracr.constructions.needs import Need
from optitracr.craft.spaces import FloatArray
from tests.constructions.test_bilinear import COLD, read, with_none

SIZE = 6
SAME = np.eye(SIZE, dtype=bool)
BEFORE = np.tri(SIZE, k=-1, dtype=bool).T
VALUES = Reading(Need("v", tuple(range(SIZE))), np.eye(SIZE))


def forms(*tables: np.ndarray) -> list[Bilinear]:
    return [exact(with_none(table), COLD, False, False) for table in tables]


def attended(plan: HeadPlan, query: int) -> FloatArray:
    """How much a query attends to BOS and to a key of each value."""
    queries = plan.b_query + sum(read(r.need, SIZE)[query] @ r.weights for r in plan.queries)
    keys = np.zeros((SIZE, plan.head_size))
    for reading in plan.keys:
        keys += read(reading.need, SIZE)[:-1] @ reading.weights
    logits = np.concatenate([[plan.bos_key @ queries], keys @ queries])
    found = np.exp(logits - logits.max())
    return np.asarray(found / found.sum())


@pytest.mark.parametrize("query", range(SIZE))
def test_what_is_selected_is_averaged(query: int) -> None:
    plan = plan_head(forms(BEFORE), [VALUES], np.zeros(SIZE), COLD, is_width=False)
    found, selected = attended(plan, query), BEFORE[:, query]
    if selected.any():
        assert found[1:] == pytest.approx(selected / selected.sum(), abs=1e-3)
    else:
        assert found[0] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("query", range(SIZE))
def test_a_width_attends_to_bos_as_to_each_selected_key(query: int) -> None:
    """So what BOS gets is 1/(w+1), from which the width is read."""
    plan = plan_head(forms(BEFORE), [], np.ones(1), COLD, is_width=True)
    width = BEFORE[:, query].sum()
    assert attended(plan, query)[0] == pytest.approx(1.0 / (width + 1), abs=1e-3)


def test_conditions_add_up() -> None:
    """Of two conditions both have to hold, whichever way each is written."""
    ring = circle(with_none(SAME), COLD, {}, is_width=False)
    assert ring is not None
    plan = plan_head([ring, *forms(BEFORE | SAME)], [VALUES], np.zeros(SIZE), COLD, False)
    for query in range(SIZE):
        assert attended(plan, query)[1:] == pytest.approx(np.eye(SIZE)[query], abs=1e-3)
    never = plan_head(forms(SAME, BEFORE), [VALUES], np.zeros(SIZE), COLD, is_width=False)
    assert all(attended(never, query)[0] > 0.99 for query in range(SIZE))


def test_sizes_of_a_head() -> None:
    plan = plan_head(forms(SAME), [VALUES], np.zeros(SIZE), COLD, is_width=False)
    assert plan.value_width == SIZE
    assert plan.reads_bos
    assert {need.label for need in plan.needs} == {"query", "key", "v"}
