"""What every RASP expression has: operands, annotations, a label, and where it was written."""

from __future__ import annotations

import abc
import copy
import enum
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, ClassVar, Protocol, TypeVar

from optitracr import arguments
from optitracr.errors import ProgramError

Value = Any
"""What an s-op holds at a position: None, a number, a bool, a string or a tuple of these."""

SelectorValue = list[list[bool]]
"""A selector's matrix, one row a query, one column a key."""

NumericValue = int | float
ExprT = TypeVar("ExprT", bound="RASPExpr")

NESTED_PARTS = 100
"""Expressions up to which one is pickled as Python does it, each within what it is made for, so
that several that are pickled together share their parts. Python's stack of a thousand frames holds
some hundred, as each takes several."""

NAME_KEY = "name"
ENCODING_KEY = "encoding"


class Encoding(enum.Enum):
    """How the residual stream holds an s-op: one-hot over its values, or one real number."""

    CATEGORICAL = "categorical"
    NUMERICAL = "numerical"


class Annotator(Protocol):
    """Gives the annotation that an expression has when its author set none."""

    def __call__(self, expr: RASPExpr) -> Any:
        """The default annotation of `expr`."""


DEFAULT_ANNOTATORS: dict[str, Annotator] = {}
"""The default of each annotation, by key."""


class Annotations(Mapping[str, Any]):
    """The annotations of one expression: those that were set, then the defaults."""

    __slots__ = ("_expr", "_set")

    def __init__(self, expr: RASPExpr, chosen: Mapping[str, Any]) -> None:
        self._expr = expr
        self._set = chosen

    def __getitem__(self, key: str) -> Any:
        if key in self._set:
            return self._set[key]
        return DEFAULT_ANNOTATORS[key](self._expr)

    def __iter__(self) -> Iterator[str]:
        yield from self._set
        yield from (key for key in DEFAULT_ANNOTATORS if key not in self._set)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Annotations({dict(self)!r})"


class Interpreter(Protocol):
    """Says what an expression means on an input."""

    def __call__(self, expr: RASPExpr, xs: Sequence[Value]) -> list[Any]:
        """The value of `expr` on the tokens `xs`."""


