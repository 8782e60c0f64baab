"""What is proposed for a program grows with its size, and not faster."""

from __future__ import annotations

import pytest

from optitracr.compile import allocation_problem
from optitracr.library.random_programs import random_program

SIZES = (80, 200)
"""Smaller ones are mostly computed in a few components, of which there are few a s-op."""


@pytest.mark.slow
def test_problems_grow_with_the_program() -> None:
    """Variables, alternatives and options for each s-op."""
    found = []
    for size in SIZES:
        made = random_program(0, size)
        problem = allocation_problem(made.program, made.vocab, made.max_seq_len)
        options = sum(len(o) for a in problem.alternatives for o in a.reads)
        counts = (len(problem.variables), len(problem.alternatives), options)
        found.append([count / made.size for count in counts])
    small, large = found
    assert all(count > 0.5 for count in small)
    assert all(more < 1.5 * count for count, more in zip(small, large, strict=True)), found
