"""A model under the names of Tracr's Haiku module, for clients that ask for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optitracr import arguments
from optitracr.model.config import ModelConfig
from optitracr.model.current import current
from optitracr.model.forward import (
    ForwardOutput,
    Network,
    TransformerOutput,
    choose,
    collected,
    embed,
    walk_layers,
)
from optitracr.model.names import TOKENS
from optitracr.model.running import forward
from optitracr.model.sequences import integers
from optitracr.model.transformer import Transformer
from solvers.interrupts import load_whole


@dataclass(frozen=True, slots=True, eq=False)
class TransformerModule:
    """The layers of a model, without embedding and unembedding."""

    model: Transformer

    @property
    def config(self) -> ModelConfig:
        """The model's configuration."""
        return self.model.model_config

    def __call__(
        self, embeddings: Any, mask: Any = None, use_dropout: bool = False
    ) -> TransformerOutput:
        """Runs the layers in JAX.

        Args:
            embeddings: The first state of the residual stream, [batch, seq, d_model].
            mask: [batch, seq], true where there is no PAD; everywhere by default.
            use_dropout: Taken for compatibility; there is no dropout.
        """
        del use_dropout
        load_whole("jax")
        import jax
        import jax.numpy as jnp

        now = current(self.model)
        stream = _array(self.model, "embeddings", embeddings, 3)
        seen = jnp.ones(stream.shape[:2], bool)
        if mask is not None:
            seen = _array(self.model, "mask", mask, 2)
            if seen.shape != stream.shape[:2]:
                wanted = f"an array of shape {stream.shape[:2]}, as the embeddings"
                arguments.refuse("mask", mask, wanted)
        with jax.default_matmul_precision("highest"):
            seen = seen.astype(bool)
            return collected(walk_layers(Network(jnp, now.architecture, now.params), stream, seen))


@dataclass(frozen=True, slots=True, eq=False)
class CompiledModule:
    """What `get_compiled_model` gives; it reads the model's weights anew at each call.

    Attributes:
        model: The model.
    """

    model: Transformer

    @property
    def transformer(self) -> TransformerModule:
        """The layers."""
        return TransformerModule(self.model)

    @property
    def pad_token(self) -> int:
        """Integer of the PAD token."""
        return self.model.input_encoder.pad_encoding

    @property
    def use_unembed_argmax(self) -> bool:
        """Whether the output is a category, and no number."""
        return bool(self.model.architecture.categorical)

    def embed(self, tokens: Any) -> Any:
        """The first state of the residual stream, [batch, seq, d_model]."""
        load_whole("jax")
        import jax.numpy as jnp

        return jnp.asarray(embed(current(self.model).params, integers(self.model, tokens)))

    def token_embed(self, tokens: Any) -> Any:
        """What the tokens alone give of it, [batch, seq, d_model]."""
        load_whole("jax")
        import jax.numpy as jnp

        table = jnp.asarray(current(self.model).params[TOKENS]["embeddings"])
        return table[integers(self.model, tokens)]

    def unembed(self, state: Any, use_unembed_argmax: bool | None = None) -> Any:
        """What the last state says: the number, or the integer of the value, [batch, seq].

        Args:
            state: [batch, seq, d_model].
            use_unembed_argmax: False gives the scores, [batch, seq, outputs].
        """
        load_whole("jax")
        import jax.numpy as jnp

        now = current(self.model)
        scores = _array(self.model, "state", state, 3) @ jnp.asarray(now.unembed)
        return scores if use_unembed_argmax is False else choose(jnp, now.architecture, scores)

    def __call__(self, tokens: Any, use_dropout: bool = False) -> ForwardOutput:
        """The forward pass in JAX.

        Args:
            tokens: Integers of shape [batch, seq], BOS first.
            use_dropout: Taken for compatibility; there is no dropout.
        """
        del use_dropout
        return forward(self.model, self.model.params, tokens)


def _array(model: Transformer, name: str, value: Any, axes: int) -> Any:
    """An array of JAX's, of states or for each position.

    Raises:
        InputError: If it is none of that shape.
    """
    load_whole("jax")
    import jax.numpy as jnp

    wanted = "an array of shape [batch, seq]"
    wanted = wanted if axes == 2 else f"{wanted[:-1]}, {model.size.width}]"
    try:
        found = jnp.asarray(value)
    except Exception:
        arguments.refuse(name, value, wanted)
    if found.ndim != axes or (axes == 3 and found.shape[2] != model.size.width):
        arguments.refuse(name, value, wanted)
    return found
