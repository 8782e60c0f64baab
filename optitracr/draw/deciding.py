"""Where the readers of numbers change their minds: lines between classes, and edges of neurons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optitracr.constructions.readouts import CHOSEN
from optitracr.model.layout import Tenancy
from optitracr.model.names import PORTS, POSITIONS, TOKENS, Linear, linear_name
from optitracr.model.record import HEAD, NEURONS
from optitracr.model.transformer import Transformer, unembedding

FloatArray = NDArray[np.float64]

Corners = list[tuple[float, ...]]

SAME = 1e-6
"""Distance up to which two lines are the same, where all are scaled to normals of length 1: what
float32 leaves of weights that were computed to be equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Linear functions of some numbers, each zero on a line, or at a point.

    Attributes:
        weights: Shape [lines, numbers].
        constant: Shape [lines].
    """

    weights: FloatArray
    constant: FloatArray

    def __len__(self) -> int:
        return len(self.constant)


@dataclass(frozen=True, slots=True, eq=False)
class Deciding:
    """How the columns of a variable are read.

    Attributes:
        edges: Where neurons that read nothing else begin to be on.
        alone: How many neurons these are.
        together: How many neurons read it beside other variables.
        heads: How many heads read it.
        scores: The scores of the outputs, one line each; None where the unembedding does not read
            it, or reads more.
        output: Whether the unembedding reads it.
    """

    edges: Lines
    alone: int
    together: int
    heads: int
    scores: Lines | None
    output: bool


def deciding(model: Transformer, tenancy: Tenancy) -> Deciding:
    """How what holds a variable is read by heads, by neurons and by the unembedding."""
    constants = _constants(model)
    found: list[Lines] = []
    together = 0
    for layer in range(model.size.layers):
        if model.size.neurons and tenancy.birth <= 2 * layer + 1 <= tenancy.end:
            lines, reading = _neurons(model, layer, tenancy, constants)
            found.append(lines)
            together += reading - len(lines)
    width = len(tenancy.columns)
    weights = np.concatenate([np.zeros((0, width)), *(lines.weights for lines in found)])
    constant = np.concatenate([np.zeros(0), *(lines.constant for lines in found)])
    scores, output = _scores(model, tenancy, constants)
    edges = _different(Lines(weights, constant))
    return Deciding(edges, len(constant), together, _heads(model, tenancy), scores, output)


def _neurons(
    model: Transformer, layer: int, tenancy: Tenancy, constants: FloatArray
) -> tuple[Lines, int]:
    """What neurons of a layer make of a variable alone, and how many read it at all."""
    weights, own = model.params[linear_name(layer, Linear.NEURONS_IN)], _computing(model, layer)
    matrix = np.asarray(weights["w"], dtype=np.float64)[:, own]
    bias = np.asarray(weights["b"], dtype=np.float64)[own]
    known = _known(model, constants, 2 * layer + 1)
    lines, reads = _alone(matrix, bias, list(tenancy.columns), known)
    return lines, int(reads.sum())


def _heads(model: Transformer, tenancy: Tenancy) -> int:
    """How many heads read a variable through query, key or value."""
    found, columns, config = 0, list(tenancy.columns), model.model_config
    for node in model.record.nodes:
        if node.kind == HEAD and node.components and tenancy.birth <= node.sublayer <= tenancy.end:
            own = slice(node.index[0] * config.key_size, (node.index[0] + 1) * config.key_size)
            found += any(
                np.asarray(model.params[linear_name(node.layer, part)]["w"])[columns, own].any()
                for part in PORTS.values()
            )
    return found


def _computing(model: Transformer, layer: int) -> NDArray[np.intp]:
    """The neurons of a layer that compute, in place of passing on what they erase."""
    runs = [
        np.arange(*node.index)
        for node in model.record.nodes
        if node.kind == NEURONS and node.layer == layer and node.components
    ]
    return np.concatenate(runs or [np.zeros(0, dtype=np.intp)])


def _constants(model: Transformer) -> FloatArray:
    """What each column holds at every position of the embedding, BOS and PAD apart; nan if several.

    Returns:
        Shape [width].
    """
    tokens = np.asarray(model.params[TOKENS]["embeddings"], dtype=np.float64)
    places = np.asarray(model.params[POSITIONS]["embeddings"], dtype=np.float64)[1:]
    tokens = tokens[: len(model.setting.vocabulary)]
    same = (tokens == tokens[0]).all(axis=0) & (places == places[0]).all(axis=0)
    return np.where(same, tokens[0] + places[0], np.nan)


def _known(model: Transformer, constants: FloatArray, state: int) -> FloatArray:
    """What each column holds at a state, whatever the input; nan where that differs."""
    known = np.full(len(constants), np.nan)
    for tenancy in model.layout.tenancies:
        if tenancy.birth == 0 <= state <= tenancy.end and not tenancy.holds:
            known[list(tenancy.columns)] = constants[list(tenancy.columns)]
    return known


def _alone(
    matrix: FloatArray, bias: FloatArray, columns: list[int], known: FloatArray
) -> tuple[Lines, NDArray[np.bool_]]:
    """The linear functions of some columns and of what is known alone; and which read the columns.

    Args:
        matrix: Shape [width, functions].
        bias: Shape [functions].
        columns: The columns.
        known: What each column holds, or nan; [width].
    """
    reads = (matrix[columns] != 0.0).any(axis=0)
    others = np.isnan(known)
    others[columns] = False
    alone = reads & ~(matrix[others] != 0.0).any(axis=0)
    rest = np.where(np.isnan(known), 0.0, known)
    rest[columns] = 0.0
    return Lines(matrix[columns].T[alone], (bias + rest @ matrix)[alone]), reads


def _different(lines: Lines) -> Lines:
    """Each line once, with normals of length 1."""
    if not len(lines):
        return lines
    together = np.column_stack([lines.weights, lines.constant])
    together /= np.linalg.norm(lines.weights, axis=1)[:, None]
    first = together[np.arange(len(together)), (abs(together) > SAME).argmax(axis=1)]
    together *= np.sign(first)[:, None]
    _, place = np.unique((together / SAME).round(), axis=0, return_index=True)
    return Lines(together[place, :-1], together[place, -1])


def _scores(
    model: Transformer, tenancy: Tenancy, constants: FloatArray
) -> tuple[Lines | None, bool]:
    """The scores of the outputs, if they are functions of one variable; and whether it is read."""
    last, columns = model.layout.states - 1, list(tenancy.columns)
    matrix = np.asarray(unembedding(model), dtype=np.float64)
    if tenancy.end < last or not matrix[columns].any():
        return None, False
    known = _known(model, constants, last)
    others = np.isnan(known)
    others[columns] = False
    if not model.architecture.categorical or matrix[others].any():
        return None, True
    rest = np.where(np.isnan(known), 0.0, known)
    rest[columns] = 0.0
    return Lines(matrix[columns].T, rest @ matrix), True


def regions(scores: Lines, corners: Corners) -> list[Corners]:
    """Where each score is the largest and passes a half, within a convex frame.

    Args:
        scores: The scores.
        corners: The ends of a line, or the corners of the frame in order.

    Returns:
        For each score the corners of its region; none where it has no region.
    """
    found = []
    for own in range(len(scores)):
        weights = np.concatenate([scores.weights[own] - scores.weights, scores.weights[own][None]])
        constant = np.append(scores.constant[own] - scores.constant, scores.constant[own] - CHOSEN)
        inside = corners
        for row, (normal, offset) in enumerate(zip(weights, constant, strict=True)):
            if row != own and inside:
                inside = _clipped(inside, normal, float(offset))
        found.append(inside)
    return found


def _clipped(corners: Corners, normal: FloatArray, offset: float) -> Corners:
    """The part of a convex shape on which a linear function is not negative."""
    kept: Corners = []
    heights = [float(np.dot(normal, corner)) + offset for corner in corners]
    for place, (corner, height) in enumerate(zip(corners, heights, strict=True)):
        before, lower = corners[place - 1], heights[place - 1]
        if (lower < 0.0) != (height < 0.0):
            share = lower / (lower - height)
            pairs = zip(before, corner, strict=True)
            kept.append(tuple(a + share * (b - a) for a, b in pairs))
        if height >= 0.0:
            kept.append(corner)
    return kept
