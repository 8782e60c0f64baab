"""The library compiled for published transformers: GPT-2 and Llama with their norms.

Each program is compiled in its causal reading, and run in the class of `transformers`, in float32,
on every input where these are at most --max-inputs, and else on short, random and rare ones. A row
of the CSV file is a program and an architecture: whether its readings agree, what was found, sizes
beside those of the model without norms, and the largest numbers among the weights. --markdown
writes the tables into files; in one that has the lines `<!-- stock: ... -->` and `<!-- /stock -->`,
only what stands between them is replaced.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence

import numpy as np
from reporting import (
    CsvRows,
    Row,
    add_table_options,
    chosen_programs,
    count,
    exit_code,
    failure,
    guarded,
    markdown_table,
    print_table,
    seconds,
    sweep,
    write_table,
)

from optitracr import compile_rasp_to_model, library
from optitracr.compiled import CompiledModel
from optitracr.errors import UnsupportedError, VerificationError
from optitracr.options import Check
from optitracr.stock.checking import compared
from optitracr.stock.transformers_model import runner
from optitracr.stock.weights import kinds_of_weights

ARCHITECTURES = ("gpt2", "llama")
SIZES = ("layers", "width", "heads", "head_size", "neurons", "parameters")
KINDS = ("gains", "weights", "biases", "unembedding")
STEPS = (1.0, 10.0, 100.0, 1000.0)
"""Sizes up to which weights are counted: powers of ten up to the largest that is aimed at."""

SAMPLED = 2000
"""Inputs of each kind where they are too many to run all: a second's work."""

COLUMNS = (
    *("program", "architecture", "readings_agree", "inputs", "every_input", "proof"),
    *SIZES,
    *(f"plain_{size}" for size in SIZES),
    *(f"largest_{kind}" for kind in KINDS),
    *(f"weights_to_{step:g}" for step in STEPS),
    *("weights_in_all", "error"),
)


def measure(entry: library.Program, arguments: argparse.Namespace) -> Iterator[Row]:
    """A row for each architecture."""
    for architecture in arguments.architectures:
        row: Row = {"program": entry.name, "architecture": architecture}
        try:
            yield row | _measured(entry, architecture, arguments)
        except Exception as error:
            yield row | {"error": failure(f"{entry.name} for {architecture}", error)}


def _measured(entry: library.Program, architecture: str, arguments: argparse.Namespace) -> Row:
    model = _compiled(entry, architecture, True, arguments, check=Check.SAMPLE)
    plain = _compiled(entry, "tracr", True, arguments)
    form = model.stock()
    run = runner(model.to_transformers())
    found = compared(model, form, run, arguments.max_inputs, SAMPLED, 0)
    if found.wrong is not None:
        raise VerificationError(found.wrong.finding)
    row: Row = {
        "readings_agree": _readings_agree(entry, architecture, arguments),
        "inputs": found.inputs,
        "every_input": found.every,
        "proof": model.prove_stock().status.value,
    }
    row |= {size: getattr(form.sizes, size) for size in SIZES}
    row |= {f"plain_{size}": getattr(plain.size, size) for size in SIZES}
    return row | _of_weights(model)


def _compiled(
    entry: library.Program,
    architecture: str,
    causal: bool,
    arguments: argparse.Namespace,
    check: Check | bool = False,
) -> CompiledModel:
    return compile_rasp_to_model(
        entry.make(),
        entry.vocab,
        entry.max_seq_len,
        causal=causal,
        architecture=architecture,
        time_limit=arguments.time_limit,
        check=check,
    )


def _readings_agree(
    entry: library.Program, architecture: str, arguments: argparse.Namespace
) -> bool:
    try:
        _compiled(entry, architecture, False, arguments)
    except UnsupportedError:
        return False
    return True


def _of_weights(model: CompiledModel) -> Row:
    kinds = {
        kind: np.abs(numbers.astype(np.float32))
        for kind, numbers in kinds_of_weights(model.stock().lowered.weights).items()
    }
    row: Row = {
        f"largest_{kind}": round(float(numbers.max(initial=0.0)), 3)
        for kind, numbers in kinds.items()
    }
    together = np.concatenate([kinds["weights"], kinds["biases"], kinds["unembedding"]])
    row |= {f"weights_to_{step:g}": int((together <= step).sum()) for step in STEPS}
    return row | {"weights_in_all": together.size}


def summary(rows: Sequence[Row]) -> list[list[str]]:
    """For each architecture and kind of program: how many compile, and what norms cost."""
    cells = []
    for architecture in ARCHITECTURES:
        own = [row for row in rows if row["architecture"] == architecture]
        for agree, title in ((True, "readings agree"), (False, "causal reading")):
            of_kind = [row for row in own if row.get("readings_agree") is agree]
            if of_kind:
                cells.append([architecture, title, *_of_kind(of_kind)])
        refused = [row for row in own if "error" in row]
        if refused:
            cells.append([architecture, "refused", str(len(refused)), *[""] * 5])
    return cells


