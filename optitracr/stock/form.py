"""A compiled model in the form of a published transformer: what users hold of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.architectures.architecture import Architecture
from optitracr.architectures.classes import GPT2_CLASS, StockClass, stock_class
from optitracr.craft.spaces import FloatArray
from optitracr.errors import InputError
from optitracr.model.current import Current, exportable
from optitracr.model.transformer import Transformer
from optitracr.stock import gpt2, llama
from optitracr.stock.forward import logits_numpy
from optitracr.stock.lower import Lowered, lowered
from optitracr.stock.rotation import basis_of, rotated
from optitracr.stock.weights import StockSizes

if TYPE_CHECKING:
    from jaxtyping import Float, Int

_KNOWN: WeakKeyDictionary[Transformer, tuple[bytes, StockForm]] = WeakKeyDictionary()
"""The form that each model was last asked for, and the digest of its weights then."""


@dataclass(frozen=True, slots=True, eq=False)
class StockForm:
    """A published transformer that computes what a compiled model computes.

    Attributes:
        stock: The class that it is of.
        lowered: Its weights, and where the compiled model's columns lie.
        special: The integers of BOS and PAD.
        basis: What the stream was multiplied with, [width, width]; None for nothing.
    """

    stock: StockClass
    lowered: Lowered
    special: tuple[int, int]
    basis: FloatArray | None = None

    @property
    def architecture(self) -> Architecture:
        """What it is made of."""
        return self.lowered.architecture

    @property
    def sizes(self) -> StockSizes:
        """Its sizes."""
        return self.lowered.sizes

    @property
    def config(self) -> dict[str, Any]:
        """Its configuration, as the class in `transformers` takes it."""
        bos, pad = self.special
        common = {"bos_token_id": bos, "eos_token_id": pad, "pad_token_id": pad}
        if self.stock is GPT2_CLASS:
            return gpt2.config(self.architecture, self.sizes) | common
        base = self.lowered.weights.rotary_base
        return llama.config(self.architecture, self.sizes, base) | common

    @property
    def state(self) -> dict[str, NDArray[np.float32]]:
        """Its weights, under the names of the class in `transformers`."""
        if self.stock is GPT2_CLASS:
            return gpt2.state(self.lowered.weights)
        return llama.state(self.lowered.weights, self.architecture)

    @property
    def early_layers(self) -> int:
        """Layers before those of the compiled model, which tell positions: 0 or 1."""
        return self.lowered.early

    def logits(
        self, tokens: Int[NDArray[np.integer], "batch seq"]
    ) -> Float[NDArray[np.float32], "batch seq tokens"]:
        """What it gives in NumPy, float32.

        Args:
            tokens: Integers of shape [batch, seq], BOS first and PAD last.

        Returns:
            Shape [batch, seq, tokens].

        Raises:
            InputError: If the shape does not fit, or an integer is beyond the vocabulary.
        """
        sizes = self.sizes
        array = array_of(tokens)
        if array.ndim != 2 or array.dtype.kind not in "iu" or array.shape[1] > sizes.positions:
            raise InputError(
                f"tokens is {arguments.shown(tokens)}; give integers of shape [batch, seq], with "
                f"at most {sizes.positions} positions"
            )
        if ((array < 0) | (array >= sizes.tokens)).any():
            raise InputError(f"tokens holds an integer that is not from 0 to {sizes.tokens - 1}")
        return logits_numpy(self.lowered, array)

    @property
    def logit_scale(self) -> float:
        """By what the compiled model's logits are multiplied, so that no weight is too large."""
        return self.lowered.logit_scale

    def compiled_stream(self, stream: Any) -> Float[FloatArray, "*batch d_model"]:
        """The compiled model's residual stream, from that of the stock transformer.

        `hidden_states[l]` of its class is the stream before layer l, which is state
        2 (l - early_layers) of the compiled model; the last one is what the last norm gives, and
        no stream.

        Args:
            stream: Shape [..., width].

        Returns:
            Shape [..., d_model], for `CompiledModel.decode` and the like.

        Raises:
            InputError: If it is of another width.
        """
        array = array_of(stream)
        wide = array.ndim > 0 and array.shape[-1] == self.sizes.width
        if not wide or array.dtype.kind not in "fiu":
            raise InputError(
                f"stream is {arguments.shown(stream)}; give the residual stream of the stock "
                f"model, of shape [..., {self.sizes.width}]"
            )
        plain = array if self.basis is None else array @ self.basis.T
        return np.asarray(plain[..., : self.lowered.amplitude.size] / self.lowered.amplitude)


def array_of(given: Any) -> NDArray[Any]:
    """What was given as NumPy's array, of whatever library it is; of objects where it is none."""
    try:
        return np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
    except Exception:
        return np.array(None, dtype=object)


def architecture_class(model: Transformer) -> StockClass:
    """The class of the architecture that a model was compiled for.

    Raises:
        InputError: If that is none of a published transformer.
    """
    stock = stock_class(model.options.architecture)
    if stock is None:
        raise InputError(
            "the model was compiled for no published transformer; compile it with "
            'architecture="gpt2" or architecture="llama"'
        )
    return stock


def stock_form(model: Transformer, rotate: int | None = None) -> StockForm:
    """The form of a model in the architecture that it was compiled for, by its weights as they are.

    Args:
        model: The model.
        rotate: Seed of a rotation of the stream; None for none.

    Raises:
        InputError: If it was compiled for no architecture of a published transformer, or its
            configuration was edited to what such a one cannot be told.
    """
    stock = architecture_class(model)
    now = exportable(model, stock.name)
    known = _KNOWN.get(model)
    if known is None or known[0] != now.digest:
        known = _KNOWN[model] = (now.digest, _form(model, now, stock))
    if rotate is None:
        return known[1]
    return _rotated(known[1], arguments.integer("rotate", rotate, least=0))


def _form(model: Transformer, now: Current, stock: StockClass) -> StockForm:
    encoder = model.input_encoder
    special = (encoder.bos_encoding, encoder.pad_encoding)
    return StockForm(stock, lowered(now, model.options.architecture, special[0]), special)


def _rotated(form: StockForm, seed: int) -> StockForm:
    own = form.lowered
    basis = basis_of(own.host, seed)
    turned = replace(own, weights=rotated(own.weights, basis))
    return replace(form, lowered=turned, basis=basis)
