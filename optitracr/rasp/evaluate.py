"""The interpreter: what a RASP program means."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Iterable, Sequence
from numbers import Number
from typing import Any

from optitracr import arguments
from optitracr.errors import EvaluationError, ProgramError
from optitracr.rasp.aggregate import Aggregate, LengthType, SelectorWidth
from optitracr.rasp.exact import mean as exact_mean
from optitracr.rasp.expression import (
    RASPExpr,
    SelectorValue,
    Value,
    check_expression,
    describe,
    interpret_with,
    postorder,
)
from optitracr.rasp.graded import (
    SelectBest,
    SelectFirst,
    SelectLast,
    best_of,
    first_of,
    last_of,
)
from optitracr.rasp.identity import plain
from optitracr.rasp.selector import (
    ConstantSelector,
    Select,
    Selector,
    SelectorAnd,
    SelectorAtMostOne,
    SelectorNot,
    SelectorOr,
)
from optitracr.rasp.sop import (
    ConstantSOp,
    Full,
    IndicesType,
    Map,
    SequenceMap,
    TokensType,
)


class _Run:
    """One evaluation: its input, and the value of each expression so far."""

    __slots__ = ("known", "xs")

    def __init__(self, xs: Sequence[Value]) -> None:
        self.xs = xs
        self.known: dict[int, list[Any]] = {}


class _State(threading.local):
    """The evaluation that a thread is in."""

    run: _Run | None = None


class DefaultRASPEvaluator:
    """Evaluates expressions on a sequence of tokens, each expression once.

    A subclass changes the meaning of a kind of expression by its `eval_` method, in which
    `self.evaluate(operand, xs)` gives the value of an operand.
    """

    def __init__(self) -> None:
        self._state = _State()
        self._methods: dict[type[RASPExpr], Callable[[Any, Sequence[Value]], list[Any]]] = {
            TokensType: self.eval_tokens,
            IndicesType: self.eval_indices,
            LengthType: self.eval_length,
            Map: self.eval_map,
            SequenceMap: self.eval_sequence_map,
            Full: self.eval_full,
            ConstantSOp: self.eval_constant_sop,
            SelectorWidth: self.eval_selector_width,
            Aggregate: self.eval_aggregate,
            Select: self.eval_select,
            ConstantSelector: self.eval_constant_selector,
            SelectorAnd: self.eval_selector_and,
            SelectorOr: self.eval_selector_or,
            SelectorNot: self.eval_selector_not,
            SelectorAtMostOne: self.eval_selector_at_most_one,
            SelectFirst: self.eval_select_first,
            SelectLast: self.eval_select_last,
            SelectBest: self.eval_select_best,
        }

    def evaluate(self, expr: RASPExpr, xs: Sequence[Value]) -> list[Any]:
        """The value of an expression: a list for an s-op, a matrix for a selector.

        Raises:
            EvaluationError: If the program is undefined on this input.
        """
        run = self._state.run
        if run is not None and run.xs is xs:
            return self._value(run, expr)
        self._state.run = fresh = _Run(arguments.sequence("the input", xs))
        try:
            return self._value(fresh, check_expression(expr))
        finally:
            self._state.run = run

    def evaluate_all(
        self, exprs: Iterable[RASPExpr], xs: Sequence[Value]
    ) -> dict[RASPExpr, list[Any]]:
        """The value of some expressions and of everything that they are made of.

        Raises:
            EvaluationError: If the program is undefined on this input.
        """
        wanted = "expressions of RASP"
        roots = arguments.collection("the expressions", exprs, wanted, kind=ProgramError)
        roots = [check_expression(root) for root in roots]
        outer = self._state.run
        self._state.run = run = _Run(arguments.sequence("the input", xs))
        try:
            return {expr: self.evaluate(expr, run.xs) for expr in postorder(*roots)}
        finally:
            self._state.run = outer

    def _value(self, run: _Run, expr: RASPExpr) -> list[Any]:
        if id(expr) not in run.known:
            for part in postorder(expr):
                if id(part) not in run.known:
                    run.known[id(part)] = self.visit(part, run.xs)
        return run.known[id(expr)]

    def visit(self, expr: RASPExpr, xs: Sequence[Value]) -> list[Any]:
        """The value of an expression whose operands are known.

        Raises:
            EvaluationError: If the program is undefined on this input, or if the expression
                is of an unknown kind.
        """
        for kind in type(expr).__mro__:
            if kind in self._methods:
                return self._methods[kind](expr, xs)
        raise unknown_kind(expr)

    def eval_tokens(self, sop: TokensType, xs: Sequence[Value]) -> list[Value]:
        """The input."""
        return [plain(x) for x in xs]

    def eval_indices(self, sop: IndicesType, xs: Sequence[Value]) -> list[Value]:
        """Positions from 0."""
        return list(range(len(xs)))

    def eval_length(self, sop: LengthType, xs: Sequence[Value]) -> list[Value]:
        """The number of tokens, at each position."""
        return self.eval_selector_width(sop, xs)

    def eval_map(self, sop: Map, xs: Sequence[Value]) -> list[Value]:
        """The function of each value that is not None."""
        values = self.evaluate(sop.inner, xs)
        return [None if x is None else call(sop, "function", sop.f, x) for x in values]

    def eval_sequence_map(self, sop: SequenceMap, xs: Sequence[Value]) -> list[Value]:
        """The function of each pair without None."""
        fst, snd = self.evaluate(sop.fst, xs), self.evaluate(sop.snd, xs)
        return [
            None if x is None or y is None else call(sop, "function", sop.f, x, y)
            for x, y in zip(fst, snd, strict=True)
        ]

    def eval_full(self, sop: Full, xs: Sequence[Value]) -> list[Value]:
        """The constant, at each position."""
        return [sop.fill] * len(xs)

    def eval_constant_sop(self, sop: ConstantSOp, xs: Sequence[Value]) -> list[Value]:
        """The constant sequence."""
        if sop.check_length:
            check_length(sop, len(sop.value), len(xs))
        return fitted(sop.value, len(xs), None)

    def eval_selector_width(self, sop: SelectorWidth, xs: Sequence[Value]) -> list[Value]:
        """How many keys each query selects."""
        return [sum(row) for row in self.evaluate(sop.selector, xs)]

    def eval_aggregate(self, sop: Aggregate, xs: Sequence[Value]) -> list[Value]:
        """The value selected, or the mean of several, or the default."""
        matrix, values = self.evaluate(sop.selector, xs), self.evaluate(sop.sop, xs)
        return [
            mean(sop, [value for value, chosen in zip(values, row, strict=True) if chosen])
            for row in matrix
        ]

    def eval_select(self, sel: Select, xs: Sequence[Value]) -> SelectorValue:
        """The predicate of each key and query, neither of which is None."""
        keys, queries = self.evaluate(sel.keys, xs), self.evaluate(sel.queries, xs)
        return [[selects(sel, key, query) for key in keys] for query in queries]

    def eval_constant_selector(self, sel: ConstantSelector, xs: Sequence[Value]) -> SelectorValue:
        """The constant matrix."""
        size = len(xs)
        if sel.check_length:
            check_length(sel, len(sel.value), size)
        empty: list[bool] = []
        rows: list[list[bool] | None] = fitted(sel.value, size, None)
        return [[bool(x) for x in fitted(empty if r is None else r, size, False)] for r in rows]

    def eval_selector_and(self, sel: SelectorAnd, xs: Sequence[Value]) -> SelectorValue:
        """Where both select."""
        return _pairwise(operator.and_, self.evaluate(sel.fst, xs), self.evaluate(sel.snd, xs))

    def eval_selector_or(self, sel: SelectorOr, xs: Sequence[Value]) -> SelectorValue:
        """Where either selects."""
        return _pairwise(operator.or_, self.evaluate(sel.fst, xs), self.evaluate(sel.snd, xs))

    def eval_selector_not(self, sel: SelectorNot, xs: Sequence[Value]) -> SelectorValue:
        """Where the other does not select."""
        return [[not x for x in row] for row in self.evaluate(sel.inner, xs)]

    def eval_selector_at_most_one(
        self, sel: SelectorAtMostOne, xs: Sequence[Value]
    ) -> SelectorValue:
        """What the other selects, if that is one key or none for each query."""
        matrix: SelectorValue = self.evaluate(sel.inner, xs)
        for query, row in enumerate(matrix):
            if sum(row) > 1:
                keys = [key for key, chosen in enumerate(row) if chosen]
                raise EvaluationError(broken_promise(sel, query, keys[0], keys[1]))
        return matrix

    def eval_select_first(self, sel: SelectFirst, xs: Sequence[Value]) -> SelectorValue:
        """The first of the keys that the other selects."""
        return first_of(self.evaluate(sel.selector, xs))

    def eval_select_last(self, sel: SelectLast, xs: Sequence[Value]) -> SelectorValue:
        """The last of the keys that the other selects."""
        return last_of(self.evaluate(sel.selector, xs))

    def eval_select_best(self, sel: SelectBest, xs: Sequence[Value]) -> SelectorValue:
        """The key of the largest score among those that the other selects."""
        return best_of(sel, self.evaluate(sel.selector, xs), self.evaluate(sel.score, xs))


RASPEvaluator = DefaultRASPEvaluator


class CausalEvaluator(DefaultRASPEvaluator):
    """Evaluates as a causal model does: no query selects a later key."""

    def visit(self, expr: RASPExpr, xs: Sequence[Value]) -> list[Any]:
        """The value of an expression; a selector's without what lies above the diagonal."""
        value = super().visit(expr, xs)
        if not isinstance(expr, Selector):
            return value
        return [[x and k <= q for k, x in enumerate(row)] for q, row in enumerate(value)]


