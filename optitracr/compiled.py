"""What users hold: a transformer with all that can be done with it, each a call of its wing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.checking.dataset import Dataset, make_dataset
from optitracr.checking.verification import VerificationReport
from optitracr.circuit.build import circuit_of
from optitracr.circuit.circuit import Circuit
from optitracr.memory import within_memory
from optitracr.model import running
from optitracr.model.forward import Edit, ForwardOutput
from optitracr.model.known import known_of, remember
from optitracr.model.module import CompiledModule
from optitracr.model.proof import Proof
from optitracr.model.running import BatchOutput, ModelOutput
from optitracr.model.transformer import Transformer
from optitracr.stock.model import PublishedModel

if TYPE_CHECKING:
    from jaxtyping import Int

    from optitracr.causal.model import CausalModel
    from optitracr.causal.pairs import Counterfactuals

Value = Any


class CompiledModel(PublishedModel):
    """A transformer that computes a RASP program; its data are those of `Transformer`.

    Weights and configuration may be edited, in place or by setting `params`, `unembed` or
    `model_config`; all that the model does and gives follows. Pickling and copying keep edits.
    A model that was read from a file holds the same as one that was compiled.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        from optitracr.files.pickling import contents

        return _unpickled, contents(self)

    @property
    def circuit(self) -> Circuit:
        """Which head, neuron and dimension serves which RASP variable, and the edges.

        It is of the weights as they are now; a circuit that was asked for before an edit stays
        that of the weights before it.
        """
        return circuit_of(self)

    @within_memory
    def dataset(
        self,
        size: int,
        seed: int = 0,
        lengths: Sequence[int] | None = None,
        balanced: bool = False,
    ) -> Dataset:
        """Random inputs with the interpreter's outputs; see `make_dataset`."""
        return make_dataset(self, size, seed, lengths, balanced)

    @within_memory
    def causal_model(self, length: int | None = None) -> CausalModel:
        """Variables, values, parents and mechanisms of the program; see `causal_model_of`."""
        from optitracr.causal.model import causal_model_of

        return causal_model_of(self, length)

    @within_memory
    def counterfactuals(
        self, size: int, seed: int = 0, variable: str | Sequence[str] | None = None
    ) -> Counterfactuals:
        """Pairs of inputs, with outputs under interchange; see `make_counterfactuals`."""
        from optitracr.causal.counterfactuals import make_counterfactuals

        return make_counterfactuals(self, size, seed, variable)

    @within_memory
    def to_torch(self) -> Any:
        """The model as a plain `torch.nn.Module`: integers in, logits or numbers out."""
        from optitracr.export.torch_module import to_torch

        return to_torch(self)

    @within_memory
    def to_transformer_lens(self, kind: str | None = None) -> Any:
        """The model in TransformerLens.

        Args:
            kind: "bridge" for a TransformerBridge (TransformerLens 4), "hooked" for a
                HookedTransformer (2 and 3); by default what is installed.
        """
        from optitracr.export.transformer_lens import to_transformer_lens

        return to_transformer_lens(self, kind)

    @within_memory
    def to_onnx(self, path: str | PathLike[str]) -> None:
        """Writes the model as an ONNX file; see `optitracr.export.onnx_graph`."""
        from optitracr.export.onnx_graph import to_onnx

        to_onnx(self, path)

    @within_memory
    def save(self, path: str | PathLike[str]) -> None:
        """Writes the model to a folder: weights as safetensors and a JSON manifest.

        A model that stands there is replaced once the new one is whole.

        Raises:
            FileError: If the folder cannot be written or holds something else, or a value of
                the program is of a type that a file cannot hold; nothing is changed then.
        """
        from optitracr.files.saving import save

        save(self, path)

    def _repr_html_(self) -> str:
        """A card for notebooks: sizes, proof, and the residual stream over time."""
        from optitracr.draw.card import card

        return card(self)

    def forward(self, params: Any, tokens: Any) -> ForwardOutput:
        """The forward pass in JAX, differentiable in `params`.

        Args:
            params: Like `self.params`.
            tokens: Integers of shape [batch, seq], BOS first and PAD last; what they mean is
                not checked.

        Raises:
            InputError: If shapes do not fit, or an integer stands for no token.
        """
        return running.forward(self, params, tokens)

    def get_compiled_model(self) -> CompiledModule:
        """The forward pass under the names of Tracr's Haiku module."""
        return CompiledModule(self)

    def forward_numpy(
        self, tokens: Int[NDArray[np.integer], "batch seq"], edit: Edit | None = None
    ) -> ForwardOutput:
        """The forward pass in NumPy, float32.

        Args:
            tokens: Integers of shape [batch, seq], BOS first and PAD last; what they mean is
                not checked.
            edit: For interventions: called with a hook's name and what stands there, it gives
                what stands there instead; see `forward` in `optitracr.model.forward`.

        Raises:
            InputError: If the shape does not fit, or an integer stands for no token.
        """
        return running.forward_numpy(self, tokens, edit)

    @within_memory
    def apply(self, tokens: Sequence[Value], *, check_domain: bool = False) -> ModelOutput:
        """Runs one sequence.

        Args:
            tokens: BOS, then 1 to max_seq_len tokens; PAD may follow. Anything with an order:
                a list, a text of one-letter tokens, an array, an iterator.
            check_domain: Refuse a sequence that is not of the domain, on which the model may say
                anything.

        Raises:
            InputError: If a token is unknown, BOS is missing, PAD stands before a token, the
                length is wrong, or the sequence was to be of the domain and is not.
        """
        return running.apply(self, tokens, check_domain)

    @within_memory
    def apply_batch(
        self, sequences: Sequence[Sequence[Value]], *, check_domain: bool = False
    ) -> BatchOutput:
        """Runs many sequences in one call.

        What positions have in common is computed once, and kept for later calls as long as the
        weights stay the same. `output`, all states and logits, is computed when it is asked for.

        Args:
            sequences: Each BOS and then tokens, of any lengths; the shorter are padded.
            check_domain: Refuse sequences that are not of the domain.

        Raises:
            InputError: Naming the first sequence that is wrong.
            LimitError: If running so many at once does not fit in memory.
        """
        return running.apply_batch(self, sequences, check_domain)

    @within_memory
    def decode(self, variable: str, residual: Any, state: int | None = None) -> NDArray[Any]:
        """The values of a variable, where a residual stream holds it.

        Numbers that stand for categories, such as places on a line or points of a circle, are read
        as the nearest of them, and so is what a head that counts leaves; the output as the
        unembedding says. At BOS that means nothing. What is taken, given and raised, says
        `optitracr.circuit.decoding.decode`.
        """
        from optitracr.circuit.decoding import decode

        return decode(self, variable, residual, state)

    @within_memory
    def draw_code(self, variable: str) -> Any:
        """The points that stand for a variable's values, as a Matplotlib figure.

        See `optitracr.draw.codes.draw_code`.
        """
        from optitracr.draw.codes import draw_code

        return draw_code(self, variable)

    @property
    def proof(self) -> Proof:
        """What is known of the model: PROVEN on every input, REFUTED, or CHECKED on some.

        It is of the weights as they are now: once they are edited, it says that they were changed
        since, until `prove` is called again. Of a model that was read from a file it is what the
        file says of it.
        """
        return known_of(self)

    @within_memory
    def prove(self, params: Mapping[str, Any] | None = None) -> Proof:
        """Proves that the model computes its program on every input, or refutes it.

        It takes the weights as they are and trusts nothing else of the compiler. Where a proof
        falls short, an input on which the model is wrong is looked for. `proof` then says the
        same, unless other weights were given.

        Args:
            params: Other weights to be proven in the model's place, like `self.params`.

        Raises:
            InputError: If the weights do not fit the model.
            NotFoundError: If the model was read from a file that holds no program.
        """
        from optitracr.checking.proving import prove_or_refute

        proof = prove_or_refute(self, params)
        if params is None:
            remember(self, proof)
        return proof

    @within_memory
    def verify(self, max_inputs: int = 100_000, seed: int = 0) -> VerificationReport:
        """Compares the model with the interpreter, every variable at every state.

        Every input of the domain up to the length where they number `max_inputs`, and beyond
        that random and adversarial ones.

        Raises:
            VerificationError: Names the first wrong variable, position and input.
            LimitError: If so many inputs do not fit in memory.
        """
        from optitracr.checking.verification import verify_model

        return verify_model(self, max_inputs=max_inputs, seed=seed)


