"""What each stage of the compiler made, as a table and as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optitracr.assembly.plan import Arrangement, Assembly
from optitracr.catalogues import Placed, Proposal
from optitracr.cli.output import shown
from optitracr.cli.proofs import size_of
from optitracr.compiled import CompiledModel
from optitracr.files.values import any_to_plain
from optitracr.graph.program import ProgramGraph
from optitracr.graph.rewrites.passes import Rewritten
from optitracr.graph.tabled import TabledNode, TabledProgram
from optitracr.model.proof import Proof
from optitracr.model.source import SourceLine, source_of
from optitracr.stages import Made, Rewriting, Stage
from solvers import Allocation, Kind, Plan, Problem

SHOWN_VALUES = 12
"""Values of a variable that a table shows; JSON has them all."""


@dataclass(frozen=True, slots=True)
class Section:
    """What one stage made.

    Attributes:
        stage: The stage.
        seconds: How long it took.
        facts: Of the whole, as plain data.
        rows: One for each thing in it, as plain data under the same headings.
    """

    stage: Stage
    seconds: float
    facts: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]] = ()

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        head = {"stage": self.stage.value, "seconds": self.seconds}
        return {**head, **self.facts, "rows": [dict(row) for row in self.rows]}


def section(made: Made) -> Section:
    """What a stage made, described."""
    facts, rows = _DESCRIBED[made.stage](made.value)
    return Section(made.stage, made.seconds, facts, list(rows))


Described = tuple[dict[str, Any], Iterable[dict[str, Any]]]


def _graph(graph: ProgramGraph) -> Described:
    lines = source_of(graph).lines
    return {"s_ops": len(lines)}, (
        {
            "s_op": line.label,
            "is": _call(line),
            "encoding": line.encoding,
            "written": line.written,
        }
        for line in lines
    )


def _call(line: SourceLine) -> str:
    default = f"default={line.default}" if line.default else ""
    parts = [part for part in (line.selector, line.function, *line.operands, default) if part]
    return f"{line.operation}({', '.join(parts)})" if parts else line.operation


def _values(program: TabledProgram) -> Described:
    return {"variables": len(program.nodes)}, (
        {
            "variable": node.label,
            "encoding": node.encoding.value,
            "values": [any_to_plain(value) for value in node.value_set.values],
            "none": node.value_set.may_be_none,
            **_provenance(node),
        }
        for node in program.nodes
    )


def _provenance(node: TabledNode) -> dict[str, str]:
    """Which rewrite made a variable, for which, and as what; nothing for the program's own."""
    made = node.provenance
    if made is None:
        return {"made_for": "", "made_as": "", "made_by": ""}
    return {"made_for": made.variable, "made_as": made.role.value, "made_by": made.made_by}


def _rewriting(rewriting: Rewriting) -> Described:
    return {"variables": len(rewriting.program.nodes)}, map(_rewritten, rewriting.done)


def _rewritten(done: Rewritten) -> dict[str, Any]:
    before, after = (program.by_label() for program in (done.before, done.after))
    return {
        "rewrite": done.name,
        "seconds": done.seconds,
        "variables": len(after),
        "added": [label for label in after if label not in before],
        "removed": [label for label in before if label not in after],
    }


def _candidates(proposal: Proposal) -> Described:
    proposed = proposal.proposed()
    kinds = Counter((one.variable, one.rule, one.kind) for one in proposed)
    families: dict[tuple[str, str], dict[str, None]] = {}
    for one in proposed:
        further = dict.fromkeys(str(family) for family in one.families)
        families.setdefault((one.variable, one.rule), {}).update(further)
    return {"candidates": len(proposed)}, (
        {
            "variable": variable,
            "rule": str(rule),
            "heads": kinds[variable, rule, Kind.ATTENTION],
            "mlps": kinds[variable, rule, Kind.MLP],
            "families": list(further),
        }
        for (variable, rule), further in families.items()
    )


