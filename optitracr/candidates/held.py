"""What variables of the residual stream hold of the program's, and what others are made for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from optitracr.candidates.component import Held
from optitracr.candidates.forms import form_rows
from optitracr.candidates.space import CandidateSpace
from optitracr.craft.reading import Variable
from optitracr.graph.provenance import Provenance
from optitracr.graph.tabled import TabledNode

Nodes = Mapping[str, TabledNode]


def held_alone(variables: Iterable[tuple[str, Variable]], nodes: Nodes) -> dict[str, Held]:
    """What one-hots of all values and bare numbers hold, of the variables that are named beside."""
    return {
        variable.label: Held(
            label,
            variable.values,
            None if variable.numerical else np.eye(len(variable.values)),
            may_be_none=label not in nodes or nodes[label].value_set.may_be_none,
        )
        for label, variable in variables
    }


def held_in_forms(space: CandidateSpace) -> dict[str, Held]:
    """What each form holds of its variable."""
    found = {}
    for name, form in space.forms.items():
        rows = None if form.is_number and not form.numbers else form_rows(form)
        own = space.node(form).value_set
        found[name] = Held(form.label, own.values, rows, form.clean, own.may_be_none)
    return found


def made_for(nodes: Iterable[tuple[str, TabledNode]]) -> dict[str, Provenance]:
    """What the compiler made variables of the residual stream for that are not the program's."""
    return {name: own for name, node in nodes if (own := node.provenance) is not None}
