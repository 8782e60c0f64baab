"""Compares a model with the interpreter on given inputs: every variable at every state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.component import Held
from optitracr.candidates.tolerances import ONE_HOT_TOLERANCE, code_tolerance
from optitracr.errors import VerificationError
from optitracr.graph.numbers import ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE
from optitracr.inputs import InputSet, with_bos
from optitracr.model.current import current
from optitracr.model.encoders import CategoricalEncoder
from optitracr.model.layout import Tenancy
from optitracr.model.runner import States, states_numpy
from optitracr.model.sequences import rows_at_once
from optitracr.model.transformer import Transformer

if TYPE_CHECKING:
    from optitracr.rasp.batch import BatchEvaluation


DEFECT = (
    " If neither weights nor configuration were edited, this is a defect of the compiler; please "
    "report the program."
)
"""What is said of a model that is wrong for no known reason."""

ROUNDED = (
    " In float64 the same weights are right: float32 rounds too much on the way, as it may after "
    "many layers; compile at level 2, which has fewer, or compute it in fewer steps."
)
"""What is said of one that is right but for roundings."""


class _Expected:
    """What the columns of the residual stream ought to hold at the present state.

    Attributes:
        values: [batch, seq, column]; nan where the value is outside of its value set.
        tolerance: Error allowed in each column.
        number: Which of them hold a number, with a tolerance that depends on it.
        alive: Which columns hold a variable.
        clean: Which of them are zero at BOS.
        tenancies: The variables alive, in order of birth.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.values = np.zeros(shape)
        self.tolerance = np.zeros(shape[-1])
        self.number, self.alive, self.clean = (np.zeros(shape[-1], dtype=bool) for _ in range(3))
        self.tenancies: dict[str, tuple[Tenancy, Held]] = {}

    def begin(
        self, tenancy: Tenancy, held: Held, values: NDArray[Any], known: NDArray[np.bool_]
    ) -> None:
        """A variable is written: [batch, seq, width], and where its value is known."""
        columns, number = list(tenancy.columns), tenancy.variable.numerical
        self.values[..., columns] = np.where(known[..., None], values, np.nan)
        self.number[columns] = number and held.rows is None
        self.tolerance[columns] = held_tolerance(held, number)
        self.alive[columns], self.clean[columns] = True, held.clean
        self.tenancies[tenancy.variable.label] = (tenancy, held)

    def end(self, tenancy: Tenancy) -> None:
        """A variable was read for the last time."""
        self.alive[list(tenancy.columns)] = False
        del self.tenancies[tenancy.variable.label]

    def allowed(self, columns: NDArray[np.intp] | list[int]) -> NDArray[np.float64]:
        """The error allowed in some columns, [batch, seq, columns]."""
        values, number = self.values[..., columns], self.number[columns]
        allowed = np.broadcast_to(self.tolerance[columns], values.shape)
        if number.any():
            allowed = np.where(number, number_tolerance(values), allowed)
        return allowed


