"""What the residual stream says of a variable, in the program's values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.candidates.component import Held
from optitracr.errors import InputError, NotFoundError
from optitracr.model.current import current
from optitracr.model.forward import choose, multiplied
from optitracr.model.transformer import Transformer

if TYPE_CHECKING:
    from jaxtyping import Float, Shaped

FULL = 1 << 20
"""Distances of numbers from codes that are looked at together: 8 MB."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """Values that a state holds alike, where it does not tell which of them is meant.

    Attributes:
        values: The values, None among them where that is held so too.
    """

    values: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"one of {', '.join(map(arguments.shown, self.values))}"


def decode(
    model: Transformer,
    variable: str,
    residual: Float[NDArray[Any], "... d_model"],
    state: int | None = None,
) -> Shaped[NDArray[Any], ...]:
    """The values of a variable, where a residual stream holds it.

    Args:
        model: The model.
        variable: The label of an s-op.
        residual: The residual stream at one state.
        state: Which state that is: 0 is the embedding, 2 l + 1 what the attention of layer l
            leaves, 2 l + 2 what its MLP leaves; `residuals` of what `apply` returns begins with
            state 1. The last one by default.

    Returns:
        The value at each place, as objects: None for None, a float for what is held as a number
        alone, and a `OneOf` where no more is held than that it is one of some values.

    Raises:
        InputError: If the array has another width, or there is no such state.
        NotFoundError: If that state does not hold the variable; or the model was read from a file
            that holds no program.
    """
    variable = arguments.text("variable", variable)
    array = _checked(model, residual)
    last = model.layout.states - 1
    at = last if state is None else arguments.integer("state", state, 0, last)
    found = held_at(model, variable, at)
    if found is not None and found.tells:
        return _nearest(array, found)
    if at == last and variable == model.program.graph.output:
        return _said(model, array)
    if found is None:
        raise NotFoundError(_missing(model, variable, at))
    return _nearest(array, found)


def _checked(model: Transformer, residual: Any) -> NDArray[np.float64]:
    width = model.layout.width
    try:
        array = np.asarray(residual, dtype=np.float64)
    except Exception:
        # Entries may be of any type, and numbers too large for a float.
        array = np.zeros(())
    if array.ndim == 0 or array.shape[-1] != width:
        raise InputError(
            f"residual is {arguments.shown(residual)}; give an array of numbers of shape "
            f"[..., {width}], the residual stream at one state"
        )
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """What some columns hold of each value of a variable.

    Attributes:
        columns: The columns.
        rows: What they hold of each class; None where a column holds the number itself.
        classes: The values of each class.
    """

    columns: list[int]
    rows: NDArray[np.float64] | None
    classes: Sequence[tuple[Any, ...]]

    @property
    def tells(self) -> bool:
        """Whether no two values are held alike."""
        return self.rows is None or all(len(values) == 1 for values in self.classes)


def held_at(model: Transformer, variable: str, state: int) -> Codes | None:
    """What a state holds of a variable: in one form, if one is enough, or else in all together.

    Returns:
        None if the state holds nothing of it.
    """
    known = [*model.program.readings.items(), *model.program.shares.items()]
    forms = {name: held for name, held in known if held.label == variable}
    found = [
        (list(tenancy.columns), forms[tenancy.variable.label])
        for tenancy in model.layout.tenancies
        if tenancy.variable.label in forms and tenancy.birth <= state <= tenancy.end
    ]
    if not found:
        return None
    alone = (codes for form in found if (codes := _codes(*form)).tells)
    return next(alone, None) or _together(found)


def _codes(columns: list[int], held: Held) -> Codes:
    """What the columns of one form hold."""
    if held.rows is None:
        return Codes(columns, None, ())
    return Codes(columns, *held.classes)


def _together(forms: Sequence[tuple[list[int], Held]]) -> Codes | None:
    """What forms of one variable hold that do not tell it each alone."""
    columns = [column for own, _ in forms for column in own]
    (_, first), *_ = forms
    values = {value: place for place, value in enumerate(first.values)}
    rows = []
    for _, held in forms:
        if held.rows is None or set(held.values) != values.keys():
            return _codes(*forms[0])
        order = np.argsort([values[value] for value in held.values])
        rows.append(held.rows[order])
    may_be_none = any(held.may_be_none for _, held in forms)
    joint = np.concatenate(rows, axis=1)
    return _codes(columns, replace(first, rows=joint, may_be_none=may_be_none))


def _nearest(array: NDArray[np.float64], codes: Codes) -> NDArray[Any]:
    """The value whose code is nearest to what is held."""
    found = array[..., codes.columns]
    flat = found.reshape(-1, found.shape[-1])
    said = np.empty(len(flat), dtype=object)
    if codes.rows is None:
        said[:] = flat[:, 0].tolist()
        return said.reshape(found.shape[:-1])
    values = np.empty(len(codes.classes), dtype=object)
    values[:] = [own[0] if len(own) == 1 else OneOf(own) for own in codes.classes]
    step = max(1, FULL // codes.rows.size)
    for first in range(0, len(flat), step):
        part = slice(first, first + step)
        apart = ((flat[part, None] - codes.rows) ** 2).sum(axis=-1)
        said[part] = values[apart.argmin(axis=1)]
    return said.reshape(found.shape[:-1])


def _said(model: Transformer, array: NDArray[np.float64]) -> NDArray[Any]:
    """What the unembedding makes of the last state."""
    now = current(model)
    scores = multiplied(array.astype(np.float32), now.unembed)
    chosen = choose(np, now.architecture, scores)
    said = np.empty(chosen.size, dtype=object)
    said[:] = model.output_encoder.decode(chosen.reshape(-1).tolist())
    return said.reshape(chosen.shape)


def _missing(model: Transformer, variable: str, state: int) -> str:
    """Why a state does not say what a variable is, and where else it is said."""
    graph = model.program.graph
    if variable not in graph.by_label():
        return f"the program has no s-op labelled {variable!r}; its labels are those of the report"
    last = model.layout.states - 1
    known = {at for at in range(last + 1) if held_at(model, variable, at) is not None}
    if variable == graph.output:
        known.add(last)
    if not known:
        return (
            f"no state holds {variable!r}, which level {model.level} has {_fate(model, variable)}; "
            "compile with optimize=1 for states that do"
        )
    return f"state {state} does not hold {variable!r}; states {sorted(known)} do"


def _fate(model: Transformer, variable: str) -> str:
    """What became of a variable that is held nowhere."""
    fates = [
        f"{row.kind.value} ({row.detail})" for row in model.savings if row.variable == variable
    ]
    helping = [t.names[0] for t in model.layout.tenancies if t.holds == variable]
    return ", ".join([*fates, *(f"in parts ({name})" for name in helping)]) or "no use for"
