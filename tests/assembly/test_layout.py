"""Columns of the residual stream: enough for all, shared only one after another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optitracr.assembly.layout import lay_out
from optitracr.craft.reading import Variable, categorical, numerical
from optitracr.craft.spaces import numerical_space
from optitracr.errors import InputError, NotFoundError
from optitracr.model.layout import Layout, Tenancy

LAYERS = 3
STATES = 2 * LAYERS + 1

LIFETIMES = st.lists(
    st.tuples(st.integers(0, STATES - 1), st.integers(0, STATES - 1), st.integers(1, 4)),
    min_size=1,
    max_size=8,
).map(lambda drawn: [(min(a, b), max(a, b), width) for a, b, width in drawn])
"""First and last state and width of each variable."""


def variables(drawn: list[tuple[int, int, int]]) -> list[Variable]:
    return [categorical(f"v{i}", tuple(range(width))) for i, (_, _, width) in enumerate(drawn)]


def alive(drawn: list[tuple[int, int, int]], state: int) -> int:
    return sum(width for birth, end, width in drawn if birth <= state <= end)


def laid_out(drawn: list[tuple[int, int, int]], width: int) -> Layout:
    lifetimes = {f"v{i}": (birth, end) for i, (birth, end, _) in enumerate(drawn)}
    return lay_out(variables(drawn), lifetimes, LAYERS, width)


@given(LIFETIMES)
def test_the_widest_state_is_wide_enough_for_all(drawn: list[tuple[int, int, int]]) -> None:
    layout = laid_out(drawn, max(alive(drawn, state) for state in range(STATES)))
    for state in range(STATES):
        held = [direction for direction in layout.tenants(state) if direction is not None]
        assert len(held) == len(set(held)) == alive(drawn, state)
    for tenancy in layout.tenancies:
        assert tuple(layout.columns_of(tenancy.variable.space)) == tenancy.columns


@given(LIFETIMES)
def test_every_column_has_a_label_of_its_own(drawn: list[tuple[int, int, int]]) -> None:
    layout = laid_out(drawn, 1 + max(alive(drawn, state) for state in range(STATES)))
    labels = layout.labels()
    assert len(labels) == len(set(labels)) == layout.width
    last = layout.tenants(STATES - 1)
    for label, direction in zip(labels, last, strict=True):
        assert direction is None or label.split("#")[0] == direction.label


def test_too_narrow_a_stream_is_an_error_of_the_compiler() -> None:
    with pytest.raises(AssertionError, match="no room for 'v1' at state 2"):
        laid_out([(0, 3, 2), (2, 4, 2)], 3)


def test_a_column_is_used_again_from_the_state_after_the_last() -> None:
    layout = laid_out([(0, 2, 2), (3, 6, 2)], 2)
    first, second = layout.tenancies
    assert first.columns == second.columns
    assert layout.labels() == ("v1:0", "v1:1")
    assert [d and d.label for d in layout.tenants(2)] == ["v0:0", "v0:1"]


def test_what_is_not_alive_gets_no_column() -> None:
    layout = lay_out([numerical("x"), numerical("y")], {"y": (0, 6)}, LAYERS, 1)
    assert [tenancy.variable.label for tenancy in layout.tenancies] == ["y"]
    with pytest.raises(NotFoundError, match="the layout has no columns for"):
        layout.columns_of(numerical_space("x"))


def test_columns_that_nobody_has_used_say_so() -> None:
    layout = Layout(2, STATES, (Tenancy(numerical("x"), 0, 6, (1,)),))
    assert layout.labels() == ("unused_0", "x")


def test_states_are_counted_from_the_embedding_to_the_last() -> None:
    layout = laid_out([(0, 6, 1)], 1)
    for state in (-1, STATES):
        with pytest.raises(InputError, match="state"):
            layout.tenants(state)