def _problem(problem: Problem) -> Described:
    ways = Counter((way.variable, way.kind) for way in problem.alternatives)
    facts = {
        "variables": len(problem.variables),
        "alternatives": len(problem.alternatives),
        "readouts": len(problem.views),
        "embedding_rows": problem.constants.embedding_rows,
        "outputs": problem.constants.outputs,
    }
    return facts, (
        {
            "variable": variable.name,
            "width": variable.width,
            "embedded": variable.is_input,
            "heads": ways[variable.name, Kind.ATTENTION],
            "mlps": ways[variable.name, Kind.MLP],
        }
        for variable in problem.variables
    )


def _allocation(placed: Placed) -> Described:
    allocation = placed.allocation
    facts = {
        "solver": allocation.solver,
        "status": allocation.status.value,
        "objective": list(allocation.objective),
        "value": list(allocation.value),
        "bound": list(allocation.bound),
        "gap": allocation.gap,
        "message": allocation.message,
    }
    return facts, _sublayers(placed.problem, _plan(allocation))


def _plan(allocation: Allocation) -> Plan:
    assert allocation.plan is not None, "an allocation without a plan is an error before this"
    return allocation.plan


def _sublayers(problem: Problem, plan: Plan) -> Iterable[dict[str, Any]]:
    known = problem.alternative_by_name()
    for sublayer in range(2 * plan.layers):
        layer, half = divmod(sublayer, 2)
        yield {
            "layer": layer,
            "sublayer": (Kind.MLP if half else Kind.ATTENTION).value,
            "computes": [
                known[p.alternative].variable for p in plan.placements if p.sublayer == sublayer
            ],
            "erases": [e.variable for e in plan.erasures if e.sublayer == sublayer],
        }


def _arrangement(arrangement: Arrangement) -> Described:
    sizes = arrangement.sizes
    facts = {
        "layers": sizes.layers,
        "width": sizes.width,
        "heads": sizes.heads,
        "head_size": sizes.head_size,
        "neurons": sizes.neurons,
    }
    return facts, (
        {
            "variable": tenancy.variable.label,
            "dimensions": list(tenancy.columns),
            "from_state": tenancy.birth,
            "to_state": tenancy.end,
        }
        for tenancy in arrangement.layout.tenancies
    )


def _weights(assembly: Assembly) -> Described:
    parts = {path: list(arrays.values()) for path, arrays in assembly.weights.params.items()}
    parts["unembedding"] = [assembly.weights.unembedding]
    return {"parts": len(parts)}, (
        {
            "part": part,
            "shapes": [list(array.shape) for array in arrays],
            "not_zero": sum(int(np.count_nonzero(array)) for array in arrays),
            "largest": max(float(abs(array).max(initial=0.0)) for array in arrays),
        }
        for part, arrays in parts.items()
    )


def _model(model: CompiledModel) -> Described:
    size = {name: part for name, part in model.size.as_dict().items() if name != "per_layer"}
    return size, model.savings.as_dicts()


def _checked(proof: Proof) -> Described:
    facts = {
        "status": proof.status.value,
        "inputs": proof.inputs,
        "undefined": proof.undefined,
        "discharged": [f"{count} by {way.value}" for way, count in proof.discharged.items()],
        "largest_error": size_of(proof.largest_error),
        "smallest_separation": size_of(proof.smallest_separation),
    }
    return facts, ({"open": obligation} for obligation in proof.open)


_DESCRIBED: Mapping[Stage, Callable[[Any], Described]] = {
    Stage.GRAPH: _graph,
    Stage.VALUES: _values,
    Stage.ENCODINGS: _rewriting,
    Stage.REWRITES: _rewriting,
    Stage.CANDIDATES: _candidates,
    Stage.PROBLEM: _problem,
    Stage.ALLOCATION: _allocation,
    Stage.PLAN: _arrangement,
    Stage.WEIGHTS: _weights,
    Stage.MODEL: _model,
    Stage.CHECK: _checked,
}


def cell(value: Any) -> str:
    """Plain data in a cell of a table."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if not isinstance(value, list):
        return shown(value)
    parts = [shown(part, repr) if isinstance(part, dict) else shown(part) for part in value]
    more = len(parts) - SHOWN_VALUES
    cut = [*parts[:SHOWN_VALUES], f"and {more:,} more"] if more > 0 else parts
    return ", ".join(cut)
