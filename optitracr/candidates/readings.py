"""Ways to read a variable: as itself, or off others of which it is a function."""

from __future__ import annotations

import numpy as np

from optitracr.candidates.facts import Facts
from optitracr.candidates.ways import Repertoire, Source
from optitracr.constructions.heads import Reading
from optitracr.constructions.needs import NO_CLASS, Need, need_of_rows


def number_need(facts: Facts, label: str, clean: bool) -> Need:
    """The need of a variable's number."""
    if facts.is_raw(label):
        return Need(label, (), (), clean)
    rows = np.array([[float(v)] for v in facts.nodes[label].value_set.values])
    nothing = Need(label, (NO_CLASS,) * len(rows), (), clean)
    return need_of_rows(label, rows, clean) or nothing


def is_read(facts: Facts, label: str) -> bool:
    """Whether there is anything to read of a number: not if it is always 0."""
    need = number_need(facts, label, clean=False)
    return need.raw or max(need.classes, default=NO_CLASS) != NO_CLASS


def own_reading(facts: Facts, label: str, factor: float, clean: bool) -> list[Reading]:
    """A multiple of a number read as itself; of one that is always 0 nothing has to be read."""
    if not is_read(facts, label):
        return []
    return [Reading(number_need(facts, label, clean), np.array([[factor]]))]


class Readings:
    """How the variables of a program can be read.

    Attributes:
        facts: The program.
        repertoire: The ways of the rules that are on.
    """

    def __init__(self, facts: Facts, repertoire: Repertoire) -> None:
        """Each variable's sources are found when they are first asked for."""
        self.facts, self.repertoire = facts, repertoire
        self._sources: dict[str, list[Source]] = {}

    def sources(self, label: str) -> list[Source]:
        """The variables of which this one is a function, as far back as there are any.

        A form of the farthest one holds just what a form of this one would, so that only
        those get forms; this one itself where it is a function of no single other.
        """
        if label not in self._sources:
            found = self.repertoire.sources(self.facts, label)
            self._sources[label] = found or [(label, None)]
        return self._sources[label]

    def of_number(self, label: str, factor: float, clean: bool) -> list[list[Reading]]:
        """Ways to read a multiple of a number, itself first."""
        own = own_reading(self.facts, label, factor, clean)
        further = self.repertoire.readings(self.facts, label, factor, clean) if own else []
        return [own, *further]

    def is_vacuous(self, need: Need) -> bool:
        """Whether no value that the variable can have is in any class of a need."""
        if need.raw:
            return False
        held = np.append(np.asarray(need.classes), NO_CLASS)
        return any(
            (held if along is None else held[along]).max(initial=NO_CLASS) == NO_CLASS
            for _, along in self.sources(need.label)
        )
