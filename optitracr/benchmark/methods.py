"""Methods of circuit discovery: from a model and data to a score for each edge.

A method is a function of a `Task`; `METHODS` has those that come with the library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.benchmark.draws import drawn_apart
from optitracr.benchmark.network import Network, Run
from optitracr.benchmark.valid import valid_truths
from optitracr.circuit.edge_attribution import INPUT, LOGITS
from optitracr.circuit.truth import Edge, GroundTruth, truth_of
from optitracr.compiled import CompiledModel
from optitracr.model.names import PORTS, TOKENS, Linear, linear_name

Scores = NDArray[np.float64]

Matrices = tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]
"""By node what it writes by, and by reader what it reads by."""

EXAMPLES = 32
"""Pairs of inputs that a method sees: all values of a library variable come up among them."""

STEPS = 5
"""Of integrated gradients, as EAP-IG takes by default."""

SMALL = 1e-3
"""Change of a logit up to which the greedy search takes an edge away: beyond rounding, and far
below what decides an output, a half."""


@dataclass(frozen=True, eq=False)
class Task:
    """What a method is given.

    Attributes:
        model: The model.
        edges: Every edge of the full graph, in the order of the scores.
        tokens: Shape [pairs, seq]: clean inputs.
        corrupted: The same of inputs to patch from, each of the length of its clean one.
        seed: For methods that draw.
    """

    model: CompiledModel
    edges: tuple[Edge, ...]
    tokens: NDArray[np.int32]
    corrupted: NDArray[np.int32]
    seed: int = 0

    @cached_property
    def _known(self) -> frozenset[Edge]:
        return frozenset(self.edges)

    @cached_property
    def truth(self) -> GroundTruth:
        """The model's circuit."""
        return truth_of(self.model.circuit)

    @cached_property
    def truths(self) -> tuple[GroundTruth, ...]:
        """The circuits of the model that are as good as each other, the whole one first."""
        return valid_truths(self.model.circuit)

    @cached_property
    def matrices(self) -> Matrices:
        """What each node writes by, [inputs, d_model], and what each reads by."""
        params, config = self.model.params, self.model.model_config
        read: dict[str, Any] = {LOGITS: np.asarray(self.model.unembed)}
        written: dict[str, Any] = {INPUT: np.asarray(params[TOKENS]["embeddings"])}
        for layer in range(config.num_layers):
            read[f"m{layer}"] = np.asarray(params[linear_name(layer, Linear.NEURONS_IN)]["w"])
            written[f"m{layer}"] = np.asarray(params[linear_name(layer, Linear.NEURONS_OUT)]["w"])
            out = np.asarray(params[linear_name(layer, Linear.HEADS_OUT)]["w"])
            for head in range(config.num_heads):
                own = slice(head * config.key_size, (head + 1) * config.key_size)
                written[f"a{layer}.h{head}"] = out[own]
                for part, letter in zip(PORTS.values(), "qkv", strict=True):
                    w = np.asarray(params[linear_name(layer, part)]["w"])
                    read[f"a{layer}.h{head}<{letter}>"] = w[:, own]
        return written, read

    def generator(self) -> np.random.Generator:
        """What methods draw with: by the seed and the weights, so that no two models share draws.

        Means over models have an interval only where these are drawn apart.
        """
        return drawn_apart(self.seed, *(own for part in self.matrices for own in part.values()))

    @cached_property
    def network(self) -> Network:
        """The model in PyTorch, with edges that can be patched."""
        return Network(self.model)

    @cached_property
    def clean_run(self) -> Run:
        """The forward pass on clean inputs."""
        return self.network.run(self.tokens)

    @cached_property
    def corrupted_run(self) -> Run:
        """The forward pass on corrupted inputs."""
        return self.network.run(self.corrupted)

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Shape [pairs, seq]: where there are tokens."""
        found: NDArray[np.bool_] = self.tokens != self.model.input_encoder.pad_encoding
        found[:, 0] = False
        return found

    @cached_property
    def direction(self) -> Any:
        """Shape [pairs, seq, outputs]: from corrupted logits to clean ones, zero beside tokens."""
        gap = (self.clean_run.logits - self.corrupted_run.logits).detach()
        return gap * self.network.embedded(self.tokens).new_tensor(self.inside)[:, :, None]

    def patches(self, edges: Mapping[Edge, bool]) -> dict[str, list[tuple[int, Any]]]:
        """What makes each reader read corrupted outputs over some edges.

        Args:
            edges: Of some edges whether they are patched.

        Raises:
            InputError: If one of them is no edge of the model.
        """
        wanted = "booleans by edges of the model"
        given: Mapping[Edge, bool] = arguments.instance("edges", edges, Mapping, wanted)
        found: dict[str, list[tuple[int, Any]]] = {}
        for edge, patched in given.items():
            if edge not in self._known or not isinstance(patched, bool):
                arguments.refuse("edges", edges, wanted)
            writer, reader = edge
            place = self.network.place.get(writer)
            if patched and place is not None:
                instead = self.corrupted_run.outputs[place]
                found.setdefault(reader, []).append((place, instead))
        return found

    def change(self, edges: Mapping[Edge, bool]) -> float:
        """By how much a logit at a token changes at most where some edges are patched.

        Args:
            edges: Of some edges whether they are patched.

        Raises:
            InputError: If one of them is no edge of the model.
        """
        after = self.network.run(self.tokens, self.patches(edges))
        gap = (after.logits - self.clean_run.logits).abs().amax(dim=-1).numpy()
        return float(gap[self.inside].max(initial=0.0)) if after.logits.shape[-1] else 0.0


Method = Callable[[Task], Scores]
"""From a task to scores of shape [edges]; the larger, the surer the edge is in the circuit."""


def task_of(model: CompiledModel, seed: int = 0, size: int = EXAMPLES) -> Task:
    """The model, its edges, and data: a data set, and the same in another order.

    Args:
        model: The model.
        seed: Of the data, and for methods that draw.
        size: Pairs of inputs.
    """
    wanted = "a model that was compiled or loaded"
    given: CompiledModel = arguments.instance("model", model, CompiledModel, wanted)
    size, seed = arguments.integer("size", size, least=2), arguments.integer("seed", seed, least=0)
    drawn = given.dataset(size, seed)
    # One length alone: to patch a position that one of two inputs lacks says nothing.
    longest = int(drawn.mask.sum(axis=1).max()) - 1
    clean = given.dataset(size, seed, lengths=[longest], balanced=True)
    corrupted = clean.corrupted(seed)
    return Task(given, truth_of(given.circuit).edges, clean.tokens, corrupted.tokens, seed)


def patching(task: Task) -> Scores:
    """Activation patching of each edge alone, exact: the largest change of a logit."""
    with task.network.no_gradients():
        return np.array([task.change({edge: True}) for edge in task.edges])


def eap(task: Task) -> Scores:
    """Edge attribution patching (Syed et al. 2023): the first order of what patching does."""
    return _attributed(task, [1.0])


def eap_ig(task: Task) -> Scores:
    """EAP with gradients along the way from corrupted to clean inputs (Hanna et al. 2024)."""
    return _attributed(task, [step / STEPS for step in range(1, STEPS + 1)])


def _attributed(task: Task, ways: list[float]) -> Scores:
    """Differences of writers' outputs times mean gradients by what readers read.

    Args:
        task: The task.
        ways: How far from corrupted to clean inputs gradients are taken.
    """
    with task.network.no_gradients():
        ends = [task.network.embedded(x) for x in (task.corrupted, task.tokens)]
        pairs = zip(task.clean_run.outputs, task.corrupted_run.outputs, strict=True)
        moved = [other - own for own, other in pairs]
        direction = task.direction
    gradients: dict[str, Any] = {}
    for way in ways:
        # At the end it is the clean input to the last digit: where attention ties, others break it.
        between = (1.0 - way) * ends[0] + way * ends[1]
        run = task.network.run(task.tokens, embedded=between, probed=True)
        (run.logits * direction).sum().backward()
        for reader, probe in run.probes.items():
            if probe.grad is not None:
                gradients[reader] = gradients.get(reader, 0) + probe.grad / len(ways)
    found = []
    for writer, reader in task.edges:
        place = task.network.place.get(writer)
        if place is None or reader not in gradients:
            found.append(0.0)
        else:
            found.append(abs(float((moved[place] * gradients[reader]).sum())))
    return np.array(found)


def greedy(task: Task) -> Scores:
    """A search like ACDC's (Conmy et al. 2023): edges are taken away from the output back.

    An edge stays away if that changes no logit by more than a little; those that are kept score
    what taking them away would have changed.
    """
    with task.network.no_gradients():
        away: dict[Edge, bool] = {}
        before, found = 0.0, dict.fromkeys(task.edges, 0.0)
        for edge in reversed(task.edges):
            after = task.change({**away, edge: True})
            if after - before > SMALL:
                found[edge] = after - before
            else:
                away[edge], before = True, after
        return np.array([found[edge] for edge in task.edges])


def random(task: Task) -> Scores:
    """Scores drawn at random: what no method may fall behind."""
    return task.generator().random(len(task.edges))


def magnitude(task: Task) -> Scores:
    """The size of the weights between writer and reader, whatever the data."""
    written, read = task.matrices
    found = [
        float(np.linalg.norm(written[writer] @ read[reader]))
        if writer in written and reader in read
        else 0.0
        for writer, reader in task.edges
    ]
    return np.array(found)


def truth(task: Task) -> Scores:
    """The circuit itself: what every figure is at its best."""
    return task.truth.inside.astype(np.float64)


METHODS: dict[str, Method] = {
    "patching": patching,
    "eap": eap,
    "eap_ig": eap_ig,
    "greedy": greedy,
    "random": random,
    "magnitude": magnitude,
    "truth": truth,
}
"""Methods by name. A new one is an entry here, or an argument of `score_method`."""
