"""The circuit: which head, neuron and dimension serves which RASP variable."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optitracr.model.compiled import CompiledModel


@dataclass(frozen=True, slots=True)
class CircuitNode:
    """One part of the model.

    Attributes:
        name: `L{layer}.head{i}`, or `L{layer}.neurons{start}-{stop}`.
        layer: Its layer.
        kind: "head" or "neurons".
        index: The head, or the first neuron and the one after the last.
        variables: RASP variables that it computes or helps to compute.
        erases: Variables of the residual stream that it erases.
    """

    name: str
    layer: int
    kind: str
    index: tuple[int, ...]
    variables: tuple[str, ...]
    erases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CircuitDimensions:
    """A variable's stay in the residual stream.

    Attributes:
        name: The variable of the residual stream.
        variable: The RASP variable that it holds, or helps to compute; "" for BOS and the
            constant.
        dimensions: Its columns.
        first_state: First state at which it is alive (state t is after t sublayers).
        last_state: Last state at which it is alive.
    """

    name: str
    variable: str
    dimensions: tuple[int, ...]
    first_state: int
    last_state: int


@dataclass(frozen=True, slots=True)
class Circuit:
    """All heads, neurons and dimensions of a model.

    Attributes:
        nodes: Heads and groups of neurons, by layer.
        dimensions: Every stay in the residual stream, by birth.
        edges: Pairs (writer, reader) of node names; "embed" writes inputs, "unembed" reads
            the output.
    """

    nodes: tuple[CircuitNode, ...]
    dimensions: tuple[CircuitDimensions, ...]
    edges: tuple[tuple[str, str], ...]

    def as_dict(self) -> dict[str, object]:
        """The circuit as plain data."""
        return asdict(self)

    def serving(self, variable: str) -> tuple[CircuitNode, ...]:
        """The nodes that serve a RASP variable."""
        return tuple(node for node in self.nodes if variable in node.variables)


def circuit_of(model: CompiledModel) -> Circuit:
    """Reads the circuit off a compiled model."""
    nodes: list[CircuitNode] = []
    writers: dict[str, list[str]] = {}
    readers: list[tuple[str, tuple[str, ...]]] = []
    components = {component.name: component for component in model.components}
    for layer, (heads, neurons) in enumerate(zip(model.heads, model.neurons, strict=True)):
        uses: list[tuple[str, str, tuple[int, ...], tuple[str, ...], tuple[str, ...]]] = [
            (f"L{layer}.head{i}", "head", (i,), use.components, use.erased)
            for i, use in enumerate(heads)
        ]
        uses += [
            (
                f"L{layer}.neurons{use.start}-{use.stop}",
                "neurons",
                (use.start, use.stop),
                (use.component,) if use.component else (),
                use.erased,
            )
            for use in neurons
        ]
        for name, kind, index, served, erased in uses:
            parts = [components[component] for component in served]
            labels = dict.fromkeys(label for part in parts for label in part.serves)
            nodes.append(CircuitNode(name, layer, kind, index, tuple(labels), erased))
            for part in parts:
                writers.setdefault(part.variable.label, []).append(name)
                readers.append((name, part.reads))
    readers.append(("unembed", model.output_reads))
    edges = dict.fromkeys(
        (writer, reader)
        for reader, reads in readers
        for label in reads
        for writer in writers.get(label, ["embed"])
    )
    return Circuit(tuple(nodes), _dimensions(model), tuple(edges))


def _dimensions(model: CompiledModel) -> tuple[CircuitDimensions, ...]:
    meaning = {part.variable.label: part.serves[0] for part in model.components if part.serves}
    meaning |= {name: held.label for name, held in model.program.readings.items()}
    return tuple(
        CircuitDimensions(
            name=tenancy.variable.label,
            variable=meaning.get(tenancy.variable.label, ""),
            dimensions=tenancy.columns,
            first_state=tenancy.birth,
            last_state=tenancy.end,
        )
        for tenancy in model.layout.tenancies
    )
