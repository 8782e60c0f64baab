"""Methods that look for variables: from a site to a subspace of the residual stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.benchmark.examples import Examples, Subspace, orthonormal
from optitracr.benchmark.network import one_thread
from optitracr.benchmark.sites import Site
from optitracr.model.transformer import architecture_of

RIDGE = 1e-3
"""Of a probe: far below what a dimension varies by, so that what is told apart is fitted."""

STEPS = 100
"""Of DAS: on library programs the loss moves little after some eighty."""

RATE = 0.03
"""Of DAS's steps of Adam, in directions of length one: a quarter turn takes half of the steps. With
larger ones a tenth fewer variables of library programs are found."""

RESTARTS = 2
"""Of DAS: the first begins at the probe, the second at random."""

SHARPNESS = 3.0
"""What scores are multiplied by in DAS's loss: those of a compiled model are one where it says a
value and zero elsewhere, a gap that cross entropy takes for little."""

NONE_SCORE = 0.5
"""What a score has to pass, or the model says None."""

VariableMethod = Callable[[Site], NDArray[np.floating]]
"""From a site to directions of shape [d_model, directions], which span a subspace."""


def probe(site: Site) -> Subspace:
    """A linear probe (Alain and Bengio 2017): the directions that tell the variable's values.

    Ridge regression of the values, one-hot, on the residual stream; of its weights as many
    directions as hold the variable, the largest first.
    """
    examples = site.examples
    rows = examples.residual.numpy()[examples.inside].astype(np.float64)
    values = examples.values[examples.inside]
    known = np.unique(values)
    one_hot = (values[:, None] == known).astype(np.float64)
    centred, wanted = rows - rows.mean(axis=0), one_hot - one_hot.mean(axis=0)
    scale = RIDGE * len(rows) * np.eye(site.width)
    weights = np.linalg.solve(centred.T @ centred + scale, centred.T @ wanted)
    left, _, _ = np.linalg.svd(weights, full_matrices=False)
    return np.asarray(left[:, : site.size])


def das(site: Site) -> Subspace:
    """Distributed alignment search (Geiger et al. 2024): the subspace whose interchange does best.

    Directions are turned by gradients, from those of a probe and from random ones; the better of
    what comes of both is kept.
    """
    rng = site.generator()
    starts = [probe(site), *(random_subspace(site, rng) for _ in range(RESTARTS - 1))]
    with one_thread():
        found = [_turned(site.examples, _filled(start, site, rng)) for start in starts]
    return min(found, key=lambda own: own[1])[0]


def _filled(start: Subspace, site: Site, rng: np.random.Generator) -> Subspace:
    """As many directions as hold the variable, where a probe has fewer."""
    more = rng.normal(size=(site.width, site.size - start.shape[1]))
    return orthonormal(np.concatenate([start, more], axis=1))


def _turned(examples: Examples, start: Subspace) -> tuple[Subspace, float]:
    """A subspace after steps of gradients, and its loss: the best on the way."""
    torch = examples.network.torch
    free = torch.tensor(start, dtype=torch.float32, requires_grad=True)
    optimiser = torch.optim.Adam([free], lr=RATE)
    best, least = start, float("inf")
    for _ in range(STEPS):
        basis = torch.linalg.qr(free)[0]
        loss = _loss(examples, basis)
        if loss.item() < least:
            best, least = basis.detach().numpy().astype(np.float64), loss.item()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return best, least


def _loss(examples: Examples, basis: Any) -> Any:
    """How far the outputs are from the program's: cross entropy, or squares of numbers."""
    torch = examples.network.torch
    inside = torch.as_tensor(examples.inside)
    logits = examples.logits(basis)[inside]
    wanted = torch.as_tensor(examples.wanted[examples.inside])
    if not architecture_of(examples.model).categorical:
        return ((logits[:, 0] - wanted.to(logits.dtype)) ** 2).mean()
    none = torch.full_like(logits[:, :1], NONE_SCORE)
    scores = SHARPNESS * torch.cat([none, logits], dim=1)
    return torch.nn.functional.cross_entropy(scores, wanted.long() + 1)


def random_subspace(site: Site, rng: np.random.Generator | None = None) -> Subspace:
    """Directions drawn at random, as many as hold the variable: chance."""
    rng = rng or site.generator()
    return orthonormal(rng.normal(size=(site.width, site.size)))


def true_subspace(site: Site) -> Subspace:
    """The dimensions that hold the variable."""
    return site.truth


VARIABLE_METHODS: dict[str, VariableMethod] = {
    "probe": probe,
    "das": das,
    "random_subspace": random_subspace,
    "true_subspace": true_subspace,
}
"""Methods by name. A new one is an entry here, or an argument of `score_variables`."""
