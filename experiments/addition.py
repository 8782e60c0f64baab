"""Addition of numbers written in digits, in several styles, under a promise about separators.

An input is "12+345=" and then a filler for each digit of the answer, which the program gives there,
the most significant first. Each program is compiled with the promise that "+" and "=" stand at one
position, as a domain or by `rasp.at_most_one`, and compared with the interpreter on inputs of the
domain, sums and others; on sums also with Python's addition. Exits with 1 if any differs, or if a
program is refused.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from reporting import EXIT_ERROR, EXIT_OK, CsvRows, Row, count, guarded, print_table

from optitracr import compile_rasp_to_model, domain, rasp
from optitracr.errors import OptitracrError
from optitracr.rasp import Comparison
from optitracr.rasp.batch import evaluate_batch

FILLER = "."
VOCABULARY = sorted({*"0123456789+=", FILLER})
PROMISE = domain.exactly_one("+") & domain.exactly_one("=")
COLUMNS = ("style", "promise", "digits", "positions", "seconds", "layers", "width", "heads")
COLUMNS += ("head_size", "neurons", "parameters", "wrong")

Select = Callable[[rasp.SOp, rasp.SOp], rasp.Selector]
"""Selects keys that equal queries, of which the author knows that there is one at most."""


def equal(keys: rasp.SOp, queries: rasp.SOp) -> rasp.Selector:
    """Selects keys that equal the query."""
    return rasp.Select(keys, queries, Comparison.EQ)


def equal_once(keys: rasp.SOp, queries: rasp.SOp) -> rasp.Selector:
    """The same, promised to select one key at most."""
    return rasp.at_most_one(equal(keys, queries))


def place_of(token: str, select: Select) -> rasp.SOp:
    """Where a separator stands."""
    return rasp.Aggregate(select(rasp.tokens, rasp.Full(token)), rasp.indices, default=0)


def digit_at(place: rasp.SOp) -> rasp.SOp:
    """The digit at a position; 0 where none is."""
    digit = rasp.Map(lambda token: int(token) if token.isdigit() else 0, rasp.tokens)
    return rasp.Aggregate(equal(rasp.indices, place), digit, default=0)


def by_place(digits: int, select: Select) -> rasp.SOp:
    """Each position of the answer adds the digits of its own place; carries move one by one.

    Those of places for which there is no room are lost.
    """
    plus, equals = place_of("+", select), place_of("=", select)
    offset = rasp.SequenceMap(lambda index, end: index - end, rasp.indices, equals)
    first = rasp.SequenceMap(lambda end, behind: end + behind - digits - 2, plus, offset)
    second = rasp.SequenceMap(
        lambda index, start: index - digits - 2 if index - digits - 2 > start else -1,
        rasp.indices,
        plus,
    )
    total = rasp.SequenceMap(lambda x, y: x + y, digit_at(first), digit_at(second))
    carry = rasp.Full(0)
    following = equal(rasp.indices, rasp.Map(lambda index: index + 1, rasp.indices))
    for _ in range(digits):
        over = rasp.SequenceMap(lambda x, more: int(x + more > 9), total, carry)
        carry = rasp.Aggregate(following, over, default=0)
    answer = rasp.SequenceMap(lambda x, more: (x + more) % 10, total, carry)
    return rasp.SequenceMap(
        lambda behind, x: str(x) if 1 <= behind <= digits + 1 else FILLER, offset, answer
    )


def _digits(digits: int, select: Select) -> tuple[rasp.SOp, list[rasp.SOp], list[rasp.SOp]]:
    """Where "=" stands, and the digits of both numbers at every position, the last ones first."""
    plus, equals = place_of("+", select), place_of("=", select)
    first = [digit_at(rasp.Map(lambda p, k=k: p - 1 - k, plus)) for k in range(digits)]
    second = [
        digit_at(
            rasp.SequenceMap(lambda e, p, k=k: e - 1 - k if e - 1 - k > p else -1, equals, plus)
        )
        for k in range(digits)
    ]
    return equals, first, second


def by_chain(digits: int, select: Select) -> rasp.SOp:
    """Every position adds all digits, the carry in a chain of maps, and picks one."""
    equals, first, second = _digits(digits, select)
    offset = rasp.SequenceMap(lambda index, end: index - end - 1, rasp.indices, equals)
    carry, answer = rasp.Full(0), rasp.Map(lambda behind: "", offset)
    for k in range(digits + 1):
        if k < digits:
            both = rasp.SequenceMap(lambda x, y: x + y, first[k], second[k])
            carry = rasp.SequenceMap(lambda x, more: x + more, both, carry)
        here = rasp.SequenceMap(
            lambda behind, x, k=k: str(x % 10) if behind == digits - k else "", offset, carry
        )
        answer = rasp.SequenceMap(lambda so_far, more: so_far or more, answer, here)
        carry = rasp.Map(lambda x: x // 10, carry)
    return rasp.Map(lambda text: text or FILLER, answer)


def as_a_whole(digits: int, select: Select) -> rasp.SOp:
    """The sum as one number, at every position."""
    _, first, second = _digits(digits, select)
    total: rasp.SOp | None = None
    for k, (x, y) in enumerate(zip(first, second, strict=True)):
        numbers = [rasp.numerical(rasp.Map(lambda digit: digit, part)) for part in (x, y)]
        both = rasp.numerical(rasp.LinearSequenceMap(*numbers, 10**k, 10**k))
        total = both if total is None else rasp.numerical(total + both)
    assert total is not None, "numbers have digits"
    return total


STYLES: dict[str, Callable[[int, Select], rasp.SOp]] = {
    "place": by_place,
    "chain": by_chain,
    "whole": as_a_whole,
}
PROMISES: dict[str, tuple[Select, domain.Domain | None]] = {
    "domain": (equal, PROMISE),
    "once": (equal_once, None),
}


# -- inputs -------------------------------------------------------------------------


def sums(digits: int, positions: int, draw: random.Random) -> Iterator[tuple[str, int]]:
    """Inputs that ask for a sum, with as much room for the answer as there is, and the sum."""
    while True:
        first, second = (draw.randrange(10 ** draw.randint(1, digits)) for _ in range(2))
        asked = f"{first}+{second}="
        if len(asked) <= positions:
            yield asked.ljust(min(positions, len(asked) + digits + 1), FILLER), first + second


def others(positions: int, draw: random.Random) -> Iterator[str]:
    """Any inputs of the domain."""
    rest = [token for token in VOCABULARY if token not in "+="]
    while True:
        tokens = draw.choices(rest, k=draw.randint(0, positions - 2))
        for separator in draw.sample("+=", 2):
            tokens.insert(draw.randint(0, len(tokens)), separator)
        yield "".join(tokens)


def wrong_outputs(
    model: Any, program: rasp.SOp, inputs: Sequence[str], positions: int
) -> list[str]:
    """Inputs on which a model does not give what the interpreter does."""
    place = {token: code for code, token in enumerate(VOCABULARY)}
    tokens = np.zeros((len(inputs), positions), dtype=np.int64)
    for row, text in enumerate(inputs):
        tokens[row, : len(text)] = [place[token] for token in text]
    lengths = np.array([len(text) for text in inputs])
    found = evaluate_batch([program], VOCABULARY, tokens, lengths)
    codes, values = found.codes(program), found.values(program)
    given = model.apply_batch([["compiler_bos", *text] for text in inputs]).decoded
    return [
        text
        for text, row, output in zip(inputs, codes, given, strict=True)
        if not _alike([values[code] for code in row[: len(text)]], output[1 : len(text) + 1])
    ]


def _alike(expected: Sequence[Any], given: Sequence[Any]) -> bool:
    if isinstance(expected[0], str):
        return list(expected) == list(given)
    return [round(x) for x in given] == list(expected)


def wrong_sums(program: rasp.SOp, asked: Sequence[tuple[str, int]], digits: int) -> list[str]:
    """Inputs with room for the whole answer on which a program does not add."""
    wrong = []
    for text, total in asked:
        behind = text.index("=") + 1
        if len(text) < behind + digits + 1:
            continue
        values = program(list(text))
        as_text = isinstance(values[0], str)
        told = "".join(values[behind:]) if as_text else str(round(values[0]))
        if told != (str(total).zfill(digits + 1) if as_text else str(total)):
            wrong.append(text)
    return wrong


# -- command ------------------------------------------------------------------------


def measure(style: str, promise: str, digits: int, positions: int, inputs: int) -> Row:
    """Compiles a program and compares it.

    Raises:
        OptitracrError: If it is refused.
    """
    select, promised = PROMISES[promise]
    program = STYLES[style](digits, select)
    start = time.perf_counter()
    model = compile_rasp_to_model(program, VOCABULARY, positions, domain=promised)
    seconds = time.perf_counter() - start
    draw = random.Random(0)
    asked = list(islice(sums(digits, positions, draw), inputs // 2))
    every = [*(text for text, _ in asked), *islice(others(positions, draw), inputs - len(asked))]
    wrong = wrong_outputs(model, program, every, positions)
    # The interpreter takes milliseconds for each, and the model is compared with it on all.
    wrong += wrong_sums(program, asked[:200], digits)
    size = model.size
    sizes = {name: getattr(size, name) for name in COLUMNS[5:-1]}
    row = dict(zip(COLUMNS, (style, promise, digits, positions, f"{seconds:.1f}"), strict=False))
    return {**row, **sizes, "wrong": len(wrong)}


def main(argv: Sequence[str] | None = None) -> int:
    """Compiles the programs that are asked for."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes", nargs="+", default=["3x10", "3x16", "4x24"], metavar="DIGITSxPOSITIONS",
        help="digits of a number and positions of an input (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--styles", nargs="+", choices=STYLES, default=["place"], metavar="NAME")
    parser.add_argument(
        "--promises", nargs="+", choices=PROMISES, default=list(PROMISES), metavar="NAME"
    )
    parser.add_argument("--inputs", type=count, default=10_000, help="compared (%(default)s)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    failed = False
    with CsvRows(arguments.output, COLUMNS) as table:
        for size in arguments.sizes:
            digits, positions = map(int, size.split("x"))
            for style in arguments.styles:
                for promise in arguments.promises:
                    print(f"{style} {promise} {size}", file=sys.stderr)
                    try:
                        row = measure(style, promise, digits, positions, arguments.inputs)
                    except OptitracrError as error:
                        print(f"{type(error).__name__}: {error}", file=sys.stderr)
                        failed = True
                        continue
                    failed |= bool(row["wrong"])
                    table.add(row)
    cells = [[str(row[column]) for column in COLUMNS] for row in table.rows]
    print_table("addition", COLUMNS, cells)
    return EXIT_ERROR if failed else EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
