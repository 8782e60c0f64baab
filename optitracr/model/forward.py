"""The transformer's forward pass, written once for NumPy and for JAX.

Encoder or decoder without layer norm: embeddings, then for each layer attention and MLP
with ReLU, each added to the residual stream (Vaswani et al. 2017; Lindner et al. 2023).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from optitracr.arguments import shown
from optitracr.errors import InputError, OptitracrError
from optitracr.model.names import (
    LINEAR,
    PORTS,
    POSITIONS,
    TOKENS,
    Hook,
    Linear,
    hook_name,
    linear_name,
)

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int, Num

Array = Any
MASKED = -1e30
"""The logit of what is masked: so low that its weight is exactly 0 in float32, and far from where
float32 ends, so that a sum with another logit stays finite."""


class TransformerOutput(NamedTuple):
    """What the transformer computed.

    Attributes:
        layer_outputs: What each sublayer added, each [batch, seq, d_model]; attention, then
            MLP, of each layer.
        residuals: The residual stream after each sublayer, each [batch, seq, d_model].
        attn_logits: Masked logits of each layer, each [batch, heads, query, key].
        output: The last residual stream, [batch, seq, d_model].
        input_embeddings: The first one, [batch, seq, d_model].
    """

    layer_outputs: tuple[Float[Array, "batch seq d_model"], ...]
    residuals: tuple[Float[Array, "batch seq d_model"], ...]
    attn_logits: tuple[Float[Array, "batch heads query key"], ...]
    output: Float[Array, "batch seq d_model"]
    input_embeddings: Float[Array, "batch seq d_model"]


class ForwardOutput(NamedTuple):
    """The transformer's output and its unembedding.

    Attributes:
        transformer_output: States and attention.
        unembedded_output: [batch, seq]: the number, or the integer of the categorical
            value, -1 for None.
        logits: [batch, seq, outputs], before the choice.
    """

    transformer_output: TransformerOutput
    unembedded_output: Num[Array, "batch seq"]
    logits: Float[Array, "batch seq outputs"]


class Hyperparameters(NamedTuple):
    """What the forward pass has to know beside the parameters.

    Attributes:
        layers: Number of layers.
        heads: Heads per layer.
        head_size: Dimensions per head.
        causal: Whether a query sees only keys at or before its position.
        pad_encoding: Integer of the PAD token.
        categorical: Whether the output is a category, and no number.
        activation: Of the neurons; None for ReLU.
    """

    layers: int
    heads: int
    head_size: int
    causal: bool
    pad_encoding: int
    categorical: bool
    activation: Callable[[Any], Any] | None = None


Edit = Callable[[str, Array], Array]
"""Given a hook's name and what stands there, what stands there instead."""


