"""The graph files and the attribution of this library beside those of another package.

`circuitkit` has EAP-IG's loader and its methods, on TransformerLens 3; this runs in an environment
that has both, which docs/circuits.md says how to make. For each program the loader reads the graph
file, and its nodes, edges and columns are compared with what the file says, and with the graph that
the loader makes of the model itself. Then its EAP and its EAP-IG are run on the inputs that methods
of this library are given, and the scores compared: the largest difference as a share of the largest
score, and the area under the ROC curve of either. A row of the CSV file is a program. --markdown
writes the table; in a file that has the lines `<!-- attribution: ... -->` and
`<!-- /attribution -->`, only what stands between them is replaced.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from reporting import (
    CsvRows,
    Row,
    add_table_options,
    chosen_programs,
    exit_code,
    failure,
    guarded,
    markdown_table,
    print_table,
    sweep,
    write_table,
)

from optitracr import benchmark, library
from optitracr.assembly.plan import Least
from optitracr.benchmark.methods import STEPS
from optitracr.benchmark.network import Network
from optitracr.compiled import CompiledModel
from optitracr.errors import MissingExtraError
from optitracr.options import check_options
from optitracr.recipes import RECIPES
from optitracr.setting import check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation

METHODS = {"eap": "EAP", "eap_ig": "EAP-IG-inputs"}
"""Of this library, and what the other calls the same."""

COLUMNS = (
    "program",
    *("layers", "heads", "nodes", "edges", "edges_in_graph", "columns_in_graph"),
    *("file_agrees", "model_agrees"),
    *(f"{method}_{what}" for method in METHODS for what in ("gap", "auroc", "auroc_other")),
    "error",
)

CLOSE = 1e-6
"""Up to which scores are the same: the other package keeps them in single precision at last."""


class Other:
    """The other package."""

    def __init__(self) -> None:
        """Loads it.

        Raises:
            MissingExtraError: If it is not there.
        """
        try:
            self.graph: Any = import_module("circuitkit.backends.eap.graph").Graph
            self._attributing: Any = import_module("circuitkit.backends.eap.attribute")
        except ImportError as error:
            raise MissingExtraError(
                f"{error}; run this in an environment as docs/circuits.md describes it"
            ) from None
        # It takes text; here inputs are integers already, of one length and without padding.
        self._attributing.tokenize_batch_pair = _paired

    def scores(self, method: str, task: benchmark.Task, lens: Any) -> list[float]:
        """What a method of it gives for each edge of a task, without signs."""
        graph, torch = self.graph.from_model(lens), task.network.torch
        batch = [torch.as_tensor(x).long() for x in (task.tokens, task.corrupted)]
        options = {"ig_steps": STEPS} if method == "EAP-IG-inputs" else {}
        self._attributing.attribute(
            lens,
            graph,
            [(*batch, None)],
            lambda logits, *rest: (logits * task.direction).sum(),
            method,
            quiet=True,
            **options,
        )
        names = (f"{writer}->{reader}" for writer, reader in task.edges)
        # It gives means over inputs.
        return [abs(float(graph.edges[name].score)) * len(task.tokens) for name in names]


def _paired(model: Any, clean: Any, corrupted: Any, **rest: Any) -> tuple[Any, ...]:
    """Inputs as the other package takes them: with masks, lengths, and how many positions."""
    lengths = clean.new_full((len(clean),), clean.shape[1])
    masks = (clean.new_ones(clean.shape), corrupted.new_ones(corrupted.shape))
    return clean, corrupted, *masks, lengths, clean.shape[1]


def measure(entry: library.Program, other: Other) -> Iterator[Row]:
    """The row of a program."""
    row: Row = {"program": entry.name}
    try:
        model = _compiled(entry, Least())
        row |= _graphs(model, other)
        if model.size.layers > 1 and model.size.heads == 1:
            # The other package refuses several layers of one head each.
            model = _compiled(entry, Least(heads=2))
        yield row | _attribution(model, other)
    except Exception as error:
        yield row | {"error": failure(entry.name, error)}


def _compiled(entry: library.Program, least: Least) -> CompiledModel:
    """The model of a program, of some sizes at least."""
    options = check_options(causal=entry.causal, check=False)
    setting = check_setting(
        entry.vocab, entry.max_seq_len, COMPILER_BOS, COMPILER_PAD, options.causal
    )
    recipe = replace(RECIPES[options.optimize], least=least)
    return Compilation(entry.make(), setting, options, recipe=recipe).compiled()


def _graphs(model: CompiledModel, other: Other) -> Row:
    """What the loader makes of the file, and of the model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.json"
        model.circuit.to_eap(path)
        loaded, data = other.graph.from_json(str(path)), json.loads(path.read_text())
    whole = other.graph.from_model(model.to_transformer_lens(kind="hooked"))
    return {
        "layers": data["cfg"]["n_layers"],
        "heads": data["cfg"]["n_heads"],
        "nodes": len(loaded.nodes),
        "edges": int(loaded.real_edge_mask.sum()),
        "edges_in_graph": int(loaded.in_graph.sum()),
        "columns_in_graph": int(loaded.neurons_in_graph.sum()),
        "file_agrees": _says(loaded) == _wanted(data),
        "model_agrees": (set(whole.nodes), set(whole.edges))
        == (set(data["nodes"]), set(data["edges"])),
    }