def call(expr: RASPExpr, role: str, f: Callable[..., Value], *values: Value) -> Value:
    """Calls a function of the program.

    Raises:
        EvaluationError: If it raises; names the expression and the arguments.
    """
    try:
        return plain(f(*values))
    except Exception as error:
        shown, told = ", ".join(map(arguments.shown, values)), " ".join(str(error).split())
        raise EvaluationError(
            f"the {role} of {describe(expr)} raised {type(error).__name__} on ({shown}): {told}; "
            "make it total, or leave such inputs out"
        ) from error


def selects(select: Select, key: Value, query: Value) -> bool:
    """Whether a query selects a key.

    Raises:
        EvaluationError: If the predicate raises.
    """
    if key is None or query is None:
        return False
    # The truth value is taken inside, since that of an array, say, raises too.
    predicate = select.predicate
    return bool(call(select, "predicate", lambda k, q: bool(predicate(k, q)), key, query))


def mean(sop: Aggregate, values: Sequence[Value]) -> Value:
    """What an aggregate makes of the values that a query selects.

    Raises:
        EvaluationError: If they are several and not all numbers.
    """
    if not values:
        return sop.default
    if len(values) == 1:
        return values[0]
    for value in values:
        if not isinstance(value, Number):
            raise EvaluationError(not_a_number(sop, value))
    return call(sop, "mean", lambda: exact_mean(values))


