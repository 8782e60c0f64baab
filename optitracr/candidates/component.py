"""Components and the variables they read and write, before any allocation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from optitracr.craft.blocks import Block
from optitracr.craft.reading import Variable
from optitracr.craft.spaces import FloatArray, Space, Value
from optitracr.graph.provenance import Provenance

if TYPE_CHECKING:
    from jaxtyping import Float


class Embedding(Enum):
    """Which embedding table supplies an input."""

    TOKENS = "tokens"
    POSITIONS = "positions"


@dataclass(frozen=True, slots=True)
class EmbeddedInput:
    """A variable that exists at state 0.

    Attributes:
        variable: The variable.
        source: The table that holds it.
        table: Its rows: of tokens the vocabulary, BOS, PAD; of positions:
            BOS, then 0 to max_seq_len - 1.
        base: What its dimensions hold besides in every row, for the unembedding; what reads them
            otherwise takes it off in its bias.
    """

    variable: Variable
    source: Embedding
    table: Float[FloatArray, "rows width"]
    base: float = 0.0


@dataclass(frozen=True, slots=True)
class Component:
    """An attention head or a group of neurons that computes one variable.

    Attributes:
        name: Unique name of the component.
        variable: What it computes.
        block: Its weights.
        reads: Labels of the variables that it reads.
        serves: Labels of the RASP variables that it is for.
        selector: Components with the same selector can share a head; "" for MLPs.
        group: A head and an MLP that the standard lowering keeps in one layer, or "".
        added: What it is and what for, if Tracr's lowering has no such component, or "".
    """

    name: str
    variable: Variable
    block: Block
    reads: tuple[str, ...]
    serves: tuple[str, ...]
    selector: str = ""
    group: str = ""
    added: str = ""


@dataclass(frozen=True, slots=True)
class OutputView:
    """How the output is read at the last state.

    Attributes:
        reads: The variables that it reads.
        space: Their directions, in the order of the matrix rows.
        unembedding: From these directions to the outputs.
    """

    reads: tuple[str, ...]
    space: Space
    unembedding: Float[FloatArray, "space outputs"]


@dataclass(frozen=True, slots=True)
class Held:
    """What a variable of the residual stream holds of a RASP variable.

    Attributes:
        label: The RASP variable.
        values: Its value set; values outside it are errors of the compiler's analysis.
        rows: The dimensions for each value; None for the number.
        clean: Whether the dimensions are zero at BOS.
        may_be_none: Whether it may be None, which is held as zeros.
    """

    label: str
    values: tuple[Value, ...]
    rows: Float[FloatArray, "values width"] | None
    clean: bool = True
    may_be_none: bool = True

    @property
    def classes(self) -> tuple[Float[FloatArray, "classes width"], list[tuple[Value, ...]]]:
        """What the dimensions hold that differs, and the values of each; none of a bare number."""
        if self.rows is None:
            return np.zeros((0, 1)), []
        rows, values = self.rows, [*self.values]
        if self.may_be_none:
            rows, values = np.concatenate([rows, np.zeros_like(rows[:1])]), [*values, None]
        classes: dict[tuple[float, ...], tuple[Value, ...]] = {}
        # Zero has no sign here.
        for row, value in zip(map(tuple, (rows + 0.0).tolist()), values, strict=True):
            classes[row] = (*classes.get(row, ()), value)
        return np.array(list(classes)).reshape(len(classes), -1), list(classes.values())


@dataclass(frozen=True, slots=True)
class Components:
    """Everything the allocation has to place.

    Attributes:
        inputs: Variables of state 0.
        components: What computes the others, operands first.
        output: How the output is read.
        self_attention: Labels of what tells positions, one variable or two that hold powers, and of
            BOS, which a head that erases needs in order to attend to its own position.
        held: What each variable of the residual stream holds of the program's.
        output_values: What each output of a categorical program stands for.
        made: What the compiler made those variables of the residual stream for that are not the
            program's.
    """

    inputs: tuple[EmbeddedInput, ...]
    components: tuple[Component, ...]
    output: OutputView
    self_attention: tuple[str, ...]
    held: Mapping[str, Held]
    output_values: tuple[Value, ...] = ()
    made: Mapping[str, Provenance] = field(default_factory=dict)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Inputs, then what the components compute."""
        return (
            *(entry.variable for entry in self.inputs),
            *(component.variable for component in self.components),
        )
