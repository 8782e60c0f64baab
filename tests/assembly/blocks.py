"""Components made by hand, and the arithmetic of single sublayers."""

from __future__ import annotations

import numpy as np

from optitracr.assembly.weights import Placed, SelfAttending, Weights, assemble
from optitracr.candidates.component import Component, EmbeddedInput, Embedding, OutputView
from optitracr.constructions.own_position import by_point
from optitracr.craft.blocks import Block, Head, Mlp
from optitracr.craft.reading import Variable, categorical, direction, numerical
from optitracr.craft.spaces import Direction, FloatArray, Space
from optitracr.model.layout import Layout, Tenancy
from solvers import Sizes

POSITION = categorical("position", (0, 1, 2))
BOS = direction("bos", Space((Direction("bos"),)))
LETTERS = categorical("letters", ("a", "b"))
NUMBER = numerical("number", (-1.0, 2.0))
RESULT = categorical("result", (0, 1, 2))
VARIABLES = (POSITION, BOS, LETTERS, NUMBER, RESULT)

SHAPE = Sizes(layers=1, width=12, heads=3, head_size=4, neurons=8)
COLDNESS = 50.0


def layout() -> Layout:
    """All variables at every state, in columns that are in no order."""
    order = np.random.default_rng(1).permutation(SHAPE.width).tolist()
    tenancies = []
    for variable in VARIABLES:
        columns, order = order[: len(variable.space)], order[len(variable.space) :]
        tenancies.append(Tenancy(variable, 0, 2, tuple(columns)))
    return Layout(SHAPE.width, 3, tuple(tenancies))


def component(name: str, block: Block, selector: str = "") -> Component:
    return Component(name, RESULT, block, (), (), selector)


def mlp(source: Variable, seed: int = 0, neurons: int = 3, **options: object) -> Mlp:
    """An MLP with random weights that writes RESULT."""
    rng = np.random.default_rng(seed)
    w_in, w_out = rng.normal(size=(len(source.space), neurons)), rng.normal(size=(neurons, 3))
    return Mlp(source.space, RESULT.space, w_in, rng.normal(size=neurons), w_out, **options)  # type: ignore[arg-type]


def head(value: Variable, columns: int, seed: int = 0) -> Head:
    """A head that looks from letters to positions; `columns` of it carry a value to RESULT."""
    rng = np.random.default_rng(seed)
    return Head(
        LETTERS.space,
        POSITION.space,
        value.space,
        RESULT.space,
        np.array([[1.0, -1.0], [0.5, 2.0]]),
        np.array([0.25, -0.5]),
        np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        rng.normal(size=(len(value.space), columns)),
        rng.normal(size=columns),
        rng.normal(size=(columns, 3)),
    )


def inputs() -> tuple[EmbeddedInput, ...]:
    """Rows of tokens: a, b, BOS, PAD; of positions: BOS, then three."""
    rows = np.eye(4)
    return (
        EmbeddedInput(LETTERS, Embedding.TOKENS, rows[:, :2]),
        EmbeddedInput(BOS, Embedding.TOKENS, rows[:, 2:3]),
        EmbeddedInput(POSITION, Embedding.POSITIONS, rows[:, 1:]),
    )


def written(sublayer: int, *components: Component, erased: tuple[Variable, ...] = ()) -> Weights:
    """The weights of a layer of which one sublayer does something."""
    view = OutputView(("result",), RESULT.space, np.eye(3))
    placed = {sublayer: Placed(components, erased)}
    own = SelfAttending((POSITION.space, BOS.space), by_point(np.eye(4)[:, 1:], COLDNESS))
    return assemble(SHAPE, layout(), inputs(), placed, view, own)


def stream(seed: int = 0) -> FloatArray:
    """A residual stream of BOS and three positions, each variable at a value that it can have."""
    rng, found = np.random.default_rng(seed), np.zeros((4, SHAPE.width))
    where = layout()
    found[0, where.columns_of(BOS.space)] = 1.0
    for place, column in enumerate(where.columns_of(POSITION.space)):
        found[place + 1, column] = 1.0
    for variable in (LETTERS, RESULT):
        columns = where.columns_of(variable.space)
        found[np.arange(1, 4), rng.choice(columns, size=3)] = 1.0
    found[1:, where.columns_of(NUMBER.space)[0]] = rng.choice(NUMBER.values, size=3)
    return found


def after_mlp(weights: Weights, x: FloatArray) -> FloatArray:
    """What the MLP of layer 0 adds."""
    first, second = (weights.params[f"transformer/layer_0/mlp/linear_{i}"] for i in (1, 2))
    hidden = np.maximum(x @ first["w"] + first["b"], 0.0)
    return np.asarray(hidden @ second["w"] + second["b"], dtype=np.float64)


def after_attention(weights: Weights, x: FloatArray) -> FloatArray:
    """What the attention of layer 0 adds."""
    part = {name: weights.params[f"transformer/layer_0/attn/{name}"] for name in PARTS}
    query, key, value = (
        (x @ part[name]["w"] + part[name]["b"]).reshape(len(x), SHAPE.heads, SHAPE.head_size)
        for name in PARTS[:3]
    )
    logits = np.einsum("qhk,thk->hqt", query, key) / np.sqrt(SHAPE.head_size)
    attended = np.exp(logits - logits.max(axis=-1, keepdims=True))
    attended /= attended.sum(axis=-1, keepdims=True)
    mixed = np.einsum("hqt,thk->qhk", attended, value).reshape(len(x), -1)
    return np.asarray(mixed @ part["linear"]["w"] + part["linear"]["b"], dtype=np.float64)


PARTS = ("query", "key", "value", "linear")
