"""The generator of rare programs: reproducible, defined, and rich in what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from optitracr import rasp
from optitracr.graph.build import build_graph
from optitracr.inputs import check_inputs
from optitracr.library.rare_programs import RareProgram, random_rare_program
from optitracr.library.rare_programs.maker import distinct, mean_values
from optitracr.rasp.batch import BatchEvaluation, evaluate_batch
from optitracr.rasp.expression import postorder

PROGRAMS = 150

SHOW = """
from optitracr.library.rare_programs import random_rare_program
from optitracr.rasp.expression import postorder
for seed in range(30):
    made = random_rare_program(seed)
    inputs = [list(made.vocab[:3])[:made.max_seq_len], [made.vocab[-1]]]
    print(made.vocab, made.max_seq_len, made.kinds, [x.label for x in postorder(made.program)])
    print([made.program(xs) for xs in inputs])
"""


@pytest.fixture(scope="module")
def programs() -> list[RareProgram]:
    return [random_rare_program(seed) for seed in range(PROGRAMS)]


def on_inputs(made: RareProgram, causal: bool) -> BatchEvaluation:
    inputs = check_inputs(len(made.vocab), made.max_seq_len, 30, 30, seed=0)
    return evaluate_batch([made.program], made.vocab, inputs.codes, inputs.lengths, causal)


def test_the_same_seed_gives_the_same_program_in_every_process() -> None:
    shown = set()
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SHOW],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        shown.add(done.stdout)
    assert len(shown) == 1


@pytest.mark.parametrize("causal", [False, True])
def test_programs_are_defined_on_most_inputs(programs: list[RareProgram], causal: bool) -> None:
    for made in programs:
        assert on_inputs(made, causal).undefined.mean() < 0.5, made.seed


def test_every_kind_is_drawn(programs: list[RareProgram]) -> None:
    kinds = Counter(kind for made in programs for kind in made.kinds)
    wanted = {
        *("one pair selects", "one key is selected", "one query selects", "one pair is special"),
        *("mixed types", "tuples", "copies", "means as numbers", "means as categories"),
        *(
            "means of means",
            "means on few inputs",
            "None that is never selected",
            "default that is a value",
        ),
        *("default that is a mean", "default of any type", "raises where no input leads"),
        *("constant selector", "composite selectors", "deep chains", "names of parts"),
        *("neighbours", "some positions", "ranks"),
        *("best key", "earlier occurrence", "ranks of all"),
    }
    assert wanted <= set(kinds)
    assert kinds["one pair selects"] > PROGRAMS / 10
    shapes = Counter(made.shape for made in programs)
    assert len(shapes) == 6


def test_settings(programs: list[RareProgram]) -> None:
    assert max(len(made.vocab) for made in programs) >= 30
    assert max(made.max_seq_len for made in programs) >= 64
    assert max(sum(1 for _ in postorder(made.program)) for made in programs) > 100
    assert all(made.max_seq_len <= 128 and len(made.vocab) <= 40 for made in programs)


def test_values_stay_few(programs: list[RareProgram]) -> None:
    for made in programs:
        if rasp.is_categorical(made.program):
            assert len(on_inputs(made, False).values(made.program)) <= 200, made.seed


def test_names_are_those_of_parts() -> None:
    drawn = (random_rare_program(seed) for seed in range(400))
    named = next(made for made in drawn if "names of parts" in made.kinds)
    labels = {node.label for node in build_graph(named.program).nodes}
    assert any(label.startswith(("hist", "one", "tokens.1", "map_1")) for label in labels)


def test_values_that_are_equal_stay_apart() -> None:
    assert repr(distinct([1, True, 1.0, None, 0.0, -0.0, 1])) == "(1, True, 1.0, 0.0, -0.0)"


def test_means_of_few_numbers() -> None:
    assert mean_values((0, 1), 3) == (0, 1, 0.0, 0.5, 1.0, 1 / 3, 2 / 3)
    assert mean_values(tuple(2**n for n in range(20)), 6) is None
    assert np.isfinite(mean_values((0.5, -2.25), 4) or [np.nan]).all()
