"""What the residual stream says of a variable, in the program's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.candidates.component import Held
from optitracr.errors import InputError, NotFoundError
from optitracr.graph.program import Input
from optitracr.model.current import current
from optitracr.model.forward import choose, multiplied
from optitracr.model.transformer import Transformer

if TYPE_CHECKING:
    from jaxtyping import Float, Shaped

FULL = 1 << 20
"""Distances of numbers from codes that are looked at together: 8 MB."""


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
            leaves, 2 l + 2 what its MLP leaves. The last one by default.

    Returns:
        The value at each place, as objects: None for None, a float for what is held as a number
        alone.

    Raises:
        InputError: If the array has another width, or there is no such state.
        NotFoundError: If that state does not hold the variable, or not so far that its values are
            told apart; or the model was read from a file that holds no program.
    """
    variable = arguments.text("variable", variable)
    array = _checked(model, residual)
    last = model.layout.states - 1
    at = last if state is None else arguments.integer("state", state, 0, last)
    held = _held(model, variable, at)
    if held is not None:
        columns, entry = held
        return _nearest(array[..., columns], entry)
    if at == last and variable == model.program.graph.output:
        return _said(model, array)
    raise NotFoundError(_missing(model, variable, at))


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


def _held(model: Transformer, variable: str, state: int) -> tuple[list[int], Held] | None:
    """Columns that tell the values of a variable at a state, and what they hold of each."""
    for tenancy in model.layout.tenancies:
        entry = model.program.readings.get(tenancy.variable.label)
        if entry is None or entry.label != variable:
            continue
        if tenancy.birth <= state <= tenancy.end and _tells(model, entry):
            return list(tenancy.columns), entry
    return None


def _tells(model: Transformer, entry: Held) -> bool:
    """Whether no two values are held alike, None among them, which is held as zeros."""
    if entry.rows is None:
        return True
    known = isinstance(model.program.graph.node(entry.label).operation, Input)
    rows = entry.rows if known else np.concatenate([entry.rows, np.zeros_like(entry.rows[:1])])
    return len(np.unique(rows, axis=0)) == len(rows)


def _nearest(found: NDArray[np.float64], entry: Held) -> NDArray[Any]:
    """The value whose code is nearest to what is held; None where that is nothing at all."""
    flat = found.reshape(-1, found.shape[-1])
    said = np.empty(len(flat), dtype=object)
    if entry.rows is None:
        said[:] = flat[:, 0].tolist()
        return said.reshape(found.shape[:-1])
    # Of what is never None, some value may be held as zeros.
    nothing = [] if (entry.rows == 0.0).all(axis=1).any() else [None]
    values = np.empty(len(entry.values) + len(nothing), dtype=object)
    values[:] = [*entry.values, *nothing]
    codes = np.concatenate([entry.rows, np.zeros((len(nothing), entry.rows.shape[1]))])
    step = max(1, FULL // codes.size)
    for first in range(0, len(flat), step):
        part = slice(first, first + step)
        apart = ((flat[part, None] - codes) ** 2).sum(axis=-1)
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
    known = [at for at in range(last + 1) if _held(model, variable, at) is not None]
    if variable == graph.output:
        known = sorted({*known, last})
    where = f"states {known} do" if known else "no state does; compile with optimize=1 for that"
    return f"state {state} does not tell the values of {variable!r} apart; {where}"
