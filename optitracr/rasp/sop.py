"""S-ops computed position by position: inputs, constants, maps and operators."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, NoReturn

from optitracr import arguments
from optitracr.errors import ProgramError
from optitracr.rasp.composition import Composition, WithConstant
from optitracr.rasp.expression import RASPExpr, Value, check_function, describe, wrong_operand
from optitracr.rasp.identity import plain


class SOp(RASPExpr):
    """A sequence operator: from a sequence of tokens to a sequence of the same length.

    Python's operators build new s-ops, element by element: a `Map` when the other operand
    is a constant, a `SequenceMap` when it is an s-op. `&`, `|` and `~` stand for Python's
    `and`, `or` and `not`.
    """

    default_label_name = "sop"

    __array_ufunc__ = None
    """Numbers of NumPy's on the left of an operator leave it to the s-op."""

    def __call__(self, xs: Sequence[Value]) -> list[Value]:
        """Evaluates the s-op on a sequence of tokens.

        Raises:
            EvaluationError: If the program is undefined on it.
        """
        return self._interpreted(xs)

    @property
    def never_none(self) -> bool:
        """Whether it is known to hold no None, whatever the input."""
        return False

    __hash__ = object.__hash__

    def __bool__(self) -> NoReturn:
        raise ProgramError(
            f"s-op {describe(self)} has no truth value, since it stands for every position at "
            "once; use & | ~ instead of and, or, not, and rasp.SequenceMap instead of if"
        )

    def __lt__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.lt, self, other)

    def __le__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.le, self, other)

    def __eq__(self, other: SOp | Value) -> SOp:  # type: ignore[override]
        return elementwise(operator.eq, self, other)

    def __ne__(self, other: SOp | Value) -> SOp:  # type: ignore[override]
        return elementwise(operator.ne, self, other)

    def __gt__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.gt, self, other)

    def __ge__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.ge, self, other)

    def __add__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.add, self, other)

    def __radd__(self, other: Value) -> SOp:
        return elementwise(operator.add, other, self)

    def __sub__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.sub, self, other)

    def __rsub__(self, other: Value) -> SOp:
        return elementwise(operator.sub, other, self)

    def __mul__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.mul, self, other)

    def __rmul__(self, other: Value) -> SOp:
        return elementwise(operator.mul, other, self)

    def __truediv__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.truediv, self, other)

    def __rtruediv__(self, other: Value) -> SOp:
        return elementwise(operator.truediv, other, self)

    def __floordiv__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.floordiv, self, other)

    def __rfloordiv__(self, other: Value) -> SOp:
        return elementwise(operator.floordiv, other, self)

    def __mod__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.mod, self, other)

    def __rmod__(self, other: Value) -> SOp:
        return elementwise(operator.mod, other, self)

    def __pow__(self, other: SOp | Value) -> SOp:
        return elementwise(operator.pow, self, other)

    def __rpow__(self, other: Value) -> SOp:
        return elementwise(operator.pow, other, self)

    def __neg__(self) -> SOp:
        return Map(operator.neg, self)

    def __invert__(self) -> SOp:
        return sop_not(self)

    def __and__(self, other: SOp | Value) -> SOp:
        return elementwise(_and, self, other)

    def __rand__(self, other: Value) -> SOp:
        return elementwise(_and, other, self)

    def __or__(self, other: SOp | Value) -> SOp:
        return elementwise(_or, self, other)

    def __ror__(self, other: Value) -> SOp:
        return elementwise(_or, other, self)


def _and(x: Value, y: Value) -> Value:
    return x and y


def _or(x: Value, y: Value) -> Value:
    return x or y


def elementwise(f: Callable[[Any, Any], Value], x: SOp | Value, y: SOp | Value) -> SOp:
    """`f` of two operands, of which at least one is an s-op and others are constants.

    Raises:
        ProgramError: If an operand is a selector.
    """
    for operand in (x, y):
        if isinstance(operand, RASPExpr) and not isinstance(operand, SOp):
            raise ProgramError(
                f"{describe(operand)} is no s-op and cannot be combined with one; take its "
                "rasp.SelectorWidth, or rasp.Aggregate with it"
            )
    if isinstance(x, SOp) and isinstance(y, SOp):
        return SequenceMap(f, x, y)
    if isinstance(x, SOp):
        return Map(WithConstant(f, y, is_first=False), x)
    return Map(WithConstant(f, x, is_first=True), y)


def check_sop(owner: str, role: str, value: SOp) -> SOp:
    """Returns an operand that is an s-op.

    Raises:
        ProgramError: If it is none.
    """
    if isinstance(value, SOp):
        return value
    raise wrong_operand(owner, role, "an s-op", value)


VALUES = "a sequence of values, one a position"


def check_value(owner: str, role: str, value: Value) -> Value:
    """Returns what is a value, and no expression; a scalar of NumPy as it stands for.

    Raises:
        ProgramError: If it is an expression.
    """
    if isinstance(value, RASPExpr):
        raise wrong_operand(owner, role, "a value, the same at every position", value)
    return plain(value)


