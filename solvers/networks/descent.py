"""Networks with real weights, by descent: neurons are taken away while the rest can make up for it.

A network that is found is exact to what float64 carries, and proves nothing: with fewer neurons
there may be another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.networks.network import FloatArray, Network, Table, is_exact

STEPS = 120
"""Steps of one descent: nearly all that end at nothing have done so by then."""

PATIENCE, LEAST_GAIN = 15, 0.6
"""Steps after which a descent is given up that has not gained so much: it is stuck at a bend."""

DONE = 1e-22
"""Mean square of what is left at which a descent ends: some roundings of float64."""

STEEPEST, MOST_DAMPED = 1e-13, 1e9
"""Bounds of the damping: steps with less are Newton's, those with more do not move."""

NEAR = 0.05
"""Share by which weights are moved before a descent that begins near a network."""

CANDIDATES = 6
"""Neurons each of which is tried as the one to go, those first without which least is left."""


@dataclass(slots=True)
class _State:
    """Weights on the way: shapes [columns, neurons] and [neurons + 1, outputs], the bias last."""

    w_in: FloatArray
    w_out: FloatArray
    left: float = np.inf


@dataclass(frozen=True, slots=True)
class _Goal:
    """What is read, centred and scaled, and what is wanted."""

    read: FloatArray
    wanted: FloatArray


@dataclass(frozen=True, slots=True)
class _Scales:
    """Between a table's own numbers and those that are centred and scaled."""

    centre: FloatArray
    scale: FloatArray
    size: FloatArray
    base: FloatArray

    @classmethod
    def of(cls, table: Table) -> _Scales:
        read = table.read()
        scale = np.append(read[:, :-1].std(axis=0), 1.0)
        scale[scale == 0.0] = 1.0
        size = np.maximum(abs(table.outputs - table.outputs[0]).max(axis=0), 1e-9)
        centre = np.append(read[:, :-1].mean(axis=0), 0.0)
        return cls(centre, scale, size, table.outputs[0])

    def goal(self, table: Table) -> _Goal:
        read = (table.read() - self.centre) / self.scale
        return _Goal(read, (table.outputs - self.base) / self.size)

    def network(self, state: _State) -> Network:
        w_in = state.w_in / self.scale[:, None]
        w_in[-1] -= self.centre[:-1] @ w_in[:-1]
        bias = state.w_out[-1] * self.size + self.base
        return Network(w_in, state.w_out[:-1] * self.size, bias)

    def w_in(self, network: Network) -> FloatArray:
        w_in = network.w_in * self.scale[:, None]
        w_in[-1] += self.centre[:-1] @ network.w_in[:-1]
        return w_in


def _accepts(network: Network) -> bool:
    return True


def descended(
    table: Table,
    neurons: int,
    tries: int,
    seed: int = 0,
    least: int = 0,
    start: Network | None = None,
    accepts: Callable[[Network], bool] = _accepts,
) -> Network | None:
    """The smallest network that some descents find.

    Args:
        table: The table.
        neurons: How many a random network has at first.
        tries: Descents.
        seed: Of the random networks.
        least: Neurons at which to stop.
        start: A network of the table; every second descent begins near it, the first at it.
        accepts: Which networks count.
    """
    scales = _Scales.of(table)
    goal = scales.goal(table)
    random = np.random.default_rng(seed)
    best: Network | None = None
    for number in range(tries):
        if best is not None and best.neurons <= least:
            break
        if start is not None and number % 2 == 0:
            w_in = scales.w_in(start)
            w_in = w_in + NEAR * (number > 0) * abs(w_in) * random.normal(size=w_in.shape)
        else:
            w_in = _random(
                goal, neurons if best is None else min(neurons, best.neurons + 3), random
            )
        for state in _descent(goal, w_in, least):
            made = scales.network(state)
            if (best is None or made.neurons < best.neurons) and is_exact(made, table):
                best = made if accepts(made) else best
    return best


def _random(goal: _Goal, neurons: int, random: np.random.Generator) -> FloatArray:
    """Neurons each of which has its bend between two points."""
    w_in = random.normal(size=(goal.read.shape[1], neurons))
    first, second = random.integers(len(goal.read), size=(2, neurons))
    share, at = random.uniform(size=neurons), goal.read @ w_in
    own = np.arange(neurons)
    w_in[-1] -= share * at[first, own] + (1.0 - share) * at[second, own]
    return w_in


def _descent(goal: _Goal, w_in: FloatArray, least: int) -> Iterator[_State]:
    """Ever smaller networks: neurons are taken away one by one; nothing if the first is stuck."""
    state: _State | None = _polished(goal, _fitted(goal, w_in))
    while state is not None and _is_done(goal, state):
        yield state
        if state.w_in.shape[1] <= least:
            break
        state = _smaller(goal, state)


