"""What is known of a program and its models: the data of a report, and its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optitracr import arguments
from optitracr.compiled import CompiledModel
from optitracr.draw.attention import attention_picture
from optitracr.draw.codes import codes_picture
from optitracr.draw.picture import Picture
from optitracr.draw.program_graph import graph_picture
from optitracr.draw.residual import Panel, residual_picture
from optitracr.draw.sublayers import sublayers_picture
from optitracr.draw.variables import Variables
from optitracr.errors import NotFoundError
from optitracr.model.proof import Proof
from optitracr.report.examples import Example
from optitracr.report.levels import LevelResult

PICTURES = ("residual", "sublayers", "points", "graph", "attention")
"""What `Facts.picture` draws."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Facts:
    """What there is to say of a program and its models.

    Attributes:
        name: The program's name.
        level: The reported level.
        levels: What came of each level.
        variables: The RASP variables and their colours.
        examples: Inputs with attention and values; empty if the program is undefined on all
            that were tried.
        checked: What is known of the reported model; None if that was left out.
        options: The compiler's options, as pairs of name and value.
    """

    name: str
    level: int
    levels: tuple[LevelResult, ...]
    variables: Variables
    examples: tuple[Example, ...]
    checked: Proof | None
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def model(self) -> CompiledModel:
        """The model of the reported level."""
        model = self.levels[self.level].model
        assert model is not None, "the reported level compiled, or there is no report"
        return model

    @property
    def baseline(self) -> CompiledModel:
        """The model of the lowest level that compiles."""
        return next(result.model for result in self.levels if result.model is not None)

    @property
    def panels(self) -> tuple[Panel, ...]:
        """What is drawn side by side: the lowest level that compiles, and the reported one."""
        models = dict.fromkeys((self.baseline.level, self.level))
        chosen = [self.levels[level] for level in models]
        return tuple(Panel(r.title, r.model) for r in chosen if r.model is not None)

    def picture(self, name: str, example: int = 0) -> Picture:
        """One of the page's pictures, as data.

        Args:
            name: "residual", "sublayers", "points", "graph" or "attention".
            example: Which input, for "attention".

        Raises:
            NotFoundError: If there is no picture of that name, or no such example.
        """
        name = arguments.text("the picture's name", name, NotFoundError)
        example = arguments.integer("example", example, least=0, kind=NotFoundError)
        match name:
            case "residual":
                return residual_picture(self.panels, self.variables)
            case "sublayers":
                return sublayers_picture(f"level {self.level}", self.model, self.variables)
            case "points":
                return codes_picture(self.model, self.variables)
            case "graph":
                graph, savings = self.model.program.graph, self.model.savings
                return graph_picture(graph, savings, self.variables)
            case "attention" if 0 <= example < len(self.examples):
                tokens = self.examples[example].tokens
                return attention_picture(self.model, tokens, self.variables)
            case "attention":
                raise NotFoundError(
                    f"there is no example {example}; the report has {len(self.examples)}: "
                    "pass examples=[...] with inputs on which the program is defined"
                )
            case _:
                raise NotFoundError(
                    f"there is no picture {arguments.shown(name)}; there are {', '.join(PICTURES)}"
                )
