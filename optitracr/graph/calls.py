"""Calling the functions and predicates that a user wrote: what it means where one raises.

The one policy, for inference, tables, rewrites and checks alike. The interpreter raises where
a function does, so such an input is undefined and the model may give anything there:

- an ArithmeticError (a division by zero, say) is taken for "no value here" and is no fault of
  the program;
- any other exception is refused by name, since it is more likely a slip than meant, unless it
  is known that no input leads to these arguments: then they count as undefined;
- of another form of a value, such as 1.0 beside 1, nothing is known but that it may occur, and
  what raises there counts as undefined.

Functions are pure: `check_pure` calls some entries of a table again and refuses a function that
gives something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from optitracr.errors import ProgramError, ValueSetError
from optitracr.graph.program import Node, Predicate
from optitracr.rasp.identity import plain

Value = Any
Place = tuple[int, ...]
CanOccur = Callable[[Place], bool]
"""Whether an input can lead to a combination, given the place of each argument in its set."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A combination of values that may occur.

    Attributes:
        place: The place of each value in its set.
        tokens: An input on which it does; empty if none is known.
    """

    place: Place
    tokens: tuple[Value, ...] = ()

    def where(self) -> str:
        """What is known of where it occurs, for messages."""
        if self.tokens:
            return f"which occurs on the input {list(self.tokens)!r}"
        return "which the value sets of its operands allow"


FirstOf = Callable[[Sequence[Place]], Occurrence | None]
"""The first of some combinations that may occur; None if it is known that none does."""


def none_occurs(places: Sequence[Place]) -> Occurrence | None:
    """For combinations that are known not to occur."""
    return None


REPEATED_CALLS = 64
"""Most entries of one table that are called again: enough to find a counter or a coin at once,
and few beside the calls that a table of that size takes anyway."""

_PLAIN = frozenset({bool, int, float, str, type(None)})
"""Types of results that stand for themselves, which most are: asked here as it is soonest told."""

LEAST_REPEATED_CALLS = 16
"""Calls that small tables get at least, so that a coin with two sides hardly passes."""


@dataclass(frozen=True, slots=True)
class UserCall:
    """A function or predicate that a user wrote, and what messages say of it.

    Attributes:
        call: Called with one value an operand.
        what: What it is, with the s-op or selector and where that stands.
        arguments: What its arguments are called.
        remedy: What helps where it raises.
    """

    call: Callable[..., Value]
    what: str
    arguments: str
    remedy: str


def user_function(node: Node, call: Callable[..., Value]) -> UserCall:
    """The function of an s-op."""
    return UserCall(
        call,
        f"the function of {node.describe()}",
        "argument",
        "make it return None there, or restrict the vocabulary",
    )


def user_predicate(selector: Predicate) -> UserCall:
    """The predicate of a selector, as true or false."""
    return UserCall(
        lambda key, query: bool(selector.call(key, query)),
        f"the predicate of selector {selector.describe()}",
        "key and query",
        "make it return False there, or map keys and queries to values that it can compare",
    )


@dataclass(frozen=True, slots=True)
class CallTable:
    """What a function gives for some combinations of values.

    Attributes:
        results: The results; None where it is undefined, as where it raised.
        errors: What it raised, by place, other than an ArithmeticError.
    """

    results: list[Value]
    errors: Mapping[Place, Exception]


def call_table(
    user: UserCall, operands: Sequence[Sequence[Value]], places: Sequence[Place] | None = None
) -> CallTable:
    """Calls a function on combinations of values.

    Args:
        user: The function.
        operands: The values of each operand.
        places: The combinations, each the place of every operand's value; all by default, the
            last operand varying fastest.

    Raises:
        ProgramError: If it gives two results for one combination.
    """
    results: list[Value] = []
    errors: dict[Place, Exception] = {}
    call, add = user.call, results.append
    every = product(*operands) if places is None else _arguments(operands, places)
    for entry, arguments in enumerate(every):
        result = None
        try:
            result = call(*arguments)
            if type(result) not in _PLAIN:
                result = plain(result)
        except ArithmeticError:
            result = None
        except Exception as error:
            result = None
            place = _place(operands, entry) if places is None else places[entry]
            errors[place] = error.with_traceback(None)
        add(result)
    check_pure(user, operands, results, places)
    return CallTable(results, errors)


def _arguments(
    operands: Sequence[Sequence[Value]], places: Sequence[Place]
) -> Iterator[tuple[Value, ...]]:
    """The values of some combinations."""
    for place in places:
        yield tuple(values[i] for values, i in zip(operands, place, strict=True))


def check_defined(
    user: UserCall,
    operands: Sequence[Sequence[Value]],
    errors: Mapping[Place, Exception],
    first_of: FirstOf,
) -> None:
    """Refuses a function that raises on arguments which may occur.

    Args:
        user: The function.
        operands: The values of each operand.
        errors: What it raised, by place.
        first_of: What is known of the combinations.

    Raises:
        ValueSetError: Naming the function, the arguments, and an input if one is known.
    """
    found = first_of(list(errors)) if errors else None
    if found is None:
        return
    error = errors[found.place]
    shown = ", ".join(repr(x[i]) for x, i in zip(operands, found.place, strict=True))
    raise ValueSetError(
        f"{user.what} raised {type(error).__name__}: {error} for the {user.arguments} ({shown}), "
        f"{found.where()}; {user.remedy}"
    ) from error


def call_or_undefined(call: Callable[..., Value], arguments: Sequence[Value]) -> Attempt:
    """Calls a function on arguments of which it is not known that they occur."""
    try:
        return Attempt(plain(call(*arguments)))
    except Exception:
        return UNDEFINED


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one call.

    Attributes:
        value: The result.
        undefined: Whether there is none, since the function raised.
    """

    value: Value
    undefined: bool = False


