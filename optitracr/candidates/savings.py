"""What made a model smaller than the standard one, variable by variable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from optitracr.arguments import choice


class SavingKind(StrEnum):
    """How a variable costs less than a component and dimensions of its own for ever, or more."""

    VIEWED = "viewed"
    FUSED = "fused"
    COMPRESSED = "compressed"
    RECODED = "recoded"
    PUSHED = "pushed"
    SPLIT = "split"
    SHARED = "shared"
    REWRITTEN = "rewritten"
    ERASED = "erased"
    UNUSED = "unused"
    ADDED = "added"


MEANING = {
    SavingKind.VIEWED: "read off another variable, without a component",
    SavingKind.FUSED: "computed on the way, inside one MLP with what reads it",
    SavingKind.COMPRESSED: "fewer dimensions than values: only what its readers distinguish",
    SavingKind.RECODED: "held as numbers in place of a one-hot",
    SavingKind.PUSHED: "computed before the head that would have read it",
    SavingKind.SPLIT: "its head's raw output is read by more than the width's own MLP",
    SavingKind.SHARED: "one with an equal variable, or in one head with an equal selector",
    SavingKind.REWRITTEN: "computed by another definition than the program's",
    SavingKind.ERASED: "its dimensions are given to others after its last reader",
    SavingKind.UNUSED: "not needed by what the model computes",
    SavingKind.ADDED: "more than Tracr's lowering has, which would be wrong: means, sharp one-hots",
}


@dataclass(frozen=True, slots=True)
class Saving:
    """One thing that was saved.

    Attributes:
        variable: The RASP variable.
        kind: What became of it.
        detail: How, in a few words.
    """

    variable: str
    kind: SavingKind
    detail: str


@dataclass(frozen=True, slots=True)
class Savings:
    """All that was saved in a model; prints as a table.

    Attributes:
        rows: By variable, operands first.
    """

    rows: tuple[Saving, ...] = ()

    def __iter__(self) -> Iterator[Saving]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def counts(self) -> dict[str, int]:
        """For each kind that occurs the number of variables."""
        found = Counter(row.kind for row in self.rows)
        return {kind.value: found[kind] for kind in SavingKind if found[kind]}

    def of(self, kind: SavingKind | str) -> tuple[str, ...]:
        """The variables of one kind.

        Raises:
            InputError: If there is no such kind.
        """
        wanted = choice("kind", kind, [known.value for known in SavingKind])
        return tuple(row.variable for row in self.rows if row.kind == wanted)

    def as_dicts(self) -> list[dict[str, str]]:
        """The rows as plain data."""
        return [asdict(row) for row in self.rows]

    def __str__(self) -> str:
        if not self.rows:
            return "nothing saved"
        first = max(len(row.variable) for row in self.rows)
        second = max(len(row.kind) for row in self.rows)
        return "\n".join(
            f"{row.variable:<{first}}  {row.kind:<{second}}  {row.detail}" for row in self.rows
        )