def _says(loaded: Any) -> dict[str, Any]:
    """What a graph of the loader's says, as the file would."""
    columns = loaded.neurons_in_graph.bool()
    return {
        "cfg": {name: loaded.cfg[name] for name in ("n_layers", "n_heads", "d_model")},
        "nodes": {
            name: (
                node.in_graph,
                columns[loaded.forward_index(node, attn_slice=False)].tolist(),
            )
            for name, node in loaded.nodes.items()
            if name != "logits"
        },
        "edges": {name: edge.in_graph for name, edge in loaded.edges.items()},
        "count": (int(loaded.real_edge_mask.sum()), int(loaded.in_graph.sum())),
    }


def _wanted(data: dict[str, Any]) -> dict[str, Any]:
    """The same of the file."""
    edges = {name: edge["in_graph"] for name, edge in data["edges"].items()}
    nodes = {name: node for name, node in data["nodes"].items() if name != "logits"}
    return {
        "cfg": {name: data["cfg"][name] for name in ("n_layers", "n_heads", "d_model")},
        "nodes": {name: (node["in_graph"], node["neurons"]) for name, node in nodes.items()},
        "edges": edges,
        "count": (len(edges), sum(edges.values())),
    }


class Double(Network):
    """A model in double precision."""

    def tensor(self, array: Any) -> Any:
        """Numbers of double precision."""
        return self.torch.tensor(np.asarray(array, dtype=np.float64))


def _attribution(model: CompiledModel, other: Other) -> Row:
    """The scores of both packages on the same inputs, in double precision.

    In single precision the gradients of attention that is saturated are rounding alone.
    """
    task = benchmark.task_of(model)
    vars(task)["network"] = network = Double(model)
    lens = model.to_transformer_lens(kind="hooked").to(network.torch.float64)
    lens.cfg.dtype = network.torch.float64
    for name in ("use_attn_result", "use_split_qkv_input", "use_hook_mlp_in"):
        getattr(lens, f"set_{name}")(True)
    truth = task.truth
    row: Row = {}
    for name, theirs in METHODS.items():
        own = benchmark.METHODS[name](task)
        found = np.array(other.scores(theirs, task, lens))
        largest = max(float(own.max(initial=0.0)), float(found.max(initial=0.0)))
        gap = float(np.abs(own - found).max(initial=0.0))
        row[f"{name}_gap"] = gap / largest if largest else 0.0
        for ending, scores in (("auroc", own), ("auroc_other", found)):
            area = benchmark.auroc(scores[truth.counts], truth.inside[truth.counts])
            row[f"{name}_{ending}"] = "" if np.isnan(area) else area
    return row


def summary(rows: Sequence[Row]) -> list[list[str]]:
    """Over all programs: graphs, then each method."""
    known = [row for row in rows if "error" not in row]
    both = [row for row in known if row["file_agrees"] and row["model_agrees"]]
    edges, inside = (sum(row[name] for row in known) for name in ("edges", "edges_in_graph"))
    found = [["graph", f"{len(both)} of {len(rows)}", "", ""]]
    found[0][2] = f"{edges:,} edges, {inside:,} in the graph"
    for name in METHODS:
        close = [row for row in known if row[f"{name}_gap"] <= CLOSE]
        largest = max((row[f"{name}_gap"] for row in known), default=0.0)
        areas = [
            np.mean([row[f"{name}_{ending}"] for row in known if row[f"{name}_{ending}"] != ""])
            for ending in ("auroc", "auroc_other")
        ]
        told = f"scores differ by {largest:.0e} of the largest at most"
        found.append([f"`{name}`", f"{len(close)} of {len(rows)}", told, ""])
        found[-1][3] = " and ".join(f"{area:.4f}" for area in areas)
    return found


SUMMARY_COLUMNS = ("what", "programs that agree", "how far", "areas, here and there")


def text(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    return "\n" + markdown_table(SUMMARY_COLUMNS, summary(rows)) + "\n\n"


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_table_options(parser)
    return parser.parse_args()


def main() -> int:
    """Measures, prints and writes."""
    arguments = parse()
    programs = chosen_programs(arguments.programs)
    other = Other()
    with CsvRows(arguments.output, COLUMNS) as rows:
        interrupted = sweep(programs, lambda e: measure(e, other), rows, "comparing")
        print_table("Beside circuitkit", SUMMARY_COLUMNS, summary(rows.rows))
        write_table(arguments.markdown, "attribution", text(rows.rows))
    return exit_code(interrupted, any("error" in row for row in rows.rows))


if __name__ == "__main__":
    sys.exit(guarded(main))
