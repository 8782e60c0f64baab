"""A program as data: its functions as finite tables, so that nothing has to be executed.

Every function of a program is called once for each combination of the values that its
operands can take, as the compiler's value sets list them. The program that is rebuilt looks
the results up. The interpreter cannot tell the two apart, on inputs that the model takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from optitracr import rasp
from optitracr.candidates.component import Held
from optitracr.errors import (
    EvaluationError,
    OptitracrError,
    ProgramError,
)
from optitracr.graph.build import build_graph
from optitracr.model.reference import Reference
from optitracr.rasp.expression import ENCODING_KEY, NAME_KEY

Value = Any


@dataclass(frozen=True, slots=True)
class StoredExpression:
    """One s-op or selector.

    Attributes:
        kind: "tokens", "indices", "map", "sequence_map", "linear", "full", "constant",
            "aggregate", "length", "selector_width", "select", "constant_selector", "and", "or",
            "not", "at_most_one", "first", "last" or "best".
        operands: Places, in the list of all, of what it is directly made of.
        name: The name that its author gave it, or that of its kind.
        encoding: "categorical" or "numerical".
        written: Where the user wrote it, as "file:line", or "".
        values: What it can be, for the tables that read it; none of a selector or where no
            table reads it.
        results: For a map or a select its result for each combination of its operands'
            values, the last varying fastest; None also where it is undefined.
        undefined: Which results the function has not, since it raises.
        constants: A full's value, an aggregate's default, a linear's factors, or a constant's
            sequence, or the rows of a constant selector.
        check_length: Whether a constant is for inputs of its own length only.
    """

    kind: str
    operands: tuple[int, ...]
    name: str
    encoding: str
    written: str
    values: tuple[Value, ...]
    results: tuple[Value, ...]
    undefined: tuple[int, ...]
    constants: tuple[Value, ...]
    check_length: bool


@dataclass(frozen=True, slots=True)
class StoredReading:
    """What a variable of the residual stream holds; see `Held`."""

    variable: str
    label: str
    values: tuple[Value, ...]
    rows: tuple[tuple[float, ...], ...] | None
    clean: bool
    may_be_none: bool


@dataclass(frozen=True, slots=True)
class StoredProgram:
    """A program: its expressions, operands first, the output last; and what holds them.

    Attributes:
        expressions: The expressions.
        readings: What holds them.
        shares: The raw outputs of heads that count, with what they tell.
    """

    expressions: tuple[StoredExpression, ...]
    readings: tuple[StoredReading, ...]
    shares: tuple[StoredReading, ...]


class _UndefinedError(EvaluationError, ArithmeticError):
    """Where the program's own function raised; no value, as the compiler understands it."""


@dataclass(frozen=True, slots=True)
class Table:
    """A function as a table; outside of it, it is undefined.

    Attributes:
        entries: The result for each combination of arguments.
    """

    entries: Mapping[tuple[Value, ...], Value] = field(repr=False)

    def __call__(self, *arguments: Value) -> Value:
        """The result for these arguments.

        Raises:
            EvaluationError: If the table holds none.
        """
        try:
            return self.entries[arguments]
        except (KeyError, TypeError):
            shown = ", ".join(map(repr, arguments))
            raise _UndefinedError(f"the saved table holds no result for ({shown})") from None


def program_from_data(stored: StoredProgram) -> Reference:
    """The program that data stands for, with tables for functions.

    Raises:
        ProgramError: If the data stands for no program.
    """
    made: list[Any] = []
    for place, entry in enumerate(stored.expressions):
        try:
            made.append(_rebuilt(entry, made, stored.expressions))
        except (OptitracrError, IndexError, ValueError, TypeError) as error:
            raise ProgramError(f"expression {place} cannot be: {error}") from None
    if not made:
        raise ProgramError("there is no expression")
    graph = build_graph(made[-1])
    listed = {id(sop): entry.values for sop, entry in zip(made, stored.expressions, strict=True)}
    values = {label: listed.get(id(sop), ()) for label, sop in graph.expressions}
    readings, shares = (
        {reading.variable: _held(reading) for reading in each}
        for each in (stored.readings, stored.shares)
    )
    return Reference(made[-1], graph, readings, values, shares=shares)


