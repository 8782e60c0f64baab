"""Random allocation problems of any size: written as JSON, or solved.

Components stand in rough layers and read a few variables made shortly before them, as
compiled programs do; kinds, widths, neurons and selectors are random. The same seed gives the
same problem.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from solvers import (
    Alternative,
    HeadDemand,
    Kind,
    Problem,
    SelfAttention,
    SizeConstants,
    Variable,
    View,
    problem_to_json,
    solve,
)

WINDOW = 60
"""How far back, in variables, a component reads."""


def random_problem(components: int, seed: int, window: int = WINDOW) -> Problem:
    """A layered problem with that many components."""
    rng = random.Random(seed)
    inputs = [Variable(f"input{k}", rng.randint(1, 8), is_input=True) for k in range(4)]
    names = [variable.name for variable in inputs]
    variables, alternatives = list(inputs), []
    unread: dict[str, None] = {}
    for k in range(components):
        name = f"v{k}"
        recent = names[-window:]
        reads = dict.fromkeys(rng.choices(recent, k=rng.randint(1, 3)))
        old = [n for n in unread if n not in recent[-window // 2 :]]
        reads |= dict.fromkeys(old[:1])
        for read in reads:
            unread.pop(read, None)
        alternatives.append(_alternative(rng, name, tuple((read,) for read in reads)))
        variables.append(Variable(name, rng.randint(1, 8), signed=rng.random() < 0.2))
        names.append(name)
        unread[name] = None
    output = Variable("output", 4)
    last = Alternative("output", "output", Kind.MLP, tuple((n,) for n in unread), neurons=8)
    return Problem(
        name=f"random-{components}-{seed}",
        variables=(*variables, output),
        alternatives=(*alternatives, last),
        views=(View(("output",)),),
        self_attention=SelfAttention(("input0", "input1"), 4),
        constants=SizeConstants(20, 4),
    )


def _alternative(rng: random.Random, name: str, reads: tuple[tuple[str, ...], ...]) -> Alternative:
    if rng.random() < 0.4:
        head = HeadDemand(f"s{rng.randint(0, 20)}", rng.randint(1, 8), rng.randint(1, 8))
        return Alternative(name, name, Kind.ATTENTION, reads, head=head)
    return Alternative(name, name, Kind.MLP, reads, neurons=rng.randint(1, 30))


def main(argv: list[str] | None = None) -> int:
    """Writes or solves one problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--components", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--window", type=int, default=WINDOW, help="how far back reads go")
    parser.add_argument("-o", "--output", type=Path, help="write the problem here as JSON")
    parser.add_argument("--solve", action="store_true", help="heuristic against CP-SAT")
    parser.add_argument("--time-limit", type=float, default=50.0)
    arguments = parser.parse_args(argv)
    problem = random_problem(arguments.components, arguments.seed, arguments.window)
    if arguments.output:
        arguments.output.write_text(problem_to_json(problem) + "\n")
        print(f"wrote {arguments.output}", file=sys.stderr)
    if arguments.solve:
        for method in ("longest_path", "cp_sat"):
            print(f"solving by {method}", file=sys.stderr)
            found = solve(problem, method, time_limit=arguments.time_limit)
            print(
                f"{found.solver:<14}{found.status.value:<10} (depth, width, neurons) = "
                f"{found.value}, bound {found.bound}, gap {found.gap:.2f}, "
                f"{found.seconds:.1f} s {found.message}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
