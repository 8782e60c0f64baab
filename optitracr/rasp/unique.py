"""Unique names for the expressions of one program."""

from __future__ import annotations

from collections import Counter

from optitracr.rasp.expression import RASPExpr, check_expression, postorder


def uniquify_names(*roots: RASPExpr) -> dict[RASPExpr, str]:
    """A unique name for everything that some expressions are made of.

    Labels that several expressions share get `_2`, `_3` and so on, in the order in which
    the program is evaluated; so the same program always gets the same names.

    Raises:
        ProgramError: If one of them is no expression.
    """
    for root in roots:
        check_expression(root)
    names: dict[RASPExpr, str] = {}
    taken: set[str] = set()
    uses: Counter[str] = Counter()
    for expr in postorder(*roots):
        label = name = expr.label
        while name in taken:
            uses[label] += 1
            name = f"{label}_{uses[label] + 1}"
        taken.add(name)
        names[expr] = name
    return names
