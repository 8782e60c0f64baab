"""Layer allocation and residual-stream packing, on plain data.

`Problem` says what has to be placed, `solve` places it, `violations` checks a plan without
any solver. Nothing here knows of RASP, weights or JAX.
"""

from __future__ import annotations

from solvers.allocation import (
    DEFAULT_OBJECTIVE,
    OBJECTIVES,
    Allocation,
    Erasure,
    Placement,
    Plan,
    Sizes,
    Status,
    lifetimes,
    neurons_used,
    present_variables,
    state_widths,
)
from solvers.interrupts import ON_INTERRUPT, OnInterrupt
from solvers.problem import (
    Alternative,
    HeadDemand,
    Kind,
    Late,
    LateInput,
    Limits,
    Problem,
    ProblemError,
    SelfAttention,
    SizeConstants,
    Variable,
    View,
)
from solvers.serialisation import (
    allocation_from_json,
    allocation_to_json,
    fingerprint,
    problem_from_json,
    problem_to_json,
)
from solvers.solve import METHODS, solve
from solvers.stock import Stock
from solvers.validator import InvalidPlanError, Violation, validate, violations

__all__ = [
    "DEFAULT_OBJECTIVE",
    "METHODS",
    "OBJECTIVES",
    "ON_INTERRUPT",
    "Allocation",
    "Alternative",
    "Erasure",
    "HeadDemand",
    "InvalidPlanError",
    "Kind",
    "Late",
    "LateInput",
    "Limits",
    "OnInterrupt",
    "Placement",
    "Plan",
    "Problem",
    "ProblemError",
    "SelfAttention",
    "SizeConstants",
    "Sizes",
    "Status",
    "Stock",
    "Variable",
    "View",
    "Violation",
    "allocation_from_json",
    "allocation_to_json",
    "fingerprint",
    "lifetimes",
    "neurons_used",
    "present_variables",
    "problem_from_json",
    "problem_to_json",
    "solve",
    "state_widths",
    "validate",
    "violations",
]
