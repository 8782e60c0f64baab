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
from itertools import product
from typing import Any

from optitracr.errors import ProgramError, ValueSetError
from optitracr.graph.program import Node
from optitracr.rasp.identity import plain

Value = Any
Place = tuple[int, ...]
CanOccur = Callable[[Place], bool]
"""Whether an input can lead to a combination, given the place of each argument in its set."""

REPEATED_CALLS = 64
"""Most entries of one table that are called again: enough to find a counter or a coin at once,
and few beside the calls that a table of that size takes anyway."""

LEAST_REPEATED_CALLS = 16
"""Calls that small tables get at least, so that a coin with two sides hardly passes."""


def tabulate(
    node: Node,
    function: Callable[..., Value],
    operands: Sequence[Sequence[Value]],
    can_occur: CanOccur | None = None,
) -> list[Value]:
    """The result for each combination of values, the last varying fastest; None where undefined.

    Args:
        node: The s-op, for messages.
        function: Its function.
        operands: The values of each operand.
        can_occur: What is known of the combinations; None if all may occur.

    Raises:
        ValueSetError: If the function raises something other than an ArithmeticError on
            arguments that may occur.
        ProgramError: If it gives two results for one argument.
    """
    results: list[Value] = []
    places = product(*(range(len(values)) for values in operands))
    for place, arguments in zip(places, product(*operands), strict=True):
        try:
            results.append(plain(function(*arguments)))
        except ArithmeticError:
            results.append(None)
        except Exception as error:
            if can_occur is None or can_occur(place):
                raise _raised(f"the function of {node.describe()}", error, arguments) from error
            results.append(None)
    check_pure(f"the function of {node.describe()}", function, operands, results)
    return results


def _raised(what: str, error: Exception, arguments: Sequence[Value]) -> ValueSetError:
    shown = ", ".join(repr(argument) for argument in arguments)
    return ValueSetError(
        f"{what} raised {type(error).__name__}: {error} for the argument ({shown}), which the "
        "value sets of its operands allow; make it return None there, or restrict the vocabulary"
    )


def predicate_raised(what: str, error: Exception, key: Value, query: Value) -> ValueSetError:
    """The error for a predicate that raises on a pair that may occur."""
    return ValueSetError(
        f"{what} raised {type(error).__name__}: {error} for the key and query "
        f"({key!r}, {query!r}), which the value sets of its operands allow; make it return False "
        "there, or map keys and queries to values that it can compare"
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
