"""Precedence: what is read is alive at the state that its reader reads."""

from __future__ import annotations

from solvers.constraints.variables import Decisions


def add_precedence(decisions: Decisions) -> None:
    """Births follow writers, readers stand between birth and end, the output lasts."""
    model, problem = decisions.model, decisions.problem
    inputs = {variable.name for variable in problem.variables if variable.is_input}
    for alternative in problem.alternatives:
        name = alternative.variable
        for sublayer, here in decisions.at[alternative.name].items():
            model.add(decisions.birth[name] == sublayer + 1).only_enforce_if(here)
        slot = decisions.slot(alternative)
        for place, options in enumerate(alternative.reads):
            for option in dict.fromkeys(options):
                chosen = decisions.read[alternative.name, place, option]
                if option not in inputs:
                    model.add(decisions.birth[option] <= slot).only_enforce_if(chosen)
                model.add(decisions.end[option] >= slot).only_enforce_if(chosen)
    for view, chosen in zip(problem.views, decisions.view, strict=True):
        for name in view.reads:
            model.add(decisions.end[name] == decisions.sublayers).only_enforce_if(chosen)


def add_self_attention(decisions: Decisions) -> None:
    """What an erasing head reads is alive where it stands."""
    model, own = decisions.model, decisions.problem.self_attention
    inputs = {variable.name for variable in decisions.problem.variables if variable.is_input}
    for erased in decisions.erased.values():
        for sublayer, here in erased.items():
            if sublayer % 2:
                continue
            if own is None:
                model.add(here == 0)
                continue
            for chosen, way in decisions.self_attention():
                when = [here, *chosen]
                for name in way:
                    model.add_bool_and(decisions.present[name]).only_enforce_if(when)
                    if name not in inputs:
                        model.add(decisions.birth[name] <= sublayer).only_enforce_if(when)
                    model.add(decisions.end[name] >= sublayer).only_enforce_if(when)
