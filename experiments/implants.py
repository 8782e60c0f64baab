"""Programs implanted into the trained hosts, on text that was not used for their intervals.

python experiments/implants.py --positions 100000 --output implants.csv

For each host and program: what it takes of the host, how far apart the ends of its intervals are,
how many positions are wrong or outside, and by how much the host's logits and perplexity change.
Exits with 1 if any position is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hosts import language_models, text
from reporting import EXIT_ERROR, EXIT_OK, CsvRows, Row, count, guarded, print_table

from optitracr import implant, library, rasp
from optitracr.errors import InputError, OptitracrError
from optitracr.hosts.implanted import Implant
from optitracr.rasp.batch import evaluate_batch

LENGTH = 31
"""Positions after BOS: half of what the hosts were trained on."""

MEASURED = 1000
"""Rows of the training text on which norms are measured."""

LETTERS = "etaoinsr "
PROGRAMS: dict[str, tuple[rasp.SOp, str]] = {
    "hist": (library.counting.make_hist(), LETTERS),
    "running_count": (library.counting.make_running_count("e"), LETTERS),
    "running_parity": (library.counting.make_running_parity("e"), LETTERS),
    "count_vowels": (library.text.make_count_vowels(), LETTERS),
    "previous_token": (library.copying.make_previous_token(), LETTERS),
    "first_occurrence": (library.patterns.make_first_occurrence(), LETTERS),
    "detect_pattern": (library.detect_pattern(rasp.tokens, "the"), "the"),
    "word_index": (library.text.make_word_index(), LETTERS),
    "bracket_depth": (library.brackets.make_depth("([{", ")]}"), "([{}])"),
    "dyck1_ptf": (library.brackets.make_dyck1_ptf(), "()"),
    "bigram_count": (library.patterns.make_bigram_count(), "etao"),
    "induction_composite": (library.patterns.make_induction_composite(), "etao"),
}
"""Programs, and the letters that they see; all others are None to them."""

COLUMNS = ("host", "program", "layers", "columns", "heads", "neurons", "ratio", "positions")
COLUMNS += ("outside", "wrong", "logit_change", "logit_noise", "perplexity_change")
COLUMNS += ("largest_gain", "largest_weight", "median", "refused")

BOUNDS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
"""Magnitudes up to which gains and weights are counted."""

COLUMNS += tuple(f"to_{bound}" for bound in BOUNDS)


def measure(kind: str, name: str, positions: int) -> Row:
    """A row of the table."""
    program, letters = PROGRAMS[name]
    host = language_models.load(kind)
    row: Row = {"host": kind, "program": name}
    try:
        found = implant(
            program,
            host,
            tokens=text.symbols(letters),
            bos=text.BOS,
            max_seq_len=LENGTH,
            texts=text.rows(held_out=False, length=LENGTH)[:MEASURED],
        )
    except OptitracrError as error:
        return row | {"refused": str(error)}
    fresh = text.rows(held_out=True, length=LENGTH)[: -(-positions // LENGTH)]
    return (
        row
        | sizes(found)
        | magnitudes(found)
        | differences(found, program, letters, fresh)
        | changes(found, kind, fresh)
    )


def sizes(found: Implant) -> Row:
    """What a program takes of its host."""
    placement = found.placement
    return {
        "layers": " ".join(map(str, placement.layers)),
        "columns": placement.columns,
        "heads": placement.heads,
        "neurons": placement.neurons,
        "ratio": round(max((x.ratio for x in placement.scales.values()), default=1.0), 2),
    }


def magnitudes(found: Implant) -> Row:
    """How large gains and weights over a program's columns are, of those that are not 0."""
    sizes = []
    for number, norm in enumerate(found.host_class.norms(found.host)):
        over = slice(found.placement.first, None)
        sizes.append(norm.weight.detach()[over])
        sizes += [x.detach()[over].flatten() for x in found.host_class.readers(found.host, number)]
    own = torch.cat(sizes).abs()
    own = own[own != 0.0]
    shares = {f"to_{bound}": f"{float((own <= bound).double().mean()):.4f}" for bound in BOUNDS}
    return {"median": f"{float(own.median()):.3g}", **shares}