def _of_kind(rows: Sequence[Row]) -> list[str]:
    every = sum(row["every_input"] for row in rows)
    proven = sum(row["proof"] == "PROVEN" for row in rows)

    def ratio(size: str) -> str:
        logs = [math.log(row[size] / max(1, row[f"plain_{size}"])) for row in rows]
        return f"{math.exp(sum(logs) / len(logs)):.2f}"

    return [
        f"{len(rows)}",
        f"{every}",
        f"{proven}",
        *(ratio(size) for size in ("layers", "width", "parameters")),
    ]


SUMMARY_COLUMNS = (
    *("architecture", "programs", "compiled", "run on every input", "proven"),
    *("layers, times", "width, times", "parameters, times"),
)


def distribution(rows: Sequence[Row]) -> list[list[str]]:
    """For each architecture: weights up to each size, and the largest of each kind."""
    cells = []
    for architecture in ARCHITECTURES:
        own = [r for r in rows if r["architecture"] == architecture and "error" not in r]
        whole = sum(row["weights_in_all"] for row in own)
        if not whole:
            continue
        shares = [sum(row[f"weights_to_{step:g}"] for row in own) / whole for step in STEPS]
        most = [max(row[f"largest_{kind}"] for row in own) for kind in KINDS]
        cells.append(
            [
                architecture,
                *(f"{100 * share:.2f} %" for share in shares),
                *(f"{number:,.0f}" for number in most),
            ]
        )
    return cells


DISTRIBUTION_COLUMNS = (
    "architecture",
    *(f"weights to {step:,g}" for step in STEPS),
    *(f"largest of {kind}" for kind in KINDS),
)


def too_large(rows: Sequence[Row]) -> list[str]:
    """A line for each architecture whose weights are not all as small as is aimed at."""
    lines = []
    for architecture in ARCHITECTURES:
        found = {
            row["program"]: max(row[f"largest_{kind}"] for kind in KINDS)
            for row in rows
            if row["architecture"] == architecture and "error" not in row
        }
        told = [f"`{name}` ({most:,.0f})" for name, most in found.items() if most > STEPS[-1]]
        if told:
            lines.append(f"- {architecture}: {', '.join(told)}")
    return lines


def totals(rows: Sequence[Row]) -> list[list[str]]:
    """For each architecture: sizes of all programs together, and of these without norms."""
    cells = []
    for architecture in ARCHITECTURES:
        own = [r for r in rows if r["architecture"] == architecture and "error" not in r]
        for prefix, title in (("", architecture), ("plain_", "the same without norms")):
            sums = (sum(row[f"{prefix}{size}"] for row in own) for size in SUMMED)
            cells.append([title, *(f"{each:,}" for each in sums)])
    return cells


SUMMED = ("layers", "width", "parameters")


def by_program(rows: Sequence[Row]) -> list[list[str]]:
    """A line for each program: without norms, and as each published transformer."""
    cells: dict[str, list[str]] = {}
    for row in rows:
        line = cells.setdefault(row["program"], [row["program"]])
        if "error" in row:
            line.append("refused")
            continue
        if len(line) == 1:
            line += ["yes" if row["readings_agree"] else "no", _sizes(row, "plain_")]
        line.append(_sizes(row, ""))
    return list(cells.values())


def _sizes(row: Row, prefix: str) -> str:
    layers, width, heads, size, neurons, parameters = (row[f"{prefix}{each}"] for each in SIZES)
    return f"{layers} / {width} / {heads}·{size} / {neurons} / {parameters:,}"


PROGRAM_COLUMNS = ("program", "readings agree", "without norms", "GPT-2", "Llama")


def text(rows: Sequence[Row]) -> str:
    """The tables in Markdown."""
    refused = [
        f"- `{row['program']}` for {row['architecture']}: {row['error']}"
        for row in rows
        if "error" in row
    ]
    large = too_large(rows)
    parts = [
        markdown_table(SUMMARY_COLUMNS, summary(rows)),
        markdown_table(("in all", *SUMMED), totals(rows)),
        markdown_table(DISTRIBUTION_COLUMNS, distribution(rows)),
        *([f"Weights over {STEPS[-1]:,.0f}:\n\n" + "\n".join(large)] if large else []),
        *(["Refused:\n\n" + "\n".join(refused)] if refused else []),
        "Layers, width, heads and their size, neurons and parameters of each:",
        markdown_table(PROGRAM_COLUMNS, by_program(rows)),
    ]
    return "\n" + "\n\n".join(parts) + "\n\n"


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_table_options(parser)
    parser.add_argument("--architectures", nargs="+", choices=ARCHITECTURES, default=ARCHITECTURES)
    parser.add_argument("--max-inputs", type=count, default=100_000, metavar="N")
    parser.add_argument("--time-limit", type=seconds, default=10.0, metavar="SECONDS")
    return parser.parse_args()


def main() -> int:
    """Measures, prints and writes."""
    arguments = parse()
    programs = chosen_programs(arguments.programs)
    with CsvRows(arguments.output, COLUMNS) as rows:
        interrupted = sweep(programs, lambda e: measure(e, arguments), rows, "compiling")
        print_table("Published transformers", SUMMARY_COLUMNS, summary(rows.rows))
        print_table("Their weights", DISTRIBUTION_COLUMNS, distribution(rows.rows))
        write_table(arguments.markdown, "stock", text(rows.rows))
    return exit_code(interrupted, any("error" in row for row in rows.rows))


if __name__ == "__main__":
    sys.exit(guarded(main))
