"""The transformer as data: its weights and sizes, and what each head, neuron and dimension is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.candidates.savings import Savings
from optitracr.errors import InputError, NotFoundError
from optitracr.model.config import ModelConfig
from optitracr.model.encoders import CategoricalEncoder, Encoder
from optitracr.model.evidence import UNCHECKED, Evidence
from optitracr.model.forward import Hyperparameters
from optitracr.model.layout import Layout
from optitracr.model.names import UNEMBED
from optitracr.model.params import Params, check_structure, editable, plain
from optitracr.model.record import (
    CircuitRecord,
    HeadUse,
    NeuronUse,
    PlacedComponent,
    head_uses,
    neuron_uses,
)
from optitracr.model.reference import Reference
from optitracr.model.shape import Shape
from optitracr.model.size import Size
from optitracr.model.source import ProgramSource
from optitracr.options import CompileOptions
from optitracr.setting import Setting
from solvers import Allocation, Sizes

if TYPE_CHECKING:
    from jaxtyping import Float

    from optitracr.domain.language import Language

EDITABLE = ("params", "unembed", "model_config")
"""Attributes that may be set anew; what says how a model was compiled stays as it is."""


@dataclass(eq=False)
class Transformer:
    """A transformer that computes a RASP program, and all that is known of it.

    Weights and configuration may be edited, in place or by setting `params`, `unembed` or
    `model_config`; whatever is done with the model follows. Copies keep edits.

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
        record: What each head, each run of neurons and each dimension is for.
        components: What was placed.
        output_reads: The variables that the unembedding reads.
        reference: The program, for checks against the interpreter; None where none is held.
        write_source: Writes the program as text; files are read only when it is called.
        options: What it was compiled with.
        program_omitted: Why no program is held, or "".
        residual_labels: One unique label a dimension, as Tracr has them.
        savings: What made the model smaller than the standard one; prints as a table.
        evidence: What is known of it, and of which weights; `CompiledModel.proof` tells what is
            known of those that it has now.
    """

    name: str
    level: int
    params: Params
    unembed: Float[NDArray[np.float32], "d_model outputs"]
    model_config: ModelConfig
    input_encoder: CategoricalEncoder
    output_encoder: Encoder
    layout: Layout
    size: Size
    allocation: Allocation
    setting: Setting
    record: CircuitRecord
    components: tuple[PlacedComponent, ...]
    output_reads: tuple[str, ...]
    reference: Reference | None
    write_source: Callable[[], ProgramSource]
    options: CompileOptions
    program_omitted: str = ""
    residual_labels: list[str] = field(default_factory=list)
    savings: Savings = field(default_factory=Savings)
    evidence: Evidence = UNCHECKED

    def __post_init__(self) -> None:
        self._complete = True

    def __setattr__(self, name: str, value: Any) -> None:
        if "_complete" in vars(self):
            value = self._checked(name, value)
        object.__setattr__(self, name, editable(value) if name == "params" else value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{name} is part of the model and cannot be deleted")

    def __copy__(self) -> Self:
        return self._copied(deep=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._copied(deep=True)

    def _copied(self, deep: bool) -> Self:
        """A copy, edits included; deep ones share what never changes, as the others do."""
        duplicate = object.__new__(type(self))
        state = dict(vars(self))
        if deep:
            for name in (*EDITABLE, "residual_labels"):
                state[name] = copy.deepcopy(state[name])
        vars(duplicate).update(state)
        return duplicate

    def _checked(self, name: str, value: Any) -> Any:
        """What an attribute is set to.

        Raises:
            InputError: If it does not fit the model.
            AttributeError: If the attribute cannot be set.
        """
        if name not in EDITABLE:
            raise AttributeError(
                f"{name} says what was compiled and cannot be set; {', '.join(EDITABLE)} can"
            )
        if name == "model_config":
            wanted = "an optitracr.model.config.ModelConfig"
            return arguments.instance(name, value, ModelConfig, wanted)
        if name == "params":
            check_params(self, value)
            return value
        before, found = unembedding(self), np.asarray(value)
        if found.shape != before.shape:
            raise InputError(
                f"unembed has shape {found.shape}; for this model it has {before.shape}"
            )
        return value

    @property
    def domain(self) -> Language:
        """The inputs that the model is exact on: those that were promised, or else all.

        `model.domain.contains(tokens)` tells whether a sequence is one of them.
        """
        from optitracr.domain.language import every_input

        setting = self.setting
        if setting.domain is not None:
            return setting.domain
        return every_input(setting.vocabulary, setting.max_seq_len, setting.bos)

    @property
    def architecture(self) -> Hyperparameters:
        """What the forward pass has to know beside the parameters."""
        return architecture_of(self)

    @property
    def heads(self) -> tuple[tuple[HeadUse, ...], ...]:
        """For each layer, what each head serves."""
        return head_uses(self.record.nodes, self.size.layers)

    @property
    def neurons(self) -> tuple[tuple[NeuronUse, ...], ...]:
        """For each layer, what each run of neurons serves."""
        return neuron_uses(self.record.nodes, self.size.layers)

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
    def source(self) -> ProgramSource:
        """The program as text: one line an s-op, and its author's functions."""
        return self.write_source()


def architecture_of(model: Transformer) -> Hyperparameters:
    """What the forward pass has to know beside the weights."""
    config = model.model_config
    return Hyperparameters(
        config.num_layers,
        config.num_heads,
        config.key_size,
        config.causal,
        model.input_encoder.pad_encoding,
        isinstance(model.output_encoder, CategoricalEncoder),
        None if config.is_relu else config.activation_function,
    )


def shape_of(model: Transformer) -> Shape:
    """What decides the shape of every tensor, by the configuration as it is now."""
    config = model.model_config
    return Shape(
        Sizes(
            layers=config.num_layers,
            width=model.size.width,
            heads=config.num_heads,
            head_size=config.key_size,
            neurons=config.mlp_hidden_size,
        ),
        tokens=model.input_encoder.vocab_size,
        positions=model.setting.position_rows,
        outputs=model.output_encoder.vocab_size,
    )


def check_params(model: Transformer, params: Any) -> None:
    """Checks that weights fit the model, of whatever library their arrays are.

    Raises:
        InputError: Names the first part that does not.
    """
    check_structure(params, shape_of(model).tensors(), spare=model.size.layers)


def unembedding(model: Transformer) -> Float[NDArray[np.float32], "d_model outputs"]:
    """The unembedding as it is now.

    Raises:
        InputError: If it is of a wrong shape or type.
    """
    found = plain("unembed", model.unembed)
    wanted = shape_of(model).tensors()[UNEMBED]
    if found.shape != wanted:
        raise InputError(f"unembed has shape {found.shape}; for this model it has {wanted}")
    return found
