"""What users call: programs implanted into trained models, and in place of their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optitracr import rasp
from optitracr.extras import require
from optitracr.levels import DEFAULT_LEVEL

if TYPE_CHECKING:
    from optitracr.hosts.implanted import Implant
    from optitracr.hosts.replaced import Replacement

Value = Any

WIDENED = 1.5
"""How much further than measured the ends of an interval are taken, each: no scale of 100,000 new
positions lies outside, and weights grow by little."""


def implant(
    program: rasp.SOp,
    host: Any,
    *,
    tokens: Mapping[int, Value],
    bos: int,
    max_seq_len: int,
    texts: Any,
    layers: Sequence[int] | None = None,
    widen: float = WIDENED,
    logits: Mapping[Value, Mapping[int, float]] | None = None,
    directions: Mapping[Value, Sequence[float]] | None = None,
) -> Implant:
    """Compiles a program into extra columns, heads and neurons of a trained host.

    The host's own logits stay what they are, but for what float32 rounds, and the program's value
    is exact at every position up to which all norms lie in an interval: that of `texts`, widened.
    What is computed is the causal reading of the program.

    Args:
        program: The s-op to compute.
        host: A GPT2LMHeadModel or a LlamaForCausalLM of transformers, in float32 on the CPU. It
            stays as it is.
        tokens: What token ids of the host stand for; others are None to the program.
        bos: The token id at position 0, which the program does not see.
        max_seq_len: Longest input, BOS not counted.
        texts: Token ids, [batch, seq], BOS first, on which norms are measured.
        layers: The layers of the host that hold those of the program, ascending; by default those
            whose norms vary least.
        widen: How much further than measured, as a factor, the ends of each interval are taken.
        logits: For some values of the program what they add to the logits of some token ids, by
            id; times a factor within the interval of the last norm, from its middle.
        directions: For some values a vector of the host's width that they add to its stream, in
            the layer in which the output is written.

    Returns:
        The new host, of the same class, and what reads the program off it.

    Raises:
        MissingExtraError: If torch or transformers is not installed.
        InputError: For a host of another class, or bad arguments.
        UnsupportedError: For a program that has no exact form in a host; names the s-op.
        LimitError: If it does not fit the host, or an interval leaves no margin; with the figure.
    """
    _require()
    from optitracr.hosts.implanting import Asked, implanted

    asked = Asked(program, tokens, bos, max_seq_len, texts, layers, widen, logits, directions)
    return implanted(asked, host)


def replace(
    host: Any,
    part: str,
    program: rasp.SOp,
    *,
    tokens: Mapping[int, Value],
    bos: int,
    texts: Any,
    targets: Any = None,
    read: Mapping[rasp.SOp, Any] | None = None,
    write: Any = "fitted",
    optimize: int = DEFAULT_LEVEL,
) -> Replacement:
    """Puts a program in the place of a part of a trained host, and measures what it explains.

    The test of a claim such as "this head counts": the program is compiled, in its causal reading,
    and at every position after BOS the part adds what the compiled transformer says, in place of
    what it adds by itself. Half of the texts, every other row, serves to fit maps; the other half
    to measure.

    Args:
        host: A GPT2LMHeadModel or a LlamaForCausalLM of transformers, in float32 on the CPU. It
            stays as it is: hooks are there only while it runs.
        part: "2.head.1", "2.mlp", or "2" for all of layer 2.
        program: What the part is said to compute. Every value of it adds a vector of its own.
        tokens: What token ids of the host stand for; others are None to the program.
        bos: The token id at position 0.
        texts: Token ids, [batch, seq], BOS first.
        targets: The token id that is right at each position, of the same shape, -100 where nothing
            is asked; by default the next token.
        read: S-ops of the program that are read from the stream before the part, in place of being
            computed: for each "fitted", or an array [width, values] (or one row more, a constant)
            of which the largest output is the value; values in order, None last. What is not read
            is computed from the token ids.
        write: What each value adds: "fitted", the mean of what the part adds there, or a dict of
            values and vectors of the host's width.
        optimize: The level at which the program is compiled; see `compile_rasp_to_model`.

    Returns:
        The host with the program, and what it explains.

    Raises:
        MissingExtraError: If torch or transformers is not installed.
        InputError: For a host of another class, or bad arguments.
        EvaluationError: For texts on which the program is undefined.
        LimitError: If s-ops that are read have too many combinations of values.
        UnsupportedError: For a program that does not compile, or can be too many numbers.
    """
    _require()
    from optitracr.hosts.replacing import Claim, replaced

    claim = Claim(part, program, tokens, bos, texts, targets, read, write, optimize)
    return replaced(claim, host)


def _require() -> None:
    require("torch", "PyTorch", "stock")
    require("transformers", "transformers", "stock")