class RASPExpr(abc.ABC):
    """An expression of RASP: an s-op or a selector. Expressions never change once built.

    Attributes:
        source: Where the user wrote it, as `file:line`, for error messages.
    """

    default_label_name = "expression"
    """The name of an expression whose author gave none, one a class."""

    _interpreter: ClassVar[Interpreter]
    """What calling an expression asks; see `interpret_with`."""

    _members: set[int] | None = None

    def __init__(self) -> None:
        self.source: str = _user_location()
        self._annotated: dict[str, Any] = {}
        self._count: int | None = None

    @abc.abstractmethod
    def __call__(self, xs: Sequence[Value]) -> list[Any]:
        """Evaluates the expression on a sequence of tokens."""

    def _interpreted(self, xs: Sequence[Value]) -> list[Any]:
        """Its value on a sequence of tokens, as the interpreter says.

        Raises:
            EvaluationError: If the program is undefined on it.
        """
        return type(self)._interpreter(self, xs)

    @property
    @abc.abstractmethod
    def children(self) -> Sequence[RASPExpr]:
        """The expressions it is directly made of."""

    @property
    def annotations(self) -> Mapping[str, Any]:
        """What is noted about it, defaults included; `annotate` makes a copy with more."""
        return Annotations(self, self._annotated)

    @property
    def name(self) -> str:
        """The name that its author gave it, or that of its kind."""
        chosen = self._annotated
        own = chosen[NAME_KEY] if NAME_KEY in chosen else DEFAULT_ANNOTATORS[NAME_KEY](self)
        return str(own)

    @property
    def label(self) -> str:
        """`name_n`, with n the number of distinct expressions it is made of, itself included.

        The label depends on the expression only, so it is the same in every process and
        for every order of building. Two expressions of a program may share one; the
        compiler makes them unique within the program.
        """
        return f"{self.name}_{count_expressions(self)}"

    @property
    def _is_shared(self) -> bool:
        """Whether it is the one that its module holds for all programs, such as `tokens`."""
        home = vars(sys.modules[type(self).__module__])
        return home.get(self.default_label_name) is self

    def copy(self: ExprT) -> ExprT:
        """A second expression with the same operands and annotations."""
        duplicate = copy.copy(self)
        duplicate._annotated = dict(self._annotated)
        vars(duplicate).pop("_members", None)
        return duplicate

    def named(self: ExprT, name: str) -> ExprT:
        """A copy with this name.

        Raises:
            ProgramError: If the name is empty, no string, or holds a colon.
        """
        return annotate(self, name=name)

    def annotated(self: ExprT, **annotations: Any) -> ExprT:
        """A copy with these annotations; see `annotate`."""
        return annotate(self, **annotations)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.label})"

    def __copy__(self) -> RASPExpr:
        """An expression with the same operands."""
        duplicate = object.__new__(type(self))
        vars(duplicate).update(vars(self))
        return duplicate

    def __deepcopy__(self, memo: dict[int, Any]) -> RASPExpr:
        """A copy of all that it is made of, without recursion."""
        for part in postorder(self):
            if id(part) not in memo:
                memo[id(part)] = duplicate = object.__new__(type(part))
                for key, value in _state(part).items():
                    known = memo.get(id(value)) if isinstance(value, RASPExpr) else None
                    vars(duplicate)[key] = copy.deepcopy(value, memo) if known is None else known
        made: RASPExpr = memo[id(self)]
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        """What pickle writes: of a large expression a list of its parts, without recursion.

        Of what all programs share it is the name, so that there is one of it in every process.
        """
        if self._is_shared:
            return self.default_label_name
        if count_expressions(self) <= NESTED_PARTS:
            return super().__reduce_ex__(protocol)
        place: dict[int, int] = {}
        parts = []
        for part in (part for part in postorder(self) if not part._is_shared):
            state = _state(part)
            inner = {
                key: place[id(value)]
                for key, value in state.items()
                if isinstance(value, RASPExpr) and id(value) in place
            }
            parts.append((type(part), {k: v for k, v in state.items() if k not in inner}, inner))
            place[id(part)] = len(place)
        return _unpickled, (parts,)


def interpret_with(interpreter: Interpreter) -> None:
    """Sets what calling an expression asks.

    Each kind of expression can be called, and the interpreter knows every kind; so the interpreter
    comes here by itself, and the kinds import nothing of it.
    """
    RASPExpr._interpreter = interpreter


def _state(expr: RASPExpr) -> dict[str, Any]:
    """What an expression holds, without what it counted while its label was made."""
    return {key: value for key, value in vars(expr).items() if key != "_members"}


def _unpickled(
    parts: Sequence[tuple[type[RASPExpr], dict[str, Any], dict[str, int]]],
) -> RASPExpr:
    """The last of some expressions, each with the places of those that it is made of."""
    made: list[RASPExpr] = []
    for kind, state, inner in parts:
        expr = object.__new__(kind)
        vars(expr).update(state, **{key: made[place] for key, place in inner.items()})
        made.append(expr)
    return made[-1]


def annotate(expr: ExprT, **annotations: Any) -> ExprT:
    """A copy of an expression with more annotations; the original stays as it is.

    Raises:
        ProgramError: If a name is empty, no string, or holds a colon, or if an encoding
            is no `Encoding`, or if `expr` is no expression.
    """
    check_expression(expr)
    if NAME_KEY in annotations:
        _check_name(expr, annotations[NAME_KEY])
    if ENCODING_KEY in annotations:
        _check_encoding(expr, annotations[ENCODING_KEY])
    duplicate = expr.copy()
    duplicate._annotated.update(annotations)
    return duplicate


def describe(expr: RASPExpr) -> str:
    """An expression's label and source, for messages."""
    return f"'{expr.label}' ({expr.source})" if expr.source else f"'{expr.label}'"


