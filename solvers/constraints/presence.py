"""Presence: each variable that exists is computed once, and only what is read exists."""

from __future__ import annotations

from solvers.constraints.variables import Decisions


def add_presence(decisions: Decisions) -> None:
    """One alternative for each present variable, in one sublayer; one view."""
    model, problem = decisions.model, decisions.problem
    wanted: dict[str, list[object]] = {v.name: [] for v in problem.variables}
    for name, alternatives in problem.alternatives_of().items():
        if not problem.by_name()[name].is_input:
            uses = [decisions.use[a.name] for a in alternatives]
            model.add(sum(uses) == decisions.present[name])
    for alternative in problem.alternatives:
        use = decisions.use[alternative.name]
        model.add(sum(decisions.at[alternative.name].values()) == use)
        for place, options in enumerate(alternative.reads):
            choices = {o: decisions.read[alternative.name, place, o] for o in options}
            if len(choices) > 1:
                model.add(sum(choices.values()) == use)
            for option, chosen in choices.items():
                model.add_implication(chosen, decisions.present[option])
                wanted[option].append(chosen)
    model.add_exactly_one(decisions.view)
    for view, chosen in zip(problem.views, decisions.view, strict=True):
        for name in view.reads:
            model.add_implication(chosen, decisions.present[name])
            wanted[name].append(chosen)
    _nothing_idle(decisions, wanted)


def _nothing_idle(decisions: Decisions, wanted: dict[str, list[object]]) -> None:
    """A variable that nothing reads does not exist; erasing heads read too."""
    model, own = decisions.model, decisions.problem.self_attention
    erasing = [
        here
        for erased in decisions.erased.values()
        for sublayer, here in erased.items()
        if sublayer % 2 == 0
    ]
    for name, readers in wanted.items():
        reasons = list(readers)
        if own is not None and name in own.named:
            reasons += erasing
        model.add_bool_or([*reasons, decisions.present[name].negated()])