def _held(reading: StoredReading) -> Held:
    rows = None
    if reading.rows is not None:
        width = len(reading.rows[0]) if reading.rows else 0
        rows = np.array(reading.rows, dtype=np.float64).reshape(len(reading.values), width)
    return Held(reading.label, reading.values, rows, reading.clean, reading.may_be_none)


def _rebuilt(
    entry: StoredExpression, made: Sequence[Any], stored: Sequence[StoredExpression]
) -> rasp.RASPExpr:
    """The expression; the shared `tokens` and `indices` where nothing is noted about them."""
    if any(not 0 <= operand < len(made) for operand in entry.operands):
        raise ProgramError("an operand is not before it")
    if entry.kind not in BUILDERS:
        raise ProgramError(f"its kind is {entry.kind!r}")
    bare = BUILDERS[entry.kind](entry, [made[operand] for operand in entry.operands], stored)
    noted = {NAME_KEY: entry.name, ENCODING_KEY: rasp.Encoding(entry.encoding)}
    known = {NAME_KEY: bare.name, ENCODING_KEY: rasp.get_encoding(bare)}
    shared = bare is rasp.tokens or bare is rasp.indices
    if noted != known:
        changed = {key: value for key, value in noted.items() if value != known[key]}
        bare = rasp.annotate(bare, **changed)
    elif shared:
        return bare
    bare.source = entry.written
    return bare


def _table(entry: StoredExpression, stored: Sequence[StoredExpression]) -> Table:
    domains = [stored[operand].values for operand in entry.operands]
    if math.prod(map(len, domains)) != len(entry.results):
        raise ProgramError("its table is not of its operands' values")
    missing = set(entry.undefined)
    pairs = zip(product(*domains), entry.results, strict=True)
    return Table({args: result for i, (args, result) in enumerate(pairs) if i not in missing})


def _map(table: Table, operand: rasp.SOp) -> rasp.SOp:
    """A map of its own table, even over another map."""
    return rasp.Map(table, operand, simplify=False)


def _select(table: Table, keys: rasp.SOp, queries: rasp.SOp) -> rasp.Selector:
    return rasp.Select(keys, queries, table)


def _constant_selector(entry: StoredExpression) -> rasp.Selector:
    rows = entry.constants
    if not all(isinstance(row, tuple) and all(type(x) is bool for x in row) for row in rows):
        raise ProgramError("its matrix has a row that is none of booleans")
    return rasp.ConstantSelector([list(row) for row in rows], entry.check_length)


def _length(selector: rasp.Selector) -> rasp.SOp:
    """The number of tokens, whose label is the same in every program."""
    made = rasp.LengthType()
    made.selector = selector
    return made


Builder = Callable[[StoredExpression, list[Any], Sequence[StoredExpression]], rasp.RASPExpr]
BUILDERS: dict[str, Builder] = {
    "tokens": lambda entry, of, stored: rasp.tokens,
    "indices": lambda entry, of, stored: rasp.indices,
    "map": lambda entry, of, stored: _map(_table(entry, stored), *of),
    "sequence_map": lambda entry, of, stored: rasp.SequenceMap(_table(entry, stored), *of),
    "linear": lambda entry, of, stored: rasp.LinearSequenceMap(*of, *entry.constants),
    "full": lambda entry, of, stored: rasp.Full(*entry.constants),
    "constant": lambda entry, of, stored: rasp.ConstantSOp(entry.constants, entry.check_length),
    "aggregate": lambda entry, of, stored: rasp.Aggregate(*of, *entry.constants),
    "length": lambda entry, of, stored: _length(*of),
    "selector_width": lambda entry, of, stored: rasp.SelectorWidth(*of),
    "select": lambda entry, of, stored: _select(_table(entry, stored), *of),
    "constant_selector": lambda entry, of, stored: _constant_selector(entry),
    "and": lambda entry, of, stored: rasp.SelectorAnd(*of),
    "or": lambda entry, of, stored: rasp.SelectorOr(*of),
    "not": lambda entry, of, stored: rasp.SelectorNot(*of),
    "at_most_one": lambda entry, of, stored: rasp.SelectorAtMostOne(*of),
    "first": lambda entry, of, stored: rasp.SelectFirst(*of),
    "last": lambda entry, of, stored: rasp.SelectLast(*of),
    "best": lambda entry, of, stored: rasp.SelectBest(*of),
}
