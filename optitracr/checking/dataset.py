"""Data sets: inputs with the interpreter's outputs, as NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.errors import InputError, VerificationError
from optitracr.inputs import with_bos
from optitracr.memory import check_memory
from optitracr.model.transformer import Transformer
from optitracr.setting import Setting

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

EXAMPLE_BYTES = 40
"""What a token of an example takes: places in two lists, two integers, a number and a mask."""

POOL = 20
"""Examples drawn for each one that a balanced data set keeps: outputs that are as rare as one in so
many still come as often as the others, and drawing takes no longer than running the model."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Inputs and expected outputs.

    Attributes:
        inputs: For each example BOS and its tokens.
        outputs: For each example BOS and the interpreter's values.
        tokens: Shape [size, max_seq_len + 1]: the model's integers, padded.
        mask: Shape [size, max_seq_len + 1]: true at tokens, BOS included, false at padding.
        expected: Shape [size, max_seq_len + 1]: the integer of each output, -1 for None; or
            the number. At BOS and padding -1, or nan.
    """

    inputs: list[list[Any]]
    outputs: list[list[Any]]
    tokens: Int[NDArray[np.int32], "size longest"]
    mask: Bool[NDArray[np.bool_], "size longest"]
    expected: Int[NDArray[np.int64], "size longest"] | Float[NDArray[np.float64], "size longest"]

    def corrupted(self, seed: int = 0) -> Dataset:
        """The same examples in another order, to be patched from.

        Each stands where another one of its length stood, if there is one, and else any other.

        Args:
            seed: Of the order.
        """
        order = _moved(self.mask.sum(axis=1), arguments.integer("seed", seed, least=0))
        rows = order.tolist()
        return Dataset(
            [self.inputs[row] for row in rows],
            [self.outputs[row] for row in rows],
            self.tokens[order],
            self.mask[order],
            self.expected[order],
        )

    def to_torch(self) -> Any:
        """A `torch.utils.data.TensorDataset` of tokens, mask and expected outputs.

        Raises:
            MissingExtraError: If torch is not installed.
        """
        from optitracr.extras import require

        torch = require("torch", "PyTorch", "torch")
        arrays = (self.tokens.astype(np.int64), self.mask, self.expected)
        return torch.utils.data.TensorDataset(*(torch.from_numpy(array) for array in arrays))


def _moved(lengths: NDArray[np.integer], seed: int) -> NDArray[np.intp]:
    """A permutation that moves each place, to one of its length if there is one."""
    drawn = np.random.default_rng(seed).permutation(len(lengths))
    order = np.arange(len(lengths))
    groups = [drawn[lengths[drawn] == length] for length in np.unique(lengths)]
    # The largest last, to which a single one goes that no other is alone with.
    groups.sort(key=len)
    alone = [group for group in groups if len(group) == 1]
    several = groups[len(alone) :]
    if len(alone) == 1 and several:
        several[-1] = np.concatenate([*alone, several[-1]])
    elif alone:
        several.append(np.concatenate(alone))
    for group in several:
        order[group] = np.roll(group, 1)
    return order


def make_dataset(
    model: Transformer,
    size: int,
    seed: int = 0,
    lengths: Sequence[int] | None = None,
    balanced: bool = False,
) -> Dataset:
    """Draws random inputs on which the program is defined, of the domain if there is one.

    Args:
        model: The model.
        size: Number of examples.
        seed: Of the draw.
        lengths: Lengths to draw from, BOS not counted; all that some input has by default.
        balanced: Draw so that the values of the output at the last position are as equally
            frequent as a larger draw allows.

    Raises:
        InputError: If the size or a length is out of range, or the interpreter raises on
            nearly every input.
        LimitError: If so many examples do not fit in memory.
    """
    from optitracr.rasp.batch import evaluate_batch

    program = model.program.program
    setting, longest = model.setting, model.setting.max_seq_len
    size = arguments.integer("size", size, least=1)
    seed = arguments.integer("seed", seed, least=0)
    balanced = arguments.boolean("balanced", balanced)
    allowed = _lengths(lengths, setting)
    wanted = size * POOL if balanced else size
    check_memory(
        f"a data set of {arguments.shown(size)} examples of {longest:,} tokens",
        EXAMPLE_BYTES * wanted * (longest + 1),
        "draw fewer at a time, with other seeds",
    )
    rng = np.random.default_rng(seed)
    inputs: list[list[Any]] = []
    outputs: list[list[Any]] = []
    codes: list[NDArray[np.int32]] = []
    for _ in range(50):
        drawn, chosen = _drawn(rng, setting, allowed, wanted)
        found = evaluate_batch([program], setting.vocabulary, drawn, chosen, setting.causal)
        values, places = found.values(program), found.codes(program)
        for row in np.flatnonzero(~found.undefined)[: wanted - len(inputs)]:
            n = int(chosen[row])
            inputs.append([setting.bos, *(setting.vocabulary[c] for c in drawn[row, :n])])
            outputs.append([setting.bos, *(values[c] for c in places[row, :n])])
            codes.append(drawn[row])
        if len(inputs) == wanted:
            kept = _balanced(outputs, size) if balanced else range(size)
            rows = np.array([codes[i] for i in kept])
            return _dataset(model, [inputs[i] for i in kept], [outputs[i] for i in kept], rows)
    raise InputError(
        f"program '{model.name}' is undefined on nearly every input of lengths "
        f"{allowed.tolist()}; draw from other lengths"
    )


def _drawn(
    rng: np.random.Generator, setting: Setting, lengths: NDArray[np.int64], count: int
) -> tuple[Int[NDArray[np.int32], "count longest"], Int[NDArray[np.int32], " count"]]:
    """Random inputs and their lengths; fewer where a predicate rarely holds."""
    longest = setting.max_seq_len
    if setting.domain is not None:
        found = setting.domain.rows.sample(rng, count, lengths.tolist())
        return found, (found >= 0).sum(axis=1).astype(np.int32)
    drawn = rng.integers(len(setting.vocabulary), size=(count, longest)).astype(np.int32)
    chosen = rng.choice(lengths, size=count).astype(np.int32)
    drawn[np.arange(longest) >= chosen[:, None]] = -1
    return drawn, chosen


def _lengths(lengths: Sequence[int] | None, setting: Setting) -> NDArray[np.int64]:
    """The lengths to draw from.

    Raises:
        InputError: If there are none, or one is out of range, or no input of the domain has one.
    """
    longest = setting.max_seq_len
    possible = range(1, longest + 1) if setting.domain is None else setting.domain.lengths
    if lengths is None:
        return np.array(possible, dtype=np.int64)
    wanted = f"a list of lengths from 1 to {longest}"
    found = [
        arguments.integer("a length of lengths", length, least=1, most=longest)
        for length in arguments.collection("lengths", lengths, wanted)
    ]
    if not found:
        raise InputError(f"lengths is empty; give {wanted}")
    for length in found:
        if length not in possible:
            raise InputError(
                f"lengths holds {length}, and no input of the domain {setting.domain} has so many "
                "tokens; leave it out"
            )
    return np.array(found, dtype=np.int64)


def _balanced(outputs: Sequence[Sequence[Any]], size: int) -> list[int]:
    """Examples taken in turn from those of each value at the last position, as drawn."""
    groups: dict[Any, list[int]] = {}
    for row, output in enumerate(outputs):
        groups.setdefault(output[-1], []).append(row)
    turns = sorted((place, row) for rows in groups.values() for place, row in enumerate(rows))
    return sorted(row for _, row in turns[:size])


def _expected(
    model: Transformer, outputs: Sequence[Sequence[Any]], width: int
) -> NDArray[np.int64] | NDArray[np.float64]:
    """The outputs as the model's unembedding gives them.

    Raises:
        VerificationError: If the model has no output for one of them.
    """
    try:
        return _encoded(model, outputs, width)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise VerificationError(
            f"the program of model '{model.name}' gives {error} as an output, which the model "
            "cannot; compile the program again"
        ) from None


def _encoded(
    model: Transformer, outputs: Sequence[Sequence[Any]], width: int
) -> NDArray[np.int64] | NDArray[np.float64]:
    from optitracr.model.encoders import CategoricalEncoder

    encoder = model.output_encoder
    if isinstance(encoder, CategoricalEncoder):
        codes = np.full((len(outputs), width), -1, dtype=np.int64)
        place = encoder.encoding_map
        for row, output in enumerate(outputs):
            found = [-1 if value is None else place[value] for value in output[1:]]
            codes[row, 1 : len(output)] = found
        return codes
    numbers = np.full((len(outputs), width), np.nan)
    for row, output in enumerate(outputs):
        numbers[row, 1 : len(output)] = output[1:]
    return numbers


def _dataset(
    model: Transformer, inputs: list[list[Any]], outputs: list[list[Any]], codes: NDArray[Any]
) -> Dataset:
    encoder = model.input_encoder
    tokens = with_bos(codes, encoder.bos_encoding, encoder.pad_encoding)
    mask = tokens != encoder.pad_encoding
    return Dataset(inputs, outputs, tokens, mask, _expected(model, outputs, tokens.shape[1]))
