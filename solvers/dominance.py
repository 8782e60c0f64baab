"""A problem without what no plan needs: another way is nowhere worse, in every plan.

A plan that has what is left out stays a plan, and grows in no size, where the other way takes its
place. So the least sizes are the same, and fewer ways are searched.
"""

from __future__ import annotations

from dataclasses import replace

from solvers.problem import Alternative, Problem, Variable


def without_dominated(problem: Problem) -> Problem:
    """The problem without what is dominated, and without what nothing reads any longer.

    Args:
        problem: A problem without late inputs, and without components that free more neurons than
            they take.

    Returns:
        A problem of the same views in the same order, whose plans are plans of the given one.
    """
    while True:
        smaller = _without_inputs(_read(_without_alternatives(_without_selectors(problem))))
        if smaller == problem:
            return problem
        problem = smaller


def frees_more(problem: Problem) -> bool:
    """Whether a component takes fewer neurons than to erase what it determines.

    It may then be computed for that alone, though something else is read in its place.
    """
    known = problem.by_name()
    return any(
        alternative.neurons < sum(known[x].erasing_neurons for x in alternative.determines)
        for alternative in problem.alternatives
    )


def _no_worse(one: Alternative, other: Alternative) -> bool:
    """Whether an alternative can take the place of another, of the same variable or its like.

    It takes no more, and for each of its reads the other has one that nothing else satisfies.
    Selectors are not compared.
    """
    more = one.constant and not other.constant
    if one.kind is not other.kind or one.neurons + more > other.neurons:
        return False
    if not set(other.determines).issubset(one.determines):
        return False
    if one.latest is not None and (other.latest is None or other.latest > one.latest):
        return False
    if one.head is not None and other.head is not None:
        small = one.head.head_size <= other.head.head_size
        if not small or one.head.value_width > other.head.value_width:
            return False
    needs = [set(options) for options in other.reads]
    return all(any(need.issubset(options) for need in needs) for options in one.reads)


def _without_alternatives(problem: Problem) -> Problem:
    """Leaves out alternatives that another of the same variable and selector dominates."""
    gone: set[str] = set()
    for alternatives in problem.alternatives_of().values():
        for other in alternatives if len(alternatives) > 1 else ():
            for one in alternatives:
                if one is not other and one.name not in gone and _as_good(one, other):
                    gone.add(other.name)
                    break
    return _keeping(problem, gone)


def _selector(alternative: Alternative) -> str | None:
    return None if alternative.head is None else alternative.head.selector


def _without_selectors(problem: Problem) -> Problem:
    """Leaves out selectors where another one serves all that they serve.

    All of them move to it together, so that what shared heads shares heads again.
    """
    groups: dict[str, list[Alternative]] = {}
    for alternative in problem.alternatives:
        if alternative.head is not None:
            groups.setdefault(alternative.head.selector, []).append(alternative)
    gone: set[str] = set()
    for selector, others in groups.items():
        for rival, ones in groups.items():
            if rival != selector and rival not in gone and _all_served(ones, others):
                gone.add(selector)
                break
    return _keeping(problem, {a.name for selector in gone for a in groups[selector]})


def _all_served(ones: list[Alternative], others: list[Alternative]) -> bool:
    return all(
        any(one.variable == other.variable and _no_worse(one, other) for one in ones)
        for other in others
    )


def _keeping(problem: Problem, gone: set[str]) -> Problem:
    if not gone:
        return problem
    kept = tuple(a for a in problem.alternatives if a.name not in gone)
    return replace(problem, alternatives=kept)


def _without_inputs(problem: Problem) -> Problem:
    """Leaves out inputs where another one satisfies all that they satisfy.

    Inputs are there from the start, so that one in place of two lives no longer than both. Of
    variables that are computed this is not true: a second one may be computed later.
    """
    roles = _roles(problem)
    fixed = _fixed(problem)
    inputs = [v for v in problem.variables if v.is_input]
    gone: set[str] = set()
    for other in inputs:
        for one in inputs if other.name not in fixed else ():
            if one is other or one.name in gone or not _narrower(one, other):
                continue
            if roles[other.name] <= roles[one.name]:
                gone.add(other.name)
                break
    return _naming(problem, {v.name for v in problem.variables} - gone)


def _fixed(problem: Problem) -> set[str]:
    """Variables that are read themselves where they are: nothing else takes their place there."""
    fixed = {name for view in problem.views for name in view.reads}
    return fixed | set(() if problem.self_attention is None else problem.self_attention.named)


def _roles(problem: Problem) -> dict[str, set[tuple[str, str, int]]]:
    """For each variable the reads that it satisfies, the views, and what determines it."""
    roles: dict[str, set[tuple[str, str, int]]] = {v.name: set() for v in problem.variables}
    for alternative in problem.alternatives:
        for place, options in enumerate(alternative.reads):
            for option in options:
                roles[option].add(("read", alternative.name, place))
        for name in alternative.determines:
            roles[name].add(("determines", alternative.name, 0))
    for place, view in enumerate(problem.views):
        for name in view.reads:
            roles[name].add(("view", "", place))
    return roles


def spares(problem: Problem) -> tuple[tuple[str, str], ...]:
    """Variables that are of use only beside another one, and long before or after it.

    Of such a pair the second can be computed wherever the first can, and read wherever that is,
    for no more. So it takes the place of the first, if it is not there; and that of both, if
    no state lies between their lives. What is left is a value computed once more.
    """
    roles, alternatives, fixed = _roles(problem), problem.alternatives_of(), _fixed(problem)
    computed = [v for v in problem.variables if not v.is_input]
    found: dict[tuple[str, str], None] = {}
    for spare in computed:
        for other in computed if spare.name not in fixed else ():
            if spare is other or (other.name, spare.name) in found:
                continue
            if not _narrower(other, spare) or not roles[spare.name] <= roles[other.name]:
                continue
            ways = alternatives[other.name]
            if all(any(_as_good(one, way) for one in ways) for way in alternatives[spare.name]):
                found[spare.name, other.name] = None
    return tuple(found)


def _as_good(one: Alternative, other: Alternative) -> bool:
    return _selector(one) == _selector(other) and _no_worse(one, other)


def _narrower(one: Variable, other: Variable) -> bool:
    """Whether a variable takes no more than another, alive or erased."""
    return one.width <= other.width and one.erasing_neurons <= other.erasing_neurons


def _read(problem: Problem) -> Problem:
    """The problem without variables that no chain of alternatives leads from to the output."""
    alternatives = problem.alternatives_of()
    stack = [name for view in problem.views for name in view.reads]
    stack += () if problem.self_attention is None else problem.self_attention.named
    found: set[str] = set()
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += [o for a in alternatives[name] for options in a.reads for o in options]
    return _naming(problem, found)


def _naming(problem: Problem, names: set[str]) -> Problem:
    """The problem of some variables alone."""
    if len(names) == len(problem.variables):
        return problem
    alternatives = [
        replace(
            a,
            reads=tuple(tuple(o for o in options if o in names) for options in a.reads),
            determines=tuple(name for name in a.determines if name in names),
        )
        for a in problem.alternatives
        if a.variable in names
    ]
    variables = tuple(v for v in problem.variables if v.name in names)
    return replace(problem, variables=variables, alternatives=tuple(alternatives))
