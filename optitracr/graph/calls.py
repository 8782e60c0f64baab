"""Calling the functions and predicates that a user wrote: what it means where one raises.

The one policy, for inference, tables, rewrites and checks alike. The interpreter raises where
a function does, so such an input is undefined and the model may give anything there:

- an ArithmeticError (a division by zero, say) is taken for "no value here" and is no fault of
  the program;
- any other exception is refused by name, since it is more likely a slip than meant, unless it
  is known that no input leads to these arguments.

Functions are pure: `check_pure` calls some entries of a table again and refuses a function
that gives something else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from optitracr.errors import ProgramError, ValueSetError
from optitracr.graph.program import Node
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

LEAST_REPEATED_CALLS = 16
"""Calls that small tables get at least, so that a coin with two sides hardly passes."""


def tabulate(
    node: Node,
    function: Callable[..., Value],
    operands: Sequence[Sequence[Value]],
    first_of: FirstOf,
) -> tuple[list[Value], list[int]]:
    """Calls a function on each combination of values, the last varying fastest.

    Args:
        node: The s-op, for messages.
        function: Its function.
        operands: The values of each operand.
        first_of: What is known of the combinations.

    Returns:
        The result for each, None where it raised; and which those are that no input leads to.

    Raises:
        ValueSetError: If the function raises something other than an ArithmeticError on
            arguments that may occur.
        ProgramError: If it gives two results for one argument.
    """
    results: list[Value] = []
    errors: dict[Place, Exception] = {}
    places = product(*(range(len(values)) for values in operands))
    for place, arguments in zip(places, product(*operands), strict=True):
        result = None
        try:
            result = plain(function(*arguments))
        except ArithmeticError:
            pass
        except Exception as error:
            errors[place] = error.with_traceback(None)
        results.append(result)
    what = f"the function of {node.describe()}"
    found = first_of(list(errors)) if errors else None
    if found is not None:
        arguments = tuple(x[i] for x, i in zip(operands, found.place, strict=True))
        raise _raised(what, errors[found.place], arguments, found) from errors[found.place]
    check_pure(what, function, operands, results)
    sizes = [len(values) for values in operands]
    return results, [int(np.ravel_multi_index(place, sizes)) for place in errors]


def _raised(
    what: str, error: Exception, arguments: Sequence[Value], found: Occurrence
) -> ValueSetError:
    shown = ", ".join(repr(argument) for argument in arguments)
    return ValueSetError(
        f"{what} raised {type(error).__name__}: {error} for the argument ({shown}), "
        f"{found.where()}; make it return None there, or restrict the vocabulary"
    )


def predicate_raised(
    what: str, error: Exception, key: Value, query: Value, found: Occurrence
) -> ValueSetError:
    """The error for a predicate that raises on a pair that may occur."""
    return ValueSetError(
        f"{what} raised {type(error).__name__}: {error} for the key and query "
        f"({key!r}, {query!r}), {found.where()}; make it return False there, or map keys and "
        "queries to values that it can compare"
    )


def check_pure(
    what: str,
    function: Callable[..., Value],
    operands: Sequence[Sequence[Value]],
    results: Sequence[Value],
) -> None:
    """Calls some entries of a table again.

    Args:
        what: The function, for the message.
        function: It.
        operands: The values of each operand.
        results: The table, the last operand varying fastest; None also where undefined.

    Raises:
        ProgramError: If an entry differs now.
    """
    for place in _spread(len(results)):
        arguments = _arguments(operands, place)
        try:
            again = plain(function(*arguments))
        except Exception:
            again = None
        if not _same(results[place], again):
            shown = ", ".join(map(repr, arguments))
            raise ProgramError(
                f"{what} gives {results[place]!r} and then {again!r} for the same argument "
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


def _arguments(operands: Sequence[Sequence[Value]], place: int) -> list[Value]:
    arguments: list[Value] = []
    for values in reversed(operands):
        place, own = divmod(place, len(values))
        arguments.append(values[own])
    return arguments[::-1]


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
