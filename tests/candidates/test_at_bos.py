"""What components hold at BOS, and heads that find BOS from there."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.candidates.at_bos import Held, finding_bos, nothing, of_head, of_mlp
from optitracr.constructions.heads import HeadPlan, Reading
from optitracr.constructions.leaves import Axis, Leaf, Plan
from optitracr.constructions.needs import Need

NUMBER = Need("x", ())
AXIS = Axis(Leaf("x", True, False, (1 / 3, 1 / 2), 2), ())


def points(*numbers: float) -> Held:
    return Held(np.array(numbers), np.array(numbers))


def plan(w_in: list[float], b_in: list[float], w_out: list[float], bias: float) -> Plan:
    rows = (np.array([w_in]),)
    return Plan((AXIS,), rows, np.array(b_in), np.array(w_out)[:, None], np.array([bias]))


def head(bos: float = 8.0, weight: float = 1.0) -> HeadPlan:
    """It finds keys that hold 1, where the query holds 1, and attends to BOS by 2 otherwise."""
    return HeadPlan(
        queries=(Reading(NUMBER, np.array([[weight, 0.0]])),),
        keys=(Reading(Need("y", ()), np.array([[1.0, 0.0]])),),
        values=(Reading(Need("z", ()), np.array([[3.0]])),),
        b_query=np.array([0.0, 2.0]),
        bos_query=np.array([0.0, bos]),
        bos_key=np.array([0.0, 1.0]),
        bos_value=np.array([0.5]),
    )


def logits(made: HeadPlan, query: float, key: float) -> tuple[float, float]:
    """Those of BOS and of a key, from BOS."""
    row = np.array([query]) @ made.queries[0].weights + made.b_query + made.bos_query
    return float(row @ made.bos_key), float(row @ (np.array([key]) @ made.keys[0].weights))


def test_what_passes_numbers_on_goes_beyond_them() -> None:
    line = plan([12.0], [-4.0], [1.0], -1.0)
    held = of_mlp(line, [points(1.0)])
    assert held.least == held.most == pytest.approx([7.0])


def test_steps_stay_between_what_they_write_wherever_a_number_lies() -> None:
    step = plan([10.0, 10.0], [-2.0, -3.0], [1.0, -1.0], 0.0)
    held = of_mlp(step, [Held(np.array([0.0]), np.array([1.0]))])
    assert (held.least, held.most) == (pytest.approx([0.0]), pytest.approx([1.0]))


def test_a_number_that_turns_back_is_bounded_at_its_turning_point() -> None:
    tent = plan([1.0, 1.0], [0.0, -0.5], [1.0, -2.0], 0.0)
    held = of_mlp(tent, [Held(np.array([0.0]), np.array([1.0]))])
    assert (held.least, held.most) == (pytest.approx([0.0]), pytest.approx([0.5]))


def test_several_numbers_are_bounded_one_by_one() -> None:
    both = Plan(
        (AXIS, AXIS),
        (np.array([[1.0, -1.0]]), np.array([[-1.0, 1.0]])),
        np.zeros(2),
        np.ones((2, 1)),
        np.zeros(1),
    )
    loose = Held(np.array([0.0]), np.array([2.0]))
    held = of_mlp(both, [loose, loose])
    assert held.least == pytest.approx([0.0])
    assert held.most == pytest.approx([4.0])


def test_a_head_writes_what_bos_contributes_where_its_query_finds_bos() -> None:
    rows = [np.array([[-1.0], [2.0]])]
    sure = of_head(head(), [points(1.0)], rows)
    assert sure.least == sure.most == pytest.approx([3.5])
    mixed = of_head(head(bos=0.0), [nothing(1)], rows)
    assert (mixed.least, mixed.most) == (pytest.approx([-3.0]), pytest.approx([6.0]))


def test_the_bos_query_outweighs_whatever_it_holds() -> None:
    rows = [np.array([[0.0], [1.0]])]
    calm, large = head(), head(weight=5.0)
    assert finding_bos(calm, [points(1.0)], rows) is calm
    assert finding_bos(large, [nothing(1)], rows) is large
    found = finding_bos(large, [points(7.0)], rows)
    bos, key = logits(large, 7.0, 1.0)
    assert key > bos
    bos, key = logits(found, 7.0, 1.0)
    assert bos - key >= 2.0
