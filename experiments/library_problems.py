"""Allocation problems of the library's programs, as the compiler states them."""

from __future__ import annotations

from optitracr import library
from optitracr.allocation.problem import build_problem
from optitracr.candidates.setting import check_setting
from optitracr.candidates.space import candidate_space, space_problem
from optitracr.candidates.standard import standard_components
from optitracr.candidates.support import check_supported
from optitracr.graph.build import build_graph
from optitracr.graph.values import infer_values
from solvers import Limits, Problem

ALLOCATED_LEVELS = (1, 2)
"""Levels at which a solver allocates."""


def library_problem(entry: library.Program, level: int, limits: Limits | None = None) -> Problem:
    """The allocation problem of a program at level 1 or 2.

    Raises:
        OptitracrError: If the program has no lowering at that level.
    """
    setting = check_setting(
        entry.vocab, entry.max_seq_len, "compiler_bos", "compiler_pad", entry.causal
    )
    graph = build_graph(entry.make())
    values = infer_values(graph, setting.vocabulary, setting.max_seq_len)
    if level == 2:
        check_supported(graph, values)
        return space_problem(candidate_space(graph, values, setting), limits or Limits())
    components = standard_components(graph, values, setting, shared=True)
    return build_problem(entry.name, components, setting, limits)
