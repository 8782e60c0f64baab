"""A program as data: its functions as finite tables, so that nothing has to be executed.

Every function of a program is called once for each combination of the values that its
operands can take, as the compiler's value sets list them. The program that is rebuilt looks
the results up. The interpreter cannot tell the two apart, on inputs that the model takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

from optitracr import rasp
from optitracr.candidates.component import Held
from optitracr.errors import (
    EvaluationError,
    LimitError,
    OptitracrError,
    ProgramError,
    UnsupportedError,
)
from optitracr.graph.build import build_graph
from optitracr.graph.calls import UserCall, check_pure
from optitracr.model.reference import Reference
from optitracr.model.source import base_name
from optitracr.rasp.expression import ENCODING_KEY, NAME_KEY, describe, postorder
from optitracr.setting import Setting

Value = Any

ENTRIES = 50_000
"""Entries of all tables and readings of one program; they make some megabytes of the manifest. A
larger program is not kept, and the model says so."""


@dataclass(frozen=True, slots=True)
class StoredExpression:
    """One s-op or selector.

    Attributes:
        kind: "tokens", "indices", "map", "sequence_map", "linear", "full", "constant",
            "aggregate", "length", "selector_width", "select", "constant_selector", "and", "or",
            "not" or "at_most_one".
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


@dataclass(frozen=True, slots=True)
class StoredProgram:
    """A program: its expressions, operands first, the output last; and what holds them."""

    expressions: tuple[StoredExpression, ...]
    readings: tuple[StoredReading, ...]


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


def program_to_data(reference: Reference, setting: Setting) -> StoredProgram:
    """Lists a program's expressions with their tables.

    Raises:
        LimitError: If the tables are too large.
        ProgramError: If a function gives two results for the same arguments.
        UnsupportedError: If a function tells equal values apart, which no table does, or reads
            what is not listed.
    """
    graph = reference.graph
    values = reference.values
    if not values:
        raise UnsupportedError("a function of it tells equal values, such as 1 and 1.0, apart")
    writer = _Writer(
        setting, {id(sop): values[label] for label, sop in graph.expressions if label in values}
    )
    expressions = list(postorder(reference.program))
    stored = tuple(writer.expression(expression) for expression in expressions)
    readings = tuple(_stored(name, held) for name, held in reference.readings.items())
    writer.count(sum(len(reading.rows or ()) * len(reading.values) for reading in readings))
    return StoredProgram(_without_unread(stored), readings)


def _stored(name: str, held: Held) -> StoredReading:
    rows = None if held.rows is None else tuple(tuple(row) for row in held.rows.tolist())
    return StoredReading(name, held.label, held.values, rows, held.clean)


def _without_unread(stored: tuple[StoredExpression, ...]) -> tuple[StoredExpression, ...]:
    """Leaves out the values of expressions that no table reads."""
    read = {operand for entry in stored if entry.kind in TABLED for operand in entry.operands}
    return tuple(e if i in read else replace(e, values=()) for i, e in enumerate(stored))


TABLED = ("map", "sequence_map", "select")
KINDS: dict[type[rasp.RASPExpr], str] = {
    rasp.TokensType: "tokens",
    rasp.IndicesType: "indices",
    rasp.Map: "map",
    rasp.LinearSequenceMap: "linear",
    rasp.SequenceMap: "sequence_map",
    rasp.Full: "full",
    rasp.ConstantSOp: "constant",
    rasp.Aggregate: "aggregate",
    rasp.LengthType: "length",
    rasp.SelectorWidth: "selector_width",
    rasp.Select: "select",
    rasp.ConstantSelector: "constant_selector",
    rasp.SelectorAnd: "and",
    rasp.SelectorOr: "or",
    rasp.SelectorNot: "not",
    rasp.SelectorAtMostOne: "at_most_one",
}


