"""A program compiled at every level, where a level may refuse it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from optitracr import rasp
from optitracr.compile import compile_rasp_to_model
from optitracr.compiled import CompiledModel
from optitracr.errors import OptitracrError
from optitracr.levels import LEVELS
from optitracr.recipes import RECIPES
from solvers import Status


@dataclass(frozen=True, slots=True, eq=False)
class LevelResult:
    """What came of one level.

    Attributes:
        level: 0, 1 or 2.
        model: The model, or None where the level refuses the program.
        refusal: Why it does, or "".
    """

    level: int
    model: CompiledModel | None
    refusal: str = ""

    @property
    def title(self) -> str:
        """What pictures and tables call it."""
        proven = self.model is None or self.model.allocation.status is Status.OPTIMAL
        how = "optimal" if proven else "best found"
        return f"Level {self.level}: {RECIPES[self.level].title.format(found=how)}"


def compile_levels(
    program: rasp.SOp,
    vocab: Collection[Any],
    max_seq_len: int,
    causal: bool,
    reported: int,
    options: dict[str, Any],
) -> tuple[LevelResult, ...]:
    """Compiles at every level, the reported one first.

    Raises:
        OptitracrError: If the reported level fails.
    """
    found = {
        reported: LevelResult(
            reported,
            compile_rasp_to_model(
                program, vocab, max_seq_len, causal, optimize=reported, **options
            ),
        )
    }
    for level in LEVELS:
        if level == reported:
            continue
        try:
            model = compile_rasp_to_model(
                program, vocab, max_seq_len, causal, optimize=level, **options
            )
            found[level] = LevelResult(level, model)
        except OptitracrError as error:
            found[level] = LevelResult(level, None, str(error))
    return tuple(found[level] for level in sorted(found))
