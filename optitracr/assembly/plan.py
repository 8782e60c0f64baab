"""From a plan of the solver to a layout and weights."""

from __future__ import annotations

from dataclasses import dataclass

from optitracr.assembly.layout import lay_out
from optitracr.assembly.weights import Placed, SelfAttending, Weights, assemble
from optitracr.candidates.component import Component, Components
from optitracr.constructions.own_position import OwnPosition, by_point, by_powers
from optitracr.craft.numerics import coldness
from optitracr.craft.reading import Variable
from optitracr.model.layout import Layout
from optitracr.setting import Setting
from solvers import Allocation, Plan, Problem, Sizes, lifetimes, neurons_used


@dataclass(frozen=True, slots=True)
class Least:
    """The smallest sizes that a model has, whatever it computes.

    Attributes:
        heads: Heads of a layer.
        head_size: Dimensions of a head.
        neurons: Neurons of a layer.
        spare: Columns of the residual stream beyond those that the plan has; they hold nothing.
    """

    heads: int = 0
    head_size: int = 0
    neurons: int = 0
    spare: int = 0


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A model before its weights: its sizes, who lives where, and the components placed."""

    sizes: Sizes
    layout: Layout
    components: Components
    allocation: Allocation

    @property
    def plan(self) -> Plan:
        """Which component is where, and when what is erased."""
        plan = self.allocation.plan
        assert plan is not None, "an allocation without a plan is an error before assembly"
        return plan


@dataclass(frozen=True, slots=True)
class Assembly:
    """A layout, the weights in it, the sizes they were made for, and what they implement."""

    sizes: Sizes
    layout: Layout
    weights: Weights
    components: Components
    allocation: Allocation


def arrange(
    components: Components, problem: Problem, allocation: Allocation, least: Least
) -> Arrangement:
    """Lays the residual stream out.

    Args:
        components: What the plan's alternatives stand for.
        problem: The problem solved.
        allocation: Where everything goes.
        least: Sizes that the model has at least.
    """
    plan = allocation.plan
    assert plan is not None, "an allocation without a plan is an error before assembly"
    width = plan.width + least.spare
    # Biases write constants here, whatever a published transformer has.
    neurons = max(neurons_used(problem, plan, constants=False).values(), default=0)
    sizes = Sizes(
        plan.layers,
        width,
        max(plan.heads, least.heads),
        max(plan.head_size, least.head_size),
        max(neurons, least.neurons),
    )
    layout = lay_out(components.variables, lifetimes(problem, plan), plan.layers, width)
    return Arrangement(sizes, layout, components, allocation)


def write_weights(arrangement: Arrangement, setting: Setting) -> Assembly:
    """Writes the weights of the components where they were placed.

    Args:
        arrangement: Sizes, layout and components.
        setting: Vocabulary and length.
    """
    sizes, layout, components = arrangement.sizes, arrangement.layout, arrangement.components
    by_label = {v.label: v for v in components.variables}
    spaces = tuple(by_label[label].space for label in components.self_attention)
    weights = assemble(
        sizes,
        layout,
        components.inputs,
        _placed(components, arrangement.plan, by_label),
        components.output,
        SelfAttending(spaces, _own_position(components, coldness(setting.max_seq_len + 1))),
    )
    return Assembly(sizes, layout, weights, components, arrangement.allocation)


def _own_position(components: Components, cold: float) -> OwnPosition:
    """How each position attends to itself, by a point or by two powers."""
    tables = {entry.variable.label: entry.table for entry in components.inputs}
    told = [tables[label] for label in components.self_attention[:-1]]
    if len(told) == 1:
        return by_point(told[0], cold)
    up, down = (table[1:, 0] for table in told)
    own = by_powers(up, down, cold)
    assert own is not None, "what tells positions was looked at before"
    return own


def _placed(components: Components, plan: Plan, by_label: dict[str, Variable]) -> dict[int, Placed]:
    by_name = {component.name: component for component in components.components}
    placed: dict[int, list[Component]] = {}
    erased: dict[int, list[Variable]] = {}
    for placement in plan.placements:
        placed.setdefault(placement.sublayer, []).append(by_name[placement.alternative])
    for erasure in plan.erasures:
        erased.setdefault(erasure.sublayer, []).append(by_label[erasure.variable])
    return {
        sublayer: Placed(tuple(placed.get(sublayer, ())), tuple(erased.get(sublayer, ())))
        for sublayer in sorted({*placed, *erased})
    }
