"""The Pareto front of a program: the models that nothing beats in depth, width and neurons."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from optitracr import arguments, rasp
from optitracr.compile import allocation_problem
from optitracr.levels import DEFAULT_LEVEL
from solvers import front as points

if TYPE_CHECKING:
    from optitracr.domain.binding import Promise


def pareto_front(
    program: rasp.SOp,
    vocab: Collection[Any],
    max_seq_len: int,
    causal: bool = False,
    *,
    optimize: int = DEFAULT_LEVEL,
    max_layers: int | None = None,
    time_limit: float = 20.0,
    seed: int = 0,
    without: Collection[str] | str = (),
    domain: Promise | None = None,
) -> Iterator[points.FrontPoint]:
    """The sizes that a program's models can trade for one another, point by point.

    To compile one, give its sizes as limits:
    `compile_rasp_to_model(..., limits={"layers": 2, "width": 15, "neurons": 20})`.

    Args:
        program: The s-op to compute.
        vocab: The tokens.
        max_seq_len: Longest input, BOS not counted.
        causal: The causal reading.
        optimize: Level 1 or 2.
        max_layers: Deepest model tried; by default as long as a layer improves something.
        time_limit: Deterministic seconds for each number of layers.
        seed: Of the solver.
        without: Families of level-2 candidates to leave out.
        domain: The inputs that matter, if not all do.

    Raises:
        OptitracrError: As `compile_rasp_to_model` does.
    """
    most = None if max_layers is None else arguments.integer("max_layers", max_layers, least=0)
    seconds = arguments.number("time_limit", time_limit, least=0)
    seed = arguments.integer("seed", seed, least=0)
    problem = allocation_problem(
        program, vocab, max_seq_len, causal, optimize=optimize, without=without, domain=domain
    )
    return points.pareto_front(problem, max_layers=most, time_limit=seconds, seed=seed)