@dataclass(slots=True)
class _Writer:
    """Expressions in their order; the places of those before."""

    setting: Setting
    sets: dict[int, tuple[Value, ...]]
    place: dict[int, int] = field(default_factory=dict)
    stored: list[StoredExpression] = field(default_factory=list)
    entries: int = 0

    def expression(self, expression: rasp.RASPExpr) -> StoredExpression:
        kind = next(name for known, name in KINDS.items() if isinstance(expression, known))
        operands = tuple(self.place[id(child)] for child in expression.children)
        results, undefined = self.table(expression) if kind in TABLED else ((), ())
        made = StoredExpression(
            kind=kind,
            operands=operands,
            name=expression.name,
            encoding=rasp.get_encoding(expression).value,
            written=base_name(expression.source),
            values=self.values(kind, expression),
            results=results,
            undefined=undefined,
            constants=_constants(expression),
            check_length=bool(getattr(expression, "check_length", False)),
        )
        self.place[id(expression)] = len(self.stored)
        self.stored.append(made)
        return made

    def values(self, kind: str, expression: rasp.RASPExpr) -> tuple[Value, ...]:
        if kind == "tokens":
            return self.setting.vocabulary
        if kind == "indices":
            return tuple(range(self.setting.max_seq_len))
        return self.sets.get(id(expression), ())

    def table(self, expression: rasp.RASPExpr) -> tuple[tuple[Value, ...], tuple[int, ...]]:
        """The results for all combinations of values, and where there is none.

        Raises:
            LimitError: If there are too many.
            ProgramError: If the function gives two results for one combination.
            UnsupportedError: If the values are not known.
        """
        domains = [self.listed(child) for child in expression.children]
        self.count(math.prod(map(len, domains)))
        user = _called(expression)
        results: list[Value] = []
        undefined: list[int] = []
        for place, arguments in enumerate(product(*domains)):
            try:
                results.append(user.call(*arguments))
            except Exception:
                undefined.append(place)
                results.append(None)
        check_pure(user, domains, results)
        return tuple(results), tuple(undefined)

    def listed(self, operand: rasp.RASPExpr) -> tuple[Value, ...]:
        """The values of what a function reads: all that it is ever asked about.

        Raises:
            UnsupportedError: If they are not known.
        """
        values = self.stored[self.place[id(operand)]].values
        if not values and id(operand) not in self.sets:
            raise UnsupportedError(f"the values of {describe(operand)} are not listed")
        return values

    def count(self, more: int) -> None:
        self.entries += more
        if self.entries > ENTRIES:
            raise LimitError(f"its tables have more than {ENTRIES:,} entries")


def _called(expression: Any) -> UserCall:
    """The function of an s-op, or the predicate of a selector as true or false."""
    if isinstance(expression, rasp.Select):
        predicate = expression.predicate
        what = f"the predicate of selector {describe(expression)}"
        return UserCall(lambda key, query: bool(predicate(key, query)), what, "key and query", "")
    return UserCall(expression.f, f"the function of {describe(expression)}", "argument", "")


def _constants(expression: rasp.RASPExpr) -> tuple[Value, ...]:
    match expression:
        case rasp.Full():
            return (expression.fill,)
        case rasp.Aggregate():
            return (expression.default,)
        case rasp.LinearSequenceMap():
            return (expression.fst_fac, expression.snd_fac)
        case rasp.ConstantSOp():
            return tuple(expression.value)
        case rasp.ConstantSelector():
            return tuple(tuple(map(bool, row)) for row in expression.value)
        case _:
            return ()


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
    readings = {reading.variable: _held(reading) for reading in stored.readings}
    return Reference(made[-1], graph, readings, values)


def rebuilt_exactly(stored: StoredProgram, again: Reference, setting: Setting) -> bool:
    """Whether the program that was made of data is the one that the data is of.

    It is if it comes to the same data: data say of every expression what it is, what it is made of
    and, of a function, its result for all that it is ever asked about.
    """
    return program_to_data(again, setting) == stored


def _held(reading: StoredReading) -> Held:
    rows = None
    if reading.rows is not None:
        width = len(reading.rows[0]) if reading.rows else 0
        rows = np.array(reading.rows, dtype=np.float64).reshape(len(reading.values), width)
    return Held(reading.label, reading.values, rows, reading.clean)


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
}
