"""What each dimension carries, in words: a value of a one-hot, a place, a point's number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from optitracr.arguments import shown
from optitracr.candidates.component import Components, Held
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import FloatArray, Value
from optitracr.graph.build import CONSTANT, POSITION
from optitracr.graph.provenance import Role
from optitracr.model.layout import Layout, Tenancy

LISTED = 4
"""Values of one class that are listed: with more the text would no longer fit a cell of a table."""

SAME = 1e-9
"""Distance up to which numbers are the same: what computing a point of a circle leaves."""


def with_carried(
    layout: Layout, placed: Components, readings: Mapping[str, Held], output: str
) -> Layout:
    """A layout that says what each dimension carries.

    Args:
        layout: The layout, with what each tenant holds.
        placed: What computes the tenants.
        readings: What each variable of the residual stream holds of the program's.
        output: The program's output.
    """
    inputs = {entry.variable.label: entry for entry in placed.inputs}

    def carried(tenancy: Tenancy) -> tuple[str, ...]:
        name, variable = tenancy.variable.label, tenancy.variable
        if name == placed.self_attention[-1]:
            base = inputs[name].base if name in inputs else 0.0
            return (f"BOS, and the constant {base:g}" if base else "BOS",)
        if name == CONSTANT and not tenancy.holds:
            return ("constant 1",)
        told = _told(variable, *_subject(tenancy, placed, readings))
        if name in placed.output.reads and variable.numerical and placed.output_values:
            return tuple(f"{text}, read out as {output}" for text in told)
        return told

    return replace(
        layout, tenancies=tuple(replace(t, carries=carried(t)) for t in layout.tenancies)
    )


def shares_of(placed: Components, labels: Iterable[str]) -> dict[str, Held]:
    """The variables of the residual stream that are raw outputs of heads that count.

    Args:
        placed: What was placed.
        labels: The variables of the program as written.

    Returns:
        For each by name the width that it tells: of each value 1 / (1 + value).
    """
    known = set(labels)
    found = {}
    for variable in (component.variable for component in placed.components):
        made = placed.made.get(variable.label)
        if made is not None and made.role is Role.SHARE and made.variable in known:
            rows = np.asarray(variable.values, dtype=np.float64)[:, None]
            counts = tuple(int(count) for count in np.rint(1.0 / rows[:, 0]) - 1)
            found[variable.label] = Held(
                made.variable, counts, rows, clean=False, may_be_none=False
            )
    return found


def _subject(
    tenancy: Tenancy, placed: Components, readings: Mapping[str, Held]
) -> tuple[str, Held | None, bool]:
    """Of what a tenancy holds values, which ones, and whether as a share of what is attended to."""
    name = tenancy.variable.label
    held, made = readings.get(name), placed.made.get(name)
    if held is not None:
        return held.label, held, False
    if made is None:
        return name, placed.held.get(name), False
    if made.role is Role.SHARE:
        return made.variable, None, True
    return f"{made.role.value} for {made.variable}", placed.held.get(name), False


def _told(variable: Variable, subject: str, held: Held | None, share: bool) -> tuple[str, ...]:
    """What each dimension of a variable carries."""
    if share:
        return (f"{subject}: 1 / (1 + value)",)
    if not variable.numerical:
        return tuple(f"{subject} {_class(part)}" for part in _classes(variable, held))
    if len(variable.space) == 1:
        [direction] = variable.space.directions
        if direction.value is not None:
            return (f"{direction.variable} is {shown(direction.value)}",)
        is_value = held is None or held.rows is None or _are_values(held.rows, held.values)
        return (f"{subject}: {'value' if is_value else 'place on a line'}",)
    if variable.label == POSITION or (held is not None and _on_circle(held.rows)):
        return tuple(f"{subject}: {part} of circle" for part in ("cos", "sin"))
    width = len(variable.space)
    return tuple(f"{subject}: number {place + 1} of {width}" for place in range(width))


def _classes(variable: Variable, held: Held | None) -> list[list[Value]]:
    """The values that each dimension of a one-hot stands for."""
    if held is None or held.rows is None:
        return [[direction.value] for direction in variable.space.directions]
    classes: list[list[Value]] = [[] for _ in range(held.rows.shape[1])]
    for value, column in zip(*(part.tolist() for part in held.rows.nonzero()), strict=True):
        classes[column].append(held.values[value])
    return classes


def _class(values: Sequence[Value]) -> str:
    """For instance "is 'a'", or "is 1, 2, 3, 4 or another of 9"."""
    listed = [shown(value) for value in values[:LISTED]]
    if len(values) > LISTED:
        return f"is {', '.join(listed)} or another of {len(values)}"
    return f"is {', '.join(listed[:-1])} or {listed[-1]}" if listed[1:] else f"is {listed[0]}"


def _are_values(rows: FloatArray, values: Sequence[Value]) -> bool:
    """Whether the numbers that are held are the values themselves."""
    if not all(isinstance(value, int | float) and type(value) is not bool for value in values):
        return False
    # Python compares numbers of any size; float64 would not hold them.
    return len(rows) == len(values) and rows[:, 0].tolist() == [*values]


def _on_circle(rows: FloatArray | None) -> bool:
    """Whether pairs of numbers are points of one circle about zero, but for those of nothing."""
    if rows is None or rows.shape[1] != len(("cos", "sin")):
        return False
    sizes = np.hypot(*rows[rows.any(axis=1)].T)
    return bool(sizes.size) and bool((abs(sizes - sizes[0]) <= SAME * sizes[0]).all())
