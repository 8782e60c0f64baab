"""Interventions on heads and neurons: zero and resample ablation, in NumPy.

Resampling replaces what a part gives at a position by what it gives at another position of
another input (Chan et al. 2022, Causal Scrubbing); the draw is of positions too, since what
depends on the position alone is the same in every input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.circuit.build import circuit_of
from optitracr.circuit.hooks import canonical
from optitracr.errors import NotFoundError
from optitracr.model.forward import ForwardOutput
from optitracr.model.names import Hook, PartName, hook_name
from optitracr.model.running import forward_numpy
from optitracr.model.transformer import Transformer

Tokens = NDArray[np.integer]
Activations = Mapping[str, NDArray[np.float32]]


class Ablation(StrEnum):
    """What stands where a part is ablated."""

    ZERO = "zero"
    RESAMPLE = "resample"


def activations(model: Transformer, tokens: Tokens) -> tuple[ForwardOutput, Activations]:
    """The forward pass, and what every head and neuron gives.

    Args:
        model: The model.
        tokens: Integers of shape [batch, seq], BOS first.

    Returns:
        The output, and under `blocks.{l}.attn.hook_z` [batch, seq, heads, head_size], under
        `blocks.{l}.mlp.hook_post` [batch, seq, neurons].

    Raises:
        InputError: If it is no model, or the tokens are no integers of that shape.
    """
    arguments.instance("model", model, Transformer, "a compiled model")
    found: dict[str, NDArray[np.float32]] = {}

    def note(name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        part = PartName.parse(name)
        if part is not None and part.hook in (Hook.HEAD, Hook.NEURON):
            found[name] = array
        return array

    return forward_numpy(model, tokens, note), found


def ablate(
    model: Transformer,
    tokens: Tokens,
    parts: Iterable[object],
    how: Ablation | str = Ablation.RESAMPLE,
    seed: int = 0,
) -> ForwardOutput:
    """The forward pass without some heads and neurons.

    Args:
        model: The model.
        tokens: Integers of shape [batch, seq], BOS first and padded.
        parts: Names of heads and neurons as in the circuit's graph at "qkv", or of MLPs as
            at "head"; queries, keys, values and embeddings are passed over.
        how: "zero", or "resample".
        seed: Of the draw, which all parts share: they take what they give at the same other
            position of the same other input.

    Raises:
        InputError: If there is no such kind of ablation.
        NotFoundError: If the model has no such part.
    """
    how = Ablation(arguments.choice("how", how, [kind.value for kind in Ablation]))
    seed = arguments.integer("seed", seed, least=0)
    _, clean = activations(model, tokens)
    tokens = np.asarray(tokens)
    listed = arguments.collection("parts", parts, "names of heads, neurons and MLPs")
    chosen = _chosen(model, [canonical(part) for part in listed])
    source = drawn(tokens, model.input_encoder.pad_encoding, seed)
    instead = {
        name: _instead(clean[name], places, source if how == Ablation.RESAMPLE else None)
        for name, places in chosen.items()
    }

    def edit(name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        if name not in instead:
            return array
        values, mask = instead[name]
        return np.where(mask, values, array)

    return forward_numpy(model, tokens, edit)


def _chosen(model: Transformer, names: Iterable[str]) -> dict[str, list[int]]:
    """For each hook the heads or neurons that are named.

    Raises:
        NotFoundError: If the model has no such part.
    """
    known = {p.name for g in ("qkv", "head") for p in circuit_of(model).wiring(g).parts}
    chosen: dict[str, list[int]] = {}
    for name in names:
        if name not in known:
            raise NotFoundError(
                f"the model has no part {name!r}; see circuit.graph('qkv') and ('head')"
            )
        match PartName.parse(name):
            case PartName(layer, Hook.MLP):
                whole = chosen.setdefault(hook_name(layer, Hook.NEURON), [])
                whole.extend(range(model.model_config.mlp_hidden_size))
            case PartName(layer, Hook.HEAD | Hook.NEURON as hook, int(place)):
                chosen.setdefault(hook_name(layer, hook), []).append(place)
    return chosen


Source = tuple[NDArray[np.intp], NDArray[np.intp]]
"""For each position, shape [batch, seq], the row and the position that stand in for it."""


def drawn(tokens: Tokens, pad: int, seed: int) -> Source:
    """Every position gets another one that is no padding."""
    rows: NDArray[np.intp] = np.arange(tokens.shape[0])[:, None].repeat(tokens.shape[1], axis=1)
    columns: NDArray[np.intp] = np.arange(tokens.shape[1])[None].repeat(tokens.shape[0], axis=0)
    inside = tokens != pad
    drawn = np.random.default_rng(seed).permutation(int(inside.sum()))
    rows[inside], columns[inside] = rows[inside][drawn], columns[inside][drawn]
    return rows, columns


def _instead(
    array: NDArray[np.float32], places: list[int], source: Source | None
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What stands at a hook instead, and where."""
    mask = np.zeros(array.shape[2:], dtype=bool)
    mask[places] = True
    values = np.zeros_like(array) if source is None else array[source]
    return values, np.broadcast_to(mask, array.shape)


def change(
    model: Transformer, variable: str, before: ForwardOutput, after: ForwardOutput, tokens: Tokens
) -> float:
    """By how much a variable differs between two runs, at most.

    Args:
        model: The model.
        variable: A RASP variable held in the residual stream, or the program's output.
        before: One run.
        after: The other.
        tokens: What both ran on.

    Raises:
        NotFoundError: If the residual stream holds no such variable.
    """
    inside = at_tokens(model, tokens)
    worst = [0.0]
    held = [stay for stay in model.record.dimensions if stay.variable == variable]
    if not held and variable != model.name:
        circuit_of(model).parts_of(variable)
    pairs = list(zip(_states(before), _states(after), strict=True))
    for stay in held:
        columns = list(stay.dimensions)
        for first, second in pairs[stay.first_state : stay.last_state + 1]:
            gap = np.abs(first[inside][:, columns] - second[inside][:, columns])
            worst.append(float(gap.max(initial=0.0)))
    if variable == model.name:
        gap = np.abs(before.logits - after.logits)[inside]
        worst.append(float(gap.max(initial=0.0)))
    return max(worst)


def at_tokens(model: Transformer, tokens: Tokens) -> NDArray[np.bool_]:
    """Shape [batch, seq]: where there is a token, not BOS and not PAD."""
    inside: NDArray[np.bool_] = tokens != model.input_encoder.pad_encoding
    inside[:, 0] = False
    return inside


def _states(output: ForwardOutput) -> tuple[NDArray[np.float32], ...]:
    inner = output.transformer_output
    return (inner.input_embeddings, *inner.residuals)
