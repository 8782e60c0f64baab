"""Each component computes its function, vanishes at BOS, and says what it determines."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.craft.blocks import Mlp
from optitracr.craft.chamber import maps
from optitracr.craft.chamber.attention import Selected, selector_head
from optitracr.craft.evaluate import evaluate
from optitracr.craft.numerics import coldness
from optitracr.craft.reading import Variable, categorical, direction, numerical
from optitracr.craft.spaces import Direction, Space

ONE = direction("one", Space((Direction("one"),)))
BOS = direction("bos", Space((Direction("bos"),)))
LETTERS = categorical("letters", ("a", "b", "c"))
DIGITS = categorical("digits", (0, 1))
UNSEEN = np.ones((1, 1, 1), dtype=bool)


def stream(**values: object) -> dict[Direction, np.ndarray]:
    """A batch of one position: each variable at its value (None: all zero)."""
    known = {v.label: v for v in (ONE, BOS, LETTERS, DIGITS, NUMBER)}
    found = {}
    for label, value in values.items():
        variable = known[label]
        for d in variable.space.directions:
            held = float(value) if variable.numerical else float(d.value == value)  # type: ignore[arg-type]
            found[d] = np.full((1, 1), held)
    return found


NUMBER = numerical("number", (-2.0, -0.5, 0.0, 0.25, 4.0))


def run(mlp: Mlp, **values: object) -> list[float]:
    return [float(x) for x in evaluate(mlp, stream(**values), UNSEEN)[0, 0]]


def test_categorical_map() -> None:
    output = categorical("out", (0, 1))
    mlp = maps.categorical_map(LETTERS, [1, None, 0], output)
    assert mlp.neurons == 2
    assert run(mlp, letters="a") == [0, 1]
    assert run(mlp, letters="b") == [0, 0]
    assert run(mlp, letters="c") == [1, 0]
    assert run(mlp, letters=None) == [0, 0]


@pytest.mark.parametrize(
    ("results", "neurons"), [([1, 0, 3], 1), ([-1, -2, 0], 1), ([-1.5, 2, 0], 2), ([0, 0, 0], 1)]
)
def test_categorical_map_to_numbers_reaches_negative_values(
    results: list[float], neurons: int
) -> None:
    mlp = maps.categorical_map(LETTERS, results, numerical("out", tuple(sorted(results))))
    assert mlp.neurons == neurons
    assert [run(mlp, letters=x)[0] for x in "abc"] == results
    assert run(mlp, letters=None) == [0.0]


@pytest.mark.parametrize("standard", [0, 9, 21])
def test_numerical_map(standard: int) -> None:
    results = [True, True, False, None, True]
    output = categorical("out", (False, True))
    mlp = maps.numerical_map(NUMBER, NUMBER.values, results, output, ONE.space, standard)
    assert mlp.neurons == max(1 + 2 * 3, standard)
    for value, result in zip(NUMBER.values, results, strict=True):
        expected = [float(result is False), float(result is True)]
        np.testing.assert_allclose(run(mlp, number=value, one=1), expected, atol=1e-9)
    assert run(mlp, number=0, one=0) == [0, 0]


def test_numerical_map_to_numbers() -> None:
    results = [4.0, 0.25, -3.0, 0.0, 7.0]
    output = numerical("out", tuple(sorted(results)))
    mlp = maps.numerical_map(NUMBER, NUMBER.values, results, output, ONE.space)
    found = [run(mlp, number=value, one=1)[0] for value in NUMBER.values]
    np.testing.assert_allclose(found, results, atol=1e-9)


@pytest.mark.parametrize("same", [False, True])
def test_sequence_map_determines_its_operands(same: bool) -> None:
    second = LETTERS if same else DIGITS
    results = [f"{x}{y}" for x in LETTERS.values for y in second.values]
    output = categorical("out", tuple(sorted(set(results))))
    mlp = maps.sequence_map(LETTERS, second, results, output, ONE.space, never_none=True)
    for x in LETTERS.values:
        for y in second.values if not same else (x,):
            values = {"letters": x, "one": 1} | ({} if same else {"digits": y})
            found = run(mlp, **values)
            assert found == [float(v == f"{x}{y}") for v in output.values]
            check_determined(mlp, [LETTERS, second], values)
    assert run(mlp, letters=None, digits=0, one=1) == [0.0] * len(output.values)


def test_linear_map_determines_its_operands() -> None:
    mlp = maps.linear_map(NUMBER, DIGITS, (2.0, -3.0), numerical("out"))
    for x in NUMBER.values:
        for y in DIGITS.values:
            assert run(mlp, number=x, digits=y) == [2 * x - 3 * y]
            check_determined(mlp, [NUMBER], {"number": x, "digits": y})


def check_determined(mlp: Mlp, expected: list[Variable], values: dict[str, object]) -> None:
    held = stream(**values)
    hidden = np.maximum(
        np.array([held[d][0, 0] for d in mlp.input.directions]) @ mlp.w_in + mlp.b_in, 0
    )
    matrices = {told.label: told.weights for told in mlp.determined}
    assert set(matrices) == {v.label for v in expected}
    for variable in expected:
        found = hidden @ matrices[variable.label]
        assert [float(held[d][0, 0]) for d in variable.space.directions] == found.tolist()


@pytest.mark.parametrize("fill", ["x", 2.5])
def test_constant(fill: object) -> None:
    output = numerical("out", (fill,)) if fill == 2.5 else categorical("out", (fill,))
    mlp = maps.constant(fill, output, ONE.space)
    assert run(mlp, one=1) == [2.5 if fill == 2.5 else 1.0]
    assert run(mlp, one=0) == [0.0]


@pytest.mark.parametrize("attend_bos", [False, True])
def test_selector_head_defaults_to_bos(attend_bos: bool) -> None:
    """Positions BOS, a, b, b, PAD; each selects the positions with its own letter."""
    letters = np.array([[None, "a", "b", "b", "a"]])
    held = {d: (letters == d.value).astype(float) for d in LETTERS.space.directions}
    held[BOS.space.directions[0]] = np.array([[1.0, 0, 0, 0, 0]])
    held[ONE.space.directions[0]] = np.array([[0.0, 1, 1, 1, 1]])
    visible = np.ones((1, 5, 5), dtype=bool)
    visible[:, :, 4] = False
    output = numerical("out")
    values, matrix = (
        (BOS.space, np.ones((1, 1)))
        if attend_bos
        else (
            LETTERS.space,
            np.array([[10.0], [20.0], [30.0]]),
        )
    )
    selected = np.diag([1.0, 1.0, 1.0])
    selected[0, 0] = 0.0
    conditions = [Selected(LETTERS.space, LETTERS.space, selected)]
    head = selector_head(
        conditions, BOS.space, ONE.space, values, output.space, matrix, coldness(5), attend_bos
    )
    found = evaluate(head, held, visible)[0, :4, 0]
    expected = [1, 1, 1 / 3, 1 / 3] if attend_bos else [0, 0, 20, 20]
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("attend_bos", [False, True])
def test_conditions_of_a_head_add_up(attend_bos: bool) -> None:
    """Positions BOS, a, b, b, PAD; selected is one's own letter, and c with anything."""
    letters = np.array([[None, "a", "b", "b", "a"]])
    held = {d: (letters == d.value).astype(float) for d in LETTERS.space.directions}
    held[BOS.space.directions[0]] = np.array([[1.0, 0, 0, 0, 0]])
    held[ONE.space.directions[0]] = np.array([[0.0, 1, 1, 1, 1]])
    visible = np.ones((1, 5, 5), dtype=bool)
    visible[:, :, 4] = False
    output = numerical("out")
    values, matrix = (
        (BOS.space, np.ones((1, 1)))
        if attend_bos
        else (LETTERS.space, np.array([[10.0], [20.0], [30.0]]))
    )
    same, not_a = np.eye(3), np.ones((3, 3)) - np.diag([1.0, 0.0, 0.0])
    own = [Selected(LETTERS.space, LETTERS.space, table) for table in (same, not_a, same)]
    cold = coldness(5)
    head = selector_head(own, BOS.space, ONE.space, values, output.space, matrix, cold, attend_bos)
    found = evaluate(head, held, visible)[0, :4, 0]
    expected = [1, 1, 1 / 3, 1 / 3] if attend_bos else [0, 0, 20, 20]
    np.testing.assert_allclose(found, expected, atol=1e-8)
