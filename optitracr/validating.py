"""Says what a program cannot do, before it is compiled (as `tracr.compiler.validating`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from optitracr import arguments, rasp
from optitracr.candidates.support import unsupported, unsupported_everywhere
from optitracr.errors import EvaluationError, InputError, UnsupportedError, ValueSetError
from optitracr.graph.build import build_graph
from optitracr.inputs import check_inputs
from optitracr.levels import DEFAULT_LEVEL
from optitracr.options import check_options
from optitracr.rasp.batch import evaluate_batch
from optitracr.rasp.sop import check_sop
from optitracr.recipes import RECIPES
from optitracr.setting import Setting, check_setting
from optitracr.special_tokens import COMPILER_BOS, COMPILER_PAD
from optitracr.stages import Compilation

WANTED = "a list of tokens"


class TracrUnsupportedExpr(NamedTuple):
    """What cannot be compiled, under the name that it has in Tracr.

    Attributes:
        expr: The expression.
        reason: Why, with its line in the source, and what would help.
    """

    expr: rasp.RASPExpr
    reason: str


def validate(program: rasp.SOp, xs: Sequence[Any]) -> list[TracrUnsupportedExpr]:
    """Everything that `static_validate` and `dynamic_validate` find for these tokens.

    Raises:
        OptitracrError: If the program is no s-op, or the tokens are none.
    """
    tokens = arguments.sequence("xs", xs, WANTED)
    found = static_validate(program, tokens, len(tokens)) if tokens else static_validate(program)
    return [*found, *dynamic_validate(program, tokens)]


def static_validate(
    program: rasp.SOp,
    vocab: Collection[Any] | None = None,
    max_seq_len: int | None = None,
    optimize: int = DEFAULT_LEVEL,
) -> list[TracrUnsupportedExpr]:
    """What the compiler cannot compute of a program, whatever the input.

    Args:
        program: The s-op.
        vocab: The tokens. Without them only that is found which holds for every vocabulary:
            most of what a program cannot do depends on the values that it can take.
        max_seq_len: Longest input; goes with `vocab`.
        optimize: The level to compile at; the standard lowering (0 and 1) has heads that
            write no default but None and 0.

    Returns:
        An expression and the reason each, with the s-op's name, its line in the source,
        and what would help; and the first input on which the program is undefined, if there
        is one among some hundred.

    Raises:
        OptitracrError: If the program is no s-op, or vocabulary, length or level are none.
    """
    options = check_options(optimize)
    if vocab is None and max_seq_len is None:
        return _for_every_vocabulary(program, options.optimize)
    if vocab is None or max_seq_len is None:
        raise InputError("vocab and max_seq_len go together; give both, or the program alone")
    setting = check_setting(vocab, max_seq_len, COMPILER_BOS, COMPILER_PAD, False)
    return _for_setting(Compilation(program, setting, options))


def _for_every_vocabulary(program: rasp.SOp, level: int) -> list[TracrUnsupportedExpr]:
    """What no vocabulary would change."""
    written = build_graph(program)
    expressions = dict(written.expressions)
    return [
        TracrUnsupportedExpr(expressions.get(node.label, program), reason)
        for node, reason in unsupported_everywhere(written, RECIPES[level].catalogue.any_default)
    ]


def _for_setting(compilation: Compilation) -> list[TracrUnsupportedExpr]:
    """What cannot be compiled for a vocabulary and length."""
    program, catalogue = compilation.source, compilation.recipe.catalogue
    expressions = dict(compilation.written.expressions)
    try:
        joined = catalogue.joined(compilation.encoded.program, compilation.setting)
    except (UnsupportedError, ValueSetError) as error:
        return [TracrUnsupportedExpr(expressions.get(error.label, program), str(error))]
    found = [
        TracrUnsupportedExpr(expressions.get(node.label, program), reason)
        for node, reason in unsupported(joined, catalogue.any_default)
    ]
    return [*found, *_undefined(program, compilation.setting)]


def _undefined(program: rasp.SOp, setting: Setting) -> list[TracrUnsupportedExpr]:
    """The first input on which the interpreter raises."""
    vocabulary = setting.vocabulary
    inputs = check_inputs(len(vocabulary), setting.max_seq_len, 64, 64, seed=0)
    evaluation = evaluate_batch([program], vocabulary, inputs.codes, inputs.lengths)
    for row in evaluation.undefined.nonzero()[0][:1]:
        tokens = [vocabulary[code] for code in inputs.codes[row, : inputs.lengths[row]]]
        return dynamic_validate(program, tokens)
    return []


def dynamic_validate(program: rasp.SOp, xs: Sequence[Any]) -> list[TracrUnsupportedExpr]:
    """What goes wrong on one input: the interpreter raises.

    Returns:
        An expression and the reason each.

    Raises:
        OptitracrError: If the program is no s-op, or the tokens are none.
    """
    tokens = arguments.sequence("xs", xs, WANTED)
    check_sop("validating", "program", program)
    try:
        rasp.evaluate_all(program, tokens)
    except EvaluationError as error:
        return [TracrUnsupportedExpr(program, f"undefined on {tokens}: {error}")]
    return []
