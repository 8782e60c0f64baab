"""The circuit of a compiled model: its record, and graphs of it at four granularities."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from optitracr import arguments
from optitracr.circuit import edge_attribution, graphs
from optitracr.circuit.parts import Granularity, Part, parts_of, pieces_of, sites_of
from optitracr.circuit.scoring import EdgeScore, FoundEdge, score_edges
from optitracr.circuit.stays import stays_of
from optitracr.circuit.weights import Weights
from optitracr.circuit.wiring import ROLES, Wiring, wire
from optitracr.errors import InputError, NotFoundError
from optitracr.model.layout import Layout
from optitracr.model.record import CircuitRecord

if TYPE_CHECKING:
    from os import PathLike

    import networkx


@dataclass(frozen=True, eq=False)
class Circuit(CircuitRecord):
    """The ground-truth circuit of a model.

    The graphs are read off the weights: an edge stands where a weight that is not zero reads
    a dimension that another part wrote. Granularities, and their nodes:

    - "component": what computes one variable (a head, several, or a group of neurons), and
      what erases;
    - "head": heads and MLPs;
    - "qkv": queries, keys and values, heads and single neurons;
    - "dimension": the same, and every dimension of the residual stream by lifetime.

    Attributes:
        output: The program's output.
        weights: The weights, and what they are for.
        layout: Which variable holds which dimension, and when.
    """

    output: str
    weights: Weights = field(repr=False)
    layout: Layout = field(repr=False)
    _wirings: dict[Granularity, Wiring] = field(default_factory=dict, init=False, repr=False)

    @property
    def record(self) -> CircuitRecord:
        """The circuit as plain data, without weights."""
        return CircuitRecord(self.nodes, self.dimensions, self.edges)

    def wiring(self, granularity: str = Granularity.HEAD) -> Wiring:
        """Which part computes, erases and reads which dimension.

        Raises:
            InputError: If there is no such granularity.
        """
        kind = graphs.granularity_of(granularity)
        if kind not in self._wirings:
            self._wirings[kind] = self._wire(parts_of(self.weights, kind))
        return self._wirings[kind]

    def _wire(self, parts: tuple[Part, ...]) -> Wiring:
        stays = stays_of(self.layout)
        taken_over = {(old, new) for n in self.nodes for old in n.erases for new in n.writes}
        return wire(parts, stays, self.layout.states, self.layout.width, taken_over)

    @cached_property
    def _pieces(self) -> Wiring:
        return self._wire(pieces_of(self.weights))

    def graph(self, granularity: str = Granularity.HEAD) -> networkx.DiGraph:
        """The circuit as a networkx graph.

        Args:
            granularity: "component", "head", "qkv" or "dimension".

        Returns:
            Nodes are named by TransformerLens' hooks (`blocks.0.attn.hook_z[:, :, 1]`), at
            "component" by the component; each has `hooks`, `sublayer`, `variables`, `erases`,
            and (but at "dimension") `reaches_output`. Edges have a `role`, and the
            `variables` and `dimensions` that carry them, and in `carries` what each of these
            carries, in words. The role is "value" where a part
            reads what another computes, "erasure" where it reads a dimension that the other
            wrote for an earlier tenant or erased: such edges cancel together, and not alone.

        Raises:
            InputError: If there is no such granularity.
        """
        wiring = self.wiring(granularity)
        if graphs.granularity_of(granularity) is Granularity.DIMENSION:
            return graphs.dimensions_graph(wiring, self.weights.config.num_layers)
        return graphs.parts_graph(wiring)

    def to_json(self, granularity: str = Granularity.HEAD) -> str:
        """The graph as JSON, in networkx's node-link form.

        Raises:
            InputError: If there is no such granularity.
        """
        return graphs.graph_json(self.graph(granularity), granularity)

    @cached_property
    def sites(self) -> Wiring:
        """The wiring of queries, keys and values, heads, and whole MLPs."""
        return self._wire(sites_of(self.weights))

    def to_eap(self, path: str | PathLike[str], positions: bool = False) -> None:
        """Writes the circuit as the graph file of edge attribution patching.

        `Graph.from_json` of EAP-IG, and so the circuit track of MIB, reads it. It lists every
        edge of the full graph (`a0.h1->m2`, `m0->a1.h0<q>`), and of each whether it is in the
        circuit (`in_graph`; its score is 1 or 0); and of each node which columns of its output
        the circuit reads (`neurons`). The heads of a layer share one such list, since loaders
        hold them together; of a head the columns that it never writes say nothing.

        Args:
            path: The JSON file.
            positions: Whether `input` stands for the embedding of positions too. By default it
                is the hook of the tokens' embedding alone, as it is in these loaders, which
                patch no other; what reads positions alone reads nothing of it.

        Raises:
            FileError: If the file cannot be written.
        """
        data = edge_attribution.graph_data(self.sites, self.weights.config, positions)
        edge_attribution.write(path, data)

    def parts_of(self, variable: str, granularity: str = Granularity.HEAD) -> frozenset[str]:
        """Names of the parts that compute a variable: what it depends on, erasers included.

        Ablating all other parts together leaves the variable as it is, at every state, and so
        does ablating a whole head or run of neurons among them. (Of a single neuron out of a
        run the rest can give what is no value of a variable, and erasers erase only values.)

        Args:
            variable: A RASP variable that is held in the residual stream; the program's
                output is what the unembedding reads.
            granularity: "component", "head" or "qkv".

        Raises:
            NotFoundError: If the residual stream holds no such variable.
            InputError: If there is no such granularity.
        """
        names = {part.name for part in self.wiring(granularity).parts}
        variable = arguments.text("variable", variable)
        wiring = self._pieces
        found = {i for i, stay in enumerate(wiring.stays) if stay.variable == variable}
        if variable == self.output:
            found |= set(wiring.reads[-1].nonzero()[0].tolist())
        if not found:
            known = [stay.variable for stay in wiring.stays if stay.variable]
            raise NotFoundError(
                f"the residual stream holds no variable {variable!r}, but "
                f"{', '.join(dict.fromkeys([*known, self.output]))}; `model.savings` says what "
                "became of others"
            )
        pieces = [wiring.parts[place] for place in wiring.ancestors(sorted(found))]
        return frozenset(name for piece in pieces for name in piece.within if name in names)

    def subgraph(self, variable: str, granularity: str = Granularity.HEAD) -> networkx.DiGraph:
        """The part of the graph that computes a variable; see `parts_of`.

        Raises:
            NotFoundError: If the residual stream holds no such variable.
            InputError: If there is no such granularity.
        """
        names = self.parts_of(variable, granularity)
        graph = self.graph(granularity)
        through = {
            node
            for node, data in graph.nodes(data=True)
            if "dimension" in data
            and names.intersection(graph.predecessors(node))
            and (variable in data["variables"] or names.intersection(graph.successors(node)))
        }
        return graph.subgraph([node for node in graph if node in names | through]).copy()

    def possible_edges(self, granularity: str = Granularity.HEAD) -> list[tuple[str, str]]:
        """Every edge that a model of this architecture could have.

        Args:
            granularity: "component", "head" or "qkv".

        Raises:
            InputError: If there is no such granularity.
        """
        wiring = self._between_parts(granularity)
        pairs = wiring.possible().nonzero()
        names = [part.name for part in wiring.parts]
        return [(names[i], names[j]) for i, j in zip(*pairs, strict=True)]

    def score(
        self,
        found: Iterable[FoundEdge],
        granularity: str = Granularity.HEAD,
        roles: Collection[str] = ROLES,
    ) -> EdgeScore:
        """True and false positives of edges that a circuit-discovery method found.

        The circuit's edges are those of the graph whose reader reaches the output.

        Args:
            found: Pairs of a writer and a reader, named as in the graph, or as in patching
                code: ("blocks.0.attn.hook_result[:, :, 1]", "blocks.1.hook_q_input[:, :, 0]"),
                (("blocks.0.attn.hook_result", 1), ("blocks.1.hook_q_input", 0)).
            granularity: "component", "head" or "qkv".
            roles: Which edges count as the circuit's. Edges of a role that is left out count
                neither for nor against.

        Raises:
            InputError: If a pair is no edge that a model of this architecture could have.
        """
        return score_edges(self._between_parts(granularity), found, roles)

    def _between_parts(self, granularity: str) -> Wiring:
        """The wiring of a granularity at which parts read parts.

        Raises:
            InputError: At "dimension".
        """
        if graphs.granularity_of(granularity) is Granularity.DIMENSION:
            raise InputError(
                "at granularity 'dimension' edges lead from parts to dimensions and on; take "
                "'qkv', whose edges name the dimensions that carry them"
            )
        return self.wiring(granularity)