class Comparison:
    """One chunk of inputs: what the interpreter says of what the model computes."""

    def __init__(self, model: Transformer, inputs: InputSet, advises: bool = True) -> None:
        from optitracr.rasp.batch import evaluate_batch

        self.model, self.inputs, self.advises = model, inputs, advises
        self.expressions = dict(model.program.graph.expressions)
        alive = {tenancy.variable.label for tenancy in model.layout.tenancies}
        held = (h.label for name, h in model.program.readings.items() if name in alive)
        wanted = dict.fromkeys((*held, model.program.graph.output))
        self.evaluation: BatchEvaluation = evaluate_batch(
            [self.expressions[label] for label in wanted],
            model.setting.vocabulary,
            inputs.codes,
            inputs.lengths,
            causal=model.setting.causal,
        )
        place = np.arange(inputs.codes.shape[1])
        defined = ~self.evaluation.undefined
        self.valid = (place < inputs.lengths[:, None]) & defined[:, None]

    def compare(self, states: States) -> float:
        """The largest error.

        Raises:
            VerificationError: At the first wrong state, and there at the first wrong variable in
                order of birth; then at the output.
        """
        expected = _Expected((*self.valid.shape, self.model.layout.width))
        rows, worst = len(self.inputs.codes), 0.0
        births, ends = self._births_and_ends()
        for state, found in enumerate(states):
            stream = np.asarray(found)[:rows]
            for tenancy, held in births.get(state, ()):
                expected.begin(tenancy, held, *self._expected(held))
            worst = max(worst, self._compare(expected, state, stream))
            for tenancy in ends.get(state, ()):
                expected.end(tenancy)
        self._compare_output(np.asarray(states.chosen)[:rows, 1:])
        return worst

    def _births_and_ends(
        self,
    ) -> tuple[dict[int, list[tuple[Tenancy, Held]]], dict[int, list[Tenancy]]]:
        """The tenancies that begin, and those that end, at each state."""
        births: dict[int, list[tuple[Tenancy, Held]]] = {}
        ends: dict[int, list[Tenancy]] = {}
        for tenancy, held in self._tenancies():
            births.setdefault(tenancy.birth, []).append((tenancy, held))
            ends.setdefault(tenancy.end, []).append(tenancy)
        return births, ends

    def _tenancies(self) -> Iterator[tuple[Tenancy, Held]]:
        for tenancy in self.model.layout.tenancies:
            held = self.model.program.readings.get(tenancy.variable.label)
            if held is not None:
                yield tenancy, held

    def _expected(self, held: Held) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """[batch, seq, width], and where a value outside the value set makes it unknown."""
        expression = self.expressions[held.label]
        codes = self.evaluation.codes(expression)
        if held.rows is None:
            numbers = self.evaluation.numbers(expression)
            return np.nan_to_num(numbers)[..., None], np.ones_like(codes, dtype=bool)
        values = self.evaluation.values(expression)
        place = {value: i for i, value in enumerate(held.values)}
        index = np.array([place.get(value, -1) for value in values])
        inside = (index >= 0) | np.array([value is None for value in values])
        rows = np.concatenate([held.rows, np.zeros((1, held.rows.shape[1]))])
        return rows[index][codes], inside[codes]

    def _compare(self, expected: _Expected, state: int, stream: NDArray[Any]) -> float:
        """The largest error of all variables alive at a state."""
        columns = np.flatnonzero(expected.alive)
        if not columns.size or not stream.size:
            return 0.0
        error = np.abs(stream[:, 1:][..., columns] - expected.values[..., columns])
        wrong = self.valid[..., None] & ~(error <= expected.allowed(columns))
        bos = columns[expected.clean[columns]]
        dirty = ~(np.abs(stream[:, 0][:, bos]) <= ONE_HOT_TOLERANCE).all(axis=0)
        if wrong.any() or dirty.any():
            bad = {*columns[wrong.any(axis=(0, 1))].tolist(), *bos[dirty].tolist()}
            self._fail_at(expected, state, stream, bad)
        return float(np.max(error, where=self.valid[..., None], initial=0.0))

    def _fail_at(
        self, expected: _Expected, state: int, stream: NDArray[Any], bad: set[int]
    ) -> NoReturn:
        """Names the first variable in order of birth that has a wrong column."""
        tenancy, held = next(
            pair for pair in expected.tenancies.values() if bad.intersection(pair[0].columns)
        )
        columns, name = list(tenancy.columns), tenancy.variable.label
        found = stream[:, 1:][..., columns]
        error = np.abs(found - expected.values[..., columns])
        allowed = expected.allowed(columns)
        wrong = self.valid & ~(error <= allowed).all(axis=-1)
        if not wrong.any():
            at_bos = stream[:, 0][:, columns]
            most = at_bos[np.abs(at_bos).max(axis=1).argmax()]
            raise VerificationError(
                f"variable '{held.label}' (as '{name}') is not zero at BOS at state {state}: "
                f"{most}. This is a defect of the compiler; please report the program."
            )
        what = f"variable '{held.label}' at state {state}"
        if name != held.label:
            what = f"variable '{held.label}' (as '{name}') at state {state}"
        row, position = (int(i) for i in np.argwhere(wrong)[0])
        shown = np.array2string(found[row, position], precision=4, threshold=8)
        self._fail(what, held.label, row, position, shown)

    def _compare_output(self, chosen: NDArray[Any]) -> None:
        wrong = self.wrong_outputs(chosen)
        if wrong.any():
            row, position = (int(i) for i in np.argwhere(wrong)[0])
            label = self.model.program.graph.output
            self._fail(
                f"the output '{label}'", label, row, position, self.said(chosen, row, position)
            )

    def wrong_outputs(self, chosen: NDArray[Any]) -> NDArray[np.bool_]:
        """Where a model says something else than the interpreter, [batch, seq].

        Args:
            chosen: What it says: numbers, or integers of categories; [batch, seq].
        """
        expression = self.expressions[self.model.program.graph.output]
        codes = self.evaluation.codes(expression)
        encoder = self.model.output_encoder
        if isinstance(encoder, CategoricalEncoder):
            values = self.evaluation.values(expression)
            unknown = -2
            table = [-1 if v is None else encoder.encoding_map.get(v, unknown) for v in values]
            wrong = chosen != np.array(table)[codes]
        else:
            numbers = self.evaluation.numbers(expression)
            error = np.abs(chosen - numbers)
            wrong = ~(error <= number_tolerance(numbers))
        return np.asarray(wrong & self.valid)

    def said(self, chosen: NDArray[Any], row: int, position: int) -> str:
        """What a model says at a position, as Python writes it."""
        return repr(self.model.output_encoder.decode([chosen[row, position].item()])[0])

    def _fail(self, what: str, label: str, row: int, position: int, found: str) -> NoReturn:
        tokens, expected = self._tokens(row), self._expects(label, row, position)
        node = self.model.program.graph.node(label)
        hint = self._hint(row, expected, label) if self.advises else ""
        raise VerificationError(
            f"{what} differs from the interpreter at position {position} of {tokens}: the model "
            f"has {found}, RASP says {expected!r}. S-op {node.describe()}.{hint}"
        )

    def _hint(self, row: int, expected: Any, label: str) -> str:
        held = [h for h in self.model.program.readings.values() if h.label == label]
        known = expected is None or all(h.rows is None or expected in h.values for h in held)
        if known:
            part = slice(row, row + 1)
            return blame(
                self.model, InputSet(self.inputs.codes[part], self.inputs.lengths[part], 0)
            )
        return (
            f" The value {expected!r} is outside its value set: a categorical Aggregate that "
            "selects several positions takes a mean; map its operand to ints or floats first."
        )

    def wrong_output(self, row: int, position: int, said: str) -> WrongOutput:
        """An input on which the output is wrong."""
        tokens, label = self._tokens(row), self.model.program.graph.output
        expected = self._expects(label, row, position)
        return WrongOutput(
            tuple(tokens),
            f"at position {position} of {tokens} the model says {said}, RASP says {expected!r}",
        )

    def _tokens(self, row: int) -> list[Any]:
        length = int(self.inputs.lengths[row])
        return [self.model.setting.vocabulary[c] for c in self.inputs.codes[row, :length]]

    def _expects(self, label: str, row: int, position: int) -> Any:
        expression = self.expressions[label]
        return self.evaluation.values(expression)[self.evaluation.codes(expression)[row, position]]


