"""Different exact models of one program: compiled in turn, each other than those before."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from optitracr import arguments, rasp
from optitracr.compiled import CompiledModel
from optitracr.errors import CausalReadingWarning, InfeasibleError, OptitracrError
from optitracr.levels import ALLOCATED_LEVELS, DEFAULT_LEVEL
from optitracr.memory import within_memory
from optitracr.model.current import current
from optitracr.options import DEFAULT_OBJECTIVE, Check, CompileOptions, Search, check_options
from optitracr.recipes import RECIPES, Recipe
from optitracr.setting import Setting, check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation
from optitracr.stock.proving import known_form
from optitracr.variety.variant import EQUAL, LeftOut, Variant, Variants
from optitracr.variety.ways import DEFAULT_WAYS, Trial, Way, parse_ways, trials_of
from solvers import Allocation, Limits, Plan, Problem
from solvers.differing import Difference, most_different

if TYPE_CHECKING:
    from optitracr.architectures.architecture import Architecture
    from optitracr.domain.binding import Promise

MOST = 1_000
"""Variants of one program: more than any has circuits that are worth a look."""

GROWTH = 4.0
"""Times by which other circuits may be larger: a one-hot in place of a number, and a table over it
in place of a threshold, take some three times the columns and neurons."""


@within_memory
def variants(
    program: rasp.SOp,
    vocab: Collection[Any],
    max_seq_len: int,
    n: int,
    causal: bool = False,
    *,
    ways: Collection[str] | str = DEFAULT_WAYS,
    growth: float = GROWTH,
    optimize: int = DEFAULT_LEVEL,
    objective: str | tuple[str, ...] = DEFAULT_OBJECTIVE,
    limits: Limits | dict[str, int] | None = None,
    time_limit: float | None = None,
    seed: int = 0,
    check: bool | str = Check.PROOF,
    without: Collection[str] | str = (),
    domain: Promise | None = None,
    architecture: str | Architecture = "tracr",
) -> Variants:
    """Different exact models of one program, each with its circuit.

    The first is what `compile_rasp_to_model` gives. Each further one comes from the next of `ways`
    in turn, until there are `n` or no way has another. No two models are equal.

    Args:
        program: The s-op to compute.
        vocab: The tokens.
        max_seq_len: Longest input, BOS not counted.
        n: How many.
        causal: Compile the causal reading.
        ways: In what they differ, names of `Way`; "architectures" and "rotations" are for programs
            whose causal reading says the same, or with `causal=True`.
        growth: How many times the first's width and neurons other circuits may have.
        optimize: The level of the first, and of all that differ in something else.
        objective: This and what follows as `compile_rasp_to_model` has it, for each of them.
        limits: Hard limits.
        time_limit: Deterministic seconds for the solver.
        seed: Of the solver and of the checks.
        check: What is done to know that a model computes the program.
        without: Families of candidates to leave out.
        domain: The inputs that matter.
        architecture: What the transformers are made of.

    Returns:
        The variants; where there are fewer than `n`, with what else was tried, and why not.

    Raises:
        CausalReadingWarning: As a warning, as `compile_rasp_to_model` does.
        OptitracrError: If an argument is wrong, or the first model cannot be compiled.
    """
    wanted = arguments.integer("n", n, 1, MOST)
    growth = arguments.number("growth", growth, least=1.0)
    given = (optimize, objective, limits, time_limit, seed, False, check, without, causal)
    options = check_options(*given, architecture)
    tokens = COMPILER_BOS, COMPILER_PAD
    setting = check_setting(vocab, max_seq_len, *tokens, options.causal, domain)
    making = _Making(program, setting, options, bool(causal), growth)
    making.first()
    making.add(parse_ways(ways), wanted)
    return Variants(wanted, tuple(making.found), tuple(making.left_out))


def circuit_variant(
    program: rasp.SOp, setting: Setting, options: CompileOptions, number: int
) -> CompiledModel:
    """The model of another circuit of a program, the same as `variants` finds with `circuits`.

    Args:
        program: The s-op to compute.
        setting: Vocabulary and length.
        options: The options.
        number: Which circuit; the first is 0.

    Raises:
        OptitracrError: If the program cannot be compiled, or has fewer circuits.
    """
    making = _Making(program, setting, options, True, GROWTH, advises=False)
    making.first()
    making.add((Way.CIRCUITS,), number + 1)
    if len(making.found) <= number:
        raise InfeasibleError(making.left_out[-1].reason)
    return making.found[number].model


@dataclass(slots=True)
class _Making:
    """Variants that are being made."""

    program: rasp.SOp
    setting: Setting
    options: CompileOptions
    causal: bool
    growth: float
    advises: bool = True
    found: list[Variant] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    known: set[tuple[bytes, Architecture, int | None]] = field(default_factory=set)

    def first(self) -> None:
        """Compiles the program as it is."""
        model = self._compiled(self.options, RECIPES[self.options.optimize])
        self.known.add(_identity(model, None))
        self.found.append(Variant(model, None, "as it is compiled"))

    def add(self, ways: tuple[Way, ...], wanted: int) -> None:
        """Adds variants, from each way in turn, up to a number of them."""
        turns: list[Iterator[Trial]] = [trials_of(way, self.options) for way in ways]
        while turns and len(self.found) < wanted:
            turn = turns.pop(0)
            if self._next(turn):
                turns.append(turn)

    def _next(self, turn: Iterator[Trial]) -> bool:
        """Adds the next variant of a way; whether there is one."""
        for trial in turn:
            try:
                with warnings.catch_warnings():
                    # The first model has said it.
                    warnings.simplefilter("ignore", CausalReadingWarning)
                    variant = self._made(trial)
            except OptitracrError as error:
                self.left_out.append(LeftOut(trial.way, trial.told, str(error)))
                if trial.differs:
                    return False
                continue
            identity = _identity(variant.model, variant.rotate)
            if identity not in self.known:
                self.known.add(identity)
                self.found.append(variant)
                return True
            self.left_out.append(LeftOut(trial.way, trial.told, EQUAL))
            if trial.differs:
                return False
        return False

    def _made(self, trial: Trial) -> Variant:
        """The variant of a trial.

        Raises:
            OptitracrError: If there is none.
        """
        options, recipe = trial.options, RECIPES[trial.options.optimize]
        if not trial.differs:
            model = self._compiled(options, recipe)
            if trial.rotate is not None and options.check is not None:
                known_form(model, options.check, options.seed, trial.rotate)
            return Variant(model, trial.way, trial.told, trial.rotate)
        if options.optimize not in ALLOCATED_LEVELS:
            raise InfeasibleError(
                f"level {options.optimize} chooses nothing; circuits differ at a higher level"
            )
        differing = _Differing(self._plans(options.optimize))
        options = replace(options, limits=self._grown(options.limits))
        model = self._compiled(options, replace(recipe, allocator=differing))
        plan = model.allocation.plan
        assert plan is not None, "a model without a plan is an error before this"
        return Variant(model, trial.way, trial.told, difference=differing.known[plan])

    def _plans(self, level: int) -> list[Plan]:
        """The plans before that are made of the components of a level."""
        plans = [v.model.allocation.plan for v in self.found if v.model.level == level]
        return [plan for plan in dict.fromkeys(plans) if plan is not None]

    def _grown(self, limits: Limits) -> Limits:
        """Limits of the sizes of other circuits: those that were given, and the first's, grown."""
        first = self.found[0].model.size
        columns = max(first.width, first.neurons)
        most = {
            "layers": first.layers + 1,
            "width": int(self.growth * first.width),
            "neurons": int(self.growth * columns),
        }
        given = {name: getattr(limits, name) for name in most}
        return replace(
            limits, **{name: most[name] if own is None else own for name, own in given.items()}
        )

    def _compiled(self, options: CompileOptions, recipe: Recipe) -> CompiledModel:
        setting = replace(self.setting, causal=options.causal)
        # Plans are told apart by the names of candidates, which are the same among all there are.
        found = Compilation(
            self.program, setting, options, recipe=recipe, advises=self.advises, whole=True
        )
        return found.compiled(agreeing=options.causal and not self.causal)


class _Differing:
    """An allocator that takes what shares the least with plans before.

    Attributes:
        known: What each of its plans shares.
    """

    def __init__(self, before: list[Plan]) -> None:
        self._before = before
        self.known: dict[Plan, Difference] = {}

    def __call__(
        self,
        problem: Problem,
        search: Search,
        start: Plan | None = None,
        at_most: tuple[int, ...] | None = None,
    ) -> Allocation:
        """Places the components of such a plan, whatever it may start from or is of use.

        Raises:
            InfeasibleError: If there is none, or none was found.
        """
        del start, at_most
        found = most_different(
            problem,
            self._before,
            search.objective,
            time_limit=search.time_limit,
            seed=search.seed,
        )
        plan = found.allocation.plan
        if plan is None:
            raise InfeasibleError(f"program '{problem.name}': {found.allocation.message}")
        self.known[plan] = found
        return found.allocation


def _identity(model: CompiledModel, rotate: int | None) -> tuple[bytes, Architecture, int | None]:
    """What two variants have in common just if they are one: the weights, and their form."""
    return current(model).digest, model.options.architecture, rotate
