"""Whether circuits say the truth: ablations inside and outside of every variable's circuit.

For every variable that the residual stream holds, and for the output:

- outside: all heads and neurons that are not in its circuit are ablated at once, by zeros
  and by resampling. The variable has to stay as it is, at every state and position.
- inside: every head, and every run of neurons, that is in its circuit is resampled alone.
  The variable should change for some input. Where it does not, the part is one that the
  variable depends on by the weights and not on these inputs: it is constant on them, or what
  reads it tells the values apart all the same.

And every possible edge between heads, MLPs, embeddings and output is patched alone: those
that change the output are scored against the circuit.

The exit code is 3 if anything outside changed a variable, or an edge that is not in the
circuit changed the output.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from reporting import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    CsvRows,
    Row,
    chosen_programs,
    count,
    guarded,
    print_table,
    sweep,
)

from optitracr import compile_rasp_to_model, library
from optitracr.circuit.intervention import Ablation, ablate, activations, change
from optitracr.circuit.parts import node_hooks
from optitracr.circuit.patching import edge_effects
from optitracr.compiled import CompiledModel
from optitracr.inputs import check_inputs, with_bos
from optitracr.levels import LEVELS

COLUMNS = (
    "program",
    "level",
    "variables",
    "largest_change_outside",
    "parts_inside",
    "parts_with_effect",
    "without_effect",
    "edges_inside",
    "edges_with_effect",
    "edges_outside",
    "edges_outside_with_effect",
)
EXIT_WRONG = 3
UNCHANGED = 1e-5
"""Rounding of float32: what is ablated reaches no weight that the variable depends on."""

CHANGED = 1e-3

EDGE_INPUTS = 64
"""Edges are many."""


def measure_model(model: CompiledModel, inputs: int) -> Row:
    """One model: the largest change from outside, and how many parts inside have effect."""
    tokens = inputs_of(model, inputs)
    before, found = activations(model, tokens)
    every = {
        f"{hook}[:, :, {place}]" for hook, array in found.items() for place in range(array.shape[2])
    }
    worst, inside, effective, without = 0.0, 0, 0, []
    variables = variables_of(model)
    for variable in variables:
        parts = model.circuit.parts_of(variable, "qkv")
        for how in Ablation:
            after = ablate(model, tokens, sorted(every - parts), how)
            worst = max(worst, change(model, variable, before, after, tokens))
        for node in model.circuit.nodes:
            own = [name for name in node_hooks(node) if name in parts]
            if not own:
                continue
            inside += 1
            after = ablate(model, tokens, own)
            if change(model, variable, before, after, tokens) > CHANGED:
                effective += 1
            else:
                without.append(f"{node.name} for {variable}")
    return {
        "variables": len(variables),
        "largest_change_outside": worst,
        "parts_inside": inside,
        "parts_with_effect": effective,
        "without_effect": "; ".join(without),
        **measure_edges(model, tokens),
    }


def measure_edges(model: CompiledModel, tokens: np.ndarray) -> Row:
    """How many edges inside and outside of the circuit change the output when patched."""
    effects = edge_effects(model, tokens[:EDGE_INPUTS])
    score = model.circuit.score([edge for edge, effect in effects.items() if effect > CHANGED])
    return {
        "edges_inside": score.true_positives + score.false_negatives,
        "edges_with_effect": score.true_positives,
        "edges_outside": score.false_positives + score.true_negatives,
        "edges_outside_with_effect": score.false_positives,
    }


def variables_of(model: CompiledModel) -> list[str]:
    """Variables of the residual stream, and the output."""
    held = (stay.variable for stay in model.circuit.dimensions if stay.variable)
    return [*dict.fromkeys([*held, model.name])]


def inputs_of(model: CompiledModel, inputs: int) -> np.ndarray:
    """Shape [inputs, seq]: short inputs, adversarial ones and random ones."""
    chosen = check_inputs(
        len(model.setting.vocabulary), model.setting.max_seq_len, inputs, inputs, 0
    )
    rows = np.random.default_rng(0).permutation(len(chosen.codes))[:inputs]
    encoder = model.input_encoder
    return with_bos(chosen.codes[rows], encoder.bos_encoding, encoder.pad_encoding)


def measure(entry: library.Program, levels: Iterable[int], inputs: int) -> Iterator[Row]:
    """A row a level."""
    for level in levels:
        model = compile_rasp_to_model(
            entry.make(), entry.vocab, entry.max_seq_len, causal=entry.causal, optimize=level
        )
        yield {"program": entry.name, "level": level, **measure_model(model, inputs)}


def show(rows: list[Row]) -> None:
    """Sums by level."""
    cells = []
    for level in LEVELS:
        mine = [row for row in rows if row["level"] == level]
        if not mine:
            continue
        total = {name: sum(row[name] for row in mine) for name in COLUMNS[4:6] + COLUMNS[7:]}
        cells.append(
            (
                str(level),
                f"{len(mine):,}",
                f"{sum(row['variables'] for row in mine):,}",
                f"{max(row['largest_change_outside'] for row in mine):.1e}",
                *shares(total, "parts_inside", "parts_with_effect"),
                *shares(total, "edges_inside", "edges_with_effect"),
                *shares(total, "edges_outside", "edges_outside_with_effect"),
            )
        )
    columns = ("level", "models", "variables", "change from outside")
    columns += ("parts inside", "with effect", "edges inside", "with effect")
    columns += ("edges outside", "with effect")
    print_table("Ablations inside and outside of circuits", columns, cells)


def shares(total: Row, whole: str, part: str) -> tuple[str, str]:
    """A number, and how many of it, with the percentage."""
    percent = 100 * total[part] / max(total[whole], 1)
    return f"{total[whole]:,}", f"{total[part]:,} ({percent:.1f} %)"


def main() -> int:
    """Measures, prints the sums, and fails where something outside mattered."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", nargs="+", metavar="NAME", help="of the library (all)")
    parser.add_argument(
        "--levels", nargs="+", type=int, choices=LEVELS, default=LEVELS, metavar="LEVEL"
    )
    parser.add_argument("--inputs", type=count, default=300, metavar="N")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write CSV here")
    arguments = parser.parse_args()
    programs = chosen_programs(arguments.programs)
    with CsvRows(arguments.output, COLUMNS) as rows:
        interrupted = sweep(
            programs,
            lambda entry: measure(entry, arguments.levels, arguments.inputs),
            rows,
            "ablating",
        )
    show(rows.rows)
    wrong = [
        row
        for row in rows.rows
        if row["largest_change_outside"] > UNCHANGED or row["edges_outside_with_effect"]
    ]
    for row in wrong:
        print(
            f"{row['program']} at level {row['level']}: something outside of a circuit matters",
            file=sys.stderr,
        )
    if interrupted:
        return EXIT_INTERRUPTED
    return EXIT_WRONG if wrong else EXIT_OK


if __name__ == "__main__":
    sys.exit(guarded(main))
