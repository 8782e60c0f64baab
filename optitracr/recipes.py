"""What each level of optimisation is made of, as data that the stages ask."""

from __future__ import annotations

from dataclasses import dataclass

from optitracr.allocation.allocate import Allocator, by_longest_path, by_solver
from optitracr.allocation.problem import longest_side
from optitracr.assembly.plan import Least
from optitracr.candidates.families.registry import RULES, STANDARD_RULES
from optitracr.candidates.rewriting import CANDIDATE_REWRITES, STANDARD_REWRITES
from optitracr.catalogues import CandidateCatalogue, Catalogue, StandardCatalogue


@dataclass(frozen=True, slots=True)
class Recipe:
    """One level of optimisation.

    Attributes:
        level: Its number, as users give it.
        title: What pictures and tables call what it does; {found} stands for how good it is.
        catalogue: The components that it knows: by which rules, after which rewrites.
        allocator: What chooses among them and places them.
        least: Sizes that its models have at least.
        joint_values: Whether value sets hold only what goes together; if not, they are those of
            Tracr wherever it has some.
    """

    level: int
    title: str
    catalogue: Catalogue
    allocator: Allocator
    least: Least
    joint_values: bool = False


TRACR = Recipe(
    level=0,
    title="heuristic",
    catalogue=StandardCatalogue(
        rewrites=STANDARD_REWRITES, rules=STANDARD_RULES, shared_heads=False, head_size=longest_side
    ),
    allocator=by_longest_path,
    least=Least(heads=1, head_size=1, neurons=1),
)
"""Tracr's lowering, allocation and minimal sizes."""

STANDARD = Recipe(
    level=1,
    title="{found} allocation",
    catalogue=StandardCatalogue(rewrites=STANDARD_REWRITES, rules=STANDARD_RULES),
    allocator=by_solver,
    least=Least(),
)
"""The same components, allocated optimally."""

CANDIDATES = Recipe(
    level=2,
    title="{found}",
    catalogue=CandidateCatalogue(rewrites=CANDIDATE_REWRITES, rules=RULES),
    allocator=by_solver,
    least=Least(),
    joint_values=True,
)
"""Components and allocation chosen together."""

RECIPES = {recipe.level: recipe for recipe in (TRACR, STANDARD, CANDIDATES)}
