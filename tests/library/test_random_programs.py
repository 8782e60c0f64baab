"""The generator of random programs: reproducible, of the size asked for, and compiled exactly."""

from __future__ import annotations

import pytest

from optitracr import compile_rasp_to_model
from optitracr.checking.verification import verify_model
from optitracr.graph.build import build_graph
from optitracr.library.random_programs import Feature, random_program


def test_the_same_seed_gives_the_same_program() -> None:
    inputs = [list("abc"), list("ccab"), list("b")]
    first, again = random_program(3, 30), random_program(3, 30)
    assert [first.program(x) for x in inputs] == [again.program(x) for x in inputs]
    other = random_program(4, 30)
    assert [n.label for n in build_graph(first.program).nodes] != [
        n.label for n in build_graph(other.program).nodes
    ]


@pytest.mark.parametrize("size", [5, 40, 200])
def test_programs_have_the_size_asked_for(size: int) -> None:
    made = random_program(0, size)
    nodes = len(build_graph(made.program).nodes)
    assert size <= made.size <= size + 3
    assert abs(nodes - made.size) <= 3 + size // 20


def test_features_are_reported() -> None:
    made = [random_program(seed, 60, features=list(Feature)).features for seed in range(4)]
    assert frozenset().union(*made) == frozenset(Feature)
    assert random_program(0, 60, features=()).features == frozenset()


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(5))
def test_every_level_is_exact(seed: int) -> None:
    made = random_program(seed, 14)
    for level in (0, 1, 2):
        model = compile_rasp_to_model(
            made.program, made.vocab, made.max_seq_len, optimize=level, time_limit=2
        )
        verify_model(model, 300, 200, backend="numpy")
