"""The levels of optimisation."""

LEVELS = (0, 1, 2)
"""0: Tracr's lowering and allocation; 1: the same components, allocated optimally;
2: components and allocation chosen together."""

DEFAULT_LEVEL = 2
