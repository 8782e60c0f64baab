"""Bounds of all transformers, on programs of which the truth is known."""

from __future__ import annotations

import csv
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optitracr import domain, library, rasp
from optitracr.bounds.any_model import any_model
from optitracr.bounds.bound import Premise
from optitracr.bounds.outputs import Outputs, outputs_of
from optitracr.bounds.scores import no_scores
from optitracr.graph.build import build_graph
from optitracr.model.forward import Hyperparameters, choose
from optitracr.rasp import indices, tokens
from optitracr.setting import check_setting
from solvers import SizeConstants, Sizes

DOCS = Path(__file__).parents[2] / "docs"


def outputs(
    program: rasp.SOp,
    vocab: Any,
    longest: int,
    *,
    causal: bool = False,
    promise: domain.Domain | None = None,
    most: int = 1000,
) -> Outputs | None:
    setting = check_setting(vocab, longest, "bos", "pad", causal, promise)
    graph = build_graph(program)
    return outputs_of(program, setting, graph.node(graph.output).is_numerical, most)


def least(program: rasp.SOp, vocab: Any, longest: int, **more: Any) -> dict[str, int]:
    """The bound of each size; that of a one-hot output is called one_hot."""
    found = outputs(program, vocab, longest, **more)
    assert found is not None
    bounds = list(any_model(found))
    assert all(bound.reason for bound in bounds)
    return {b.size if b.premise is Premise.ANY else "one_hot": b.least for b in bounds}


def both(f: Callable[[Any, Any], Any]) -> rasp.SOp:
    return rasp.SequenceMap(f, tokens, indices)


LAYERS = {
    "tokens": (lambda: tokens, "abc", 0),
    "positions": (lambda: indices % 2, "abc", 0),
    "a sum of numbers": (lambda: rasp.numerical(both(lambda t, i: t + i)), range(3), 0),
    "a product of numbers": (lambda: rasp.numerical(both(lambda t, i: t * i)), range(3), 1),
    "the class of a sum": (lambda: both(lambda t, i: str(t + i)), range(3), 0),
    "the class of a pair": (lambda: both(lambda t, i: (t, i)), range(3), 0),
    "whether equal": (lambda: both(lambda t, i: t == i), range(2), 1),
    "a sum modulo 3": (lambda: both(lambda t, i: (t + i) % 3), range(3), 1),
    "None or not": (lambda: both(lambda t, i: None if t == i else "x"), range(2), 1),
    "a count": (lambda: library.make_hist(), "ab", 1),
    "the token before": (lambda: library.shift_by(1, tokens), "ab", 1),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    make, vocab, layers = LAYERS[name]
    found = least(make(), vocab, 4)
    assert found["layers"] == layers
    of_others = name in ("a count", "the token before")
    assert ("heads" in found) is of_others
    assert found.get("head_size", 0) == int(of_others)


def test_the_same_position_alone_counts_in_a_causal_reading_of_one() -> None:
    found = least(library.make_length(), "a", 1)
    assert (found["layers"], "heads" in found) == (0, False)
    before = rasp.Select(indices, indices, rasp.Comparison.LEQ)
    assert least(rasp.SelectorWidth(before), "ab", 4, causal=True)["layers"] == 0
    everywhere = rasp.Select(indices, indices, rasp.Comparison.TRUE)
    assert least(rasp.SelectorWidth(everywhere), "ab", 4)["layers"] == 1


WIDTHS = {
    "nothing": (lambda: rasp.Map(lambda t: None, tokens), 0, 0),
    "one value": (lambda: rasp.Map(lambda t: "x", tokens), 1, 1),
    "two values and None": (lambda: rasp.Map(lambda t: t if t in "ab" else None, tokens), 1, 2),
    "three values": (lambda: tokens, 2, 3),
    "a number": (lambda: rasp.numerical(rasp.Map("abc".index, tokens)), 1, None),
    "zero": (lambda: rasp.numerical(rasp.Map(lambda t: 0, tokens)), 0, None),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_width(name: str) -> None:
    make, width, one_hot = WIDTHS[name]
    found = least(make(), "abc", 2)
    assert (found["width"], found.get("one_hot")) == (width, one_hot)


def test_one_dimension_says_two_values_and_none() -> None:
    rng = np.random.default_rng(0)
    architecture = Hyperparameters(0, 0, 0, False, 0, True)
    for _ in range(50):
        x, unembedding = rng.normal(size=(40, 1)), rng.normal(size=(1, 5))
        said = choose(np, architecture, 3 * x @ unembedding)
        assert len({*said.tolist()} - {-1}) <= 2


def test_scores_of_two_tokens_and_two_positions() -> None:
    """They give every table but those in which two outputs stand across each other."""
    token, position = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    for said in product(range(3), repeat=4):
        a, b, c, d = said
        assert (no_scores(token, position, np.array(said)) is None) is not (a == d != b == c)


def test_inputs_that_are_left_out_lower_bounds_at_most() -> None:
    make = library.make_hist
    few, many = (least(make(), "abc", 6, most=most) for most in (3, 1000))
    assert all(few[name] <= many[name] for name in many)
    alone = least(make(), "abc", 6, promise=domain.lengths(1, 1))
    assert (alone["layers"], alone["width"], alone["one_hot"]) == (0, 1, 1)


def test_undefined_inputs_count_for_nothing() -> None:
    def refused(token: str) -> int:
        if token == "b":
            raise ValueError(token)
        return 1

    assert least(rasp.Map(refused, tokens), "ab", 3)["one_hot"] == 1
    assert outputs(rasp.Map(refused, tokens), "b", 3) is None


def test_parameters_are_those_of_the_least_sizes() -> None:
    found = least(library.make_hist(), "ab", 3)
    rows = 2 + 2 + 3 + 1
    expected = Sizes(1, 2, 1, 1, 0).parameters(SizeConstants(rows, 3))
    assert found["parameters"] == expected
    sum_modulo = least(LAYERS["a sum modulo 3"][0](), range(3), 4)
    neuron = Sizes(1, 2, 0, 0, 1).parameters(SizeConstants(3 + 2 + 4 + 1, 3))
    assert sum_modulo["parameters"] == neuron


def sizes_of_models() -> dict[str, list[dict[str, str]]]:
    """Every model of the library whose sizes are in a table, by program."""
    found: dict[str, list[dict[str, str]]] = {}
    for name in ("model_sizes.csv", "model_sizes_parameters.csv"):
        with (DOCS / name).open(newline="") as file:
            for row in csv.DictReader(file):
                if row["parameters"]:
                    found.setdefault(row["program"], []).append(row)
    return found


def test_no_model_of_the_library_is_below() -> None:
    for name, rows in sizes_of_models().items():
        entry = library.get(name)
        found = least(entry.make(), entry.vocab, entry.max_seq_len, causal=entry.causal, most=500)
        found.pop("one_hot", None)
        for row in rows:
            assert all(int(row[size]) >= bound for size, bound in found.items()), (name, row)
