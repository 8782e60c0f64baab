"""Checks a model against the interpreter: every variable, at every state it is alive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.assembly.layout import Tenancy
from optitracr.candidates.component import Held
from optitracr.errors import VerificationError
from optitracr.model.encoders import CategoricalEncoder
from optitracr.model.forward import ForwardOutput
from optitracr.model.inputs import InputSet, check_inputs, with_bos
from optitracr.model.rare_inputs import add_rare_inputs

if TYPE_CHECKING:
    from optitracr.model.compiled import CompiledModel
    from optitracr.rasp.batch import BatchEvaluation

NUMERICAL_TOLERANCE = 1e-4
"""Relative or absolute error allowed in numbers."""

ONE_HOT_TOLERANCE = 0.05
"""Distance from 0 and 1 allowed in one-hot dimensions; a reader's margin is larger."""

CODE_TOLERANCE = 0.01
"""The same in numbers that stand for categories, such as points on a circle, but at most a
twentieth of the distance between two of them: what steps add up to there is rounded to no
more, and the margins of their readers allow for it."""

CHUNK = 2048


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What was compared.

    Attributes:
        inputs: Inputs compared.
        exhaustive_length: Every input up to this length was among them.
        max_seq_len: Longest input the model takes.
        undefined: Inputs left out because the interpreter raises on them.
        variables: RASP variables compared inside the residual stream, beside the output.
        max_error: Largest error of a number, or of a one-hot dimension.
        seconds: Time taken.
    """

    inputs: int
    exhaustive_length: int
    max_seq_len: int
    undefined: int
    variables: int
    max_error: float
    seconds: float

    @property
    def exhaustive(self) -> bool:
        """Whether every input that the model takes was compared."""
        return self.exhaustive_length == self.max_seq_len

    def __str__(self) -> str:
        scope = (
            "every input"
            if self.exhaustive
            else f"every input up to length {self.exhaustive_length}, random and rare ones beyond"
        )
        return (
            f"verified on {self.inputs:,} inputs ({scope}), {self.variables} variables inside; "
            f"{self.undefined:,} undefined; largest error {self.max_error:.1e}"
        )


def verify_model(
    model: CompiledModel,
    max_inputs: int = 100_000,
    sampled: int = 2000,
    seed: int = 0,
    backend: str = "jax",
) -> VerificationReport:
    """Compares a model with the interpreter, exhaustively where inputs are few.

    Args:
        model: The model.
        max_inputs: Every input is compared up to the length where they number so many.
        sampled: Number of random inputs beyond that length, and at most so many more that a
            search finds for rare cases.
        seed: Of the random inputs and of the search.
        backend: "jax", or "numpy", which compiles nothing and is quicker on few inputs.

    Raises:
        VerificationError: Names the first wrong variable, position and input.
    """
    if backend == "numpy":
        return _compare(model, max_inputs, sampled, seed, model.forward_numpy, exact_shape=True)
    return _compare(model, max_inputs, sampled, seed, lambda t: model.forward(model.params, t))


def check_model(model: CompiledModel, seed: int = 0) -> VerificationReport:
    """The check that every compilation runs: some hundred inputs, random and rare, in NumPy.

    Raises:
        VerificationError: Names the first wrong variable, position and input.
    """
    return _compare(model, 64, 64, seed, model.forward_numpy, exact_shape=True)


def _compare(
    model: CompiledModel,
    max_inputs: int,
    sampled: int,
    seed: int,
    run: Callable[[NDArray[np.int32]], ForwardOutput],
    exact_shape: bool = False,
) -> VerificationReport:
    start = time.perf_counter()
    setting = model.setting
    inputs = check_inputs(len(setting.vocabulary), setting.max_seq_len, max_inputs, sampled, seed)
    inputs = add_rare_inputs(inputs, model, sampled, seed)
    undefined, worst = 0, 0.0
    total = len(inputs.codes)
    for first in range(0, total, CHUNK):
        part = slice(first, min(first + CHUNK, total))
        chunk = InputSet(inputs.codes[part], inputs.lengths[part], 0)
        encoder = model.input_encoder
        tokens = with_bos(chunk.codes, encoder.bos_encoding, encoder.pad_encoding)
        rows = len(tokens)
        if not exact_shape and rows < CHUNK and total > CHUNK:
            tokens = np.concatenate([tokens, np.repeat(tokens[-1:], CHUNK - rows, axis=0)])
        check = _Check(model, chunk, run(tokens))
        worst = max(worst, check.compare())
        undefined += int(check.evaluation.undefined.sum())
    return VerificationReport(
        inputs=total - undefined,
        exhaustive_length=inputs.exhaustive_length,
        max_seq_len=setting.max_seq_len,
        undefined=undefined,
        variables=len(model.program.readings),
        max_error=worst,
        seconds=time.perf_counter() - start,
    )


class _Check:
    """One chunk of inputs: what the interpreter says, and what the model computed."""

    def __init__(self, model: CompiledModel, inputs: InputSet, output: ForwardOutput) -> None:
        from optitracr.rasp.batch import evaluate_batch

        self.model, self.inputs = model, inputs
        rows = len(inputs.codes)
        transformer = output.transformer_output
        states = (transformer.input_embeddings, *transformer.residuals)
        self.states = [np.asarray(state)[:rows, 1:] for state in states]
        self.at_bos = [np.asarray(state)[:rows, 0] for state in states]
        self.chosen = np.asarray(output.unembedded_output)[:rows, 1:]
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

    def compare(self) -> float:
        """The largest error.

        Raises:
            VerificationError: At the first wrong variable in order of birth, then the output.
        """
        errors = [0.0]
        for tenancy, held in self._tenancies():
            expected, known = self._expected(held)
            for state in range(tenancy.birth, tenancy.end + 1):
                columns = list(tenancy.columns)
                found = self.states[state][:, :, columns]
                errors.append(self._compare(tenancy, held, state, found, expected, known))
                if held.clean:
                    self._check_bos(tenancy, held, state, self.at_bos[state][:, columns])
        self._compare_output()
        return max(errors)

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

    def _check_bos(self, tenancy: Tenancy, held: Held, state: int, found: NDArray[Any]) -> None:
        """A variable that attention reads is zero at BOS."""
        if found.size and not (np.abs(found) <= ONE_HOT_TOLERANCE).all():
            raise VerificationError(
                f"variable '{held.label}' (as '{tenancy.variable.label}') is not zero at BOS "
                f"at state {state}: {found[0]}. This is a defect of the compiler; please "
                "report the program."
            )

    def _compare(
        self,
        tenancy: Tenancy,
        held: Held,
        state: int,
        found: NDArray[Any],
        expected: NDArray[Any],
        known: NDArray[np.bool_],
    ) -> float:
        error = np.abs(found - expected).max(axis=-1, initial=0.0)
        label = held.label
        if tenancy.variable.numerical and held.rows is not None:
            tolerance = np.full(error.shape, code_tolerance(held.rows))
        elif tenancy.variable.numerical:
            tolerance = NUMERICAL_TOLERANCE * np.maximum(
                1.0, np.abs(expected).max(axis=-1, initial=0.0)
            )
        else:
            tolerance = np.full(error.shape, ONE_HOT_TOLERANCE)
        wrong = self.valid & (~known | ~(error <= tolerance))
        if wrong.any():
            what = f"variable '{label}' at state {state}"
            if tenancy.variable.label != label:
                what = f"variable '{label}' (as '{tenancy.variable.label}') at state {state}"
            row, position = (int(i) for i in np.argwhere(wrong)[0])
            shown = np.array2string(found[row, position], precision=4, threshold=8)
            self._fail(what, label, row, position, shown)
        return float(error[self.valid].max(initial=0.0))

    def _compare_output(self) -> None:
        label = self.model.program.graph.output
        expression = self.expressions[label]
        codes = self.evaluation.codes(expression)
        encoder = self.model.output_encoder
        if isinstance(encoder, CategoricalEncoder):
            values = self.evaluation.values(expression)
            unknown = -2
            table = [-1 if v is None else encoder.encoding_map.get(v, unknown) for v in values]
            wrong = self.chosen != np.array(table)[codes]
        else:
            numbers = self.evaluation.numbers(expression)
            error = np.abs(self.chosen - numbers)
            wrong = ~(error <= NUMERICAL_TOLERANCE * np.maximum(1.0, np.abs(numbers)))
        wrong &= self.valid
        if wrong.any():
            row, position = (int(i) for i in np.argwhere(wrong)[0])
            found = encoder.decode([self.chosen[row, position].item()])[0]
            self._fail(f"the output '{label}'", label, row, position, repr(found))

    def _fail(self, what: str, label: str, row: int, position: int, found: str) -> None:
        length = int(self.inputs.lengths[row])
        tokens = [self.model.setting.vocabulary[c] for c in self.inputs.codes[row, :length]]
        expression = self.expressions[label]
        code = self.evaluation.codes(expression)[row, position]
        expected = self.evaluation.values(expression)[code]
        node = self.model.program.graph.node(label)
        hint = _hint(expected, self.model, label)
        raise VerificationError(
            f"{what} differs from the interpreter at position {position} of {tokens}: the model "
            f"has {found}, RASP says {expected!r}. S-op {node.describe()}.{hint}"
        )


def code_tolerance(rows: NDArray[np.float64]) -> float:
    """The error allowed in numbers that stand for categories.

    Args:
        rows: Shape [values, width]: the numbers of each value; zeros stand for None.
    """
    codes = np.unique(np.concatenate([rows, np.zeros((1, rows.shape[1]))]), axis=0)
    gaps = np.abs(codes[:, None] - codes[None]).max(axis=-1)
    apart = gaps[~np.eye(len(codes), dtype=bool)]
    return min(CODE_TOLERANCE, float(apart.min(initial=1.0)) / 20)


def _hint(expected: Any, model: CompiledModel, label: str) -> str:
    held = [h for h in model.program.readings.values() if h.label == label]
    if any(h.rows is not None and expected is not None and expected not in h.values for h in held):
        return (
            f" The value {expected!r} is outside its value set: a categorical Aggregate "
            "that selects several positions takes a mean; annotate it rasp.numerical."
        )
    return " This is a defect of the compiler; please report the program."
