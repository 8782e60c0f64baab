"""From a RASP expression to the program graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from optitracr import rasp
from optitracr.errors import ProgramError
from optitracr.graph.program import (
    Aggregate,
    Best,
    CompoundSelector,
    Function,
    Input,
    Node,
    Operation,
    Predicate,
    ProgramGraph,
    Selector,
    Source,
    Width,
)

CONSTANT = "one"
"""Name of the constant direction."""

BOS, POSITION = "bos", "position"
"""Names of the BOS dimension and of a position on a circle, at level 2."""

RESERVED = (CONSTANT, BOS, POSITION)
"""Names of dimensions that hold no variable of a program; a variable of that name is numbered."""


def refuse_no_program(program: object) -> None:
    """Raises a `ProgramError` for what is not an s-op."""
    if not isinstance(program, rasp.SOp):
        raise ProgramError(
            f"a program is an s-op, and this is a {type(program).__name__}; "
            "pass the s-op itself, for example rasp.Aggregate(...), not a selector or a function"
        )


def build_graph(program: rasp.SOp) -> ProgramGraph:
    """Lists the variables that a program is made of, operands first.

    Raises:
        ProgramError: If `program` is not an s-op or holds an unknown expression.
    """
    refuse_no_program(program)
    expressions = list(_postorder(program))
    builder = _Builder(promised=_promised(expressions))
    for expression in expressions:
        builder.visit(expression)
    output = builder.label_of[id(program)]
    return ProgramGraph(tuple(builder.nodes), output, tuple(builder.expressions))


def _promised(expressions: Iterable[rasp.RASPExpr]) -> frozenset[int]:
    """The ids of selectors of which a program promises that each query selects at most one key.

    Where it selects two, the whole program is undefined: so the promise holds for all who share
    the selector.
    """
    made = (x for x in expressions if isinstance(x, rasp.SelectorAtMostOne))
    return frozenset(id(promise.inner) for promise in made)


def _postorder(program: rasp.SOp) -> Iterator[rasp.RASPExpr]:
    """Every expression once, children first, without recursion."""
    done: set[int] = set()
    stack: list[tuple[rasp.RASPExpr, bool]] = [(program, False)]
    while stack:
        expression, expanded = stack.pop()
        if id(expression) in done:
            continue
        if expanded:
            done.add(id(expression))
            yield expression
            continue
        stack.append((expression, True))
        stack.extend((child, False) for child in reversed(expression.children))


@dataclass(slots=True)
class _Builder:
    promised: frozenset[int]
    nodes: list[Node] = field(default_factory=list)
    label_of: dict[int, str] = field(default_factory=dict)
    selector_of: dict[int, Selector] = field(default_factory=dict)
    expressions: list[tuple[str, rasp.SOp]] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RESERVED, 1))
    inputs: dict[Source, str] = field(default_factory=dict)

    def visit(self, expression: rasp.RASPExpr) -> None:
        if isinstance(expression, rasp.Selector):
            made = self._selector(expression)
            if id(expression) in self.promised:
                made = replace(made, at_most_one=True)
            self.selector_of[id(expression)] = made
        elif isinstance(expression, rasp.SOp):
            self.label_of[id(expression)] = self._variable(expression)

    def _selector(self, selector: rasp.Selector) -> Selector:
        match selector:
            case rasp.Select():
                keys, queries = (
                    self.label_of[id(selector.keys)],
                    self.label_of[id(selector.queries)],
                )
                return Predicate(
                    keys, queries, selector.label, selector.source, call=selector.predicate
                )
            case rasp.ConstantSelector():
                indices = self._input(rasp.indices, Source.INDICES)
                matrix = _Matrix(tuple(tuple(map(bool, row)) for row in selector.value))
                return Predicate(indices, indices, selector.label, selector.source, call=matrix)
            case rasp.SelectorAnd() | rasp.SelectorOr():
                operator = "and" if isinstance(selector, rasp.SelectorAnd) else "or"
                parts = (self.selector_of[id(selector.fst)], self.selector_of[id(selector.snd)])
                return CompoundSelector(operator, parts, selector.label)
            case rasp.SelectorNot():
                parts1 = (self.selector_of[id(selector.inner)],)
                return CompoundSelector("not", parts1, selector.label)
            case rasp.SelectorAtMostOne():
                return self.selector_of[id(selector.inner)]
            case rasp.SelectFirst() | rasp.SelectLast() | rasp.SelectBest():
                return self._graded(selector)
            case _:
                raise ProgramError(
                    f"selector '{selector.label}' is of the unknown kind "
                    f"{type(selector).__name__}; use Select, ConstantSelector, "
                    "SelectorAnd, SelectorOr, SelectorNot, SelectorAtMostOne, SelectFirst, "
                    "SelectLast or SelectBest"
                )

    def _graded(self, selector: rasp.SelectFirst | rasp.SelectLast | rasp.SelectBest) -> Selector:
        """The selector of one key: the one at the place of the best of another's."""
        indices = self._input(rasp.indices, Source.INDICES)
        score = indices
        if isinstance(selector, rasp.SelectBest):
            score = self.label_of[id(selector.score)]
        smallest = isinstance(selector, rasp.SelectFirst)
        label = self._unique(selector.label)
        best = Best(self.selector_of[id(selector.selector)], score, smallest)
        self.nodes.append(Node(label, best, rasp.Encoding.CATEGORICAL, selector.source))
        where = rasp.Aggregate(selector, rasp.indices)
        where.source = selector.source
        self.expressions.append((label, where))
        equal = rasp.Comparison.EQ
        return Predicate(indices, label, selector.label, selector.source, call=equal)

    def _variable(self, sop: rasp.SOp) -> str:
        match sop:
            case rasp.TokensType():
                return self._input(sop, Source.TOKENS)
            case rasp.IndicesType():
                return self._input(sop, Source.INDICES)
            case _:
                return self._add(sop, self._operation(sop))

    def _input(self, sop: rasp.SOp, source: Source) -> str:
        """The embedded variable; a numerical reading of it is a map of its own."""
        if source not in self.inputs:
            label = self._unique(source.value)
            self.inputs[source] = label
            self.nodes.append(Node(label, Input(source), rasp.Encoding.CATEGORICAL))
            self.expressions.append((label, getattr(rasp, source.value)))
        label = self.inputs[source]
        if rasp.is_numerical(sop):
            return self._add(sop, Function((label,), call=_identity))
        return label

    def _add(self, sop: rasp.SOp, operation: Operation) -> str:
        label = self._unique(sop.label)
        encoding = rasp.get_encoding(sop)
        self.nodes.append(Node(label, operation, encoding, getattr(sop, "source", "") or ""))
        self.expressions.append((label, sop))
        return label

    def _operation(self, sop: rasp.SOp) -> Operation:
        match sop:
            case rasp.Map():
                return Function((self.label_of[id(sop.inner)],), call=sop.f)
            case rasp.LinearSequenceMap():
                return Function(self._pair(sop), (sop.fst_fac, sop.snd_fac), call=sop.f)
            case rasp.SequenceMap():
                return Function(self._pair(sop), call=sop.f)
            case rasp.Full():
                return Function((), call=lambda fill=sop.fill: fill)
            case rasp.ConstantSOp():
                indices = self._input(rasp.indices, Source.INDICES)
                return Function((indices,), call=_Lookup(tuple(sop.value)))
            case rasp.SelectorWidth():
                return Width(self.selector_of[id(sop.selector)])
            case rasp.Aggregate():
                operand = self.label_of[id(sop.sop)]
                return Aggregate(self.selector_of[id(sop.selector)], operand, sop.default)
            case _:
                raise ProgramError(
                    f"s-op '{sop.label}' is of the unknown kind {type(sop).__name__}; write it "
                    "with Map, SequenceMap, Aggregate, SelectorWidth, Full or ConstantSOp"
                )

    def _pair(self, sop: rasp.SequenceMap) -> tuple[str, str]:
        return self.label_of[id(sop.fst)], self.label_of[id(sop.snd)]

    def _unique(self, label: str) -> str:
        clean = str(label).replace(":", "_") or "unnamed"
        count = self.taken.get(clean, 0) + 1
        self.taken[clean] = count
        return clean if count == 1 else self._unique(f"{clean}_{count}")


def _identity(value: object) -> object:
    return value


@dataclass(frozen=True, slots=True)
class _Lookup:
    """A constant s-op read by position; None past its end."""

    values: tuple[object, ...]

    def __call__(self, index: int) -> object:
        return self.values[index] if index < len(self.values) else None


@dataclass(frozen=True, slots=True)
class _Matrix:
    """A constant selector read by position, one row a query; False past its edges."""

    values: tuple[tuple[bool, ...], ...]

    def __call__(self, key: int, query: int) -> bool:
        row = self.values[query] if query < len(self.values) else ()
        return key < len(row) and row[key]