def postorder(*roots: RASPExpr) -> Iterator[RASPExpr]:
    """Every expression that the roots are made of, once, operands first, without recursion."""
    return _postorder(roots, set())


def _postorder(roots: Sequence[RASPExpr], done: set[int]) -> Iterator[RASPExpr]:
    """The same, leaving out those whose id is in `done`, and adding the ids of the others."""
    stack: list[tuple[RASPExpr, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        expr, expanded = stack.pop()
        if id(expr) in done:
            continue
        if expanded:
            done.add(id(expr))
            yield expr
        else:
            stack.append((expr, True))
            stack.extend((child, False) for child in reversed(expr.children))


def count_expressions(expr: RASPExpr) -> int:
    """The number of distinct expressions that `expr` is made of, itself included."""
    if expr._count is None:
        # The set moves from operand to result, so that counting all of a program, operands
        # first, takes no more than a walk through it.
        donor = max(expr.children, key=lambda child: len(child._members or ()), default=None)
        members = (None if donor is None else vars(donor).pop("_members", None)) or set()
        for _ in _postorder((expr,), members):
            pass
        expr._count, expr._members = len(members), members
    return expr._count


def default_name(expr: RASPExpr) -> str:
    """The name of an expression whose author gave none.

    Raises:
        ProgramError: If it is no expression.
    """
    return check_expression(expr).default_label_name


def default_encoding(expr: RASPExpr) -> Encoding:
    """Categorical, for every expression.

    Raises:
        ProgramError: If it is no expression.
    """
    check_expression(expr)
    return Encoding.CATEGORICAL


DEFAULT_ANNOTATORS[NAME_KEY] = default_name
DEFAULT_ANNOTATORS[ENCODING_KEY] = default_encoding


def wrong_operand(owner: str, role: str, wanted: str, value: object) -> ProgramError:
    """The error for an operand of the wrong kind."""
    return ProgramError(
        f"{owner} at {_user_location() or 'an unknown place'}: its {role} must be {wanted}, "
        f"and is {arguments.shown(value)} of type {type(value).__name__}"
    )


def check_expression(value: RASPExpr) -> RASPExpr:
    """Returns what is an expression of RASP.

    Raises:
        ProgramError: If it is none.
    """
    if isinstance(value, RASPExpr):
        return value
    wanted = "an expression of RASP: an s-op or a selector"
    return arguments.refuse("the expression", value, wanted, ProgramError)


def check_function(owner: str, role: str, value: Callable[..., Value]) -> Callable[..., Value]:
    """Returns `value` if it can be called.

    Raises:
        ProgramError: If it cannot.
    """
    if callable(value):
        return value
    raise ProgramError(
        f"{owner} at {_user_location() or 'an unknown place'}: its {role} must be a function, "
        f"and is {arguments.shown(value)}"
    )


def _check_name(expr: RASPExpr, name: object) -> None:
    if not isinstance(name, str) or not name:
        raise ProgramError(
            f"{describe(expr)} cannot be named {arguments.shown(name)}; give a non-empty string"
        )
    if ":" in name:
        raise ProgramError(
            f"{describe(expr)} cannot be named {name!r}: a colon separates name and value in "
            f"residual labels; use {name.replace(':', '_')!r}"
        )


def _check_encoding(expr: RASPExpr, encoding: object) -> None:
    if not isinstance(encoding, Encoding):
        raise ProgramError(
            f"{describe(expr)} cannot be encoded as {arguments.shown(encoding)}; use "
            "rasp.numerical(...) or rasp.categorical(...)"
        )


def _user_location() -> str:
    """The innermost line outside of this package, as `file:line`.

    What the package itself defines while it is imported, or its command line makes, was written
    by no user: "".
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        names = frame.f_globals
        module = names.get("__name__", "")
        is_own = module.startswith("optitracr.") or module == "optitracr"
        if not is_own and frame.f_code.co_filename.startswith("<frozen importlib"):
            return ""
        if names.get("__package__") == "optitracr.cli":
            return ""
        if not is_own:
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
