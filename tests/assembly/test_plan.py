"""What a plan says of a model is what its layout and weights are, at every level."""

from __future__ import annotations

import numpy as np
import pytest

from optitracr.assembly.plan import Arrangement, Assembly, Least, arrange
from optitracr.craft.blocks import Head, Mlp
from solvers import state_widths
from tests.stages import compilation

PROGRAMS = ("hist", "frac_prevs", "reverse", "running_count", "is_vowel")
CASES = [(name, level) for name in PROGRAMS for level in (0, 1, 2)]


def made(name: str, level: int) -> tuple[Arrangement, Assembly]:
    """The solver's plan, which erases at levels 1 and 2, in the columns and in the weights."""
    found = compilation(name, level)
    return found.arrangement, found.assembly


@pytest.mark.parametrize(("name", "level"), CASES)
def test_the_layout_is_as_wide_as_the_plan_says(name: str, level: int) -> None:
    arrangement, _ = made(name, level)
    plan, layout = arrangement.plan, arrangement.layout
    problem = compilation(name, level).placed.problem
    widths = state_widths(problem, plan)
    assert (layout.states, layout.width) == (2 * plan.layers + 1, plan.width)
    for state, width in enumerate(widths):
        assert sum(d is not None for d in layout.tenants(state)) == width
    assert max(widths) <= plan.width


@pytest.mark.parametrize(("name", "level"), CASES)
def test_every_component_and_erasure_is_in_the_weights(name: str, level: int) -> None:
    arrangement, assembly = made(name, level)
    weights = assembly.weights
    heads = {c for layer in weights.heads for use in layer for c in use.components}
    neurons = {use.component for layer in weights.neurons for use in layer if use.component}
    chosen = {p.alternative for p in arrangement.plan.placements}
    blocks = {c.name: c.block for c in arrangement.components.components}
    assert heads == {c for c in chosen if isinstance(blocks[c], Head)}
    assert {c for c in chosen if isinstance(blocks[c], Mlp)} >= neurons
    erased = {e for layer in weights.heads for use in layer for e in use.erased}
    erased |= {e for layer in weights.neurons for use in layer for e in use.erased}
    assert erased == {erasure.variable for erasure in arrangement.plan.erasures}


@pytest.mark.parametrize(("name", "level"), CASES)
def test_weights_have_the_shape_and_no_more_than_is_used(name: str, level: int) -> None:
    arrangement, assembly = made(name, level)
    sizes = arrangement.sizes
    inner = sizes.heads * sizes.head_size
    for layer in range(sizes.layers):
        part = {
            name: assembly.weights.params[f"transformer/layer_{layer}/{name}"]["w"]
            for name in ("attn/query", "attn/linear", "mlp/linear_1", "mlp/linear_2")
        }
        assert part["attn/query"].shape == part["attn/linear"].T.shape == (sizes.width, inner)
        assert part["mlp/linear_1"].shape == (sizes.width, sizes.neurons)
        used = max((use.stop for use in assembly.weights.neurons[layer]), default=0)
        assert used <= sizes.neurons
        assert not part["mlp/linear_1"][:, used:].any()
        heads = len(assembly.weights.heads[layer]) * sizes.head_size
        assert heads <= inner
        assert not part["attn/linear"][heads:].any()


def test_minima_are_kept_whatever_the_plan_takes() -> None:
    found = compilation("is_vowel", 2)
    components = found.placed.proposal.components(found.placed.allocation)
    problem, allocation = found.placed.problem, found.placed.allocation
    bare = arrange(components, problem, allocation, Least()).sizes
    kept = arrange(components, problem, allocation, Least(heads=2, head_size=3, neurons=5)).sizes
    assert (bare.heads, bare.head_size, bare.neurons) == (0, 0, 0)
    assert (kept.heads, kept.head_size, kept.neurons) == (2, 3, 5)
    assert (kept.layers, kept.width) == (bare.layers, bare.width)


def test_a_position_finds_itself_however_it_is_held() -> None:
    """Where no head reads powers, one that erases tells positions apart by points on a circle."""
    arrangement, assembly = made("equal_or_near", 2)
    assert any(erasure.sublayer % 2 == 0 for erasure in arrangement.plan.erasures)
    position, _ = arrangement.components.self_attention
    entry = next(e for e in arrangement.components.inputs if e.variable.label == position)
    embedded = assembly.weights.params["pos_embed"]["embeddings"]
    held = embedded[1:, arrangement.layout.columns_of(entry.variable.space)]
    assert held.shape[1] < len(held)
    assert ((held @ held.T).argmax(axis=1) == np.arange(len(held))).all()
