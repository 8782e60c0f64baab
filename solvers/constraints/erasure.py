"""Erasure: a variable ends where it is erased, or at the last state."""

from __future__ import annotations

from solvers.constraints.variables import Decisions


def add_erasure(decisions: Decisions) -> None:
    """Each present variable is erased once or kept; it does not end before its birth."""
    model = decisions.model
    for variable in decisions.problem.variables:
        name = variable.name
        present, end = decisions.present[name], decisions.end[name]
        kept = model.new_bool_var(f"kept {name}")
        model.add(sum(decisions.erased[name].values()) + kept == present)
        model.add(end == decisions.sublayers).only_enforce_if(kept)
        for sublayer, here in decisions.erased[name].items():
            model.add(end == sublayer).only_enforce_if(here)
        if not variable.is_input:
            model.add(end >= decisions.birth[name]).only_enforce_if(present)
        model.add(end == 0).only_enforce_if(present.negated())
