"""The figures of one method on one model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.benchmark.methods import EXAMPLES, METHODS, Method, Scores, Task, task_of
from optitracr.benchmark.metrics import auroc, precision_at_size
from optitracr.benchmark.network import one_thread
from optitracr.benchmark.valid import checked_truths
from optitracr.circuit.edge_attribution import INPUT
from optitracr.circuit.truth import GroundTruth
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError, OptitracrError

Given = TypeVar("Given")
Result = TypeVar("Result")

SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Of all edges that are kept for a curve of faithfulness, as MIB's circuit track has them."""

NOISE = 1e-3
"""Up to which a logit is no other: four times the most by which rounding was seen to move one in a
published form, and less than counts and shares of the inputs drawn here differ by."""

LARGEST = 1e300
"""What an endless score counts as in a mean: further than any method's, and a sum of a thousand has
a number."""


@dataclass(frozen=True, slots=True)
class Score:
    """What the scores of a method are worth on one model; nan where that is not defined.

    Attributes:
        auroc: Area under the ROC curve of edges; nan where every edge is true, or none.
        precision: Share of true edges among as many of the best as the circuit has.
        node_auroc: The same area of heads and MLPs, each scored as the mean of the edges that leave
            it. With the best of them a node of many edges would gain by chance.
        node_precision: The same share of them.
        faithfulness: How much of the output is kept by so many of the best edges alone: 1 where
            it is the clean one, 0 where it is that on corrupted inputs.
        curve: The same for shares of all edges, `SHARES`.
        density: Share of edges that are in the circuit: what random scores have as precision.
        edges: Edges that count.
        node_density: Share of heads and MLPs that are in the circuit.
    """

    auroc: float
    precision: float
    node_auroc: float
    node_precision: float
    faithfulness: float
    curve: tuple[float, ...]
    density: float
    edges: int
    node_density: float = float("nan")

    def as_dict(self) -> dict[str, Any]:
        """The figures by name; null where they are not defined, as JSON has no nan."""
        found = {name: _plain(value) for name, value in asdict(self).items()}
        return {**found, "curve": [_plain(value) for value in self.curve]}


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def score_method(
    model: CompiledModel, method: str | Method, seed: int = 0, size: int = EXAMPLES
) -> Score:
    """Runs a method on a model, and scores what it gives.

    Args:
        model: The model.
        method: One of `METHODS` by name, or a function of a `Task`.
        seed: Of the data, and for methods that draw.
        size: Pairs of inputs.

    Raises:
        InputError: If there is no such method, or it raises, or gives something else than a
            number an edge.
        MissingExtraError: If PyTorch is not installed.
    """
    if isinstance(method, str):
        method = METHODS[arguments.choice("method", method, METHODS)]
    arguments.function("method", method)
    seed = arguments.integer("seed", seed, least=0)
    task = task_of(model, seed, size)
    with one_thread():
        return score_edges(task, scores_of(method, task))


def scores_of(method: Method, task: Task) -> Scores:
    """What a method gives.

    Raises:
        InputError: If it raises.
    """
    return called(method, task, "a Task, and gives a number for each of its edges")


def called(method: Callable[[Given], Result], given: Given, wanted: str) -> Result:
    """What a method gives; an error of its own becomes one of ours.

    Args:
        method: Any function of what it is given.
        given: That.
        wanted: What it is called with, and what it is to give.

    Raises:
        InputError: If it raises.
    """
    try:
        return method(given)
    except OptitracrError:
        raise
    except Exception as error:
        raise InputError(
            f"the method raised {type(error).__name__} ({arguments.shown(str(error))}); it is "
            f"called with {wanted}"
        ) from error


