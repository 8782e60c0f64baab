"""The compiled model: weights, encoders, sizes and what each dimension means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.assembly.weights import HeadUse, NeuronUse, Params
from optitracr.candidates.component import Component
from optitracr.candidates.savings import Savings
from optitracr.checking.dataset import Dataset, make_dataset
from optitracr.checking.verification import VerificationReport
from optitracr.circuit.build import circuit_of
from optitracr.circuit.circuit import Circuit
from optitracr.errors import NotFoundError
from optitracr.memory import within_memory
from optitracr.model.config import ModelConfig
from optitracr.model.copying import checked_edit, copied
from optitracr.model.current import architecture_of, check_params, current, unembedding
from optitracr.model.encoders import CategoricalEncoder, Encoder
from optitracr.model.forward import Architecture, Edit, ForwardOutput
from optitracr.model.layout import Layout
from optitracr.model.module import CompiledModule
from optitracr.model.params import editable
from optitracr.model.record import CircuitRecord
from optitracr.model.reference import Reference
from optitracr.model.runner import run_jax, run_numpy
from optitracr.model.sequences import encode_all, encode_one, integers
from optitracr.model.size import Size
from optitracr.model.source import ProgramSource, source_of
from optitracr.options import CompileOptions
from optitracr.setting import Setting
from solvers import Allocation

Value = Any


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """What `apply` gives for one sequence (arrays keep a batch axis of 1, as Tracr's do).

    Attributes:
        decoded: BOS, then the program's output at each position.
        unembedded: [1, seq]: the number, or the integer of the categorical value (-1: None).
        layer_outputs: What each sublayer added, each [1, seq, d_model].
        residuals: The residual stream after each sublayer, each [1, seq, d_model].
        attn_logits: Each layer's logits, [1, heads, query, key]; masked ones are -1e30.
        transformer_output: The last residual stream, [1, seq, d_model].
        input_embeddings: The first one, [1, seq, d_model].
    """

    decoded: list[Value]
    unembedded: Any
    layer_outputs: tuple[Any, ...]
    residuals: tuple[Any, ...]
    attn_logits: tuple[Any, ...]
    transformer_output: Any
    input_embeddings: Any


@dataclass(frozen=True, slots=True)
class BatchOutput:
    """What `apply_batch` gives.

    Attributes:
        decoded: For each sequence BOS, then the program's output at each position.
        tokens: Integers of shape [batch, longest], padded.
        output: Everything the forward pass computed, padded positions included.
    """

    decoded: list[list[Value]]
    tokens: NDArray[np.int32]
    output: ForwardOutput


@dataclass(eq=False)
class CompiledModel:
    """A transformer that computes a RASP program.

    Weights and configuration may be edited, in place or by setting `params`, `unembed` or
    `model_config`; all that the model does and gives follows. Pickling and copying keep edits.

    Attributes:
        name: Name of the program's output.
        level: Level of optimisation (0, 1 or 2).
        params: Nested dicts under Tracr's names; float32. The arrays are NumPy's and have
            JAX's `.at` besides.
        unembed: Shape [d_model, outputs].
        model_config: Sizes under Tracr's names.
        input_encoder: Tokens to integers.
        output_encoder: What the integers or numbers of the output stand for.
        layout: Which column holds which variable, and when.
        size: Sizes; see `Size`.
        allocation: The solver's result with its certificate.
        setting: Vocabulary, length, special tokens, causality.
        reference: The program, for checks against the interpreter; None for a model that
            was read from a file which holds none.
        heads: For each layer, what each head serves.
        neurons: For each layer, what each run of neurons serves.
        residual_labels: One unique label a dimension, as Tracr has them.
        components: What was placed.
        output_reads: The variables that the unembedding reads.
        saved_circuit: The circuit of a model that was read from a file.
        savings: What made the model smaller than the standard one; prints as a table.
        options: What it was compiled with; None for a model from a file of version 1.
        saved_source: The program's text of a model that was read from a file.
        program_omitted: Why a file that the model was read from holds no program, or "".
    """

    name: str
    level: int
    params: Params
    unembed: NDArray[np.float32]
    model_config: ModelConfig
    input_encoder: CategoricalEncoder
    output_encoder: Encoder
    layout: Layout
    size: Size
    allocation: Allocation
    setting: Setting
    reference: Reference | None
    heads: tuple[tuple[HeadUse, ...], ...] = ()
    neurons: tuple[tuple[NeuronUse, ...], ...] = ()
    residual_labels: list[str] = field(default_factory=list)
    components: tuple[Component, ...] = ()
    output_reads: tuple[str, ...] = ()
    saved_circuit: CircuitRecord | None = None
    savings: Savings = field(default_factory=Savings)
    options: CompileOptions | None = None
    saved_source: ProgramSource | None = None
    program_omitted: str = ""

    def __post_init__(self) -> None:
        self._complete = True

    def __setattr__(self, name: str, value: Any) -> None:
        if "_complete" in vars(self):
            value = checked_edit(self, name, value)
        object.__setattr__(self, name, editable(value) if name == "params" else value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{name} is part of the model and cannot be deleted")

    def __copy__(self) -> CompiledModel:
        return copied(self, deep=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> CompiledModel:
        return copied(self, deep=True)

    def __reduce__(self) -> tuple[Any, ...]:
        from optitracr.files.pickling import reduced

        return reduced(self)

    @property
    def architecture(self) -> Architecture:
        """What the forward pass has to know beside the parameters."""
        return architecture_of(self)

    @property
    def residual_map(self) -> tuple[tuple[str | None, ...], ...]:
        """For each state the label of the tenant of each column, or None."""
        return tuple(
            tuple(None if d is None else d.label for d in self.layout.tenants(state))
            for state in range(self.layout.states)
        )

    @property
    def program(self) -> Reference:
        """The program that the model was compiled from.

        Raises:
            NotFoundError: If the model was read from a file which holds no program.
        """
        if self.reference is None:
            raise NotFoundError(
                f"model '{self.name}' was read from a file, which holds no program to compare "
                f"with ({self.program_omitted or 'it was left out'}); compile the program again "
                "to verify it or to make data sets"
            )
        return self.reference

    @property
    def circuit(self) -> Circuit:
        """Which head, neuron and dimension serves which RASP variable, and the edges.

        It is of the weights as they are now; a circuit that was asked for before an edit stays
        that of the weights before it.
        """
        now = current(self)
        known: tuple[bytes, Circuit] | None = vars(self).get("_circuit")
        if known is None or known[0] != now.digest:
            known = vars(self)["_circuit"] = (now.digest, circuit_of(self, now))
        return known[1]

    @property
    def source(self) -> ProgramSource:
        """The program as text: one line an s-op, and its author's functions."""
        if self.saved_source is not None:
            return self.saved_source
        return source_of(self.program.graph)

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
        tokens = integers(self, tokens)
        check_params(self, params)
        return run_jax(self.architecture, params, unembedding(self), tokens)

    def get_compiled_model(self) -> CompiledModule:
        """The forward pass under the names of Tracr's Haiku module."""
        return CompiledModule(self)

    def forward_numpy(self, tokens: NDArray[np.integer], edit: Edit | None = None) -> ForwardOutput:
        """The forward pass in NumPy, float32.

        Args:
            tokens: Integers of shape [batch, seq], BOS first and PAD last; what they mean is
                not checked.
            edit: For interventions: called with a hook's name and what stands there, it gives
                what stands there instead; see `forward` in `optitracr.model.forward`.

        Raises:
            InputError: If the shape does not fit, or an integer stands for no token.
        """
        codes = np.asarray(integers(self, tokens))
        if edit is not None:
            arguments.function("edit", edit)
        now = current(self)
        return run_numpy(now.architecture, now.params, now.unembed, codes, edit)

    @within_memory
    def apply(self, tokens: Sequence[Value]) -> ModelOutput:
        """Runs one sequence.

        Args:
            tokens: BOS, then 1 to max_seq_len tokens; PAD may follow. Anything with an order:
                a list, a text of one-letter tokens, an array, an iterator.

        Raises:
            InputError: If a token is unknown, BOS is missing, PAD stands before a token, or
                the length is wrong.
        """
        padded, n = encode_one(self, tokens)
        result = self.forward(self.params, padded)
        inner = result.transformer_output
        return ModelOutput(
            decoded=self._decode(np.asarray(result.unembedded_output)[0, :n]),
            unembedded=result.unembedded_output[:, :n],
            layer_outputs=tuple(x[:, :n] for x in inner.layer_outputs),
            residuals=tuple(x[:, :n] for x in inner.residuals),
            attn_logits=tuple(x[:, :, :n, :n] for x in inner.attn_logits),
            transformer_output=inner.output[:, :n],
            input_embeddings=inner.input_embeddings[:, :n],
        )

    @within_memory
    def apply_batch(self, sequences: Sequence[Sequence[Value]]) -> BatchOutput:
        """Runs many sequences in one call.

        Args:
            sequences: Each BOS and then tokens, of any lengths; the shorter are padded.

        Raises:
            InputError: Naming the first sequence that is wrong.
            LimitError: If running so many at once does not fit in memory.
        """
        padded, lengths = encode_all(self, sequences)
        result = self.forward(self.params, padded)
        chosen = np.asarray(result.unembedded_output)
        decoded = [self._decode(row[:n]) for row, n in zip(chosen, lengths, strict=True)]
        return BatchOutput(decoded, padded, result)

    @within_memory
    def verify(self, max_inputs: int = 100_000, seed: int = 0) -> VerificationReport:
        """Compares the model with the interpreter, every variable at every state.

        Every input up to the length where they number `max_inputs`, and beyond that
        random and adversarial ones.

        Raises:
            VerificationError: Names the first wrong variable, position and input.
            LimitError: If so many inputs do not fit in memory.
        """
        from optitracr.checking.verification import verify_model

        return verify_model(self, max_inputs=max_inputs, seed=seed)

    def _decode(self, row: NDArray[Any]) -> list[Value]:
        return [self.setting.bos, *self.output_encoder.decode(row[1:].tolist())]
