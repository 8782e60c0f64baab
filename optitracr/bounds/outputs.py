"""What a program says on every input up to a length, as bounds look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr import rasp
from optitracr.checking.comparison import number_tolerance
from optitracr.inputs import InputSet, check_inputs
from optitracr.rasp.batch import evaluate_batch
from optitracr.setting import Setting

if TYPE_CHECKING:
    from jaxtyping import Float, Int

CLASS_TOLERANCE = 0.25
"""What classes may be off by, which are whole numbers here: any two are further apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """The outputs of a program at all positions of some inputs, one after another.

    Attributes:
        setting: Vocabulary and length.
        length: Every input up to this length is among them, and patterns beyond.
        inputs: The code of each token of each input, -1 for padding.
        row: Which input each output is of.
        token: The token that stands where the output does.
        position: Where that is, from 0.
        found: The number, or the class of the value, 0 for None.
        allowed: How far a model's output may be from it.
        values: What each class stands for; empty if outputs are numbers.
    """

    setting: Setting
    length: int
    inputs: Int[NDArray[np.int32], "inputs longest"]
    row: Int[NDArray[np.intp], " outputs"]
    token: Int[NDArray[np.intp], " outputs"]
    position: Int[NDArray[np.intp], " outputs"]
    found: Float[NDArray[np.float64], " outputs"]
    allowed: Float[NDArray[np.float64], " outputs"]
    values: tuple[Any, ...] = ()

    @property
    def is_numerical(self) -> bool:
        """Whether outputs are numbers."""
        return not self.values

    @property
    def cell(self) -> Int[NDArray[np.intp], " outputs"]:
        """A number for each token at each position."""
        return self.token * self.setting.max_seq_len + self.position

    @property
    def occurring(self) -> tuple[Any, ...]:
        """The values that occur, None left out."""
        return tuple(self.values[i] for i in np.unique(self.found).astype(int) if i > 0)

    def tokens(self, output: int) -> list[Any]:
        """The input that an output is of."""
        codes = self.inputs[self.row[output]]
        return [self.setting.vocabulary[code] for code in codes[codes >= 0]]

    def said(self, output: int) -> Any:
        """An output as the program gives it."""
        found = self.found[output]
        return float(found) if self.is_numerical else self.values[int(found)]


def outputs_of(
    program: rasp.SOp, setting: Setting, is_numerical: bool, max_inputs: int
) -> Outputs | None:
    """The outputs on every input up to the length where they are at most so many, and on patterns.

    Beyond that length there are inputs whose tokens are all equal, all different, alternating, or
    equal but for one. Those on which the program is undefined are left out.

    Args:
        program: The program.
        setting: Vocabulary, length and domain.
        is_numerical: Whether its outputs are read as numbers.
        max_inputs: Bound on the number of inputs up to that length.

    Returns:
        None if it is undefined on all of them.
    """
    count, longest = len(setting.vocabulary), setting.max_seq_len
    inputs = check_inputs(count, longest, max_inputs, 0, 0, setting.domain)
    short = inputs.lengths <= inputs.exhaustive_length
    place: dict[Any, int] = {None: 0}
    parts = [
        _classes(program, setting, inputs, np.flatnonzero(part), place) for part in (short, ~short)
    ]
    row, position, found = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    values = tuple(place)
    if is_numerical:
        numbers = np.array([np.nan if value is None else float(value) for value in values])
        known = ~np.isnan(numbers[found])
        row, position, found = row[known], position[known], numbers[found[known]]
        allowed = number_tolerance(found)
    else:
        allowed = np.full(found.size, CLASS_TOLERANCE)
    if not row.size:
        return None
    return Outputs(
        setting=setting,
        length=inputs.exhaustive_length,
        inputs=inputs.codes,
        row=row,
        token=inputs.codes[row, position].astype(np.intp),
        position=position,
        found=found.astype(np.float64),
        allowed=allowed,
        values=() if is_numerical else values,
    )


def _classes(
    program: rasp.SOp,
    setting: Setting,
    inputs: InputSet,
    rows: NDArray[np.intp],
    place: dict[Any, int],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """The outputs on some inputs: the input of each, its position, and its place among values.

    Values that are equal have one place, as they have in a model. New ones are added.
    """
    lengths = inputs.lengths[rows]
    codes = inputs.codes[rows, : lengths.max(initial=1)]
    run = evaluate_batch([program], setting.vocabulary, codes, lengths, setting.causal)
    member = np.array([place.setdefault(x, len(place)) for x in run.values(program)])
    row, position = np.nonzero((codes >= 0) & ~run.undefined[:, None])
    return rows[row], position, member[run.codes(program)[row, position]]