def unchanged(name: str, array: Array) -> Array:
    """The edit that changes nothing."""
    del name
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer that is to be run.

    Attributes:
        xp: `numpy` or `jax.numpy`.
        architecture: Static sizes.
        weights: Its linear maps; see `Linear`.
        number: Which layer it is, for the names of its hooks.
        edit: For interventions; see `Network`.
    """

    xp: Any
    architecture: Hyperparameters
    weights: Any
    number: int = 0
    edit: Edit = unchanged

    def linear(self, part: Linear, x: Array) -> Array:
        """What a linear map gives."""
        linear = self.weights[part]
        return multiplied(x, linear["w"]) + linear["b"]

    def at(self, hook: Hook, array: Array) -> Array:
        """What stands at a hook, after an intervention where there is one."""
        return edited(self.edit, hook_name(self.number, hook), array)


LayerRun = Callable[[Layer, Array, Array], "tuple[Step, Step]"]
"""What runs a layer: given the residual stream and the mask, its two steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What a forward pass runs, and how.

    Attributes:
        xp: `numpy` or `jax.numpy`.
        architecture: Static sizes.
        params: Nested dicts under Tracr's names.
        edit: For interventions: called at TransformerLens' hooks `blocks.{l}.attn.hook_q`,
            `hook_k`, `hook_v` and `hook_z`, [batch, seq, heads, head_size], and
            `blocks.{l}.mlp.hook_pre` and `hook_post`, [batch, seq, neurons].
        run: What runs one layer, if not `run_layer`, by default.
    """

    xp: Any
    architecture: Hyperparameters
    params: Any
    edit: Edit = unchanged
    run: LayerRun | None = None

    def layer(self, number: int) -> Layer:
        """One of its layers."""
        weights = {part: self.params[linear_name(number, part)] for part in LINEAR}
        return Layer(self.xp, self.architecture, weights, number, self.edit)


def forward(
    network: Network,
    unembedding: Float[Array, "d_model outputs"],
    tokens: Int[Array, "batch seq"],
) -> ForwardOutput:
    """Runs the transformer.

    Args:
        network: What runs.
        unembedding: Shape [d_model, outputs].
        tokens: Integers of shape [batch, seq]; PAD influences no other position.
    """
    output = collected(walk(network, tokens))
    scores = multiplied(output.output, unembedding)
    return ForwardOutput(output, choose(network.xp, network.architecture, scores), scores)


class Step(NamedTuple):
    """One sublayer of a forward pass.

    Attributes:
        stream: The residual stream after it, [batch, seq, d_model].
        added: What it added; None for the embeddings, which come first.
        logits: An attention sublayer's masked logits, [batch, heads, query, key].
    """

    stream: Float[Array, "batch seq d_model"]
    added: Float[Array, "batch seq d_model"] | None = None
    logits: Float[Array, "batch heads query key"] | None = None


def collected(steps: Iterable[Step]) -> TransformerOutput:
    """All steps of a forward pass."""
    first, *rest = walked = list(steps)
    return TransformerOutput(
        tuple(step.added for step in rest),
        tuple(step.stream for step in rest),
        tuple(step.logits for step in rest if step.logits is not None),
        walked[-1].stream,
        first.stream,
    )


def walk(network: Network, tokens: Int[Array, "batch seq"]) -> Iterator[Step]:
    """The forward pass step by step, so that nobody has to keep every state of a deep model.

    Args:
        network: What runs.
        tokens: Integers of shape [batch, seq].
    """
    seen = tokens != network.architecture.pad_encoding
    return walk_layers(network, embed(network.params, tokens), seen)


def embed(params: Any, tokens: Int[Array, "batch seq"]) -> Float[Array, "batch seq d_model"]:
    """The first state of the residual stream, [batch, seq, d_model]."""
    places = params[POSITIONS]["embeddings"][: tokens.shape[1]]
    return params[TOKENS]["embeddings"][tokens] + places[None]


def walk_layers(
    network: Network,
    stream: Float[Array, "batch seq d_model"],
    seen: Bool[Array, "batch seq"],
) -> Iterator[Step]:
    """The layers alone, from a first state of the residual stream.

    Args:
        network: What runs.
        stream: The first state, [batch, seq, d_model].
        seen: [batch, seq], where there is no PAD.
    """
    mask = visible(network.xp, network.architecture, seen)
    run = network.run or run_layer
    yield Step(stream)
    for number in range(network.architecture.layers):
        steps = run(network.layer(number), stream, mask)
        stream = steps[-1].stream
        yield from steps


def run_layer(
    layer: Layer,
    stream: Float[Array, "batch seq d_model"],
    mask: Bool[Array, "batch 1 #query key"],
) -> tuple[Step, Step]:
    """Attention, then the MLP, of one layer."""
    added, logits = _attention(layer, stream, mask)
    attended = Step(stream + added, added, logits)
    added = _mlp(layer, attended.stream)
    return attended, Step(attended.stream + added, added)


def visible(xp: Any, architecture: Hyperparameters, seen: Array) -> Array:
    """[batch, 1, query, key]: which keys each query may see."""
    length = seen.shape[1]
    seen = seen[:, None, None, :]
    if architecture.causal:
        place = np.arange(length)
        seen = seen & xp.asarray(place[:, None] >= place[None, :])[None, None]
    return seen


def _attention(layer: Layer, stream: Array, mask: Array) -> tuple[Array, Array]:
    xp, heads, size = layer.xp, layer.architecture.heads, layer.architecture.head_size
    batch, length, _ = stream.shape

    def project(port: Hook) -> Array:
        projected = layer.linear(PORTS[port], stream).reshape(batch, length, heads, size)
        return layer.at(port, projected).transpose(0, 2, 1, 3)

    query, key, value = map(project, PORTS)
    scale = np.float32(np.sqrt(max(size, 1)))
    logits = query @ key.transpose(0, 1, 3, 2) / scale
    logits = xp.where(mask, logits, np.float32(MASKED))
    pattern = xp.exp(logits - logits.max(axis=-1, keepdims=True))
    pattern = pattern / pattern.sum(axis=-1, keepdims=True)
    mixed = layer.at(Hook.HEAD, (pattern @ value).transpose(0, 2, 1, 3))
    return layer.linear(Linear.HEADS_OUT, mixed.reshape(batch, length, heads * size)), logits


def _mlp(layer: Layer, stream: Array) -> Array:
    before = layer.at(Hook.NEURON_IN, layer.linear(Linear.NEURONS_IN, stream))
    hidden = _activated(layer.xp, layer.architecture.activation, before)
    return layer.linear(Linear.NEURONS_OUT, layer.at(Hook.NEURON, hidden))


def multiplied(x: Array, matrix: Array) -> Array:
    """`x @ matrix`, as one product of two matrices: NumPy makes many small ones of it otherwise.

    Args:
        x: [..., rows of the matrix].
        matrix: [rows, columns].
    """
    rows = math.prod(x.shape[:-1])
    return (x.reshape(rows, x.shape[-1]) @ matrix).reshape(*x.shape[:-1], matrix.shape[1])


def edited(edit: Edit, name: str, array: Array) -> Array:
    """What stands at a hook after an intervention.

    Raises:
        InputError: If the intervention raises, or gives no array of that shape.
    """
    if edit is unchanged:
        return array
    try:
        found = edit(name, array)
    except OptitracrError:
        raise
    except Exception as error:
        raise InputError(
            f"edit raised {type(error).__name__} at hook {name!r} ({shown(str(error))}); it is "
            "called with a hook's name and an array, and gives an array"
        ) from error
    if getattr(found, "shape", None) != array.shape:
        raise InputError(
            f"edit gives {shown(found)} at hook {name!r}; give an array of shape {array.shape}"
        )
    return found


def _activated(xp: Any, activation: Callable[[Any], Any] | None, before: Array) -> Array:
    """What the neurons give.

    Raises:
        InputError: If a function that was set raises, or gives something else than an array
            of the same shape.
    """
    if activation is None:
        return xp.maximum(before, np.float32(0.0))
    try:
        hidden = xp.asarray(activation(before), dtype=before.dtype)
    except Exception as error:
        raise InputError(
            f"model_config.activation_function raised {type(error).__name__} on an array of "
            f"shape {before.shape} ({shown(str(error))}); set a function of JAX's, such as "
            "jax.nn.relu"
        ) from error
    if hidden.shape != before.shape:
        raise InputError(
            f"model_config.activation_function gives shape {hidden.shape} for {before.shape}; "
            "set one that acts on each number alone"
        )
    return hidden


def choose(
    xp: Any, architecture: Hyperparameters, scores: Float[Array, "batch seq outputs"]
) -> Num[Array, "batch seq"]:
    """The number, or the integer of the largest score; None where no score passes 1/2."""
    if not architecture.categorical:
        return scores[..., 0]
    if scores.shape[-1] == 0:
        return xp.full(scores.shape[:-1], -1)
    return xp.where(scores.max(axis=-1) > 0.5, scores.argmax(axis=-1), -1)
