"""Forms: the encodings in which the residual stream may hold a variable.

What a reader needs of a variable is a partition of its values: values of one class are
read alike, and a class that contributes nothing needs no dimension. A form holds some
partition, one dimension a class. It serves every need that is coarser, of the variable
itself or of any function of it alone, since such a function is linear in the one-hot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.needs import NO_CLASS, Classes, Need, Numbers
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import Direction, FloatArray, Space, Value

EXACT = 1e-9
"""Largest error of a linear function of numbers that counts as none: what solving for it in float64
leaves, and far below what float32 keeps."""

LARGEST_FACTOR = 16.0
"""Largest factor of such a function: it also multiplies rounding errors, of which the tolerances of
numbers leave room for some hundred."""

KEPT = 1_024
"""Linear functions of numbers that are kept, whether there are some or none."""

KEPT_BYTES = 1 << 12
"""Size of what is to be read up to which they are kept: all of them take 8 MB at most."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to hold a variable.

    Attributes:
        name: Unique name of the dimensions' owner.
        label: The variable held.
        classes: For each of its values the class; empty for a raw number.
        numbers: For each value the numbers that the dimensions hold, if it is held so.
        clean: Whether it is zero at BOS.
        signed: Whether it can be negative.
        sharp: Whether its rounding errors are that small.
    """

    name: str
    label: str
    classes: Classes
    numbers: Numbers = ()
    clean: bool = True
    signed: bool = False
    sharp: bool = True

    @property
    def is_number(self) -> bool:
        """Whether real dimensions hold it."""
        return not self.classes

    @property
    def width(self) -> int:
        """Dimensions taken."""
        if self.is_number:
            return len(self.numbers[0]) if self.numbers else 1
        return max(self.classes, default=-1) + 1

    def variable(self, values: Sequence[Value]) -> Variable:
        """The directions, each named after the first value of its class."""
        if self.is_number:
            held = tuple(x for row in self.numbers for x in row) or tuple(values)
            if self.width == 1:
                return Variable(self.name, Space((Direction(self.name),)), held, True, self.signed)
            space = Space(tuple(Direction(self.name, i) for i in range(self.width)))
            return Variable(self.name, space, held, True, self.signed)
        first: dict[int, Value] = {}
        for value, member in zip(values, self.classes, strict=True):
            if member != NO_CLASS:
                first.setdefault(member, value)
        shown = tuple(first[member] for member in range(self.width))
        space = Space(tuple(Direction(self.name, v) for v in shown))
        return Variable(self.name, space, shown, False, self.signed)


def form_rows(form: Form) -> FloatArray:
    """What each value of the form's variable writes, [values, width]."""
    if form.numbers:
        return np.asarray(form.numbers)
    held = np.asarray(form.classes, dtype=np.intp)
    rows = np.zeros((held.size, form.width))
    rows[held >= 0, held[held >= 0]] = 1.0
    return rows


def serving(
    forms: Iterable[Form], need: Need, sources: Mapping[str, NDArray[np.integer] | None]
) -> dict[str, FloatArray]:
    """How each form that serves a need is read for it.

    Args:
        forms: Some forms.
        need: The need, of a form's variable or of a function of it.
        sources: For each variable off which it can be read, for each of its values the index of
            the needed variable's value, -1 for None; None if the two are the same variable.

    Returns:
        For each by name an array of shape [form width, need columns].
    """
    clean, sharp = need.clean, need.sharp
    fitting = [
        form
        for form in forms
        if form.label in sources and form.clean >= clean and form.sharp >= sharp
    ]
    if need.raw:
        return {
            form.name: np.ones((1, 1))
            for form in fitting
            if form.is_number and sources[form.label] is None and not form.numbers
        }
    of: dict[str, list[Form]] = {}
    for form in fitting:
        of.setdefault(form.label, []).append(form)
    read: dict[str, FloatArray] = {}
    for label, own in of.items():
        rows = _rows_along(need, sources[label])
        read |= _classes_serve([form for form in own if not form.is_number], rows)
        for form in own:
            matrix = _number_serves(form, rows, need.steep) if form.is_number else None
            if matrix is not None:
                read[form.name] = matrix
    return {form.name: read[form.name] for form in fitting if form.name in read}


def _rows_along(need: Need, along: NDArray[np.integer] | None) -> FloatArray:
    """What is read for a need of each value of a variable."""
    if along is None:
        return need.rows
    return np.concatenate([need.rows, np.zeros((1, need.columns))])[np.asarray(along)]


def _classes_serve(forms: Sequence[Form], rows: FloatArray) -> dict[str, FloatArray]:
    """How those of some forms of classes are read that serve for some numbers of each value."""
    forms = [form for form in forms if len(form.classes) == len(rows)]
    if not forms:
        return {}
    held, line = np.array([form.classes for form in forms]), np.arange(len(forms))[:, None]
    widths = (held.max(axis=1, initial=NO_CLASS) + 1).tolist()
    # The last row is of what has no class, which is -1.
    matrices = np.zeros((len(forms), max(widths) + 1, rows.shape[1]))
    matrices[line, held] = rows
    matrices[:, -1] = 0.0
    serves = (matrices[line, held] == rows).all(axis=(1, 2)).tolist()
    return {
        form.name: matrix[:width].copy()
        for form, matrix, width, fits in zip(forms, matrices, widths, serves, strict=True)
        if fits
    }


def _may_be_multiples(held: FloatArray, rows: FloatArray) -> bool:
    """Whether numbers may be multiples of one, as it is told by the largest of that."""
    largest = int(abs(held).argmax())
    if held[largest, 0] == 0.0:
        return True
    # A factor within the tolerance of all is within it of the largest, and this one thus twice.
    factors = rows[largest] / held[largest, 0]
    return bool((abs(held * factors - rows) <= 3 * EXACT).all())


def _number_serves(form: Form, rows: FloatArray, steep: bool) -> FloatArray | None:
    """Numbers serve what is a linear function of them."""
    if len(form.numbers) != len(rows):
        return None
    exact_to = EXACT * abs(rows[rows != 0.0]).min(initial=1.0) if steep else EXACT
    if rows.nbytes > KEPT_BYTES:
        return _linear(form.numbers, rows, exact_to)
    return _kept_linear(form.numbers, rows.shape, rows.tobytes(), exact_to)


@lru_cache(maxsize=KEPT)
def _kept_linear(
    numbers: Numbers, shape: tuple[int, ...], rows: bytes, exact_to: float
) -> FloatArray | None:
    """The same as `_linear`: programs ask for few of them, over and over."""
    found = _linear(numbers, np.frombuffer(rows).reshape(shape), exact_to)
    if found is not None:
        found.setflags(write=False)
    return found


def _linear(numbers: Numbers, rows: FloatArray, exact_to: float) -> FloatArray | None:
    """What numbers are multiplied with to be some rows; None if these are not linear in them."""
    held = np.asarray(numbers)
    if held.shape[1] == 1 and not _may_be_multiples(held, rows):
        return None
    solution, _, rank, _ = np.linalg.lstsq(held, rows, rcond=1e-9)
    if rank < held.shape[1] and held.shape[1] > 1:
        return None
    matrix = np.asarray(solution).round(12)
    exact = abs(held @ matrix - rows).max(initial=0.0) <= exact_to
    if not exact or abs(matrix).max(initial=0.0) > LARGEST_FACTOR:
        return None
    return matrix
