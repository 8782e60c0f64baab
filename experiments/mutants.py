"""What a proof is worth: weights of proven models are changed, and each change is proven again.

For every family of candidates a program that uses it, at levels 0, 1 and 2. Entries of each array
of weights are negated, set to zero, swapped, scaled, or filled where they are zero. Each changed
model is run on every input, and compared with the scalar interpreter: if some input tells, the
proof has to refute it, with an input that shows it; if none does, the change is harmless, and the
proof may say PROVEN, or that something is left open. Prints how many there are of each, and the
share of harmless changes that are not proven. With -o, each change is a row of a CSV file.
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reporting import (
    EXIT_ERROR,
    CsvRows,
    Row,
    count,
    exit_code,
    guarded,
    print_table,
    progress,
)

from optitracr import compile_rasp_to_model, library, rasp
from optitracr.candidates.families import Family
from optitracr.checking.comparison import number_tolerance
from optitracr.checking.proof.prove import NO_BUDGET, prove_model
from optitracr.checking.proof.symbolic.prove import prove_by_values
from optitracr.compiled import CompiledModel
from optitracr.errors import EvaluationError
from optitracr.inputs import check_inputs, with_bos
from optitracr.levels import LEVELS
from optitracr.model.current import current
from optitracr.model.encoders import CategoricalEncoder
from optitracr.model.proof import Proof, Status

COLUMNS = ("program", "level", "array", "change", "told", "status", "open")

EVERY_INPUT = 100_000
"""More inputs than any of the programs has at its length here."""

FACTORS = (0.5, 0.9, 0.999, 1.001, 1.1, 2.0, 30.0)
"""What weights are scaled by: some changes are within what float32 rounds, most are not."""

UNEMBED = "unembed"


@dataclass(frozen=True, slots=True)
class Case:
    """A program that uses a family, at a length at which its inputs are some hundred.

    Attributes:
        name: Its name.
        make: Makes it.
        vocab: Tokens.
        length: Longest input.
        causal: Whether positions see only what is before them.
    """

    name: str
    make: Callable[[], rasp.SOp]
    vocab: tuple[Any, ...]
    length: int
    causal: bool = False

    def compiled(self, level: int, **options: Any) -> CompiledModel:
        """The model of it."""
        return compile_rasp_to_model(
            self.make(),
            self.vocab,
            self.length,
            causal=self.causal,
            optimize=level,
            check=False,
            **options,
        )


def _of_library(name: str, length: int = 4) -> Case:
    entry = library.get(name)
    return Case(name, entry.make, tuple(entry.vocab), length, entry.causal)


def _squares() -> rasp.SOp:
    return rasp.Map(lambda token: token * token, rasp.tokens)


def _last_equal() -> rasp.SOp:
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)
    return rasp.Aggregate(rasp.SelectLast(same), rasp.indices)


CASES = {
    Family.VIEWS: _of_library("hist_bos"),
    Family.CUTS: _of_library("sum_modulo"),
    Family.COMPRESSION: _of_library("hist"),
    Family.PUSH: _of_library("is_sorted"),
    Family.SPLIT: _of_library("repeat_half"),
    Family.SHARING: _of_library("shuffle_dyck2", 3),
    Family.CONJUNCTIONS: _of_library("double_hist"),
    Family.CIRCLES: _of_library("is_duplicate"),
    Family.THRESHOLDS: _of_library("shuffle_dyck2", 3),
    Family.REWRITES: _of_library("sort", 3),
    Family.JOINT: _of_library("rotate"),
    Family.CODES: _of_library("swap_pairs", 5),
    Family.POWERS: _of_library("running_count"),
    Family.NETWORKS: _of_library("difference"),
    Family.INTERPOLATION: _of_library("hist_bos"),
    Family.ERASING: _of_library("parity"),
    Family.GRADED: Case("last_equal", _last_equal, ("a", "b"), 4),
    Family.READOUTS: Case("squares", _squares, tuple(range(40)), 1),
}
"""For each family a program of which the model is another one without it."""

NUMBERS = (_of_library("fraction"), _of_library("frac_prevs"))
"""Programs of which the output is a number."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A model of which one array of weights was changed.

    Attributes:
        array: The array, without its layer.
        change: How it was changed.
        where: Which entry of which array.
        model: The model.
    """

    array: str
    change: str
    where: str
    model: CompiledModel


Changed = tuple[NDArray[np.float32], str] | None
Change = Callable[[NDArray[np.float32], np.random.Generator], Changed]


def _multiplied(factors: Sequence[float]) -> Change:
    def change(array: NDArray[np.float32], rng: np.random.Generator) -> Changed:
        places = np.flatnonzero(array)
        if not places.size:
            return None
        place, factor = rng.choice(places), np.float32(rng.choice(factors))
        array.flat[place] *= factor
        return array, f"[{place}] * {factor:g}"

    return change


def _swapped(array: NDArray[np.float32], rng: np.random.Generator) -> Changed:
    if not array.size:
        return None
    place = rng.integers(array.size)
    others = np.flatnonzero(array.reshape(-1) != array.flat[place])
    if not others.size:
        return None
    other = rng.choice(others)
    array.flat[[place, other]] = array.flat[[other, place]]
    return array, f"[{place}] and [{other}]"


def _filled(array: NDArray[np.float32], rng: np.random.Generator) -> Changed:
    """An entry that is zero becomes what another one is."""
    zeros, others = np.flatnonzero(array == 0.0), np.flatnonzero(array)
    if not zeros.size or not others.size:
        return None
    place, other = rng.choice(zeros), rng.choice(others)
    array.flat[place] = array.flat[other]
    return array, f"[{place}] = [{other}]"


CHANGES: dict[str, Change] = {
    "negated": _multiplied((-1.0,)),
    "zeroed": _multiplied((0.0,)),
    "swapped": _swapped,
    "scaled": _multiplied(FACTORS),
    "filled": _filled,
}


def mutants(model: CompiledModel, rng: np.random.Generator) -> Iterator[Mutant]:
    """Each array of weights, changed in each way."""
    for part, arrays in model.params.items():
        for key in arrays:
            yield from _mutants(model, rng, part, key)
    yield from _mutants(model, rng, UNEMBED, "")


def _mutants(
    model: CompiledModel, rng: np.random.Generator, part: str, key: str
) -> Iterator[Mutant]:
    weights = model.unembed if part == UNEMBED else model.params[part][key]
    name = "/".join(part.split("/")[2:] or [part]) + (f".{key}" if key == "b" else "")
    for change, apply in CHANGES.items():
        found = apply(np.array(weights, dtype=np.float32), rng)
        if found is None:
            continue
        array, where = found
        mutant = copy.copy(model)
        if part == UNEMBED:
            mutant.unembed = array
        else:
            mutant.params = {**model.params, part: {**model.params[part], key: array}}
        yield Mutant(name, change, f"{part}:{key}{where} {change}", mutant)


class Oracle:
    """What the scalar interpreter says on every input, and which models say something else.

    Attributes:
        inputs: Every input.
    """

    def __init__(self, case: Case, model: CompiledModel) -> None:
        self.inputs = check_inputs(len(case.vocab), case.length, EVERY_INPUT, 0, 0)
        if self.inputs.exhaustive_length < case.length:
            raise ValueError(f"{case.name} has more than {EVERY_INPUT:,} inputs")
        self._vocabulary, self._encoder = model.setting.vocabulary, model.output_encoder
        self._wanted = np.full(self.inputs.codes.shape, np.nan)
        self._meant = np.zeros(self.inputs.codes.shape, dtype=bool)
        program = case.make()
        evaluate = rasp.evaluate_causal if case.causal else rasp.evaluate
        for row, length in enumerate(self.inputs.lengths):
            tokens = [self._vocabulary[code] for code in self.inputs.codes[row, :length]]
            try:
                said = evaluate(program, tokens)
            except EvaluationError:
                continue
            self._meant[row, :length] = True
            self._wanted[row, :length] = [self._code(value) for value in said]

    def _code(self, value: Any) -> float:
        """The number, or the integer of a category."""
        if not isinstance(self._encoder, CategoricalEncoder):
            return np.nan if value is None else float(value)
        return -1 if value is None else self._encoder.encoding_map.get(value, -2)

    def wrong(self, model: CompiledModel) -> NDArray[np.bool_]:
        """Where a model says something else, [inputs, seq]."""
        encoder = model.input_encoder
        tokens = with_bos(self.inputs.codes, encoder.bos_encoding, encoder.pad_encoding)
        with np.errstate(all="ignore"):
            chosen = np.asarray(model.forward_numpy(tokens).unembedded_output)[:, 1:]
            if isinstance(self._encoder, CategoricalEncoder):
                right = chosen == self._wanted
            else:
                right = np.abs(chosen - self._wanted) <= number_tolerance(self._wanted)
        return np.asarray(~right & self._meant)

    def shows(self, model: CompiledModel, tokens: Sequence[Any]) -> bool:
        """Whether an input shows that a model is wrong."""
        codes = [self._vocabulary.index(token) for token in tokens]
        same = (self.inputs.codes[:, : len(codes)] == codes).all(axis=1)
        row = same & (self.inputs.lengths == len(codes))
        return bool(self.wrong(model)[row].any())


def judged(
    case: Case,
    level: int,
    rng: np.random.Generator,
    most: int | None = None,
    values: bool = False,
) -> Iterator[tuple[Mutant, bool, Proof]]:
    """Each mutant of a model, whether some input tells, and what the proof says.

    Args:
        case: The program.
        level: The level.
        rng: Of the changes.
        most: How many mutants to look at, chosen at random; all by default.
        values: Whether the proof that runs no input is asked as well.

    Raises:
        AssertionError: If the proof believes a mutant that some input tells apart, does not refute
            it, or refutes one by an input that does not show it.
    """
    model = case.compiled(level)
    oracle, proof = Oracle(case, model), prove_model(model)
    if not proof.proven or oracle.wrong(model).any():
        raise AssertionError(f"{case.name} at level {level} is not proven: {proof}")
    made = list(mutants(model, rng))
    for place in rng.permutation(len(made))[:most]:
        mutant = made[place]
        found, told = prove_model(mutant.model), bool(oracle.wrong(mutant.model).any())
        where = f"{case.name} at level {level}, {mutant.where}"
        if told != (found.status is Status.REFUTED):
            raise AssertionError(f"{where}: {found}, and an input {'tells' * told or 'does not'}")
        if told and values and by_values(mutant.model).proven:
            raise AssertionError(f"{where}: believed by values, and an input tells")
        tokens = found.counterexample
        if tokens is not None and not oracle.shows(mutant.model, tokens):
            raise AssertionError(f"{where}: {tokens} does not show it")
        yield mutant, told, found


def by_values(model: CompiledModel) -> Proof:
    """What the proof says that runs no input."""
    return prove_by_values(model, current(model), NO_BUDGET)


def measure(case: Case, arguments: argparse.Namespace) -> Iterator[Row]:
    """A row for each mutant of a program at each level."""
    for level in arguments.levels:
        rng = np.random.default_rng(arguments.seed)
        for _ in range(arguments.rounds):
            for mutant, told, proof in judged(case, level, rng, values=arguments.values):
                names = {"program": case.name, "level": level}
                how = {"array": mutant.array, "change": mutant.change}
                status = {"told": told, "status": proof.status.value, "open": _left(proof)}
                yield {**names, **how, **status}


def _left(proof: Proof) -> str:
    """What is left open: the output, or variables alone."""
    if not proof.open:
        return ""
    return "output" if any(what.startswith("the output") for what in proof.open) else "variables"


def summary(rows: Sequence[Row], what: str) -> list[list[str]]:
    """What became of the mutants of each level, array, or change."""
    found = []
    for group in (*dict.fromkeys(row[what] for row in rows), None):
        own = [row for row in rows if group is None or row[what] == group]
        harmless = [row for row in own if not row["told"]]
        refused = [row for row in harmless if row["status"] != Status.PROVEN.value]
        share = f"{len(refused) / len(harmless):.1%}" if harmless else ""
        told = len(own) - len(harmless)
        counts = (len(own), told, len(harmless), len(refused))
        found.append(["all" if group is None else str(group), *map(str, counts), share])
    return found


def _run(arguments: argparse.Namespace) -> int:
    cases = [*CASES.values(), *NUMBERS]
    if arguments.programs:
        cases = [case for case in cases if case.name in arguments.programs]
    with CsvRows(arguments.output, COLUMNS) as table:
        try:
            for case in progress(cases, "changing"):
                for row in measure(case, arguments):
                    table.add(row)
            interrupted = False
        except KeyboardInterrupt:
            interrupted = True
        except AssertionError as error:
            print(error, file=sys.stderr)
            return EXIT_ERROR
    columns = ("mutants", "told apart: refuted", "harmless", "of these not proven", "share")
    for what in ("level", "change", "array"):
        print_table(f"Changed weights, by {what}", (what, *columns), summary(table.rows, what))
    return exit_code(interrupted)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [case.name for case in (*CASES.values(), *NUMBERS)]
    parser.add_argument("--programs", nargs="+", choices=names, help="all by default")
    parser.add_argument("--levels", nargs="+", type=int, choices=LEVELS, default=list(LEVELS))
    parser.add_argument(
        "--rounds", type=count, default=4, help="of each change of each array (%(default)s)"
    )
    parser.add_argument(
        "--values", action="store_true", help="ask the proof that runs no input as well"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the changes (%(default)s)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Changes weights; 1 at a proof that is wrong, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: _run(arguments))


if __name__ == "__main__":
    sys.exit(main())