def differences(found: Implant, program: rasp.SOp, letters: str, fresh: torch.Tensor) -> Row:
    """How many positions are wrong, or not known to be right."""
    try:
        values, outside = found.decode(fresh), 0
    except InputError:
        values = found.decode_unchecked(fresh)
        outside = int((~found.check(fresh).exact[:, 1:]).sum())
    wanted = interpreted(program, letters, fresh)
    pairs = zip(values, wanted, strict=True)
    wrong = sum(x != y for row, right in pairs for x, y in zip(row, right, strict=True))
    return {"positions": sum(map(len, values)), "outside": outside, "wrong": wrong}


def interpreted(program: rasp.SOp, letters: str, fresh: torch.Tensor) -> list[list[Any]]:
    """What the interpreter says, in the causal reading; other letters are None."""
    known = text.symbols(letters)
    vocabulary = (*dict.fromkeys(known.values()), None)
    codes = np.array(
        [[vocabulary.index(known.get(x)) for x in row[1:]] for row in fresh.tolist()],
        dtype=np.int32,
    )
    lengths = np.full(len(codes), codes.shape[1], dtype=np.int32)
    found = evaluate_batch([program], vocabulary, codes, lengths, causal=True)
    values = found.values(program)
    return [[values[code] for code in row] for row in found.codes(program).tolist()]


@lru_cache(maxsize=2)
def before_implanting(kind: str, rows: int) -> float:
    """The perplexity of a host on so many rows of new text."""
    fresh = text.rows(held_out=True, length=LENGTH)[:rows]
    return language_models.perplexity(language_models.load(kind), fresh)


def changes(found: Implant, kind: str, fresh: torch.Tensor) -> Row:
    """By how much the host changes."""
    before = before_implanting(kind, len(fresh))
    after = language_models.perplexity(found.host, fresh)
    return {
        "logit_change": f"{found.report.logit_change:.1e}",
        "logit_noise": f"{found.report.logit_noise:.1e}",
        "largest_gain": round(found.report.largest_gain),
        "largest_weight": round(found.report.largest_weight),
        "perplexity_change": f"{after / before - 1:.1e}",
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measures what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", nargs="+", default=["gpt2", "llama"], metavar="NAME")
    parser.add_argument(
        "--programs", nargs="+", choices=PROGRAMS, default=list(PROGRAMS), metavar="NAME"
    )
    parser.add_argument("--positions", type=count, default=100_000, help="of new text")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    arguments = parser.parse_args(argv)
    return guarded(lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    with CsvRows(arguments.output, COLUMNS) as table:
        for kind in arguments.hosts:
            for name in arguments.programs:
                print(f"implanting {name} into {kind}", file=sys.stderr)
                table.add(measure(kind, name, arguments.positions))
    shown = COLUMNS[: COLUMNS.index("median")]
    cells = [[str(row.get(column, "")) for column in shown] for row in table.rows]
    print_table("Programs in trained hosts", shown, cells)
    _print_magnitudes(table.rows)
    for row in table.rows:
        if "refused" in row:
            print(f"{row['host']} refuses {row['program']}: {row['refused']}")
    return EXIT_ERROR if any(row.get("wrong") for row in table.rows) else EXIT_OK


def _print_magnitudes(rows: Sequence[Row]) -> None:
    """What part of the gains and weights of each program is how large at most."""
    columns = ("host", "program", "median", *(f"to_{bound}" for bound in BOUNDS))
    cells = [[str(row.get(column, "")) for column in columns] for row in rows]
    print_table("Their gains and weights, as parts up to a magnitude", columns, cells)


if __name__ == "__main__":
    sys.exit(main())
