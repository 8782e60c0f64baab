"""Random tiny problems with every feature on, and small ones made by hand."""

from __future__ import annotations

import random
from dataclasses import replace

from solvers import (
    Alternative,
    HeadDemand,
    Kind,
    Limits,
    Problem,
    SelfAttention,
    SizeConstants,
    Variable,
    View,
)


def tiny_problem(seed: int, limited: bool = True) -> Problem:
    """A problem of two inputs and up to three computed variables."""
    rng = random.Random(seed)
    inputs = [Variable(f"i{k}", rng.choice([0, 1, 1, 2, 3]), is_input=True) for k in range(2)]
    computed = [
        Variable(f"v{k}", rng.choice([0, 1, 2, 3]), signed=rng.random() < 0.3)
        for k in range(rng.choice([1, 2, 2, 3]))
    ]
    alternatives: list[Alternative] = []
    for place, variable in enumerate(computed):
        before = [v.name for v in inputs] + [v.name for v in computed[:place]]
        for which in range(rng.choice([1, 1, 2])):
            name = f"{variable.name}.{which}"
            alternatives.append(_alternative(rng, name, variable.name, before))
    last = computed[-1].name
    views = [View((last,))]
    if rng.random() < 0.4:
        views.append(View((last, rng.choice(inputs).name)))
    if len(computed) > 1 and rng.random() < 0.3:
        views.append(View((computed[-2].name,)))
    own = SelfAttention(("i0",), rng.choice([1, 2])) if rng.random() < 0.6 else None
    if own is not None and len(inputs) > 1 and seed % 2:
        own = replace(own, others=(("i1",),))
    return Problem(
        f"tiny{seed}",
        (*inputs, *computed),
        tuple(alternatives),
        tuple(views),
        own,
        SizeConstants(rng.randint(1, 12), rng.randint(1, 4)),
        _limits(rng) if limited and rng.random() < 0.4 else Limits(),
    )


def _alternative(rng: random.Random, name: str, variable: str, before: list[str]) -> Alternative:
    reads = []
    for _ in range(rng.choice([1, 1, 2])):
        reads.append(tuple(dict.fromkeys(rng.choices(before, k=rng.choice([1, 1, 2])))))
    if rng.random() < 0.5:
        head = HeadDemand(rng.choice("st"), rng.randint(0, 2), rng.randint(0, 3))
        return Alternative(name, variable, Kind.ATTENTION, tuple(reads), head=head)
    read = [option for options in reads for option in options]
    determines = tuple(dict.fromkeys(r for r in read if rng.random() < 0.3))
    return Alternative(
        name, variable, Kind.MLP, tuple(reads), neurons=rng.randint(0, 4), determines=determines
    )


def _limits(rng: random.Random) -> Limits:
    def maybe(*choices: int) -> int | None:
        return rng.choice(choices) if rng.random() < 0.4 else None

    return Limits(
        layers=maybe(1, 2, 3),
        width=maybe(2, 3, 4, 5),
        heads=maybe(1, 2),
        head_size=maybe(1, 2, 3),
        neurons=maybe(0, 2, 4, 6),
    )


def chain(*kinds: Kind, width: int = 2, determines: bool = False) -> Problem:
    """An input and a chain of components, each reading the one before; a position to erase."""
    variables = [Variable("x0", width, is_input=True), Variable("position", 1, is_input=True)]
    alternatives = []
    for place, kind in enumerate(kinds):
        name, read = f"x{place + 1}", f"x{place}"
        variables.append(Variable(name, width))
        if kind is Kind.ATTENTION:
            head = HeadDemand("s", 1, width)
            alternatives.append(Alternative(name, name, kind, ((read,),), head=head))
        else:
            free = (read,) if determines else ()
            alternatives.append(
                Alternative(name, name, kind, ((read,),), neurons=3, determines=free)
            )
    return Problem(
        "chain",
        tuple(variables),
        tuple(alternatives),
        (View((f"x{len(kinds)}",)),),
        SelfAttention(("position",), 1),
        SizeConstants(5, 2),
    )
