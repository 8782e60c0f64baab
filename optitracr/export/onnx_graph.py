"""A compiled model as an ONNX graph of standard operators (opset 17)."""

from __future__ import annotations

import json
import math
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr import arguments
from optitracr.extras import require
from optitracr.model.current import Current, exportable
from optitracr.model.forward import MASKED
from optitracr.model.names import POSITIONS, TOKENS, Linear, linear_name
from optitracr.model.transformer import Transformer
from optitracr.writing import write_file

OPSET = 17
"""Of ONNX, from 2022: runtimes that are not older than that read it, and the graph needs nothing
newer."""


def to_onnx(model: Transformer, path: str | PathLike[str]) -> None:
    """Writes a model as an ONNX file.

    Its input `tokens` takes int64 of shape [batch, seq], BOS first and padded with PAD. Its
    outputs are `output`, logits or the number, [batch, seq, outputs], and `residual_0` to
    `residual_{2 layers}`, the residual stream after each sublayer, [batch, seq, d_model]. Its
    property `dimensions` says as JSON what each column carries, from which state to which.

    Raises:
        MissingExtraError: If onnx is not installed.
        FileError: If the file cannot be written.
        InputError: If the model's configuration was edited to what the graph cannot do.
    """
    onnx = require("onnx", "ONNX", "onnx")
    target = arguments.path("path", path, "the name of a file as text or pathlib.Path")
    graph = _Graph(onnx, exportable(model, "to_onnx"))
    proto = graph.of(model)
    onnx.checker.check_model(proto)
    write_file(target, proto.SerializeToString())


def _carried(model: Transformer) -> str:
    """What the columns of the residual streams carry, and at which states, as JSON."""
    return json.dumps(
        [
            {
                "columns": stay.dimensions,
                "carries": stay.carries,
                "first_state": stay.first_state,
                "last_state": stay.last_state,
            }
            for stay in model.record.dimensions
        ]
    )


class _Graph:
    """Nodes and constants as they are added; every tensor has a name."""

    def __init__(self, onnx: Any, now: Current) -> None:
        self.onnx, self.now = onnx, now
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.count = 0

    def of(self, model: Transformer) -> Any:
        """The whole model."""
        helper, kinds = self.onnx.helper, self.onnx.TensorProto
        architecture, params = self.now.architecture, self.now.params
        length = self.op("Gather", self.op("Shape", "tokens"), self.integers([1]), axis=0)
        zero = self.integers([0])
        table = self.constant(params[TOKENS]["embeddings"])
        places = self.constant(params[POSITIONS]["embeddings"])
        near = self.op("Slice", places, zero, length, zero)
        x = self.op("Add", self.op("Gather", table, "tokens", axis=0), near)
        pad = self.integers([architecture.pad_encoding])
        seen = self.op("Not", self.op("Equal", "tokens", pad))
        mask = self.op("Unsqueeze", seen, self.integers([1, 2]))
        if architecture.causal:
            rows = model.setting.max_seq_len + 1
            lower = self.constant(np.tril(np.ones((rows, rows), dtype=bool)))
            ends = self.op("Concat", length, length, axis=0)
            own = self.op("Slice", lower, self.integers([0, 0]), ends, self.integers([0, 1]))
            mask = self.op("And", mask, own)
        states = [x]
        for layer in range(architecture.layers):
            x = self.op("Add", x, self.attention(layer, x, mask))
            states.append(x)
            x = self.op("Add", x, self.mlp(layer, x))
            states.append(x)
        unembed = self.constant(self.now.unembed)
        self.nodes.append(helper.make_node("MatMul", [x, unembed], ["output"]))
        shapes = {"output": self.now.unembed.shape[1]}
        for place, state in enumerate(states):
            self.nodes.append(helper.make_node("Identity", [state], [f"residual_{place}"]))
            shapes[f"residual_{place}"] = model.size.width
        tokens = helper.make_tensor_value_info("tokens", kinds.INT64, ["batch", "seq"])
        outputs = [
            helper.make_tensor_value_info(name, kinds.FLOAT, ["batch", "seq", width])
            for name, width in shapes.items()
        ]
        graph = helper.make_graph(self.nodes, "optitracr", [tokens], outputs, self.constants)
        opset = [helper.make_opsetid("", OPSET)]
        proto = helper.make_model(graph, opset_imports=opset, producer_name="optitracr")
        helper.set_model_props(proto, {"dimensions": _carried(model)})
        return proto

    def attention(self, layer: int, x: str, mask: str) -> str:
        """What the heads of a layer add; their bias alone where there are none."""
        heads, size = self.now.architecture.heads, self.now.architecture.head_size
        if heads * size == 0:
            return self.constant(self.now.params[linear_name(layer, Linear.HEADS_OUT)]["b"])
        split = self.integers([0, 0, heads, size])

        def project(part: Linear, *order: int) -> str:
            flat = self.linear(linear_name(layer, part), x)
            return self.op("Transpose", self.op("Reshape", flat, split), perm=list(order))

        query, key = project(Linear.QUERY, 0, 2, 1, 3), project(Linear.KEY, 0, 2, 3, 1)
        scale = self.constant(np.float32(math.sqrt(size)))
        logits = self.op("Div", self.op("MatMul", query, key), scale)
        kept = self.op("Where", mask, logits, self.constant(np.float32(MASKED)))
        mixed = self.op(
            "MatMul", self.op("Softmax", kept, axis=-1), project(Linear.VALUE, 0, 2, 1, 3)
        )
        joined = self.op("Transpose", mixed, perm=[0, 2, 1, 3])
        flat = self.op("Reshape", joined, self.integers([0, 0, heads * size]))
        return self.linear(linear_name(layer, Linear.HEADS_OUT), flat)

    def mlp(self, layer: int, x: str) -> str:
        """What the neurons of a layer add; their bias alone where there are none."""
        into, out = (linear_name(layer, p) for p in (Linear.NEURONS_IN, Linear.NEURONS_OUT))
        if self.now.params[into]["b"].size == 0:
            return self.constant(self.now.params[out]["b"])
        hidden = self.op("Relu", self.linear(into, x))
        return self.linear(out, hidden)

    def linear(self, name: str, x: str) -> str:
        """Weights and bias."""
        weights = self.now.params[name]
        product = self.op("MatMul", x, self.constant(weights["w"]))
        return self.op("Add", product, self.constant(weights["b"]))

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node of one output; returns the output's name."""
        name = self.name(kind.lower())
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def integers(self, values: list[int]) -> str:
        """A constant of int64."""
        return self.constant(np.array(values, dtype=np.int64))

    def constant(self, array: NDArray[Any] | np.float32) -> str:
        """Adds a constant; returns its name."""
        name = self.name("constant")
        held = np.ascontiguousarray(array).reshape(np.shape(array))
        self.constants.append(self.onnx.numpy_helper.from_array(held, name))
        return name

    def name(self, kind: str) -> str:
        """A new name."""
        self.count += 1
        return f"{kind}_{self.count}"
