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
        return np.asarray(model.params["token_embed"]["embeddings"])[tokens]
    if writer == hooks.POSITION_EMBED:
        table = np.asarray(model.params["pos_embed"]["embeddings"])[: tokens.shape[1]]
        return np.broadcast_to(table, (len(tokens), *table.shape))
    hook, layer, place = _split(writer)
    name = f"transformer/layer_{layer}"
    if hook == "attn.hook_z":
        size = model.model_config.key_size
        weight = model.params[f"{name}/attn/linear"]["w"][place * size : (place + 1) * size]
        return np.asarray(clean[f"blocks.{layer}.{hook}"][:, :, place] @ weight)
    which = slice(None) if hook == "hook_mlp_out" else slice(place, place + 1)
    weight = model.params[f"{name}/mlp/linear_2"]["w"][which]
    return np.asarray(clean[f"blocks.{layer}.mlp.hook_post"][:, :, which] @ weight)


def _split(name: str) -> tuple[str, int, int]:
    """Hook, layer, and head or neuron (-1 for a whole MLP)."""
    path, _, index = name.partition("[:, :, ")
    _, layer, hook = path.split(".", 2)
    return hook, int(layer), int(index[:-1]) if index else -1


def _changes(model: Transformer, tokens: Tokens, reader: str, delta: Array) -> dict[str, Array]:
    """At each hook of a reader what `delta` in its input adds there."""
    hook, layer, place = _split(reader)
    name, config = f"transformer/layer_{layer}", model.model_config
    if not hook.startswith("attn"):
        which = slice(None) if place < 0 else slice(place, place + 1)
        moved = np.zeros((*tokens.shape, config.mlp_hidden_size), np.float32)
        moved[:, :, which] = delta @ model.params[f"{name}/mlp/linear_1"]["w"][:, which]
        return {f"blocks.{layer}.mlp.hook_pre": moved}
    changes = {}
    for port in hooks.PORTS if hook == "attn.hook_z" else [_PORTS[hook]]:
        own = slice(place * config.key_size, (place + 1) * config.key_size)
        moved = np.zeros((*tokens.shape, config.num_heads, config.key_size), np.float32)
        moved[:, :, place] = delta @ model.params[f"{name}/attn/{port}"]["w"][:, own]
        changes[f"blocks.{layer}.attn.hook_{port[0]}"] = moved
    return changes


_PORTS = {f"attn.hook_{port[0]}": port for port in hooks.PORTS}
