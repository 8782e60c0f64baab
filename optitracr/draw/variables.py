"""Which RASP variable has which colour, and what the residual stream's variables are called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from optitracr.arguments import text
from optitracr.draw.picture import Paint, Role, plain
from optitracr.model.transformer import Transformer


@dataclass(frozen=True, slots=True)
class Variables:
    """The RASP variables of a program, each with an index that gives its colour.

    Attributes:
        labels: In the program's order, inputs first.
    """

    labels: tuple[str, ...]

    def index(self, label: str) -> int | None:
        """The variable's index; None for BOS, PAD and the constant.

        Raises:
            InputError: If it is no name.
        """
        label = text("label", label)
        return self.labels.index(label) if label in self.labels else None

    def fill(self, label: str) -> Paint:
        """What its shapes are filled with."""
        index = self.index(label)
        return Paint(Role.NEUTRAL) if index is None else Paint(Role.VARIABLE, index)

    def edge(self, label: str) -> Paint:
        """What its shapes are outlined with."""
        index = self.index(label)
        return Paint(Role.NEUTRAL_EDGE) if index is None else Paint(Role.VARIABLE_EDGE, index)


def variables_of(models: Iterable[Transformer]) -> Variables:
    """The variables of models of one program, whether compiled or read from files."""
    labels: dict[str, None] = {}
    for model in models:
        if model.reference is not None:
            written = [node.label for node in model.reference.graph.nodes]
            inputs = [label for label in ("tokens", "indices") if label in written]
            labels |= dict.fromkeys((*inputs, *written))
        labels |= dict.fromkeys(stay.variable for stay in model.record.dimensions)
        for node in model.record.nodes:
            labels |= dict.fromkeys(node.variables)
    return Variables(tuple(label for label in labels if label))


def shown_name(variable: str, name: str) -> str:
    """What a label in a picture says: the RASP variable, or what else a dimension is for."""
    if variable:
        return plain(variable)
    known = {"one": "constant 1", "bos": "BOS, constant"}
    return plain(known.get(name, name.removeprefix("tokens:")))