class TokensType(SOp):
    """The input tokens; use the instance `tokens`."""

    default_label_name = "tokens"

    @property
    def children(self) -> Sequence[RASPExpr]:
        """None: it is an input."""
        return []

    @property
    def label(self) -> str:
        """Always "tokens"."""
        return "tokens"

    @property
    def never_none(self) -> bool:
        """True: there is one at each position."""
        return True

    def __repr__(self) -> str:
        return "tokens"


class IndicesType(SOp):
    """The position of each token, from 0; use the instance `indices`."""

    default_label_name = "indices"

    @property
    def children(self) -> Sequence[RASPExpr]:
        """None: it is an input."""
        return []

    @property
    def label(self) -> str:
        """Always "indices"."""
        return "indices"

    @property
    def never_none(self) -> bool:
        """True: there is one at each position."""
        return True

    def __repr__(self) -> str:
        return "indices"


tokens: SOp = TokensType()
indices: SOp = IndicesType()


class Map(SOp):
    """A function of one s-op at each position; None stays None.

    Attributes:
        f: The function.
        inner: Its operand.
    """

    default_label_name = "map"

    def __init__(self, f: Callable[[Any], Value], inner: SOp, simplify: bool = True) -> None:
        """Builds the map of `f` over `inner`.

        Args:
            f: From a value of `inner`, never None, to a value.
            inner: The s-op to map.
            simplify: Whether a map of a map becomes one map of the innermost s-op.

        Raises:
            ProgramError: If `f` is no function or `inner` no s-op.
        """
        super().__init__()
        self.f: Callable[[Any], Value] = check_function("Map", "function", f)
        self.inner: SOp = check_sop("Map", "operand", inner)
        if arguments.boolean("simplify", simplify, ProgramError) and isinstance(inner, Map):
            self.f = Composition.of(inner.f, f)
            self.inner = inner.inner

    @property
    def children(self) -> Sequence[RASPExpr]:
        """The operand."""
        return [self.inner]


class SequenceMap(SOp):
    """A function of two s-ops at each position; None where either is None.

    Attributes:
        f: The function.
        fst: Its first operand.
        snd: Its second operand.
    """

    default_label_name = "sequence_map"

    def __init__(self, f: Callable[[Any, Any], Value], fst: SOp, snd: SOp) -> None:
        """Builds the map of `f` over `fst` and `snd`.

        Raises:
            ProgramError: If `f` is no function or an operand no s-op.
        """
        super().__init__()
        kind = type(self).__name__
        self.f: Callable[[Any, Any], Value] = check_function(kind, "function", f)
        self.fst: SOp = check_sop(kind, "first operand", fst)
        self.snd: SOp = check_sop(kind, "second operand", snd)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """Both operands."""
        return [self.fst, self.snd]


class LinearSequenceMap(SequenceMap):
    """`fst_fac * fst + snd_fac * snd` at each position.

    Attributes:
        fst_fac: Factor of the first operand.
        snd_fac: Factor of the second operand.
    """

    default_label_name = "linear_sequence_map"

    def __init__(self, fst: SOp, snd: SOp, fst_fac: float, snd_fac: float) -> None:
        """Builds the weighted sum of two s-ops.

        Raises:
            ProgramError: If an operand is no s-op, or a factor no number.
        """
        super().__init__(lambda x, y: fst_fac * x + snd_fac * y, fst, snd)
        for factor in (fst_fac, snd_fac):
            if not isinstance(factor, Real) or isinstance(factor, bool):
                shown = arguments.shown(factor)
                raise ProgramError(f"a factor of {describe(self)} is {shown}, and no number")
        self.fst_fac = fst_fac
        self.snd_fac = snd_fac


class Full(SOp):
    """The same value at every position.

    Attributes:
        fill: That value.
    """

    default_label_name = "full"

    def __init__(self, fill: Value) -> None:
        """Builds the constant `fill`.

        Raises:
            ProgramError: If it is an expression, and no value.
        """
        super().__init__()
        self.fill = check_value("Full", "value", fill)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """None: it is a constant."""
        return []

    @property
    def never_none(self) -> bool:
        """Whether its value is not None."""
        return self.fill is not None


class ConstantSOp(SOp):
    """A fixed sequence.

    Attributes:
        value: The sequence.
        check_length: Whether inputs must have just its length; if not, it is cut to
            theirs, or None past its end.
    """

    default_label_name = "constant_sop"

    def __init__(self, value: Sequence[Value], check_length: bool = True) -> None:
        """Builds the constant sequence `value`.

        Raises:
            ProgramError: If it is no sequence, or holds an expression.
        """
        super().__init__()
        listed = arguments.sequence("the value of ConstantSOp", value, VALUES, kind=ProgramError)
        self.value: Sequence[Value] = [
            check_value("ConstantSOp", "entry", entry) for entry in listed
        ]
        self.check_length = arguments.boolean("check_length", check_length, ProgramError)

    @property
    def children(self) -> Sequence[RASPExpr]:
        """None: it is a constant."""
        return []


def sop_not(sop: SOp) -> SOp:
    """Python's `not` at each position."""
    return Map(operator.not_, sop)