def score_edges(task: Task, scores: Scores) -> Score:
    """The figures of scores that some method gave.

    Args:
        task: What the method was given.
        scores: Shape [edges].

    Raises:
        InputError: If they are something else than a number an edge.
    """
    arguments.instance("task", task, Task, "a Task, as task_of makes one")
    try:
        found = np.asarray(scores, dtype=np.float64)
    except Exception:
        arguments.refuse("scores", scores, "an array of numbers, one an edge")
    if found.shape != (len(task.edges),) or np.isnan(found).any():
        raise InputError(
            f"scores has shape {found.shape}; give a number, and not nan, for each of "
            f"{len(task.edges)} edges"
        )
    inside, counts = task.truth.inside, task.truth.counts
    nodes, of_nodes = _nodes(task, found)
    size = int((inside & counts).sum())
    total = int(counts.sum())
    return Score(
        auroc(found[counts], inside[counts]),
        precision_at_size(found[counts], inside[counts]),
        auroc(of_nodes, nodes),
        precision_at_size(of_nodes, nodes),
        faithfulness(task, _best(found, int(inside.sum()))),
        tuple(faithfulness(task, _best(found, round(len(found) * share))) for share in SHARES),
        size / total if total else float("nan"),
        total,
        float(nodes.mean()) if len(nodes) else float("nan"),
    )


def score_any(task: Task, scores: Scores, truths: Sequence[GroundTruth] | None = None) -> Score:
    """The figures of scores against the circuit that they agree with best.

    That is the one with the largest area under the ROC curve, then the largest precision; one of
    all edges has no area, and comes before any. Random scores gain by the choice what the best of
    so many draws does; with two circuits that differ in few edges it is little.

    Args:
        task: What the method was given.
        scores: Shape [edges].
        truths: Circuits of the model that are as good as each other; those of the task by default.

    Raises:
        InputError: If they are something else than a number an edge, or a circuit is not of the
            edges of the task.
    """
    arguments.instance("task", task, Task, "a Task, as task_of makes one")
    given = task.truths if truths is None else checked_truths(truths, task.edges)
    return max((score_edges(_against(task, truth), scores) for truth in given), key=_order)


def _order(score: Score) -> tuple[float, float]:
    """A circuit of all edges, which has no area, is one that all scores agree with."""
    area = math.inf if math.isnan(score.auroc) else score.auroc
    return area, -1.0 if math.isnan(score.precision) else score.precision


def _against(task: Task, truth: GroundTruth) -> Task:
    """The same task with another circuit."""
    other = copy(task)
    vars(other)["truth"] = truth
    return other


def _nodes(task: Task, scores: Scores) -> tuple[NDArray[np.bool_], Scores]:
    """Of heads and MLPs whether they are in the circuit, and the mean scores of their edges.

    Edges count that count for edges. A node of which only others are true is left out, too.
    """
    named = np.array([writer for writer, _ in task.edges])
    inside, counts = task.truth.inside, task.truth.counts
    places = [named == name for name in dict.fromkeys(named.tolist()) if name != INPUT]
    known = [own for own in places if inside[own & counts].any() or not inside[own].any()]
    true = np.array([bool(inside[own & counts].any()) for own in known], dtype=bool)
    finite = np.clip(scores, -LARGEST, LARGEST)
    return true, np.array([finite[own & counts].mean() for own in known], dtype=np.float64)


def _best(scores: Scores, count: int) -> NDArray[np.bool_]:
    """The edges that score best, so many; of equal ones the first."""
    kept = np.zeros(len(scores), dtype=bool)
    kept[np.argsort(-scores, kind="stable")[:count]] = True
    return kept


def faithfulness(task: Task, kept: NDArray[np.bool_]) -> float:
    """How much of the clean output is left where all other edges are patched.

    The logits lie between those on corrupted inputs, which count 0, and the clean ones, which
    count 1; what lies beyond counts as the nearer end. It is nan where these are the same but
    for noise, as those of a program that says one thing of all inputs are.

    Args:
        task: The task.
        kept: Shape [edges]: those that are not patched.
    """
    with task.network.no_gradients():
        away = {edge: not own for edge, own in zip(task.edges, kept.tolist(), strict=True)}
        after = task.network.run(task.tokens, task.patches(away))
        direction = task.direction
        if float(direction.abs().max()) < NOISE:
            return float("nan")
        whole = float((direction * (task.clean_run.logits - task.corrupted_run.logits)).sum())
        share = float((direction * (after.logits - task.corrupted_run.logits)).sum()) / whole
        # Patched states that no input has can give logits of any size, on either side.
        return float(np.clip(share, 0.0, 1.0))
