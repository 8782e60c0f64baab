"""The levels of optimisation."""

LEVELS = (0, 1)
"""0: Tracr's lowering and allocation; 1: the same components, allocated optimally."""

DEFAULT_LEVEL = 1
