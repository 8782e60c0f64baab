"""What a model says of its parts: which head, neuron and dimension serves which variable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from optitracr import arguments
from optitracr.craft.reading import Variable
from optitracr.model.layout import Layout

HEAD, NEURONS = "head", "neurons"


@dataclass(frozen=True, slots=True)
class HeadUse:
    """Which components one head serves, for the circuit; `erased` for an erasing head.

    Attributes:
        components: Names of the components.
        erased: Variables that it erases.
        columns: For each component its first column of the head's output and the one after
            its last.
    """

    components: tuple[str, ...]
    erased: tuple[str, ...]
    columns: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class NeuronUse:
    """A run of neurons and the component, or the erased variable, that it serves."""

    start: int
    stop: int
    component: str
    erased: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlacedComponent:
    """A head or a group of neurons that computes one variable; its weights are the model's.

    Attributes:
        name: Unique name of the component.
        variable: What it computes.
        reads: Labels of the variables of the residual stream that it reads.
        serves: Labels of the RASP variables that it is for.
    """

    name: str
    variable: Variable
    reads: tuple[str, ...]
    serves: tuple[str, ...]


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
        components: The components that it is made of; none for a part that only erases.
        columns: For each component of a head its first column of the head's output and the
            one after its last.
        writes: Variables of the residual stream that it computes.
    """

    name: str
    layer: int
    kind: str
    index: tuple[int, ...]
    variables: tuple[str, ...]
    erases: tuple[str, ...]
    components: tuple[str, ...] = ()
    columns: tuple[tuple[int, int], ...] = ()
    writes: tuple[str, ...] = ()

    @property
    def sublayer(self) -> int:
        """Attention of layer l is sublayer 2l, its MLP 2l + 1."""
        return 2 * self.layer + int(self.kind == NEURONS)


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
        carries: What each column carries, in words: "tokens is 'a'", "indices: cos of circle".
    """

    name: str
    variable: str
    dimensions: tuple[int, ...]
    first_state: int
    last_state: int
    carries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CircuitRecord:
    """All heads, neurons and dimensions of a model, as plain data.

    Attributes:
        nodes: Heads and groups of neurons, by layer.
        dimensions: Every stay in the residual stream, by birth.
        edges: Pairs (writer, reader) of node names; "embed" writes inputs, "unembed" reads
            the output.
    """

    nodes: tuple[CircuitNode, ...]
    dimensions: tuple[CircuitDimensions, ...]
    edges: tuple[tuple[str, str], ...]

    def as_dict(self) -> dict[str, Any]:
        """The record as plain data."""
        return {
            "nodes": [asdict(node) for node in self.nodes],
            "dimensions": [asdict(stay) for stay in self.dimensions],
            "edges": [list(edge) for edge in self.edges],
        }

    def serving(self, variable: str) -> tuple[CircuitNode, ...]:
        """The nodes that serve a RASP variable.

        Raises:
            InputError: If it is no name.
        """
        variable = arguments.text("variable", variable)
        return tuple(node for node in self.nodes if variable in node.variables)


def dimensions_of(layout: Layout) -> tuple[CircuitDimensions, ...]:
    """The stays of a layout, as a circuit lists them."""
    return tuple(
        CircuitDimensions(
            name=tenancy.variable.label,
            variable=tenancy.holds,
            dimensions=tenancy.columns,
            first_state=tenancy.birth,
            last_state=tenancy.end,
            carries=tenancy.names,
        )
        for tenancy in layout.tenancies
    )


def head_uses(nodes: Iterable[CircuitNode], layers: int) -> tuple[tuple[HeadUse, ...], ...]:
    """For each layer, what each head serves."""
    found: list[list[HeadUse]] = [[] for _ in range(layers)]
    for node in nodes:
        if node.kind == HEAD:
            found[node.layer].append(HeadUse(node.components, node.erases, node.columns))
    return tuple(map(tuple, found))


def neuron_uses(nodes: Iterable[CircuitNode], layers: int) -> tuple[tuple[NeuronUse, ...], ...]:
    """For each layer, what each run of neurons serves."""
    found: list[list[NeuronUse]] = [[] for _ in range(layers)]
    for node in nodes:
        if node.kind == NEURONS:
            start, stop = node.index
            component = "".join(node.components)
            found[node.layer].append(NeuronUse(start, stop, component, node.erases))
    return tuple(map(tuple, found))
