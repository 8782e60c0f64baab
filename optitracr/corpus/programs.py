"""Where the programs of a corpus come from: a generator of random ones, or a list."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from optitracr import arguments, library, rasp
from optitracr.errors import InputError
from optitracr.library.program import Program
from optitracr.library.random_programs import STANDARD_FEATURES, Feature, random_program
from optitracr.library.rare_programs import random_rare_program
from optitracr.rasp.expression import postorder

if TYPE_CHECKING:
    from optitracr.domain.binding import Promise

LARGEST_COUNT = 10**8
"""Programs of one corpus: more than any machine compiles in a year, and few enough to be listed."""

LARGEST_SIZE = 10_000
"""S-ops of a random program: beyond what compiles in an hour."""

LARGEST_SEED = 2**31 - 1
"""Of a corpus: with the place of a program and a few draws for each, it still fits in 64 bits."""

MOST_TOKENS, LONGEST = 8, 1_000
"""Tokens of a random program, which are letters; and positions, of which attention takes the
square."""

DRAWS = 32
"""Draws for a program of the size that is wanted: nine in ten have it at the first. Where none
has, which does not happen by chance, the last counts."""

MOST_CIRCUITS, MOST_IDLE = 100, 1_000
"""Circuits of one program, of which each takes all before it; and heads that do nothing, beyond
which a model is of nothing else."""

STANDARD, RARE = "standard", "rare"
"""The generators: `random_program`, and `random_rare_program`, whose programs behave in rare
ways."""


@dataclass(frozen=True, slots=True)
class Item:
    """A program of a corpus, with what it takes to compile it.

    Attributes:
        name: What it is called in the tables; names need not differ.
        program: The s-op, or a function that makes it.
        vocab: Tokens.
        max_seq_len: Longest input, BOS not counted.
        causal: Whether the causal reading is compiled.
        domain: The inputs that matter, if not all do.
        made_from: What it was drawn from, for the tables; nothing of programs that were written.
        options: Of the compilation of this program, where they differ from those of the corpus.
        circuit: Which of its circuits: 0 for what is compiled, 1 for the one that shares the least
            with that, and so on, as `optitracr.variants` finds them.
        idle: Heads that a layer has more than it needs, where every edge of the model would be in
            its circuit: they write nothing, and their edges are not.
        busy: Heads that a layer has more than it needs, whatever its circuit: they attend to what
            there is, and write what nothing but such heads reads.
    """

    name: str
    program: rasp.SOp | Callable[[], rasp.SOp]
    vocab: Collection[Any]
    max_seq_len: int
    causal: bool = False
    domain: Promise | None = None
    made_from: dict[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    circuit: int = 0
    idle: int = 0
    busy: int = 0

    @property
    def form(self) -> dict[str, Any]:
        """In what its model is another than what the corpus compiles; nothing as a rule."""
        given = {
            "options": dict(self.options),
            "circuit": self.circuit,
            "idle": self.idle,
            "busy": self.busy,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def written_from(self) -> str:
        """What it was drawn from, as JSON."""
        return json.dumps(self.made_from, separators=(",", ":"))

    def built(self) -> rasp.SOp:
        """The s-op.

        Raises:
            InputError: If there is none.
        """
        program = self.program
        if not isinstance(program, rasp.RASPExpr) and callable(program):
            program = program()
        wanted = "an s-op, or a function without arguments that returns one"
        built: rasp.SOp = arguments.instance(f"program {self.name}", program, rasp.SOp, wanted)
        return built


@dataclass(frozen=True, slots=True)
class RandomPrograms:
    """Random programs, each the same for the same seed and place.

    Attributes:
        count: How many.
        size: Least and most s-ops, tokens and indices not counted.
        seed: Another seed gives other programs.
        generator: "standard", or "rare" for programs that behave in rare ways, whose sizes,
            tokens and lengths are their own.
        vocabulary: Number of tokens, at most 8.
        max_seq_len: Longest input, BOS not counted.
        features: What they may contain: names of `optitracr.library.random_programs.Feature`.
    """

    count: int
    size: tuple[int, int] = (4, 8)
    seed: int = 0
    generator: str = STANDARD
    vocabulary: int = 3
    max_seq_len: int = 5
    features: Collection[str] = tuple(sorted(STANDARD_FEATURES))

    def __post_init__(self) -> None:
        """Checks what was given.

        Raises:
            InputError: If something is of the wrong type, unknown, or out of range.
        """
        known = [feature.value for feature in Feature]
        wanted = f"names out of {', '.join(known)}"
        features = arguments.names("features", self.features, known, wanted)
        checked = {
            "count": arguments.integer("count", self.count, 1, LARGEST_COUNT),
            "size": _size(self.size),
            "seed": arguments.integer("seed", self.seed, 0, LARGEST_SEED),
            "generator": arguments.choice("generator", self.generator, (STANDARD, RARE)),
            "vocabulary": arguments.integer("vocabulary", self.vocabulary, 1, MOST_TOKENS),
            "max_seq_len": arguments.integer("max_seq_len", self.max_seq_len, 1, LONGEST),
            "features": tuple(sorted(set(features))),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def item(self, index: int) -> Item:
        """The program of a place, counted from 0.

        Raises:
            InputError: If there is none at that place.
        """
        index = arguments.integer("index", index, 0, self.count - 1)
        if self.generator == RARE:
            return self._rare(index)
        name = f"{self.seed}-{index}"
        size = random.Random(f"size of {name}").randint(*self.size)
        for draw in range(DRAWS):
            # Each corpus, place and draw has a seed of its own, with which anyone makes it again.
            seed = ((self.seed * LARGEST_COUNT) + index) * DRAWS + draw
            made = random_program(
                seed, size, self.vocabulary, self.max_seq_len, tuple(self.features)
            )
            if self.size[0] <= made.size <= self.size[1]:
                break
        used = {"generator": self.generator, "seed": seed, "size": size}
        given = {"vocabulary": self.vocabulary, "max_seq_len": self.max_seq_len}
        made_from = {**used, **given, "features": list(self.features)}
        program = unplaced(made.program)
        return Item(f"random-{name}", program, made.vocab, made.max_seq_len, made_from=made_from)

    def _rare(self, index: int) -> Item:
        seed = self.seed * LARGEST_COUNT + index
        made = random_rare_program(seed)
        made_from = {"generator": self.generator, "seed": seed}
        name = f"rare-{self.seed}-{index}"
        program = unplaced(made.program)
        return Item(name, program, made.vocab, made.max_seq_len, made_from=made_from)


def unplaced(program: rasp.SOp) -> rasp.SOp:
    """A program that is told to be written nowhere, whoever had it drawn."""
    for expression in postorder(program):
        if expression is not rasp.tokens and expression is not rasp.indices:
            expression.source = ""
    return program


def _size(size: object) -> tuple[int, int]:
    wanted = "two numbers, the least and the most s-ops, such as (4, 8)"
    bounds = arguments.sequence("size", size, wanted, most=2)
    if len(bounds) != 2:
        arguments.refuse("size", size, wanted)
    least = arguments.integer("the least size", bounds[0], 1, LARGEST_SIZE)
    return least, arguments.integer("the most size", bounds[1], least, LARGEST_SIZE)


def items_of(programs: Iterable[Any]) -> list[Item]:
    """A list of programs as a corpus takes them.

    Args:
        programs: Items, programs of the library, or names of such.

    Raises:
        InputError: If an entry is none of these, or there is none.
        NotFoundError: If the library has no program of a name.
    """
    wanted = "a list of Item, library.Program, or names of library programs"
    if isinstance(programs, str):
        arguments.refuse("programs", programs, wanted)
    listed = arguments.sequence("programs", programs, wanted)
    if not listed:
        raise InputError("programs holds no program; give at least one")
    return [_item(f"programs[{place}]", entry) for place, entry in enumerate(listed)]


def _item(place: str, entry: object) -> Item:
    if isinstance(entry, str):
        entry = library.get(entry)
    if isinstance(entry, Program):
        return Item(entry.name, entry.make, entry.vocab, entry.max_seq_len, entry.causal)
    wanted = "an Item, a library.Program, or the name of one"
    item: Item = arguments.instance(place, entry, Item, wanted)
    arguments.text(f"name of {place}", item.name)
    arguments.integer(f"circuit of {place}", item.circuit, 0, MOST_CIRCUITS)
    arguments.integer(f"idle of {place}", item.idle, 0, MOST_IDLE)
    arguments.integer(f"busy of {place}", item.busy, 0, MOST_IDLE)
    arguments.instance(f"options of {place}", item.options, Mapping, "options by name")
    return item
