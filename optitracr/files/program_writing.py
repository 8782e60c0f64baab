"""Writing a program as data: each function is called for all that it can be asked about.

Where something cannot be listed, or a function does not give what it gave when the program was
compiled, the program is not written, and it is said why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import Any

from optitracr import rasp
from optitracr.candidates.component import Held
from optitracr.errors import LimitError, ProgramError, UnsupportedError
from optitracr.files.program_data import StoredExpression, StoredProgram, StoredReading
from optitracr.graph.calls import UserCall, check_pure
from optitracr.model.reference import Calls, Reference
from optitracr.model.source import base_name
from optitracr.rasp.expression import describe, postorder
from optitracr.setting import Setting

Value = Any

ENTRIES = 50_000
"""Entries of all tables and readings of one program; they make some megabytes of the manifest. A
larger program is not kept, and the model says so."""


def program_to_data(
    reference: Reference, setting: Setting, *, of_tables: bool = False
) -> StoredProgram:
    """Lists a program's expressions with their tables.

    Args:
        reference: The program.
        setting: The inputs.
        of_tables: Whether its functions are tables, which give the same whenever they are asked.

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
    labels = {id(sop): label for label, sop in graph.expressions}
    sets = {key: values[label] for key, label in labels.items() if label in values}
    writer = _Writer(setting, reference.calls, labels, sets, of_tables)
    expressions = list(postorder(reference.program))
    stored = tuple(writer.expression(expression) for expression in expressions)
    readings, shares = (
        tuple(_stored(name, held) for name, held in each.items())
        for each in (reference.readings, reference.shares)
    )
    writer.count(sum(len(each.rows or ()) * len(each.values) for each in (*readings, *shares)))
    return StoredProgram(_without_unread(stored), readings, shares)


def _stored(name: str, held: Held) -> StoredReading:
    rows = None if held.rows is None else tuple(tuple(row) for row in held.rows.tolist())
    return StoredReading(name, held.label, held.values, rows, held.clean, held.may_be_none)


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
    rasp.SelectFirst: "first",
    rasp.SelectLast: "last",
    rasp.SelectBest: "best",
}


@lru_cache(maxsize=64)
def _kind(of: type[rasp.RASPExpr]) -> str:
    """What expressions of a class are called."""
    return next(name for known, name in KINDS.items() if issubclass(of, known))


@dataclass(slots=True)
class _Writer:
    """Expressions in their order; the places of those before."""

    setting: Setting
    calls: Calls
    labels: dict[int, str]
    sets: dict[int, tuple[Value, ...]]
    of_tables: bool
    place: dict[int, int] = field(default_factory=dict)
    stored: list[StoredExpression] = field(default_factory=list)
    entries: int = 0

    def expression(self, expression: rasp.RASPExpr) -> StoredExpression:
        kind = _kind(type(expression))
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
            constants=CONSTANTS[kind](expression) if kind in CONSTANTS else (),
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
        if not self.of_tables:
            check_pure(user, domains, results)
        self.check_unchanged(expression, user, results)
        return tuple(results), tuple(undefined)

    def check_unchanged(
        self, expression: rasp.RASPExpr, user: UserCall, results: Sequence[Value]
    ) -> None:
        """Checks that a function gives what it gave when the program was compiled.

        Raises:
            ProgramError: If it does not, where some input may lead.
        """
        if isinstance(expression, rasp.Select):
            same = self.calls.selects_as_before(expression.label, results)
        else:
            own = self.sets.get(id(expression), ())
            same = self.calls.gives_as_before(self.labels[id(expression)], own, results)
        if not same:
            raise ProgramError(f"{user.what} gives something else than when it was compiled")

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


CONSTANTS: dict[str, Callable[[Any], tuple[Value, ...]]] = {
    "full": lambda full: (full.fill,),
    "aggregate": lambda aggregate: (aggregate.default,),
    "linear": lambda linear: (linear.fst_fac, linear.snd_fac),
    "constant": lambda constant: tuple(constant.value),
    "constant_selector": lambda selector: tuple(tuple(map(bool, row)) for row in selector.value),
}
"""The constants of an expression, by its kind."""


def rebuilt_exactly(stored: StoredProgram, again: Reference, setting: Setting) -> bool:
    """Whether the program that was made of data is the one that the data is of.

    It is if it comes to the same data: data say of every expression what it is, what it is made of
    and, of a function, its result for all that it is ever asked about.
    """
    return program_to_data(again, setting, of_tables=True) == stored
