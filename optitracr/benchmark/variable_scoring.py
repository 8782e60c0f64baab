"""The figures of a method that looks for variables, on one model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.benchmark.examples import Subspace, orthonormal
from optitracr.benchmark.network import one_thread
from optitracr.benchmark.scoring import called
from optitracr.benchmark.sites import Site, sites_of
from optitracr.benchmark.variable_methods import VARIABLE_METHODS, VariableMethod
from optitracr.compiled import CompiledModel
from optitracr.errors import InputError


@dataclass(frozen=True, slots=True)
class VariableScore:
    """What the subspaces that a method finds are worth on one model.

    Attributes:
        interchange_accuracy: Mean over variables, of each over its states; nan where the model
            holds no variable that can be looked for.
        accuracies: For each variable and state the share of pairs on which the output is the
            program's; pairs on which it changes count half, and the others the other half.
    """

    interchange_accuracy: float
    accuracies: dict[tuple[str, int], float]

    def as_dict(self) -> dict[str, Any]:
        """The figures by name; null where they are not defined, as JSON has no nan."""
        found = self.interchange_accuracy
        return {
            "interchange_accuracy": None if np.isnan(found) else found,
            "variables": [
                {"variable": variable, "state": state, "accuracy": accuracy}
                for (variable, state), accuracy in self.accuracies.items()
            ],
        }


def score_variables(
    model: CompiledModel, method: str | VariableMethod, seed: int = 0
) -> VariableScore:
    """Runs a method on each variable of a model at each state that holds it, and scores it.

    Args:
        model: The model.
        method: One of `VARIABLE_METHODS` by name, or a function of a `Site`.
        seed: Of the data, and for methods that draw.

    Raises:
        InputError: If there is no such method, or it raises, or gives something else than
            directions of the residual stream.
        NotFoundError: If the model holds no program.
        MissingExtraError: If PyTorch is not installed.
    """
    # What is wrong with a method is said before a model is run.
    return score_sites(sites_of(model, seed), _method(method))


def score_sites(sites: Iterable[Site], method: str | VariableMethod) -> VariableScore:
    """Runs a method on sites of one model, and scores it.

    Args:
        sites: As `sites_of` and `published_sites` give them.
        method: One of `VARIABLE_METHODS` by name, or a function of a `Site`.

    Raises:
        InputError: If there is no such method, or it raises, or gives something else than
            directions of the residual stream.
    """
    method = _method(method)
    wanted = "sites, as sites_of gives them"
    for site in (sites := arguments.collection("sites", sites, wanted)):
        arguments.instance("an entry of sites", site, Site, wanted)
    with one_thread():
        accuracies = {
            (site.variable, site.state): score_site(site, _asked(method, site)) for site in sites
        }
    return VariableScore(_mean(accuracies), accuracies)


def score_site(site: Site, directions: NDArray[np.floating]) -> float:
    """The interchange accuracy of directions that some method gave.

    Args:
        site: What the method was asked about.
        directions: Shape [d_model, directions].

    Raises:
        InputError: If they are something else.
    """
    arguments.instance("site", site, Site, "a Site, as sites_of makes them")
    return site.held_out.accuracy(_subspace(site, directions))


def _method(method: str | VariableMethod) -> VariableMethod:
    if isinstance(method, str):
        return VARIABLE_METHODS[arguments.choice("method", method, VARIABLE_METHODS)]
    arguments.function("method", method)
    return method


def _asked(method: VariableMethod, site: Site) -> Any:
    return called(method, site, "a Site, and gives directions of shape [d_model, directions]")


def _subspace(site: Site, directions: Any) -> Subspace:
    try:
        found = np.asarray(directions, dtype=np.float64)
    except Exception:
        arguments.refuse("directions", directions, "an array of numbers")
    if found.ndim != 2 or len(found) != site.width or not np.isfinite(found).all():
        raise InputError(
            f"directions has shape {found.shape}; give finite numbers of shape "
            f"[{site.width}, directions], a column a direction of the residual stream"
        )
    if found.shape[1] > site.size:
        raise InputError(
            f"directions has {found.shape[1]} columns, and {site.size} dimensions hold "
            f"{site.variable!r} at state {site.state}; give at most so many"
        )
    return orthonormal(found)


def _mean(accuracies: dict[tuple[str, int], float]) -> float:
    """Over variables, of each over its states."""
    variables = dict.fromkeys(variable for variable, _ in accuracies)
    means = [
        np.mean([own for (other, _), own in accuracies.items() if other == variable])
        for variable in variables
    ]
    return float(np.mean(means)) if means else float("nan")
