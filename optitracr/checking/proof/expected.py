"""What the interpreter says on some inputs, and whether bounds of what a model computes fit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr.candidates.component import Held
from optitracr.candidates.tolerances import ONE_HOT_TOLERANCE
from optitracr.checking.comparison import held_tolerance, number_tolerance
from optitracr.checking.proof.bounded import FloatArray
from optitracr.checking.proof.distinct import Stream, kinds
from optitracr.checking.proof.told import UNKNOWN, Told
from optitracr.constructions.distinct import distinct_rows
from optitracr.inputs import InputSet
from optitracr.model.encoders import CategoricalEncoder
from optitracr.model.layout import Tenancy
from optitracr.model.transformer import Transformer
from optitracr.rasp.batch import BatchInterpreter

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

NEARER = 0.25
"""Part of the distance between two codes, or two numbers of a variable, within which a value has to
be: three times as near to its own as to any other. Of an output the tolerance of numbers counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What is to be said of one variable at one state, or of the output.

    Attributes:
        what: The variable, in the program's name, and the state.
        fits: Where the interpreter's value is meant, within all bounds, [batch, seq].
        fails: Where it is not, whatever the order of summation, [batch, seq].
        error: By how much it is off at most.
        separation: By how much the largest logit leads at least; None but for an output that is
            a category.
    """

    what: str
    fits: Bool[NDArray[np.bool_], "batch seq"]
    fails: Bool[NDArray[np.bool_], "batch seq"]
    error: float
    separation: float | None = None


class Expectation:
    """What a program says of inputs, asked of the interpreter."""

    def __init__(self, model: Transformer, verified: bool = False) -> None:
        """Asks nothing yet.

        Args:
            model: The model, with its program.
            verified: Whether each variable has to be as near to what the program says as where a
                model is verified, and not only nearer to that than to all else.
        """
        self.model, self.verified = model, verified
        self.tenancies = [
            (tenancy, held)
            for tenancy in model.layout.tenancies
            if (held := model.program.readings.get(tenancy.variable.label)) is not None
        ]
        columns = [np.array(tenancy.columns, dtype=np.intp) for tenancy, _ in self.tenancies]
        self._columns = np.concatenate([np.empty(0, dtype=np.intp), *columns])
        self._tenancy = np.repeat(np.arange(len(columns)), [len(some) for some in columns])
        self._births = np.array([tenancy.birth for tenancy, _ in self.tenancies])
        expressions = dict(model.program.graph.expressions)
        labels = dict.fromkeys(
            [*(held.label for _, held in self.tenancies), model.program.graph.output]
        )
        self.expressions = {label: expressions[label] for label in labels}
        setting = model.setting
        self.interpreter = BatchInterpreter(
            list(self.expressions.values()),
            setting.vocabulary,
            setting.max_seq_len,
            causal=setting.causal,
        )

    def fresh(
        self, state: int, touched: Bool[NDArray[np.bool_], " width"]
    ) -> Iterator[tuple[Tenancy, Held]]:
        """The tenancies of which something is to be said at a state: begun there, or written to.

        Args:
            state: The state.
            touched: The columns written since the state before.
        """
        written = self._tenancy[touched[self._columns]]
        for index in np.union1d(written, np.flatnonzero(self._births == state)):
            tenancy, held = self.tenancies[index]
            if tenancy.birth <= state <= tenancy.end:
                yield tenancy, held

    def of(self, inputs: InputSet) -> Known:
        """What it says of some inputs."""
        evaluation = self.interpreter.run(inputs.codes, inputs.lengths)
        place = np.arange(inputs.codes.shape[1])
        valid = (place < inputs.lengths[:, None]) & ~evaluation.undefined[:, None]
        codes = {label: evaluation.codes(e) for label, e in self.expressions.items()}
        values = {label: evaluation.values(e) for label, e in self.expressions.items()}
        return Known(self, codes, values, valid, evaluation.undefined)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What a program says of some inputs.

    Attributes:
        expectation: What was asked.
        codes: The code of each variable's value, each [batch, seq].
        values: What the codes stand for; the first is None.
        valid: Where a value is meant, [batch, seq].
        undefined: The inputs on which the interpreter raises.
    """

    expectation: Expectation
    codes: Mapping[str, Int[NDArray[np.integer], "batch seq"]]
    values: Mapping[str, tuple[Any, ...]]
    valid: Bool[NDArray[np.bool_], "batch seq"]
    undefined: Bool[NDArray[np.bool_], " batch"]

    def judged(
        self, state: int, stream: Stream, touched: Bool[NDArray[np.bool_], " width"]
    ) -> Iterator[Judgement]:
        """What is to be said of the variables that are alive at a state.

        Args:
            state: The state.
            stream: What stands there.
            touched: The columns written since the state before. Of others it was said already.
        """
        for tenancy, held in self.expectation.fresh(state, touched):
            yield self._variable(tenancy, held, state, stream)

    def pairs(
        self, label: str, ids: Int[NDArray[np.intp], "batch seq"]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """The rows that go with codes of a variable: rows, codes, and for each position its pair.

        Args:
            label: The variable.
            ids: The row of each position.
        """
        codes = self.codes[label].astype(np.int64)
        count = len(self.values[label])
        keys, group = kinds(ids * count + codes, (int(ids.max(initial=0)) + 1) * count)
        return keys // count, keys % count, group

    def _variable(self, tenancy: Tenancy, held: Held, state: int, stream: Stream) -> Judgement:
        name = tenancy.variable.label
        what = f"'{held.label}' at state {state}"
        if name != held.label:
            what = f"'{held.label}' (as '{name}') at state {state}"
        columns = list(tenancy.columns)
        rows, codes, group = self.pairs(held.label, stream.ids[:, 1:])
        found = stream.rows[rows][:, columns]
        wanted, allowed, inside = self._wanted(held, codes)
        if self.expectation.verified:
            numbers = tenancy.variable.numerical and held.rows is None
            near = held_tolerance(held, tenancy.variable.numerical)
            allowed = number_tolerance(wanted) if numbers else np.minimum(allowed, near)
        off = np.abs(found.center - wanted)
        fits = (off + found.error <= allowed).all(axis=1) & inside
        fails = (off - found.error > allowed).any(axis=1) | ~inside
        occurs = np.bincount(group[self.valid], minlength=len(rows)) > 0
        error = float(np.max((off + found.error)[occurs], initial=0.0))
        known, wrong = fits[group] | ~self.valid, fails[group] & self.valid
        if held.clean:
            start = stream.rows[stream.ids[:, 0]][:, columns]
            known[:, 0] &= (start.size <= ONE_HOT_TOLERANCE).all(axis=1)
            wrong[:, 0] |= (np.abs(start.center) - start.error > ONE_HOT_TOLERANCE).any(axis=1)
        return Judgement(what, known, wrong, error)

    def _wanted(
        self, held: Held, codes: NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """What the columns of a variable ought to hold, within what, and where that is known."""
        values = self.values[held.label]
        if held.rows is None:
            known = np.array([0.0 if x is None else float(x) for x in values])
            numbers = known[codes]
            allowed = np.maximum(number_tolerance(numbers), _apart(known[:, None]) * NEARER)
            return numbers[:, None], allowed[:, None], np.ones(len(codes), dtype=bool)
        place = {value: i for i, value in enumerate(held.values)}
        index = np.array([place.get(value, -1) for value in values])
        inside = (index >= 0) | np.array([value is None for value in values])
        rows = np.concatenate([held.rows, np.zeros((1, held.rows.shape[1]))])[index]
        wanted = rows[codes]
        return wanted, np.full_like(wanted, _apart(held.rows) * NEARER), inside[codes]


FEW = 1 << 10
"""Numbers of codes up to which it is kept how far they are apart: many variables have the same."""


def _apart(rows: FloatArray) -> float:
    """By how much the codes of two values differ at least, in the column where they differ most."""
    if rows.size > FEW:
        return _found_apart(rows)
    return _kept_apart(rows.shape, np.ascontiguousarray(rows, dtype=np.float64).tobytes())


@lru_cache(maxsize=FEW)
def _kept_apart(shape: tuple[int, int], numbers: bytes) -> float:
    return _found_apart(np.frombuffer(numbers).reshape(shape))


def _found_apart(rows: FloatArray) -> float:
    if rows.shape[1] == 1:
        return float(np.diff(np.unique(np.append(rows, 0.0))).min(initial=1.0))
    codes, _ = distinct_rows(np.concatenate([rows, np.zeros((1, rows.shape[1]))]))
    gaps = np.abs(codes[:, None] - codes[None]).max(axis=-1, initial=0.0)
    return float(gaps[~np.eye(len(codes), dtype=bool)].min(initial=1.0))


def judged_output(known: Known, told: Told, ids: Int[NDArray[np.intp], "batch seq"]) -> Judgement:
    """What is to be said of the output.

    Args:
        known: What the program says.
        told: What the unembedding makes of each row.
        ids: The row of each position, BOS first.
    """
    model = known.expectation.model
    label = model.program.graph.output
    rows, codes, group = known.pairs(label, ids[:, 1:])
    found, values = told.scores[rows], known.values[label]
    occurs = np.bincount(group[known.valid], minlength=len(rows)) > 0
    separation = None
    if isinstance(model.output_encoder, CategoricalEncoder):
        places = places_of(values, model.output_encoder)[codes]
        lead, behind = told.of(rows).leads(places)
        fits, fails = lead > 0.0, behind > 0.0
        separation = float(np.min(lead[occurs], initial=np.inf))
        error = float(np.max(found.error[occurs], initial=0.0))
    else:
        numbers = np.array([np.nan if x is None else float(x) for x in values])[codes]
        off, allowed = np.abs(found.center[:, 0] - numbers), number_tolerance(numbers)
        error = float(np.max((off + found.error[:, 0])[occurs], initial=0.0))
        fits, fails = off + found.error[:, 0] <= allowed, ~(off - found.error[:, 0] <= allowed)
    return Judgement(
        f"the output '{label}'",
        fits[group] | ~known.valid,
        fails[group] & known.valid,
        error,
        separation if separation is None or np.isfinite(separation) else None,
    )


def places_of(values: Sequence[Any], encoder: CategoricalEncoder) -> NDArray[np.intp]:
    """The place of each value among the outputs, -1 for None."""
    return np.array(
        [-1 if v is None else encoder.encoding_map.get(v, UNKNOWN) for v in values], dtype=np.intp
    )
