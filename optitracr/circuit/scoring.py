"""How well edges that a circuit-discovery method found agree with the ground truth."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from optitracr import arguments
from optitracr.circuit.hooks import canonical
from optitracr.circuit.wiring import ROLES, Wiring
from optitracr.errors import InputError

FoundEdge = Sequence[Any]
"""Writer and reader, each as `canonical` takes it."""


@dataclass(frozen=True, slots=True)
class EdgeScore:
    """Edges found against the ground truth.

    Attributes:
        true_positives: Found, and in the circuit.
        false_positives: Found, and not in the circuit.
        false_negatives: In the circuit, and not found.
        true_negatives: Neither.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def true_positive_rate(self) -> float:
        """Share of the circuit's edges that were found (recall); nan if it has none."""
        return _share(self.true_positives, self.false_negatives)

    @property
    def false_positive_rate(self) -> float:
        """Share of the other possible edges that were found; nan if there are none."""
        return _share(self.false_positives, self.true_negatives)

    @property
    def precision(self) -> float:
        """Share of the found edges that are in the circuit; nan if none was found."""
        return _share(self.true_positives, self.false_positives)

    def __str__(self) -> str:
        return (
            f"true positive rate {self.true_positive_rate:.3f} ({self.true_positives} of "
            f"{self.true_positives + self.false_negatives}), false positive rate "
            f"{self.false_positive_rate:.3f} ({self.false_positives} of "
            f"{self.false_positives + self.true_negatives})"
        )


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else float("nan")


def score_edges(
    wiring: Wiring, found: Iterable[FoundEdge], roles: Collection[str] = ROLES
) -> EdgeScore:
    """Scores found edges.

    The circuit's edges are those on a path to the output: an edge to a part that nothing
    reads has no effect that a method could find.

    Args:
        wiring: The ground truth.
        found: Pairs of a writer and a reader. Edges from a query, key or value to its own head
            are in every model and count for nothing.
        roles: Which edges count as the circuit's: "value", "erasure" or both. Edges of a
            role that is left out count neither for nor against.

    Raises:
        InputError: If a pair is no edge that a model of this architecture could have, or a
            role is unknown.
    """
    roles = arguments.names("roles", roles, ROLES, f"one or both of {', '.join(ROLES)}")
    if not roles:
        raise InputError(f"roles is empty; give one or both of {', '.join(ROLES)}")
    found = arguments.collection("found", found, "pairs of a writer and a reader")
    place = {part.name: i for i, part in enumerate(wiring.parts)}
    possible = wiring.possible()
    inside = {(part.name, part.writer) for part in wiring.parts if part.writer}
    named = [pair_of(edge) for edge in found]
    pairs = {_pair(edge, place, possible) for edge in named if edge not in inside}
    reaching = wiring.reaching()
    edges = {
        (place[e.writer], place[e.reader]): e.role for e in wiring.edges() if e.reader in reaching
    }
    wanted = {pair for pair, role in edges.items() if role in roles}
    ignored = edges.keys() - wanted
    true = len(pairs & wanted)
    false = len(pairs - wanted - ignored)
    others = int(possible.sum()) - len(edges)
    return EdgeScore(true, false, len(wanted) - true, others - false)


def _no_pair(edge: object) -> InputError:
    return InputError(f"{arguments.shown(edge)} is no pair of a writer and a reader")


def pair_of(edge: FoundEdge) -> tuple[str, str]:
    """Writer and reader as graphs name them.

    Raises:
        InputError: If it is no pair of names of parts.
    """
    try:
        writer, reader = edge
    except Exception:
        raise _no_pair(edge) from None
    if isinstance(edge, str | bytes | Mapping | Set):
        raise _no_pair(edge)
    return canonical(writer), canonical(reader)


def _pair(edge: tuple[str, str], place: dict[str, int], possible: Any) -> tuple[int, int]:
    for name in edge:
        if name not in place:
            raise InputError(
                f"the model has no part {name!r} at this granularity; its parts are named "
                f"like {_similar(name, place)!r}"
            )
    writer, reader = place[edge[0]], place[edge[1]]
    if not possible[writer, reader]:
        raise InputError(
            f"{edge[0]!r} -> {edge[1]!r} is no edge through the residual stream: a reader "
            "stands at least one sublayer after the writer, and a query, key, value or the "
            "output writes nothing"
        )
    return writer, reader


def _similar(name: str, place: dict[str, int]) -> str:
    from difflib import get_close_matches

    return (get_close_matches(name, place, n=1, cutoff=0.0) or list(place))[0]
