"""Interchange interventions on a program, for many pairs of inputs at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import rasp
from optitracr.graph.program import Best, ProgramGraph
from optitracr.rasp.batch import BatchEvaluation, BatchInterpreter
from optitracr.rasp.expression import RASPExpr
from optitracr.setting import Setting

Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]
NOTHING: frozenset[str] = frozenset()
"""The intervention that sets no variable."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of a base and a source.

    Attributes:
        base: Shape [pairs, max_seq_len]: codes of tokens; -1 pads.
        source: The same of the other inputs.
    """

    base: Codes
    source: Codes

    def __len__(self) -> int:
        return len(self.base)

    def taken(self, rows: Any) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.base[rows], self.source[rows])

    def joined(self, other: Pairs) -> Pairs:
        """These pairs, then others."""
        return Pairs(
            np.concatenate([self.base, other.base]), np.concatenate([self.source, other.source])
        )


class Interpreter:
    """The interpreter of one program, with any variables set to what they are on other inputs.

    At each position of the base that the source has too, a variable takes the value that it has
    there on the source; at others it keeps its own.

    Attributes:
        labels: The program's variables but for tokens and indices, operands first.
        output: Label of the program's output.
    """

    def __init__(self, graph: ProgramGraph, setting: Setting) -> None:
        known = dict(graph.expressions)
        self.labels = tuple(n.label for n in graph.nodes if not (n.is_token or n.is_index))
        self.output = graph.output
        self._sops: dict[str, Any] = {label: known[label] for label in (*self.labels, self.output)}
        self._set: dict[str, RASPExpr] = {
            node.label: known[node.label].selector
            if isinstance(node.operation, Best)
            else known[node.label]
            for node in graph.nodes
            if node.label in self._sops
        }
        asked = dict.fromkeys([*self._sops.values(), *self._set.values()])
        self._run = BatchInterpreter(
            list(asked), setting.vocabulary, setting.max_seq_len, setting.causal
        )

    def values(self, label: str, evaluation: BatchEvaluation) -> tuple[Any, ...]:
        """What the codes of a variable stand for; the first is None."""
        return evaluation.values(self._sops[label])

    def plain(self, inputs: Codes) -> BatchEvaluation:
        """The values of all variables on inputs."""
        return self._run.run(inputs, (inputs >= 0).sum(axis=1))

    def codes(self, label: str, evaluation: BatchEvaluation) -> Codes:
        """Shape [batch, seq]: the codes of a variable; 0 where it is None, and at padding."""
        return evaluation.codes(self._sops[label])

    def interchanged(self, pairs: Pairs, wanted: Sequence[Collection[str]]) -> Interchanged:
        """The output under each of some interventions.

        Args:
            pairs: Bases and sources.
            wanted: The variables that each intervention sets together.
        """
        base, source = self.plain(pairs.base), self.plain(pairs.source)
        lengths = (pairs.base >= 0).sum(axis=1)
        inside = pairs.base >= 0
        outputs, undefined = [], []
        for labels in wanted:
            instead = {
                self._set[label]: self._mixed(
                    label, base, source, inside, inside & (pairs.source >= 0)
                )
                for label in labels
            }
            found = self._run.run(pairs.base, lengths, instead) if instead else base
            outputs.append(self.codes(self.output, found))
            undefined.append(found.undefined | base.undefined | source.undefined)
        values = self.values(self.output, base)
        return Interchanged(np.array(outputs), np.array(undefined), values)

    def _mixed(
        self, label: str, base: BatchEvaluation, source: BatchEvaluation, inside: Mask, both: Mask
    ) -> NDArray[Any]:
        """A variable as on the source where it has the position, else as on the base."""
        expression = self._set[label]
        if isinstance(expression, rasp.SOp):
            return np.where(both, source.codes(expression), base.codes(expression))
        assert isinstance(expression, rasp.Selector)
        sides = source.selected(expression), base.selected(expression)
        mixed: Mask = np.where(both[:, None, :], *sides)
        # A key that the base does not have cannot be selected.
        return mixed & inside[:, :, None]


@dataclass(frozen=True, eq=False)
class Interchanged:
    """Outputs under interventions.

    Attributes:
        codes: Shape [interventions, pairs, seq]: codes of the output; 0 for None and padding.
        undefined: Shape [interventions, pairs]: where the program is undefined.
        values: What the codes stand for; the first is None.
    """

    codes: Codes
    undefined: Mask
    values: tuple[Any, ...]
