"""A program as what a host is given: variables that its stream holds, heads and tables.

Positions, tokens and layers are not those of a host yet, and nothing here is a weight. Entry
`size` of a variable, the last one, stands for None.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

Value = Any
Codes = NDArray[np.intp]
Mask = NDArray[np.bool_]


class Kind(Enum):
    """How the stream comes by a variable."""

    TOKEN = "token"
    """The token embedding holds it."""
    INDEX = "index"
    """The position embedding holds it."""
    SHARE = "share"
    """A head wrote lead / (lead + count), a number; `HostSetting` says what leads."""
    COPY = "copy"
    """A head copied it from one key: its amplitude is that key's scale."""
    TABLE = "table"
    """An MLP wrote it, at full amplitude."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A variable in the stream: a one-hot over its entries, None among them, or a share.

    Attributes:
        name: Unique.
        label: The variable of the program.
        kind: How the stream comes by it.
        values: What it can be, without None.
        may_be_none: Whether it can be None.
        state: The sublayer of the guest from which on it can be read.
        is_index: Whether it is the index of its position.
        entries: For a share the entry for each count from 0 on, -1 where that cannot occur.
        default: For a copy the entry that it holds where nothing is selected, and at BOS.
        is_clean: Whether it is written again from a one-hot, so that what should be 0 is.
    """

    name: str
    label: str
    kind: Kind
    values: tuple[Value, ...]
    may_be_none: bool
    state: int
    is_index: bool = False
    entries: tuple[int, ...] = ()
    default: int = -1
    is_clean: bool = False

    @property
    def size(self) -> int:
        """Number of values; the entry of None."""
        return len(self.values)

    @property
    def possible(self) -> Bool[Mask, " entries"]:
        """Which entries can occur."""
        found = np.ones(self.size + 1, dtype=bool)
        found[-1] = self.may_be_none
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """What has to hold of a key that is selected and its query.

    Attributes:
        key: What is read of the key.
        query: What is read of the query.
        holds: Shape [query entries, key entries].
    """

    key: Held
    query: Held
    holds: Bool[Mask, "queries keys"]


@dataclass(frozen=True, slots=True, eq=False)
class Copying:
    """What a head copies.

    Attributes:
        held: What it reads at the key.
        entry: For each of its entries the one that is written.
        default: The entry that is written where nothing is selected.
    """

    held: Held
    entry: Int[Codes, " entries"]
    default: int


@dataclass(frozen=True, slots=True, eq=False)
class HeadPart:
    """A head: a copy of what it selects, or its share.

    Attributes:
        sublayer: Where it stands in the guest.
        conditions: What has to hold of what it selects; nothing if it selects all.
        copying: What it copies; None if it writes a share.
        output: What it writes.
    """

    sublayer: int
    conditions: tuple[Condition, ...]
    copying: Copying | None
    output: Held

    @property
    def reads(self) -> tuple[Held, ...]:
        """The variables that it reads."""
        copied = () if self.copying is None else (self.copying.held,)
        return (*copied, *(held for each in self.conditions for held in (each.key, each.query)))


@dataclass(frozen=True, slots=True, eq=False)
class TablePart:
    """Neurons: a function of variables of the same position.

    Attributes:
        sublayer: Where it stands in the guest.
        axes: What it reads.
        table: The entry that is written for each combination of entries, one axis each.
        output: What it writes.
    """

    sublayer: int
    axes: tuple[Held, ...]
    table: Int[Codes, ...]
    output: Held

    @property
    def reads(self) -> tuple[Held, ...]:
        """The variables that it reads."""
        return self.axes


Part = HeadPart | TablePart


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """Where the program's output is read.

    Attributes:
        held: The variable of the stream.
        values: What each of its entries stands for.
    """

    held: Held
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Guest:
    """A program for a host.

    Attributes:
        held: The variables of the stream, each after what it is made of.
        parts: What computes them, in order.
        output: Where its output is.
        symbols: The value of the token at each entry of the token's variable; the last of them
            stands for every token without a symbol.
        positions: Longest input, BOS not counted.
    """

    held: tuple[Held, ...]
    parts: tuple[Part, ...]
    output: Output
    symbols: tuple[Value, ...]
    positions: int

    @property
    def layers(self) -> int:
        """Layers that it takes."""
        return max((part.sublayer for part in self.parts), default=-1) // 2 + 1

    @property
    def read(self) -> frozenset[str]:
        """Names of the variables that its own parts read."""
        return frozenset(held.name for part in self.parts for held in part.reads)
