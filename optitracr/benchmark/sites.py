"""The variables of a model, the places of the residual stream that hold them, and data of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.benchmark.draws import drawn_apart
from optitracr.benchmark.examples import Examples, Subspace
from optitracr.benchmark.network import Network, one_thread
from optitracr.causal.interchange import Interpreter
from optitracr.causal.pairs import Counterfactuals, Key
from optitracr.compiled import CompiledModel
from optitracr.model.encoders import NumericalEncoder

DRAWN = 512
"""Pairs of inputs that those of each variable are taken from: what one draw of them has."""

PAIRS = 32
"""Pairs of a variable that change the output, and that do not, at most: half to find it by, and
half to score by."""

LEAST = 4
"""Pairs that change the output, at least: two to find a variable by, and two to score by."""

OUTSIDE = 0.1
"""Share of pairs up to which the circuit's own dimensions may give something else than the program.
On some pairs an interchange makes states that no input makes, such as two positions that claim one
place, of which nothing is promised; these are left out. Where there are more, the model reads the
variable before that state or computes past it."""

IMPOSSIBLE = -2.0
"""Stands for an output that the model has no value for."""


@dataclass(frozen=True, eq=False)
class Site:
    """A variable at a place of the residual stream: what a method is asked about.

    Attributes:
        variable: Label of the variable.
        state: The place: 0 is the embedding, 2 l + 1 what the attention of layer l leaves, 2 l + 2
            what its MLP leaves.
        examples: Pairs to find it by.
        held_out: Pairs to score by.
        truth: Shape [d_model, dimensions]: the dimensions that hold the variable.
        seed: For methods that draw.
    """

    variable: str
    state: int
    examples: Examples
    held_out: Examples
    truth: Subspace
    seed: int

    @property
    def size(self) -> int:
        """How many dimensions hold the variable."""
        return int(self.truth.shape[1])

    def generator(self) -> np.random.Generator:
        """What methods draw with: by the seed and the pairs, so that no two sites share draws."""
        return drawn_apart(self.seed, self.examples.tokens, self.examples.wanted, self.truth)

    @property
    def width(self) -> int:
        """Dimensions of the residual stream."""
        return int(self.truth.shape[0])


def sites_of(model: CompiledModel, seed: int = 0) -> tuple[Site, ...]:
    """Every variable at every state whose dimensions hold all that is read of it from there on.

    These are the states at which to interchange the dimensions is to interchange the variable, on
    pairs that are drawn: whether it is so is looked at, pair by pair.

    Args:
        model: The model.
        seed: Of the pairs, and for methods that draw.

    Raises:
        InputError: If an argument is wrong.
        NotFoundError: If the model holds no program.
        MissingExtraError: If PyTorch is not installed.
    """
    wanted = "a model that was compiled or loaded"
    given: CompiledModel = arguments.instance("model", model, CompiledModel, wanted)
    return sites_in(given, View(Network(given), np.eye(given.layout.width), 0), seed)


@dataclass(frozen=True, eq=False)
class View:
    """A form that a model is looked at in.

    Attributes:
        network: The form in PyTorch.
        columns: Shape [d_model, width]: the direction of each column of the model in its stream.
        later: States that it has before those of the model.
    """

    network: Network
    columns: NDArray[np.float64]
    later: int


def sites_in(model: CompiledModel, view: View, seed: int) -> tuple[Site, ...]:
    """The sites of a model in some form; see `sites_of`."""
    seed = arguments.integer("seed", seed, least=0)
    runs = _Runs(model, view, model.counterfactuals(DRAWN, seed))
    with one_thread():
        found = [
            _site(runs, str(variable), state, seed)
            for variable in runs.pairs.outputs
            for state in range(model.layout.states)
        ]
    return tuple(site for site in found if site is not None)


def _site(runs: _Runs, variable: str, state: int, seed: int) -> Site | None:
    """A variable at a state; None where it is not held there, or not all of it."""
    own = held(runs.model, variable, state)
    rows = runs.chosen[variable]
    if not 0 < own.shape[1] < own.shape[0] or len(rows) == 0:
        return None
    truth, state = runs.view.columns.T @ own, state + runs.view.later
    examples = runs.examples(variable, state, rows)
    right = examples.right(truth)
    kinds = (examples.effect, ~examples.effect)
    if any(kind.any() and right[kind].mean() < 1 - OUTSIDE for kind in kinds):
        return None
    known = examples.taken(np.flatnonzero(right))
    if known.effect.sum() < LEAST:
        return None
    # Every other pair: of those with an effect, which come first, and of those without.
    examples, held_out = (known.taken(slice(place, None, 2)) for place in (0, 1))
    return Site(variable, state, examples, held_out, truth, seed)


def held(model: CompiledModel, variable: str, state: int) -> Subspace:
    """The dimensions that hold a variable at a state, as columns; none where it is not held."""
    columns = [
        column
        for tenancy in model.layout.tenancies
        if tenancy.holds == variable and tenancy.birth <= state <= tenancy.end
        for column in tenancy.columns
    ]
    return np.eye(model.layout.width)[:, columns]


class _Runs:
    """A model on all pairs, run once.

    Attributes:
        model: The model.
        view: The form that is run.
        pairs: Bases, sources, and outputs under interchange.
    """

    def __init__(self, model: CompiledModel, view: View, pairs: Counterfactuals) -> None:
        self.model, self.view, self.pairs = model, view, pairs
        self._network = view.network
        pad = model.input_encoder.pad_encoding
        self._inside = pairs.tokens != pad
        self._inside[:, 0] = False
        self._both = self._inside & (pairs.source_tokens != pad)
        self._interpreter = Interpreter(model.program.graph, model.setting)

    @cached_property
    def _states(self) -> tuple[list[Any], list[Any]]:
        """The residual streams at each state of the pairs that some variable takes."""
        with self._network.no_gradients():
            sides = (self.pairs.tokens[self._run], self.pairs.source_tokens[self._run])
            base, source = (self._network.run(tokens).states for tokens in sides)
        return base, source

    @cached_property
    def _run(self) -> NDArray[np.intp]:
        rows = [self.chosen[str(variable)] for variable in self.pairs.outputs]
        return np.unique(np.concatenate(rows)) if rows else np.zeros(0, dtype=np.intp)

    @cached_property
    def _plain(self) -> Any:
        codes = np.where(self._inside, self.pairs.tokens, -1)[:, 1:].astype(np.int32)
        return self._interpreter.plain(codes)

    @cached_property
    def chosen(self) -> dict[str, NDArray[np.intp]]:
        """Pairs of each variable: those that change the output, then those that do not."""
        return {str(variable): self._chosen(variable) for variable in self.pairs.outputs}

    def _chosen(self, variable: Key) -> NDArray[np.intp]:
        outputs = zip(self.pairs.outputs[variable], self.pairs.base_outputs, strict=True)
        effect = [None if own is None else own != base for own, base in outputs]
        kinds = ([i for i, own in enumerate(effect) if own is kind] for kind in (True, False))
        return np.array([row for kind in kinds for row in kind[:PAIRS]], dtype=np.intp)

    def examples(self, variable: str, state: int, rows: NDArray[np.intp]) -> Examples:
        """Pairs of a variable at a state."""
        outputs = self.pairs.outputs[variable]
        wanted = np.array([self._integers(outputs[row] or []) for row in rows])
        places = self._network.integers(np.searchsorted(self._run, rows))
        base, source = (side[state][places] for side in self._states)
        effect = np.array([outputs[row] != self.pairs.base_outputs[row] for row in rows])
        values = np.pad(self._interpreter.codes(variable, self._plain)[rows], ((0, 0), (1, 0)))
        return Examples(
            self.model,
            self._network,
            state,
            self.pairs.tokens[rows],
            base,
            source,
            self._both[rows],
            self._inside[rows],
            values.astype(np.int64),
            wanted,
            effect,
        )

    def _integers(self, output: list[Any]) -> list[float]:
        """An output as the model gives it, padded."""
        found = [0.0, *map(self._integer, output[1:])]
        return found + [0.0] * (self.pairs.tokens.shape[1] - len(found))

    def _integer(self, value: Any) -> float:
        encoder = self.model.output_encoder
        if isinstance(encoder, NumericalEncoder):
            return 0.0 if value is None else float(value)
        return -1.0 if value is None else float(encoder.encoding_map.get(value, IMPOSSIBLE))
