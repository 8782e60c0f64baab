"""Bounds of every transformer of the architecture, from what a program says on its inputs."""

from __future__ import annotations

from collections.abc import Iterator

from optitracr.bounds.bound import Bound, Premise
from optitracr.bounds.local import no_sum, of_others
from optitracr.bounds.outputs import Outputs
from solvers import SizeConstants, Sizes

VALUES_OF_ONE_DIMENSION = 2
"""Values that one number says: the largest of its multiples is that of the largest factor where
it is positive, and that of the smallest where it is negative."""


def any_model(outputs: Outputs) -> Iterator[Bound]:
    """What any transformer takes that gives these outputs.

    Args:
        outputs: Those on some inputs; what all models need for these they need for all.
    """
    others = of_others(outputs)
    layer = others or no_sum(outputs)
    width, reason = least_width(outputs)
    if layer is not None:
        yield Bound("layers", 1, Premise.ANY, layer)
    else:
        yield Bound("layers", 0, Premise.ANY, "each output may be read off its own embeddings")
    yield Bound("width", width, Premise.ANY, reason)
    if others is not None:
        yield Bound("heads", 1, Premise.ANY, others)
        yield Bound("head_size", 1, Premise.ANY, others)
    values = 1 if outputs.is_numerical else len(outputs.occurring)
    constants = SizeConstants(outputs.setting.embedding_rows, values)
    smallest = min(
        sizes.parameters(constants)
        for sizes in _least_sizes(width, layer is not None, others is not None)
    )
    yield Bound("parameters", smallest, Premise.ANY, "those of the least sizes above")
    if not outputs.is_numerical:
        reason = f"{values} values occur, of which one-hot scores are linearly independent"
        yield Bound("width", values, Premise.ONE_HOT, reason)


def least_width(outputs: Outputs) -> tuple[int, str]:
    """Dimensions that the last state has at least, and why."""
    if outputs.is_numerical:
        is_zero = bool((abs(outputs.found) <= outputs.allowed).all())
        return (0, "the number is always 0") if is_zero else (1, "some number is not 0")
    count = len(outputs.occurring)
    if count > VALUES_OF_ONE_DIMENSION:
        return 2, f"{count} values occur, and of the multiples of one number two can be the largest"
    return min(count, 1), f"{count} values occur"


def _least_sizes(width: int, layer: bool, heads: bool) -> list[Sizes]:
    """The least models that have what is needed: of a layer without heads, one neuron or one."""
    if not layer:
        return [Sizes(0, width, 0, 0, 0)]
    attention = Sizes(1, width, 1, 1, 0)
    return [attention] if heads else [attention, Sizes(1, width, 0, 0, 1)]
