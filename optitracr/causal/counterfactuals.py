"""Pairs of inputs with the output under interchange of each variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.causal.interchange import Interpreter, Pairs
from optitracr.causal.pairs import Counterfactuals, Ground, Indistinguishable, Key
from optitracr.causal.structure import NONE, alike
from optitracr.causal.telling import Drawn, Exhausted, drawn, draws, every_input
from optitracr.causal.worlds import facts_of, searched
from optitracr.errors import InputError, NotFoundError
from optitracr.inputs import with_bos
from optitracr.memory import check_memory
from optitracr.model.transformer import Transformer

OUTPUT_BYTES = 60
"""What an output of a pair takes at a position: a place in a list, its value, and its code."""


MOST_ASKED = 16
"""Pairs of variables that the solver is asked about: half a minute at most, where it finds none."""


def make_counterfactuals(
    model: Transformer, size: int, seed: int = 0, variable: str | Sequence[str] | None = None
) -> Counterfactuals:
    """Draws pairs of inputs, those first that tell variables apart.

    Args:
        model: The model.
        size: Number of pairs.
        seed: Of the draw.
        variable: Label of the variable that is set; or of several, which are set together; every
            variable of the program by default, one at a time.

    Raises:
        InputError: If the size is out of range, or the program is undefined on nearly all inputs.
        NotFoundError: If the program has no such variable, or the model holds no program.
        LimitError: If so many pairs do not fit in memory.
    """
    size = arguments.integer("size", size, least=1)
    seed = arguments.integer("seed", seed, least=0)
    graph, setting = model.program.graph, model.setting
    interpreter = Interpreter(graph, setting)
    keys = _keys(variable, interpreter.labels)
    check_memory(
        f"{arguments.shown(size)} pairs with the outputs of {len(keys):,} interventions",
        OUTPUT_BYTES * size * (len(keys) + 4) * (setting.max_seq_len + 1),
        "draw fewer at a time, with other seeds",
    )
    search = _Search(model, interpreter, keys, seed)
    search.look()
    return search.result(size)


def _keys(variable: object, labels: Sequence[str]) -> tuple[Key, ...]:
    """The interventions that are asked for.

    Raises:
        NotFoundError: If the program has no such variable.
    """
    if variable is None:
        return tuple(labels)
    several = not isinstance(variable, str)
    wanted = "the label of a variable, or several of them"
    chosen = arguments.collection("variable", variable, wanted) if several else [variable]
    if not chosen:
        raise InputError(f"variable is empty; give {wanted}")
    for label in chosen:
        if not isinstance(label, str) or label not in labels:
            raise NotFoundError(
                f"variable {arguments.shown(label)} is none of the program's that can be set; "
                f"they are {', '.join(labels) or 'none'}"
            )
    distinct = tuple(dict.fromkeys(str(label) for label in chosen))
    return (distinct if several else distinct[0],)


class _Search:
    """The pairs found so far.

    Attributes:
        wanted: What is set by each intervention: those asked for, then single variables, then
            nothing.
        left: Shape [asked for, interventions]: what is not told apart yet, and may be.
    """

    def __init__(
        self, model: Transformer, interpreter: Interpreter, keys: Sequence[Key], seed: int
    ) -> None:
        self.model, self.interpreter, self.keys, self.seed = model, interpreter, keys, seed
        own = [key if isinstance(key, tuple) else (key,) for key in keys]
        self.rivals = [(label,) for label in interpreter.labels if (label,) not in own] + [()]
        self.wanted: list[tuple[str, ...]] = [*own, *self.rivals]
        self.classes = {**alike(model.program.graph), NONE: NONE}
        self.left = np.array([[self._may(a, b) for b in self.wanted] for a in own])
        self.telling: list[Pairs] = []
        self.others: list[Pairs] = []
        self.grounds: dict[tuple[str, str], Ground] = {}

    def _may(self, first: tuple[str, ...], second: tuple[str, ...]) -> bool:
        """Whether two interventions may be told apart."""
        if len(first) > 1 or len(second) > 1:
            return first != second
        return self.classes[first[0]] != self.classes[second[0] if second else NONE]

    def look(self) -> None:
        """Draws pairs until all is told apart that can be, as far as is found out."""
        for pairs in draws(self.model.setting, len(self.wanted), self.seed):
            self._take(drawn(self.interpreter, pairs, self.wanted))
            if not self.left.any():
                return
        self._exhaust()
        if self.left.any():
            self._solve()

    def _take(self, found: Drawn) -> None:
        """Keeps the pairs that tell more apart; the others with an effect are for filling up."""
        count = len(self.keys)
        usable = (found.ids[-1] >= 0) & (found.ids[:count] >= 0).any(axis=0)
        moved = ((found.ids[:count] != found.ids[-1]) & (found.ids[:count] >= 0)).sum(axis=0)
        order = np.argsort(-moved, kind="stable")
        for row in order[usable[order]]:
            own = found.ids[:, row]
            apart = (own[:count, None] != own) & (own[:count, None] >= 0) & (own >= 0)
            if (apart & self.left).any():
                self.left &= ~apart
                self.telling.append(found.pairs.taken(slice(row, row + 1)))
            if not self.left.any():
                break
        self.others.append(found.pairs.taken(np.flatnonzero(usable & (moved > 0))))
        self.others.append(found.pairs.taken(np.flatnonzero(usable & (moved == 0))))

    def _exhaust(self) -> None:
        """Looks at every pair of inputs, where they are few."""
        inputs = every_input(self.model.setting)
        if inputs is None:
            return
        every = Exhausted(self.interpreter, inputs)
        for row, place in zip(*self.left.nonzero(), strict=True):
            first, second = self.wanted[row], self.wanted[place]
            if not self.left[row, place] or len(first) > 1 or len(second) > 1:
                continue
            label = second[0] if second else NONE
            if (label, first[0]) in self.grounds:
                continue
            whole, pair = every.pair_apart(first[0], label)
            if pair is not None:
                self._take(drawn(self.interpreter, pair, self.wanted))
            elif whole:
                self.grounds[first[0], label] = Ground.EVERY_PAIR

    def _solve(self) -> None:
        """Asks the solver about what is neither told apart nor proven, within bounds."""
        setting = self.model.setting
        facts = facts_of(self.model.program.graph, setting)
        asked = 0
        for row, place in zip(*self.left.nonzero(), strict=True):
            first, second = self.wanted[row], self.wanted[place]
            label = second[0] if second else NONE
            known = (first[0], label) in self.grounds or (label, first[0]) in self.grounds
            single = len(first) == 1 and len(second) < 2
            if facts is None or asked == MOST_ASKED or known or not single:
                continue
            if not self.left[row, place]:
                continue
            asked += 1
            found = searched(facts, self.interpreter.output, first[0], label)
            if found is not None:
                self._take(drawn(self.interpreter, self._pair(*found), self.wanted))

    def _pair(self, base: Sequence[Any], source: Sequence[Any]) -> Pairs:
        """A pair of inputs, given as tokens."""
        setting = self.model.setting
        code = {token: place for place, token in enumerate(setting.vocabulary)}
        rows = np.full((2, setting.max_seq_len), -1, dtype=np.int32)
        for row, tokens in zip(rows, (base, source), strict=True):
            row[: len(tokens)] = [code[token] for token in tokens]
        return Pairs(rows[:1], rows[1:])

    def result(self, size: int) -> Counterfactuals:
        """As many pairs as are asked for.

        Raises:
            InputError: If the program is undefined on nearly all inputs.
        """
        found = [*self.telling, *self.others[::2], *self.others[1::2]]
        if not sum(map(len, found)):
            raise InputError(
                f"program '{self.model.name}' is undefined on nearly every pair of inputs; "
                "compile it with a domain that leaves such inputs out"
            )
        pairs = found[0]
        for more in found[1:]:
            pairs = pairs.joined(more)
        pairs = pairs.taken(np.arange(size) % len(pairs))
        return self._written(drawn(self.interpreter, pairs, self.wanted))

    def _written(self, found: Drawn) -> Counterfactuals:
        model, pairs = self.model, found.pairs
        base, source = self.interpreter.plain(pairs.base), self.interpreter.plain(pairs.source)
        output = self.interpreter.output
        plain = [self.interpreter.codes(output, side) for side in (base, source)]
        lengths = [(side >= 0).sum(axis=1) for side in (pairs.base, pairs.source)]
        values = found.found.values
        outputs: dict[Key, list[list[Any] | None]] = {}
        for place, key in enumerate(self.keys):
            rows = self._rows(found.found.codes[place], lengths[0], values)
            undefined = found.found.undefined[place]
            outputs[key] = [None if gone else r for r, gone in zip(rows, undefined, strict=True)]
        encoder = model.input_encoder
        vocabulary = (None, *model.setting.vocabulary)
        return Counterfactuals(
            self._rows(pairs.base + 1, lengths[0], vocabulary),
            self._rows(pairs.source + 1, lengths[1], vocabulary),
            self._rows(plain[0], lengths[0], values),
            self._rows(plain[1], lengths[1], values),
            outputs,
            with_bos(pairs.base, encoder.bos_encoding, encoder.pad_encoding),
            with_bos(pairs.source, encoder.bos_encoding, encoder.pad_encoding),
            self._told(found),
            self._indistinguishable(),
        )

    def _rows(
        self, codes: NDArray[Any], lengths: NDArray[Any], values: Sequence[Any]
    ) -> list[list[Any]]:
        bos = self.model.setting.bos
        return [
            [bos, *(values[code] for code in row[:length])]
            for row, length in zip(codes.tolist(), lengths.tolist(), strict=True)
        ]

    def _told(self, found: Drawn) -> frozenset[tuple[Key, str]]:
        """Which of the interventions asked for some pair tells from each single one."""
        told = set()
        for place, key in enumerate(self.keys):
            apart = found.apart(place)
            for rival, where in zip(self.wanted, apart, strict=True):
                if len(rival) < 2 and bool(where.any()):
                    told.add((key, rival[0] if rival else NONE))
        return frozenset(told)

    def _indistinguishable(self) -> tuple[Indistinguishable, ...]:
        """Each two single variables once, in the order of the program."""
        found: dict[tuple[str, str], Indistinguishable] = {}
        for row, key in enumerate(self.keys):
            for place, rival in enumerate(self.wanted):
                if isinstance(key, tuple) or rival == (key,) or len(rival) > 1:
                    continue
                second = rival[0] if rival else NONE
                if self.left[row, place]:
                    ground = self._ground(key, second)
                elif not self._may((key,), rival):
                    ground = Ground.STRUCTURE
                else:
                    continue
                if (second, key) not in found:
                    found[key, second] = Indistinguishable(key, second, ground)
        return tuple(found.values())

    def _ground(self, first: str, second: str) -> Ground:
        known = self.grounds.get((first, second)) or self.grounds.get((second, first))
        return known or Ground.OPEN
