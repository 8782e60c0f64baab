"""Path patching (Goldowsky-Dill et al. 2023): one edge of the circuit at a time, in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.circuit import hooks
from optitracr.circuit.build import circuit_of
from optitracr.circuit.intervention import Activations, Tokens, activations, at_tokens, drawn
from optitracr.circuit.scoring import FoundEdge, pair_of
from optitracr.errors import InputError
from optitracr.model.forward import ForwardOutput
from optitracr.model.names import (
    PORTS,
    POSITIONS,
    TOKENS,
    Hook,
    Linear,
    PartName,
    hook_name,
    linear_name,
)
from optitracr.model.running import forward_numpy
from optitracr.model.transformer import Transformer

Array = NDArray[np.float32]


def patch_edge(model: Transformer, tokens: Tokens, edge: FoundEdge, seed: int = 0) -> Array:
    """The output when one part reads another's value at another position of another input.

    Every other part reads what it always reads; what follows from the patched reader follows.

    Args:
        model: The model.
        tokens: Integers of shape [batch, seq], BOS first and padded.
        edge: Writer and reader, as in the circuit's graph at "head" or "qkv".
        seed: Of the draw of positions.

    Returns:
        Logits, or the number, of shape [batch, seq, outputs].

    Raises:
        InputError: If it is no edge that a model of this architecture could have.
    """
    seed = arguments.integer("seed", seed, least=0)
    output, clean = activations(model, tokens)
    tokens = np.asarray(tokens)
    writer, reader = pair_of(edge)
    possible = {*circuit_of(model).possible_edges("qkv"), *circuit_of(model).possible_edges("head")}
    if (writer, reader) not in possible:
        raise InputError(
            f"{writer!r} -> {reader!r} is no edge of the model; see "
            "circuit.possible_edges('qkv') and ('head')"
        )
    source = drawn(tokens, model.input_encoder.pad_encoding, seed)
    written = _written(model, tokens, writer, clean)
    return _patched(model, tokens, reader, written[source] - written, output)


def edge_effects(
    model: Transformer, tokens: Tokens, granularity: str = "head", seed: int = 0
) -> dict[tuple[str, str], float]:
    """By how much patching each possible edge changes the output, at most.

    The plainest method of circuit discovery, and a baseline for others: `circuit.score` of
    the edges with an effect says how well it does.

    Args:
        model: The model.
        tokens: Integers of shape [batch, seq], BOS first and padded.
        granularity: "head" or "qkv".
        seed: Of the draw of positions.

    Returns:
        For each of `circuit.possible_edges(granularity)` the largest change of a logit, or of
        the number, at a token.

    Raises:
        InputError: If the granularity is another one.
    """
    granularity = arguments.choice("granularity", granularity, ("head", "qkv"))
    seed = arguments.integer("seed", seed, least=0)
    output, clean = activations(model, tokens)
    tokens = np.asarray(tokens)
    source = drawn(tokens, model.input_encoder.pad_encoding, seed)
    inside = at_tokens(model, tokens)
    moved: dict[str, Array] = {}
    effects: dict[tuple[str, str], float] = {}
    for writer, reader in circuit_of(model).possible_edges(granularity):
        if writer not in moved:
            written = _written(model, tokens, writer, clean)
            moved[writer] = written[source] - written
        after = _patched(model, tokens, reader, moved[writer], output)
        effects[writer, reader] = float(np.abs(after - output.logits)[inside].max(initial=0.0))
    return effects


def _patched(
    model: Transformer, tokens: Tokens, reader: str, delta: Array, before: ForwardOutput
) -> Array:
    """The output when what a reader reads is changed by `delta`."""
    if reader == hooks.output_name(model.size.layers):
        return np.asarray(before.logits + delta @ np.asarray(model.unembed))
    changes = _changes(model, tokens, reader, delta)
    if not any(change.any() for change in changes.values()):
        return np.asarray(before.logits)

    def edit(at: str, array: Array) -> Array:
        return array + changes[at] if at in changes else array

    return np.asarray(forward_numpy(model, tokens, edit).logits)


def _written(model: Transformer, tokens: Tokens, writer: str, clean: Activations) -> Array:
    """What a part adds to the residual stream, of shape [batch, seq, d_model]."""
    if writer == hooks.TOKEN_EMBED:
        return np.asarray(model.params[TOKENS]["embeddings"])[tokens]
    if writer == hooks.POSITION_EMBED:
        table = np.asarray(model.params[POSITIONS]["embeddings"])[: tokens.shape[1]]
        return np.broadcast_to(table, (len(tokens), *table.shape))
    part = _part(writer)
    if part.hook is Hook.HEAD and part.place is not None:
        own = _columns(model, part.place)
        weight = model.params[linear_name(part.layer, Linear.HEADS_OUT)]["w"][own]
        return np.asarray(clean[hook_name(part.layer, Hook.HEAD)][:, :, part.place] @ weight)
    which = _neurons(part)
    weight = model.params[linear_name(part.layer, Linear.NEURONS_OUT)]["w"][which]
    return np.asarray(clean[hook_name(part.layer, Hook.NEURON)][:, :, which] @ weight)


def _part(name: str) -> PartName:
    """A part of a layer; the graphs name no other that writes or reads, but for the ends."""
    part = PartName.parse(name)
    assert part is not None, f"{name} is a part of a layer"
    return part


def _columns(model: Transformer, head: int) -> slice:
    """The columns of a head among those of all heads."""
    size = model.model_config.key_size
    return slice(head * size, (head + 1) * size)


def _neurons(part: PartName) -> slice:
    """The neurons of a part: one, or the whole MLP."""
    return slice(None) if part.place is None else slice(part.place, part.place + 1)


def _changes(model: Transformer, tokens: Tokens, reader: str, delta: Array) -> dict[str, Array]:
    """At each hook of a reader what `delta` in its input adds there."""
    part, config = _part(reader), model.model_config
    if part.hook in (Hook.MLP, Hook.NEURON):
        which = _neurons(part)
        moved = np.zeros((*tokens.shape, config.mlp_hidden_size), np.float32)
        weight = model.params[linear_name(part.layer, Linear.NEURONS_IN)]["w"]
        moved[:, :, which] = delta @ weight[:, which]
        return {hook_name(part.layer, Hook.NEURON_IN): moved}
    assert part.place is not None, f"{reader} is of one head"
    changes = {}
    for port in PORTS if part.hook is Hook.HEAD else (part.hook,):
        weight = model.params[linear_name(part.layer, PORTS[port])]["w"]
        moved = np.zeros((*tokens.shape, config.num_heads, config.key_size), np.float32)
        moved[:, :, part.place] = delta @ weight[:, _columns(model, part.place)]
        changes[hook_name(part.layer, port)] = moved
    return changes
