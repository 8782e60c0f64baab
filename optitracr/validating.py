"""Says what a program cannot do, before it is compiled (as `tracr.compiler.validating`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from optitracr import rasp
from optitracr.errors import EvaluationError

Finding = tuple[rasp.RASPExpr, str]


def validate(program: rasp.SOp, xs: Sequence[Any]) -> list[Finding]:
    """Everything that `static_validate` and `dynamic_validate` find."""
    return [*static_validate(program), *dynamic_validate(program, xs)]


def static_validate(
    program: rasp.SOp, vocab: Collection[Any] | None = None, max_seq_len: int | None = None
) -> list[Finding]:
    """What the compiler cannot compute of a program, whatever the input.

    Args:
        program: The s-op.
        vocab: With `max_seq_len`: look at the values too, such as numbers that can be None.
        max_seq_len: Longest input.

    Returns:
        Pairs of an expression and the reason.
    """
    from optitracr.candidates.setting import check_setting
    from optitracr.candidates.support import unsupported
    from optitracr.graph.build import build_graph
    from optitracr.graph.values import ValueSet, infer_values

    graph = build_graph(program)
    if vocab is not None and max_seq_len is not None:
        setting = check_setting(vocab, max_seq_len, "compiler_bos", "compiler_pad", False)
        values = infer_values(graph, setting.vocabulary, max_seq_len)
    else:
        values = {node.label: ValueSet((), False, ()) for node in graph.nodes}
    expressions = dict(graph.expressions)
    return [(expressions[node.label], reason) for node, reason in unsupported(graph, values)]


def dynamic_validate(program: rasp.SOp, xs: Sequence[Any]) -> list[Finding]:
    """What goes wrong on one input: the interpreter raises, or values fit no encoding.

    Returns:
        Pairs of an expression and the reason.
    """
    try:
        values = rasp.evaluate_all(program, xs)
    except EvaluationError as error:
        return [(program, f"undefined on {list(xs)}: {error}")]
    found: list[Finding] = []
    for expression, held in values.items():
        if not isinstance(expression, rasp.SOp):
            continue
        if rasp.is_numerical(expression) and None in held:
            found.append((expression, f"is numerical and None on {list(xs)}; give it a default"))
        if isinstance(expression, rasp.Aggregate) and rasp.is_categorical(expression):
            allowed = [*values[expression.sop], expression.default]
            odd = [value for value in held if value not in allowed]
            if odd:
                found.append(
                    (
                        expression,
                        f"is categorical and takes the mean {odd[0]!r} of several values on "
                        f"{list(xs)}; annotate it rasp.numerical",
                    )
                )
    return found
