"""What counterfactual pairs are, and variables that none tells apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.causal.model import variable_name

if TYPE_CHECKING:
    from os import PathLike

    from jaxtyping import Int

Key = str | tuple[str, ...]
"""A variable, or several that are set together."""


class Ground(Enum):
    """How it is known that two variables are indistinguishable.

    Attributes:
        STRUCTURE: One is at each position a function of the other, whose every use it is.
        EVERY_PAIR: No pair of inputs tells them apart; all were looked at.
        OPEN: No pair was found, and none is proven not to exist.
    """

    STRUCTURE = "structure"
    EVERY_PAIR = "every pair"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Indistinguishable:
    """Two variables of which no pair of inputs is known to tell them apart.

    Attributes:
        first: A variable.
        second: The other one; "" where to set the first changes no output.
        ground: How that is known.
    """

    first: str
    second: str
    ground: Ground

    @property
    def proven(self) -> bool:
        """Whether it is proven that there is no such pair."""
        return self.ground is not Ground.OPEN

    def __str__(self) -> str:
        what = f"'{self.first}' and '{self.second}' are" if self.second else f"'{self.first}' is"
        never = "not told apart" if self.second else "not told from setting nothing"
        return f"{what} {never} ({self.ground.value})"


@dataclass(frozen=True, eq=False)
class Counterfactuals:
    """Pairs of a base and a source, and outputs under interchange.

    At each position that both inputs have, a variable takes the value that it has there on the
    source; all that is computed from it follows. The causal model of the program gives the same.

    Attributes:
        bases: For each pair BOS and the tokens of the input that is run.
        sources: For each pair BOS and the tokens of the input that values are taken from.
        base_outputs: For each pair BOS and the output on the base.
        source_outputs: For each pair BOS and the output on the source.
        outputs: For each variable, or several that are set together, for each pair BOS and the
            output; None where the program is undefined there.
        tokens: Shape [pairs, max_seq_len + 1]: the model's integers of the bases, padded.
        source_tokens: The same of the sources.
        told: Pairs of variables that some pair of inputs here tells apart; "" for none.
        indistinguishable: Variables that no pair is known to tell apart.
    """

    bases: list[list[Any]] = field(repr=False)
    sources: list[list[Any]] = field(repr=False)
    base_outputs: list[list[Any]] = field(repr=False)
    source_outputs: list[list[Any]] = field(repr=False)
    outputs: Mapping[Key, list[list[Any] | None]] = field(repr=False)
    tokens: Int[NDArray[np.int32], "pairs longest"] = field(repr=False)
    source_tokens: Int[NDArray[np.int32], "pairs longest"] = field(repr=False)
    told: frozenset[tuple[Key, str]] = field(repr=False)
    indistinguishable: tuple[Indistinguishable, ...]

    def __len__(self) -> int:
        return len(self.bases)

    def to_causal_abstraction(self, label: str = "tokens") -> list[dict[str, Any]]:
        """The pairs as CausalAbstraction takes them.

        Args:
            label: The label of the tokens in the program.

        Returns:
            For each pair `{"input": ..., "counterfactual_inputs": [...]}`, tokens by the names
            that the causal model gives them.
        """
        label = arguments.text("label", label)

        def named(tokens: list[Any]) -> dict[str, Any]:
            return {variable_name(label, place): x for place, x in enumerate(tokens[1:])}

        return [
            {"input": named(base), "counterfactual_inputs": [named(source)]}
            for base, source in zip(self.bases, self.sources, strict=True)
        ]

    def save(self, path: str | PathLike[str]) -> None:
        """Writes a folder that `datasets.load_dataset` opens: Parquet, and a card that names it.

        Raises:
            MissingExtraError: If PyArrow is not installed.
            FileError: If the folder cannot be written.
        """
        from optitracr.causal.folder import as_json, save

        columns: dict[str, list[Any]] = {
            "base": [as_json(row[1:]) for row in self.bases],
            "source": [as_json(row[1:]) for row in self.sources],
            "base_ids": _unpadded(self.tokens, self.bases),
            "source_ids": _unpadded(self.source_tokens, self.sources),
            "base_output": [as_json(row[1:]) for row in self.base_outputs],
            "source_output": [as_json(row[1:]) for row in self.source_outputs],
            "outputs": [as_json(self._outputs(place)) for place in range(len(self))],
        }
        save(path, columns, self.indistinguishable)

    def _outputs(self, place: int) -> dict[str, list[Any] | None]:
        """The outputs of one pair by name, without BOS."""
        found = {}
        for key, rows in self.outputs.items():
            row = rows[place]
            found[key if isinstance(key, str) else " + ".join(key)] = row and row[1:]
        return found


def _unpadded(tokens: NDArray[np.int32], rows: list[list[Any]]) -> list[list[int]]:
    """Integers of inputs without padding."""
    return [ids[: len(row)] for ids, row in zip(tokens.tolist(), rows, strict=True)]