@dataclass(frozen=True, slots=True)
class WrongOutput:
    """An input on which a model is wrong.

    Attributes:
        tokens: Its tokens.
        finding: What is wrong, in a sentence.
    """

    tokens: tuple[Any, ...]
    finding: str


def compared_outputs(model: Transformer, inputs: InputSet) -> WrongOutput | None:
    """The first input on which a model, run in NumPy, says something else than the interpreter."""
    now, encoder = current(model), model.input_encoder
    size = rows_at_once(model)
    for first in range(0, len(inputs.codes), size):
        part = slice(first, first + size)
        chunk = InputSet(inputs.codes[part], inputs.lengths[part], 0)
        tokens = with_bos(chunk.codes, encoder.bos_encoding, encoder.pad_encoding)
        chosen = _chosen(states_numpy(now.architecture, now.params, now.unembed, tokens))[:, 1:]
        check = Comparison(model, chunk)
        wrong = check.wrong_outputs(chosen)
        if wrong.any():
            row, position = (int(i) for i in np.argwhere(wrong)[0])
            return check.wrong_output(row, position, check.said(chosen, row, position))
    return None


def _chosen(states: States) -> NDArray[Any]:
    """The output at the end of all states, of which a deep model has too many to keep."""
    for _ in states:
        pass
    return np.asarray(states.chosen)


def held_tolerance(held: Held, numerical: bool) -> float:
    """The error allowed in a variable, if it is not held as the number that it is."""
    if numerical and held.rows is not None:
        return code_tolerance(held.rows)
    return ONE_HOT_TOLERANCE


def number_tolerance(expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """The error allowed in numbers; a whole number has to round to the right one.

    Args:
        expected: What the interpreter says.
    """
    allowed = np.maximum(ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE * np.abs(expected))
    # A half is as near to the next whole number.
    rounds = np.nextafter(0.5, 0.0)
    return np.where(expected == np.rint(expected), np.minimum(allowed, rounds), allowed)


class _InFloat64(dict[str, dict[str, NDArray[Any]]]):
    """Weights in float64, each module made when it is used: all of them may not fit in memory."""

    def __getitem__(self, name: str) -> dict[str, NDArray[Any]]:
        return {
            kind: weight.astype(np.float64) for kind, weight in super().__getitem__(name).items()
        }


def blame(model: Transformer, inputs: InputSet) -> str:
    """Why a model may be wrong on one input: rounding, where it is right in float64.

    Args:
        model: The model.
        inputs: The input.
    """
    now, encoder = current(model), model.input_encoder
    tokens = with_bos(inputs.codes, encoder.bos_encoding, encoder.pad_encoding)
    unembed = now.unembed.astype(np.float64)
    states = states_numpy(now.architecture, _InFloat64(now.params), unembed, tokens)
    try:
        Comparison(model, inputs, advises=False).compare(states)
    except VerificationError:
        return DEFECT
    return ROUNDED