def with_verbs(model: Transformer) -> CompiledModel:
    """The same model as users hold it; weights are shared."""
    return CompiledModel(**{field.name: getattr(model, field.name) for field in fields(model)})


def prove(model: CompiledModel, params: Mapping[str, Any] | None = None) -> Proof:
    """Proves that a model computes its program on every input, or refutes it.

    Args:
        model: A model that was compiled, or read from a file.
        params: Other weights to be proven in its place, like `model.params`: those of a model
            that was trained, say, with the sizes of the compiled one.

    Raises:
        InputError: If the model is none, or the weights do not fit it.
        NotFoundError: If the model was read from a file that holds no program.
    """
    wanted = "a model that was compiled or loaded"
    given: CompiledModel = arguments.instance("model", model, CompiledModel, wanted)
    return given.prove(params)


def load(path: str | PathLike[str]) -> CompiledModel:
    """Reads a model that `save` wrote.

    The model runs, exports and says what it holds. Its program is there as tables in place of
    functions, so that `verify()` and `dataset()` work and nothing of the file is executed;
    where the tables are too large, they say so.

    Args:
        path: The folder.

    Raises:
        FileError: If a file is missing, truncated, changed, malformed, or of a newer
            version; names file, field and remedy in one line.
    """
    from optitracr.files.saving import load

    return with_verbs(load(path))


def _unpickled(
    manifest: bytes, weights: bytes, activation: Callable[[Any], Any] | None
) -> CompiledModel:
    from optitracr.files.pickling import restored

    return with_verbs(restored(manifest, weights, activation))
