"""Writes the frozen set of allocation problems, as the compiler and the generators state them now.

Instances that exist are left alone: a problem is frozen once. What solves them is
`frozen_instances.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from frozen_set import FOLDER, Instance, names, save
from library_problems import library_problem
from random_problems import WINDOW, random_problem

from optitracr import library
from optitracr.compile import allocation_problem
from optitracr.library.random_programs import random_program
from solvers import DEFAULT_OBJECTIVE, Limits, Problem

PARAMETERS = ("parameters",)

LIBRARY: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("hist", 2, DEFAULT_OBJECTIVE),
    ("reverse", 1, DEFAULT_OBJECTIVE),
    ("reverse", 2, DEFAULT_OBJECTIVE),
    ("reverse", 2, PARAMETERS),
    ("sort", 2, DEFAULT_OBJECTIVE),
    ("sort", 2, PARAMETERS),
    ("sort_freq", 1, DEFAULT_OBJECTIVE),
    ("sort_freq", 2, DEFAULT_OBJECTIVE),
    ("shuffle_dyck2", 1, DEFAULT_OBJECTIVE),
    ("shuffle_dyck2", 2, DEFAULT_OBJECTIVE),
    ("shuffle_dyck3", 2, DEFAULT_OBJECTIVE),
    ("shuffle_dyck3", 2, ("depth", "neurons", "width")),
)
"""Programs of the library, at a level, for an objective."""

PROGRAMS: tuple[tuple[int, int, int, tuple[str, ...]], ...] = (
    (20, 0, 2, DEFAULT_OBJECTIVE),
    (20, 1, 2, PARAMETERS),
    (50, 0, 2, DEFAULT_OBJECTIVE),
    (50, 1, 2, DEFAULT_OBJECTIVE),
    (100, 0, 1, DEFAULT_OBJECTIVE),
    (100, 0, 2, DEFAULT_OBJECTIVE),
    (100, 0, 2, PARAMETERS),
    (100, 1, 2, DEFAULT_OBJECTIVE),
    (100, 2, 2, DEFAULT_OBJECTIVE),
    (100, 3, 2, DEFAULT_OBJECTIVE),
    (300, 0, 1, DEFAULT_OBJECTIVE),
    (300, 0, 2, DEFAULT_OBJECTIVE),
    (300, 1, 2, DEFAULT_OBJECTIVE),
    (300, 2, 2, DEFAULT_OBJECTIVE),
    (1000, 0, 1, DEFAULT_OBJECTIVE),
    (1000, 0, 2, DEFAULT_OBJECTIVE),
)
"""Random programs: s-ops, seed, level, objective."""

RANDOM: tuple[tuple[int, int, int, tuple[str, ...]], ...] = (
    (10, 0, WINDOW, DEFAULT_OBJECTIVE),
    (20, 1, WINDOW, PARAMETERS),
    (30, 0, WINDOW, DEFAULT_OBJECTIVE),
    (30, 1, 10, ("width", "depth")),
    (50, 0, WINDOW, DEFAULT_OBJECTIVE),
    (50, 1, 10, DEFAULT_OBJECTIVE),
    (100, 0, WINDOW, DEFAULT_OBJECTIVE),
    (100, 1, WINDOW, ("depth", "neurons", "width")),
    (100, 2, 20, DEFAULT_OBJECTIVE),
    (300, 0, WINDOW, DEFAULT_OBJECTIVE),
    (300, 1, 20, DEFAULT_OBJECTIVE),
    (300, 2, 200, DEFAULT_OBJECTIVE),
    (1000, 0, WINDOW, DEFAULT_OBJECTIVE),
    (1000, 1, WINDOW, DEFAULT_OBJECTIVE),
    (1000, 2, 20, DEFAULT_OBJECTIVE),
    (2000, 0, WINDOW, DEFAULT_OBJECTIVE),
    (3000, 0, WINDOW, DEFAULT_OBJECTIVE),
    (5000, 0, WINDOW, DEFAULT_OBJECTIVE),
    (10000, 0, WINDOW, DEFAULT_OBJECTIVE),
    (10000, 1, WINDOW, DEFAULT_OBJECTIVE),
    (10000, 2, WINDOW, DEFAULT_OBJECTIVE),
)
"""Random problems: components, seed, how far back reads go, objective."""

LIMITED = Limits(width=17)
"""Limits for one instance that has some: narrower than any plan of the least depth without them, so
that they matter."""

Maker = Callable[[], Instance]


def makers() -> Iterator[tuple[str, Maker]]:
    """The name of every instance, and what makes it."""
    for program, level, objective in LIBRARY:
        name = _named(f"library-{program}-level{level}", objective)
        yield name, lambda a=(name, program, level, objective): _of_library(*a)
    for size, seed, level, objective in PROGRAMS:
        name = _named(f"program-{size}-{seed}-level{level}", objective)
        yield name, lambda a=(name, size, seed, level, objective): _of_program(*a)
    for components, seed, window, objective in RANDOM:
        far = "" if window == WINDOW else f"-window{window}"
        name = _named(f"random-{components}-{seed}{far}", objective)
        yield name, lambda a=(name, components, seed, window, objective): _of_random(*a)
    name = "program-100-0-level2-limited"
    yield name, lambda: _of_program(name, 100, 0, 2, DEFAULT_OBJECTIVE, LIMITED)


def _named(name: str, objective: tuple[str, ...]) -> str:
    return name if objective == DEFAULT_OBJECTIVE else f"{name}-{'-'.join(objective)}"


def _of_library(name: str, program: str, level: int, objective: tuple[str, ...]) -> Instance:
    return Instance(name, library_problem(library.get(program), level), objective)


def _of_program(
    name: str,
    size: int,
    seed: int,
    level: int,
    objective: tuple[str, ...],
    limits: Limits | None = None,
) -> Instance:
    made = random_program(seed, size)
    problem: Problem = allocation_problem(
        made.program, made.vocab, made.max_seq_len, optimize=level, limits=limits
    )
    return Instance(name, problem, objective)


def _of_random(
    name: str, components: int, seed: int, window: int, objective: tuple[str, ...]
) -> Instance:
    problem = random_problem(components, seed, window)
    return Instance(name, problem, objective, (components, seed, window))


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the instances that do not exist."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where they go")
    arguments = parser.parse_args(argv)
    known = set(names(arguments.folder))
    for name, make in makers():
        if name not in known:
            print(f"freezing {name}", file=sys.stderr)
            save(make(), arguments.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
