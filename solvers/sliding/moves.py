"""Ways to change a plan a little: where a component stands, how it is computed, what it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from solvers.sliding.schedule import NONE, OUTPUT, Picks, Schedule

PUSHED = 12
"""Components that one move may push: longer chains cost more than they gain."""

FARTHEST = 3
"""Layers that a push goes at most: shorter ones succeed more often."""

DEEPEST = 2
"""Variables in a row that may come to be computed because another reads them: with more the
plan is seldom better."""


class ImpossibleError(Exception):
    """A move that cannot be made; what was done of it has to be taken back."""


@dataclass(frozen=True, slots=True)
class Moves:
    """What can be done to a plan, by chance.

    Attributes:
        schedule: The plan.
        random: Where chance comes from.
    """

    schedule: Schedule
    random: Random

    def any(self) -> None:
        """Makes a move.

        Raises:
            ImpossibleError: If it cannot be made, and is to be taken back.
        """
        kinds = _KINDS
        move = kinds[self._below(len(kinds))]
        present = self.schedule.present
        move(self, present[self._below(len(present))])

    def _below(self, count: int) -> int:
        return int(self.random.random() * count)

    def _one_of(self, numbers: Picks | list[int]) -> int:
        return numbers[int(self.random.random() * len(numbers))]

    def slide(self, variable: int) -> None:
        """Lets a component stand elsewhere between what it reads and what reads it."""
        schedule = self.schedule
        way = schedule.way[variable]
        earliest, latest = self._earliest(variable), self._latest(variable, way)
        if earliest >= latest:
            raise ImpossibleError
        chance = self.random.random()
        # The ends of the stretch are where a lifetime is shortest.
        if chance < 0.3:
            layer = latest
        elif chance < 0.5:
            layer = earliest
        else:
            layer = earliest + self._below(latest - earliest + 1)
        stood = schedule.layer[variable]
        if layer == stood:
            raise ImpossibleError
        schedule.stand(variable, way, layer)
        schedule.moved(variable, stood)

    def _earliest(self, variable: int) -> int:
        """The first layer at which all that a component reads is there."""
        schedule = self.schedule
        is_mlp = schedule.tables.is_mlp[schedule.way[variable]]
        ready = schedule.birth if is_mlp else schedule.heads_from
        first = 0
        for name in schedule.picks[variable]:
            if ready[name] > first:
                first = ready[name]
        return first

    def _latest(self, variable: int, way: int) -> int:
        """The last layer at which an alternative is early enough for all readers."""
        schedule = self.schedule
        is_mlp = schedule.tables.is_mlp
        last = schedule.layers - 1
        for reader in schedule.readers[variable]:
            if reader == OUTPUT:
                continue
            layer = schedule.layer[reader]
            if is_mlp[way] or not is_mlp[schedule.way[reader]]:
                layer -= 1
            if layer < last:
                last = layer
        return last

    def push(self, variable: int) -> None:
        """Lets a component stand some layers earlier or later, and what is in its way too."""
        layer = self.schedule.layer[variable]
        far = 1 + self._below(FARTHEST)
        if self.random.random() < 0.5:
            self._later(variable, layer + far, PUSHED)
        else:
            self._earlier(variable, layer - far, PUSHED)

    def _later(self, variable: int, layer: int, left: int) -> int:
        """Puts a component into a later layer; how many more may be pushed."""
        schedule = self.schedule
        if layer >= schedule.layers or left <= 0:
            raise ImpossibleError
        left, stood = left - 1, schedule.layer[variable]
        schedule.stand(variable, schedule.way[variable], layer)
        is_mlp = schedule.tables.is_mlp
        for reader in tuple(schedule.readers[variable]):
            if reader == OUTPUT:
                continue
            ready = schedule.birth if is_mlp[schedule.way[reader]] else schedule.heads_from
            if schedule.layer[reader] < ready[variable]:
                left = self._later(reader, ready[variable], left)
        schedule.moved(variable, stood)
        return left

    def _earlier(self, variable: int, layer: int, left: int) -> int:
        """Puts a component into an earlier layer; how many more may be pushed."""
        schedule = self.schedule
        if layer < 0 or left <= 0:
            raise ImpossibleError
        left, stood = left - 1, schedule.layer[variable]
        way = schedule.way[variable]
        schedule.stand(variable, way, layer)
        is_mlp = schedule.tables.is_mlp
        ready = schedule.birth if is_mlp[way] else schedule.heads_from
        for name in schedule.picks[variable]:
            if ready[name] > layer:
                same = is_mlp[way] and not is_mlp[schedule.way[name]]
                left = self._earlier(name, layer if same else layer - 1, left)
        schedule.moved(variable, stood)
        return left

    def compute_otherwise(self, variable: int) -> None:
        """Computes a variable by any of its alternatives, from whatever that needs."""
        schedule = self.schedule
        way = self._one_of(schedule.tables.ways[variable])
        stood = layer = schedule.layer[variable]
        latest = self._latest(variable, way)
        if latest < 0:
            raise ImpossibleError
        if layer > latest or self.random.random() < 0.3:
            layer = latest
        before = schedule.picks[variable]
        schedule.stand(variable, way, layer)
        picks = self._picks(variable, way, DEEPEST)
        schedule.read(variable, picks)
        schedule.unread(variable, before, stood)

    def read_other(self, variable: int) -> None:
        """Reads another variable that does as well."""
        schedule = self.schedule
        before = schedule.picks[variable]
        if not before:
            raise ImpossibleError
        way = schedule.way[variable]
        place = self._below(len(before))
        name = self._one_of(schedule.tables.reads[way][place])
        if name == before[place]:
            raise ImpossibleError
        is_mlp, layer = schedule.tables.is_mlp[way], schedule.layer[variable]
        if not schedule.readable(name):
            self._compute(name, layer, is_mlp, DEEPEST)
        elif (schedule.birth if is_mlp else schedule.heads_from)[name] > layer:
            raise ImpossibleError
        schedule.read(variable, (*before[:place], name, *before[place + 1 :]))
        schedule.unread(variable, before, layer)

    def _picks(self, variable: int, way: int, deep: int) -> Picks:
        """What an alternative reads where its variable stands; what is not there is computed."""
        picks: list[int] = []
        for options in self.schedule.tables.reads[way]:
            picks.append(self._pick(variable, way, options, deep))
        return tuple(picks)

    def _pick(self, variable: int, way: int, options: Picks, deep: int) -> int:
        """The option that is there for the longest, or at times one that is not there yet."""
        schedule, layer = self.schedule, self.schedule.layer[variable]
        is_mlp, width = schedule.tables.is_mlp[way], schedule.tables.width
        ready = schedule.birth if is_mlp else schedule.heads_from
        best, least, absent, chance = NONE, 0, [], self.random.random
        for name in options:
            if not schedule.readable(name):
                absent.append(name)
            elif ready[name] <= layer and name != variable:
                first = max(schedule.end[name] + 1, schedule.birth[name])
                longer = width[name] * max(layer + 1 - first, 0)
                if best == NONE or longer < least or (longer == least and chance() < 0.5):
                    best, least = name, longer
        if absent and (best == NONE or (least and chance() < 0.3)):
            best = self._one_of(absent)
            if deep <= 0:
                raise ImpossibleError
            self._compute(best, layer, is_mlp, deep - 1)
        if best == NONE:
            raise ImpossibleError
        return best

    def _compute(self, variable: int, layer: int, for_mlp: bool, deep: int) -> None:
        """Computes a variable as late as a reader in some layer allows."""
        schedule = self.schedule
        way = self._one_of(schedule.tables.ways[variable])
        stands = layer if for_mlp and not schedule.tables.is_mlp[way] else layer - 1
        if stands < 0:
            raise ImpossibleError
        schedule.enter(variable, way, stands)
        schedule.read(variable, self._picks(variable, way, deep))


_KINDS: tuple[Callable[[Moves, int], None], ...] = (
    *(Moves.compute_otherwise,) * 7,
    *(Moves.push,) * 4,
    *(Moves.slide,) * 6,
    *(Moves.read_other,) * 3,
)
"""Each kind of move as often as measured to be of use."""
