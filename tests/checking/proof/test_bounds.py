"""Whatever order float32 is summed in, what it computes is within the bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from optitracr import compile_rasp_to_model, library
from optitracr.checking.proof.attention import attended
from optitracr.checking.proof.bounded import UNIT, Bounded, added, mapped, passed_on
from optitracr.checking.proof.distinct import Stream
from optitracr.checking.proof.exhaustive import states
from optitracr.checking.proof.looks import EXPONENTIAL
from optitracr.checking.proof.neurons import Neurons, passed, transformed
from optitracr.inputs import check_inputs, with_bos
from optitracr.model.current import Current, current
from optitracr.model.forward import Hyperparameters, Layer, Network, collected, walk
from optitracr.model.names import Linear
from optitracr.model.runner import run_jax
from tests.checking.proof.networks import (
    Summed,
    fused,
    in_pairs,
    in_random_order,
    inputs,
    multiplied,
    network,
    shuffled,
    walked,
)

EIGHT_UNITS = 15 * UNIT
"""What an exponential may be off by, with its own last rounding."""


def bounds(now: Current, tokens: np.ndarray) -> list[Bounded]:
    """Each state at each position, and the scores; at PAD, where nobody looks, anything."""
    found = []
    with np.errstate(all="ignore"):
        for stream in states(now, tokens):
            found.append(stream.rows[stream.ids])
        scores = mapped(stream.rows, now.unembed)
    pad = (tokens == now.architecture.pad_encoding)[..., np.newaxis]
    return [
        Bounded(each.center, np.where(pad, np.inf, each.error))
        for each in (*found, scores[stream.ids])
    ]


def is_bounded(now: Current, tokens: np.ndarray, wanted: list[Bounded]) -> bool:
    """Whether everything but what stands at PAD is within bounds."""
    seen = tokens != now.architecture.pad_encoding
    return all(np.isfinite(state.error[seen]).all() for state in wanted)


def escapes(wanted: list[Bounded], found: list[np.ndarray], part: float = 1.0) -> float:
    """How many numbers are not within a part of the bounds."""
    count = 0
    for state, numbers in zip(wanted, found, strict=True):
        off = np.abs(numbers.astype(np.float64) - state.center)
        count += int((np.isfinite(state.error) & ~(off <= part * state.error)).sum())
    return count


def ways(now: Current, tokens: np.ndarray, rng: np.random.Generator) -> Iterator[list[np.ndarray]]:
    """Every state as float32 may compute it."""

    def uneven(x: np.ndarray) -> np.ndarray:
        off = 1.0 + EIGHT_UNITS * rng.choice([-1.0, 1.0], size=x.shape)
        return np.asarray(np.exp(x.astype(np.float64)) * off).astype(np.float32)

    for order in (in_random_order(rng), in_random_order(rng), in_pairs, fused):
        Summed.order = staticmethod(order)
        yield list(walked(now, tokens))
        yield list(walked(now, tokens, exp=uneven))
    for _ in range(3):
        other, columns = shuffled(now, rng)
        steps = collected(walk(Network(np, other.architecture, other.params), tokens))
        back = np.argsort(columns)
        found = [x[..., back] for x in (steps.input_embeddings, *steps.residuals)]
        yield [*found, steps.output @ other.unembed]


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(60))
def test_every_order_is_within_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    now, tokens = network(rng), inputs(rng, 12)
    wanted = bounds(now, tokens)
    for found in ways(now, tokens, rng):
        assert not escapes(wanted, found)


@pytest.mark.sweep
@pytest.mark.parametrize("level", [2, 0])
@pytest.mark.parametrize("name", ["is_sorted", "majority", "max_depth", "hist_bos", "argmax"])
def test_compiled_models_are_within_bounds(name: str, level: int) -> None:
    """Steps, erasures by heads and by neurons, means, and columns that are used again."""
    entry = library.get(name)
    model = compile_rasp_to_model(
        entry.make(), entry.vocab, 5, causal=entry.causal, optimize=level, check=False
    )
    found = check_inputs(len(entry.vocab), 5, 30, 20, 0)
    encoder = model.input_encoder
    tokens = with_bos(found.codes, encoder.bos_encoding, encoder.pad_encoding)
    now, rng = current(model), np.random.default_rng(0)
    wanted = bounds(now, tokens)
    assert is_bounded(now, tokens, wanted)
    for numbers in ways(now, tokens, rng):
        assert not escapes(wanted, numbers)


def test_half_the_bounds_are_too_little() -> None:
    count, numbers = 0, 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        now, tokens = network(rng), inputs(rng, 12)
        wanted = bounds(now, tokens)
        count += sum(escapes(wanted, found, 0.5) for found in ways(now, tokens, rng))
        numbers += sum(int(np.isfinite(x.error).sum()) for x in wanted)
    assert count > numbers / 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_jax_is_within_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    now, tokens = network(rng), inputs(rng, 12)
    found = run_jax(now.architecture, now.params, now.unembed, tokens)
    inner = found.transformer_output
    steps = [inner.input_embeddings, *inner.residuals, found.logits]
    assert not escapes(bounds(now, tokens), [np.asarray(step) for step in steps])


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(40))
def test_what_leaves_the_range_has_no_bound(seed: int) -> None:
    """One weight that is no number, or no usual one: whatever it touches may be anything."""
    rng = np.random.default_rng(seed)
    now, tokens = network(rng), inputs(rng, 12)
    arrays = [a for part in now.params.values() for a in part.values() if a.size]
    odd = rng.choice(np.array([np.nan, np.inf, -np.inf, 3e38, 1e25, 1e15, 1e-40, 1e-44]))
    array = arrays[rng.integers(len(arrays))]
    array.flat[rng.integers(array.size)] = odd
    wanted = bounds(now, tokens)
    with np.errstate(all="ignore"):
        for found in ways(now, tokens, rng):
            assert not escapes(wanted, found)


def linear(w: Any, b: Any) -> dict[str, np.ndarray]:
    return {"w": np.asarray(w, dtype=np.float32), "b": np.asarray(b, dtype=np.float32)}


def layer(heads: int = 0, **parts: dict[str, np.ndarray]) -> Layer:
    """A layer of one column, of which some maps are given, with heads of one column."""
    nothing = linear(np.zeros((1, heads)), np.zeros(heads))
    weights = {x: parts.get(x.name, nothing) for x in Linear}
    return Layer(np, Hyperparameters(1, heads, min(heads, 1), False, -1, True), weights)


def test_what_is_off_in_a_zero_is_rounded_as_well() -> None:
    """Near zero, and then one is added: the sum is rounded, though the center of the one is 0."""
    off = np.float32(1.25 * UNIT)
    found = np.float64(off + np.float32(1.0))
    assert found - 1.0 > off
    rows = Bounded(np.zeros((1, 1)), np.full((1, 1), np.float64(off)))
    stream = Stream(rows, np.zeros((1, 1), dtype=np.intp))
    neurons = layer(
        NEURONS_IN=linear(np.zeros((1, 0)), []), NEURONS_OUT=linear(np.zeros((0, 1)), [1.0])
    )
    head = layer(1, VALUE=linear([[0.0]], [1.0]), HEADS_OUT=linear([[1.0]], [0.0]))
    mask = np.ones((1, 1, 1, 1), dtype=bool)
    for after in (transformed(neurons, stream), attended(head, stream, mask)):
        assert abs(found - after.rows.center[0, 0]) <= after.rows.error[0, 0]


@pytest.mark.parametrize("density", [0.0, 0.2, 1.0])
def test_what_is_passed_on_is_that_of_the_whole_width(density: float) -> None:
    random = np.random.default_rng(0)
    error, into, out = (
        random.normal(size=shape) * (random.random(shape) < density)
        for shape in ((5, 12), (12, 3), (3, 12))
    )
    error = np.abs(error)
    found = passed_on(error, into, out)
    np.testing.assert_allclose(found, error @ np.abs(np.eye(12) + into @ out), rtol=1e-12)


@pytest.mark.parametrize("terms", [2, 3, 5, 40])
def test_the_bound_of_a_sum_is_reached(terms: int) -> None:
    """One, then halves of its last place: each is lost, one after another."""
    numbers = np.full((1, terms), UNIT, dtype=np.float32)
    numbers[0, 0] = 1.0
    Summed.order = staticmethod(in_order)
    ones = np.ones((terms, 1), dtype=np.float32)
    found = np.asarray(multiplied(numbers, ones), dtype=np.float64)
    known = mapped(Bounded.exact(numbers), ones)
    off = np.abs(found - known.center)
    assert off <= known.error
    assert off > 0.9 * known.error


def in_order(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    products = np.moveaxis(left * right, -2, 0)
    total = np.zeros_like(products[0])
    for product in products:
        total = total + product
    return total


@pytest.mark.parametrize(
    ("numbers", "weights", "exact"),
    [
        ([3.0, -5.0, 0.25], [2.0, 7.0, 1.5], True),
        ([3.0, -5.0, 0.25], [2.0, 7.0, 0.1], False),
        ([2.0**23, 2.0**23 - 1.0], [1.0, 1.0], True),
        ([2.0**23, 2.0**23 + 1.0], [1.0, 1.0], False),
        ([4097.0, 0.0], [4097.0, 1.0], False),
        ([2.0**-140, 2.0**-140], [1.0, 1.0], False),
        ([0.1, 0.0], [0.5, 0.3], True),
        ([0.1, 0.0], [0.3, 0.5], False),
    ],
)
def test_sums_that_are_never_rounded(
    numbers: list[float], weights: list[float], exact: bool
) -> None:
    row = np.array([numbers], dtype=np.float32)
    column = np.array([weights], dtype=np.float32).T
    found = mapped(Bounded.exact(row), column)
    assert (found.error == 0.0).all() == exact
    for left, right in ((row, column), (row[:, ::-1], column[::-1])):
        Summed.order = staticmethod(in_order)
        assert abs(np.asarray(multiplied(left, right)) - found.center) <= found.error


def test_sums_of_two_are_exact_if_they_are_numbers_of_float32() -> None:
    one = Bounded.exact(np.float32([1.0, 1.0, 0.1, 2.0**-130, 0.0]))
    other = Bounded.exact(np.float32([2.0, UNIT, 0.0, 0.0, 0.0]))
    assert (added(one, other).error == 0.0).tolist() == [True, False, True, False, True]


@pytest.mark.slow
@pytest.mark.parametrize("library", ["numpy", "jax", "torch"])
def test_exponentials_are_within_eight_units(library: str) -> None:
    """What is assumed of a machine, as far as numbers are above what is set to zero."""
    x = -np.linspace(0.0, 87.0, 200_001, dtype=np.float32)
    x = np.concatenate([x, -np.geomspace(1e-12, 1.0, 20_000, dtype=np.float32)])
    right = np.exp(x.astype(np.float64))
    assert (np.abs(exponential(library, x) - right) <= EXPONENTIAL * right).all()


def exponential(library: str, x: np.ndarray) -> np.ndarray:
    if library == "jax":
        import jax

        return np.asarray(jax.jit(jax.numpy.exp)(x), dtype=np.float64)
    if library == "torch":
        import torch

        return np.asarray(torch.exp(torch.tensor(x)), dtype=np.float64)
    return np.exp(x).astype(np.float64)


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("rows", [3, 3000])
def test_zero_times_what_is_not_finite_has_no_bound(odd: float, rows: int) -> None:
    """Whatever is passed over because it is zero: inputs, most of large ones, silent neurons."""
    weights = np.eye(16, dtype=np.float32)
    weights[0, 0] = odd
    numbers = np.zeros((rows, 16))
    numbers[:, 15] = 1.0
    with np.errstate(all="ignore"):
        found = mapped(Bounded.exact(numbers), weights)
        silent = Neurons(
            np.eye(16, dtype=np.float32), np.full(16, -2.0, np.float32), weights, weights[1]
        )
        after = passed(silent, Bounded.exact(numbers))
    for bounds_of in (found, after):
        assert not np.isfinite(bounds_of.error[:, 0]).any()
        assert np.isfinite(bounds_of.error[:, 1:]).all()
