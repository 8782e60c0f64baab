"""Example inputs: what the model attends to on them, and what every variable is."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optitracr.checking.comparison import number_tolerance
from optitracr.compiled import CompiledModel
from optitracr.domain.language import Language
from optitracr.draw.attention import Pattern, patterns
from optitracr.errors import EvaluationError
from optitracr.model.encoders import NumericalEncoder
from optitracr.rasp.evaluate import evaluate_all

Value = Any
COUNT = 5
"""Examples that a page shows: enough to see different outputs, and few enough to look at each."""

LONGEST = 10
"""Tokens of an example that is chosen for the reader: more do not fit a narrow screen."""

TRIED = 80
"""Inputs that are drawn to choose examples from: each costs one run of the interpreter, and a
program that is undefined on some still leaves enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One input and all that is known of it.

    Attributes:
        tokens: The input, without BOS.
        values: For each RASP variable, in the program's order, its value at each position.
        decoded: The model's own output at each position.
        agrees: Whether that is the interpreter's, position by position.
        patterns: The attention of each head in use.
    """

    tokens: tuple[Value, ...]
    values: tuple[tuple[str, tuple[Value, ...]], ...]
    decoded: tuple[Value, ...]
    agrees: tuple[bool, ...]
    patterns: tuple[Pattern, ...]


def run_example(model: CompiledModel, tokens: Sequence[Value]) -> Example:
    """Runs interpreter and model on one input.

    Raises:
        EvaluationError: If the program is undefined on it.
        InputError: If a token is unknown, or the length is wrong.
    """
    graph = model.program.graph
    codes = model.input_encoder.encode([model.setting.bos, *tokens])
    known = evaluate_all(
        [expression for _, expression in graph.expressions], tokens, model.setting.causal
    )
    values = tuple((label, tuple(known[expr])) for label, expr in graph.expressions)
    output = model.forward_numpy(np.array([codes], dtype=np.int32)).unembedded_output
    decoded = tuple(model.output_encoder.decode(np.asarray(output)[0, 1:].tolist()))
    expected = dict(values)[graph.output]
    numerical = isinstance(model.output_encoder, NumericalEncoder)
    agrees = tuple(
        _agree(found, wanted, numerical) for found, wanted in zip(decoded, expected, strict=True)
    )
    return Example(tuple(tokens), values, decoded, agrees, patterns(model, tokens))


def _agree(found: Value, wanted: Value, numerical: bool) -> bool:
    if not numerical:
        return bool(found == wanted)
    number = 0.0 if wanted is None else float(wanted)
    return bool(abs(found - number) <= number_tolerance(np.array(number)))


def choose_examples(model: CompiledModel, seed: int) -> tuple[Example, ...]:
    """Some defined inputs that together show many different outputs, the longest first.

    Args:
        model: The model.
        seed: The same seed chooses the same inputs.
    """
    candidates: dict[tuple[Value, ...], tuple[Value, ...]] = {}
    for tokens in _inputs(model, seed):
        try:
            known = evaluate_all(model.program.program, tokens, model.setting.causal)
        except EvaluationError:
            continue
        candidates[tokens] = tuple(known[model.program.program])
    chosen: list[tuple[Value, ...]] = []
    seen: set[str] = set()
    while candidates and len(chosen) < COUNT:
        best = max(candidates, key=lambda tokens: _worth(tokens, candidates[tokens], seen, chosen))
        seen |= {repr(value) for value in candidates.pop(best)}
        chosen.append(best)
    return tuple(run_example(model, tokens) for tokens in chosen)


def _worth(
    tokens: tuple[Value, ...],
    output: tuple[Value, ...],
    seen: set[str],
    chosen: Sequence[tuple[Value, ...]],
) -> tuple[int, int, int]:
    """New output values, then a new length, then variety of tokens."""
    fresh = len({repr(value) for value in output} - seen)
    return fresh, len(tokens) not in {len(c) for c in chosen}, len(set(map(repr, tokens)))


def _inputs(model: CompiledModel, seed: int) -> Iterator[tuple[Value, ...]]:
    if model.setting.domain is not None:
        yield from _of_domain(model.setting.domain, seed)
        return
    vocabulary, longest = model.setting.vocabulary, min(model.setting.max_seq_len, LONGEST)
    generator = random.Random(seed)
    yield tuple(vocabulary[i % len(vocabulary)] for i in range(longest))
    for attempt in range(TRIED):
        length = longest if attempt % 2 else generator.randint(1, longest)
        few = generator.sample(vocabulary, generator.randint(1, len(vocabulary)))
        yield tuple(generator.choice(few) for _ in range(length))


def _of_domain(domain: Language, seed: int) -> Iterator[tuple[Value, ...]]:
    """Inputs of a domain, short ones where there are some."""
    short = [length for length in domain.lengths if length <= LONGEST] or domain.lengths[:1]
    for row in domain.rows.sample(np.random.default_rng(seed), TRIED, short):
        yield tuple(domain.rows.tokens(row))