UNDEFINED = Attempt(None, undefined=True)


def check_pure(
    user: UserCall,
    operands: Sequence[Sequence[Value]],
    results: Sequence[Value],
    places: Sequence[Place] | None = None,
) -> None:
    """Calls some entries of a table again.

    Args:
        user: The function.
        operands: The values of each operand.
        results: The table; None also where undefined.
        places: The combinations that it lists; all by default, the last operand varying fastest.

    Raises:
        ProgramError: If an entry differs now.
    """
    spread = _spread(len(results))
    # Those of a small table come several times.
    different = spread[: len(results)]
    at = [_place(operands, entry) if places is None else places[entry] for entry in different]
    called = [[values[i] for values, i in zip(operands, own, strict=True)] for own in at]
    for count, place in enumerate(spread):
        arguments, first = called[count % len(called)], results[place]
        again = call_or_undefined(user.call, arguments).value
        if first is not again and not _same(first, again):
            shown = ", ".join(map(repr, arguments))
            raise ProgramError(
                f"{user.what} gives {results[place]!r} and then {again!r} for the same argument "
                f"({shown}); functions of a program must be pure, without state or chance: make "
                "the result depend on the arguments alone"
            )


def _spread(count: int) -> list[int]:
    """Entries to call again, evenly over the table; those of a small one several times."""
    if count == 0:
        return []
    if count >= REPEATED_CALLS:
        return [place * count // REPEATED_CALLS for place in range(REPEATED_CALLS)]
    rounds = max(1, -(-LEAST_REPEATED_CALLS // count))
    return list(range(count)) * rounds


def _place(operands: Sequence[Sequence[Value]], entry: int) -> Place:
    """The combination at an entry of the whole table."""
    place: list[int] = []
    for values in reversed(operands):
        entry, own = divmod(entry, len(values))
        place.append(own)
    return tuple(place[::-1])


def _same(first: Value, second: Value) -> bool:
    """Whether two results are alike; nan is like nan, and whatever compares strangely by text."""
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    try:
        if bool(first == second):
            return True
    except Exception:
        pass
    return repr(first) == repr(second)