def _smaller(goal: _Goal, state: _State) -> _State | None:
    """The same without one neuron, for which the rest makes up; None if it cannot."""
    state = _balanced(state)
    neurons = state.w_in.shape[1]
    fits = [_fitted(goal, np.delete(state.w_in, place, axis=1)) for place in range(neurons)]
    order = sorted(range(neurons), key=lambda place: fits[place].left)
    for place in order[:CANDIDATES]:
        found = _polished(goal, fits[place])
        if _is_done(goal, found):
            return found
    return None


def _is_done(goal: _Goal, state: _State) -> bool:
    return state.left <= DONE * goal.wanted.size * 10


def _hidden(goal: _Goal, w_in: FloatArray) -> FloatArray:
    """What neurons write their weights times, a constant last."""
    on = np.maximum(goal.read @ w_in, 0.0)
    return np.concatenate([on, np.ones((len(on), 1))], axis=1)


def _fitted(goal: _Goal, w_in: FloatArray) -> _State:
    """The best weights to write with for those to read with."""
    hidden = _hidden(goal, w_in)
    w_out = np.asarray(np.linalg.lstsq(hidden, goal.wanted, rcond=1e-9)[0])
    return _State(w_in, w_out, float(((hidden @ w_out - goal.wanted) ** 2).sum()))


def _balanced(state: _State) -> _State:
    """The same network, each neuron reading as strongly as it writes."""
    read = np.linalg.norm(state.w_in, axis=0) + 1e-12
    written = np.linalg.norm(state.w_out[:-1], axis=1) + 1e-12
    factor = np.sqrt(written / read)
    w_out = np.concatenate([state.w_out[:-1] / factor[:, None], state.w_out[-1:]])
    return _State(state.w_in * factor, w_out, state.left)


def _polished(goal: _Goal, state: _State) -> _State:
    """Descends by damped Gauss-Newton steps (Levenberg and Marquardt)."""
    damping, history = 1e-3, [state.left]
    for step in range(STEPS):
        if state.left <= DONE * goal.wanted.size:
            break
        slopes, wrong = _slopes(goal, state)
        moved: _State | None = None
        while moved is None and damping < MOST_DAMPED:
            moved = _moved(goal, state, _step(slopes, wrong, damping))
            damping *= 5.0 if moved is None else 1.0
        if moved is None:
            break
        state, damping = moved, max(damping / 8.0, STEEPEST)
        history.append(state.left)
        if step > PATIENCE and state.left > LEAST_GAIN * history[-PATIENCE]:
            break
    return state


def _slopes(goal: _Goal, state: _State) -> tuple[FloatArray, FloatArray]:
    """How each output at each point changes with each weight, and by what it is off."""
    points, columns = goal.read.shape
    outputs = goal.wanted.shape[1]
    on: NDArray[np.bool_] = goal.read @ state.w_in > 0.0
    read = (on[:, None, :] * goal.read[:, :, None])[:, None] * state.w_out[:-1].T[None, :, None, :]
    hidden = _hidden(goal, state.w_in)
    written = np.zeros((points, outputs, hidden.shape[1], outputs))
    own = np.arange(outputs)
    written[:, own, :, own] = hidden
    rows = points * outputs
    slopes = np.concatenate([read.reshape(rows, -1), written.reshape(rows, -1)], axis=1)
    assert slopes.shape[1] == columns * on.shape[1] + hidden.shape[1] * outputs
    return slopes, (hidden @ state.w_out - goal.wanted).ravel()


def _step(slopes: FloatArray, wrong: FloatArray, damping: float) -> FloatArray | None:
    """The step that makes up for what is off, damped; by the smaller of two systems."""
    wide = slopes.shape[0] <= slopes.shape[1]
    system = slopes @ slopes.T if wide else slopes.T @ slopes
    system[np.diag_indices_from(system)] += damping
    try:
        if wide:
            return np.asarray(-slopes.T @ np.linalg.solve(system, wrong))
        return np.asarray(-np.linalg.solve(system, slopes.T @ wrong))
    except np.linalg.LinAlgError:
        return None


def _moved(goal: _Goal, state: _State, step: FloatArray | None) -> _State | None:
    """The state after a step; None if it is no better."""
    if step is None:
        return None
    split = state.w_in.size
    w_in = state.w_in + step[:split].reshape(state.w_in.shape)
    w_out = state.w_out + step[split:].reshape(state.w_out.shape)
    left = float(((_hidden(goal, w_in) @ w_out - goal.wanted) ** 2).sum())
    return _State(w_in, w_out, left) if left < state.left else None
