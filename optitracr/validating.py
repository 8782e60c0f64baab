"""Says what a program cannot do, before it is compiled (as `tracr.compiler.validating`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from optitracr import rasp
from optitracr.errors import EvaluationError, UnsupportedError, ValueSetError
from optitracr.levels import DEFAULT_LEVEL

if TYPE_CHECKING:
    from optitracr.candidates.setting import Setting

Finding = tuple[rasp.RASPExpr, str]


def validate(program: rasp.SOp, xs: Sequence[Any]) -> list[Finding]:
    """Everything that `static_validate` and `dynamic_validate` find for these tokens."""
    found = static_validate(program, set(xs), len(xs)) if xs else []
    return [*found, *dynamic_validate(program, xs)]


def static_validate(
    program: rasp.SOp,
    vocab: Collection[Any],
    max_seq_len: int,
    optimize: int = DEFAULT_LEVEL,
) -> list[Finding]:
    """What the compiler cannot compute of a program, whatever the input.

    Args:
        program: The s-op.
        vocab: The tokens.
        max_seq_len: Longest input.
        optimize: The level to compile at; the standard lowering (0 and 1) has heads that
            write no default but None and 0.

    Returns:
        Pairs of an expression and the reason, with the s-op's name, its line in the source,
        and what would help; and the first input on which the program is undefined, if there
        is one among some hundred.
    """
    from optitracr.candidates.setting import check_setting
    from optitracr.candidates.space import joined_selectors
    from optitracr.candidates.support import unsupported
    from optitracr.compile import prepare
    from optitracr.graph.build import build_graph
    from optitracr.graph.composites import join_selectors

    written = build_graph(program)
    setting = check_setting(vocab, max_seq_len, "compiler_bos", "compiler_pad", False)
    expressions = dict(written.expressions)
    try:
        graph, values = prepare(written, setting, optimize < 2)
        join = join_selectors if optimize < 2 else joined_selectors
        graph, values = join(graph, values)
    except (UnsupportedError, ValueSetError) as error:
        message = str(error)
        places = {message.find(f"'{label}'"): label for label in expressions}
        named = [label for place, label in sorted(places.items()) if place >= 0]
        return [(expressions[named[0]] if named else program, message)]
    found = [
        (expressions.get(node.label, program), reason)
        for node, reason in unsupported(graph, values, standard=optimize < 2)
    ]
    return [*found, *_undefined(program, setting)]


def _undefined(program: rasp.SOp, setting: Setting) -> list[Finding]:
    """The first input on which the interpreter raises."""
    from optitracr.model.inputs import check_inputs
    from optitracr.rasp.batch import evaluate_batch

    vocabulary = setting.vocabulary
    inputs = check_inputs(len(vocabulary), setting.max_seq_len, 64, 64, seed=0)
    evaluation = evaluate_batch([program], vocabulary, inputs.codes, inputs.lengths)
    for row in evaluation.undefined.nonzero()[0][:1]:
        tokens = [vocabulary[code] for code in inputs.codes[row, : inputs.lengths[row]]]
        return dynamic_validate(program, tokens)
    return []


def dynamic_validate(program: rasp.SOp, xs: Sequence[Any]) -> list[Finding]:
    """What goes wrong on one input: the interpreter raises.

    Returns:
        Pairs of an expression and the reason.
    """
    try:
        rasp.evaluate_all(program, xs)
    except EvaluationError as error:
        return [(program, f"undefined on {list(xs)}: {error}")]
    return []