def not_a_number(sop: Aggregate, value: Value) -> str:
    """The message for an aggregate of several values of which one is no number."""
    return (
        f"{describe(sop)} selects several values at one position and takes their mean, but "
        f"{value!r} is no number; make the selector choose one, or map the values to numbers"
    )


def broken_promise(selector: SelectorAtMostOne, query: int, first: int, second: int) -> str:
    """The message for a query that selects two keys where one at most is promised."""
    inner = selector.inner
    return (
        f"{describe(selector)} promises that each query selects at most one key, and of "
        f"{describe(inner)} the query at position {query} selects the keys at positions {first} "
        f"and {second}; make the selector choose one, or leave such inputs out"
    )


def unknown_kind(expr: RASPExpr) -> EvaluationError:
    """The error for an expression that is none of the language's."""
    return EvaluationError(
        f"{describe(expr)} is of the unknown kind {type(expr).__name__}; build programs from "
        "the expressions of optitracr.rasp"
    )


def check_length(expr: RASPExpr, wanted: int, found: int) -> None:
    """Checks the length of an input against that of a constant.

    Raises:
        EvaluationError: If they differ.
    """
    if wanted != found:
        raise EvaluationError(
            f"{describe(expr)} is for inputs of length {wanted}, and this one has length "
            f"{found}; pass check_length=False to cut it or fill it up"
        )


def fitted(values: Sequence[Any], size: int, fill: Any) -> list[Any]:
    """`values` cut to a length, or filled up to it."""
    return [*values[:size], *[fill] * (size - len(values))]


def _pairwise(
    f: Callable[[bool, bool], bool], fst: SelectorValue, snd: SelectorValue
) -> SelectorValue:
    return [list(map(f, x, y)) for x, y in zip(fst, snd, strict=True)]


_DEFAULT = DefaultRASPEvaluator()
_CAUSAL = CausalEvaluator()

evaluate = _DEFAULT.evaluate

interpret_with(evaluate)


def evaluate_causal(expr: RASPExpr, xs: Sequence[Value]) -> list[Any]:
    """The value of an expression where no query selects a later key.

    Raises:
        EvaluationError: If the program is undefined on this input.
    """
    return _CAUSAL.evaluate(expr, xs)


def evaluate_all(
    exprs: RASPExpr | Iterable[RASPExpr], xs: Sequence[Value], causal: bool = False
) -> dict[RASPExpr, list[Any]]:
    """The value of some expressions and of everything that they are made of.

    Args:
        exprs: One or several expressions.
        xs: The tokens.
        causal: Whether no query selects a later key.

    Raises:
        EvaluationError: If the program is undefined on this input.
    """
    evaluator = _CAUSAL if arguments.boolean("causal", causal) else _DEFAULT
    return evaluator.evaluate_all((exprs,) if isinstance(exprs, RASPExpr) else exprs, xs)
