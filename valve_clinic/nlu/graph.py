"""Writes parts of the encoder as ONNX graphs of onnxruntime's fused operators.

Written by hand because the graph that tf2onnx makes of the same layers has 35 operators per layer where onnxruntime has
five, and none of its fusions recognises them (`benchmarks/encoder_runtime.py` measures the difference). What the
operators do is written in onnxruntime's `docs/ContribOperators.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from valve_clinic.nlu.network import EPSILON, HEADS, Embeddings, Layer, Pair

_FUSED = "com.microsoft"
_SIZE = 384
_Shape = Sequence[str | int]
_STATES: _Shape = ["texts", "pieces", _SIZE]
_LENGTHS: _Shape = ["texts"]


def lower(embeddings: Embeddings, layers: Sequence[Layer]) -> Any:
    """Return the model from `input_ids` and `attention_mask` (texts, pieces), int32, to `states` and `lengths`.

    `states` are the vectors of the word pieces after the layers, `lengths` how many pieces each text has.
    """
    builder = _Builder()
    states, lengths = builder.embed(embeddings)
    states = builder.layers(layers, states, lengths)
    builder.name(states, "states")
    pieces: _Shape = ["texts", "pieces"]
    given = {"input_ids": (TensorProto.INT32, pieces), "attention_mask": (TensorProto.INT32, pieces)}
    return builder.model(given, {"states": _STATES, "lengths": _LENGTHS}, {"lengths": TensorProto.INT32})


def published(layers: Sequence[Layer]) -> Any:
    """Return the model from `states` and `lengths` to `tokens`: the published model's vector of each word piece."""
    builder = _Builder()
    builder.name(builder.layers(layers, "states", "lengths"), "tokens")
    return builder.model(_given(), {"tokens": _STATES})


def tuned(layers: Sequence[Layer], head: Pair, classes: int, scale: float) -> Any:
    """Return the model from `states`, `lengths` and `spans` to the `scores` and `flags` of each span.

    `spans` (texts, spans, pieces) says which pieces belong to a span: 1.0 or 0.0. The mean of a span's vectors, as a
    unit vector, is multiplied by the head (384, classes + flags) and by `scale`; `scores` are log-probabilities of the
    classes, `flags` log-odds.
    """
    builder = _Builder()
    states = builder.layers(layers, "states", "lengths")
    # The number of pieces does not matter: the sum is made a unit vector.
    pooled = builder.add("LpNormalization", [builder.add("MatMul", ["spans", states])], axis=-1, p=2)
    found = builder.add("MatMul", [pooled, builder.weight(head[0] * scale)])
    found = builder.add("Add", [found, builder.weight(head[1] * scale)])
    outputs = head[0].shape[1]
    begin, cut, end, axis = (builder.weight(np.array([at], dtype=np.int64)) for at in (0, classes, outputs, 2))
    builder.add("LogSoftmax", [builder.add("Slice", [found, begin, cut, axis])], "scores", axis=-1)
    builder.add("Slice", [found, cut, end, axis], "flags")
    given = {**_given(), "spans": (TensorProto.FLOAT, ["texts", "spans", "pieces"])}
    sizes: dict[str, _Shape] = {
        "scores": ["texts", "spans", classes],
        "flags": ["texts", "spans", outputs - classes],
    }
    return builder.model(given, sizes)


def _given() -> dict[str, tuple[int, _Shape]]:
    return {"states": (TensorProto.FLOAT, _STATES), "lengths": (TensorProto.INT32, _LENGTHS)}


class _Builder:
    """Collects the nodes and weights of one graph."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def model(
        self,
        given: Mapping[str, tuple[int, _Shape]],
        sizes: Mapping[str, _Shape],
        types: Mapping[str, int] | None = None,
    ) -> Any:
        """Return the whole model; outputs are float32 where `types` does not say otherwise."""
        inputs = [helper.make_tensor_value_info(name, kind, list(shape)) for name, (kind, shape) in given.items()]
        outputs = [
            helper.make_tensor_value_info(name, (types or {}).get(name, TensorProto.FLOAT), list(size))
            for name, size in sizes.items()
        ]
        graph = helper.make_graph(self._nodes, "encoder", inputs, outputs, self._weights)
        versions = [helper.make_opsetid("", 15), helper.make_opsetid(_FUSED, 1)]
        made = helper.make_model(graph, opset_imports=versions, ir_version=8, producer_name="valve-clinic")
        onnx.checker.check_model(made)
        return made

    def embed(self, embeddings: Embeddings) -> tuple[str, str]:
        """Return the names of the states below the first layer and of the texts' lengths."""
        tables = [self.weight(embeddings.words), self.weight(embeddings.positions), ""]
        given = ["input_ids", "", *tables, *self._pair(embeddings.norm), "attention_mask"]
        self._nodes.append(
            helper.make_node("EmbedLayerNormalization", given, ["embedded", "lengths"], domain=_FUSED, epsilon=EPSILON)
        )
        return "embedded", "lengths"

    def layers(self, layers: Sequence[Layer], states: str, lengths: str) -> str:
        """Return the name of the states after the layers."""
        for layer in layers:
            states = self._layer(layer, states, lengths)
        return states

    def name(self, states: str, name: str) -> None:
        """Give a value the name of an output."""
        self.add("Identity", [states], name)

    def weight(self, value: np.ndarray) -> str:
        """Return the name of an array that is kept in the graph."""
        name = f"weight{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, given: Sequence[str], name: str = "", **settings: Any) -> str:
        """Return the name of the result of a new node."""
        name = name or f"{kind.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(given), [name], name=name, **settings))
        return name

    def _layer(self, layer: Layer, states: str, lengths: str) -> str:
        given = [states, *self._pair(layer.attention), lengths]
        attended = self.add("Attention", given, domain=_FUSED, num_heads=HEADS)
        states = self._add_and_norm(attended, layer.attention_output, states, layer.attention_norm)
        wide = self.add("MatMul", [states, self.weight(layer.intermediate[0])])
        wide = self.add("BiasGelu", [wide, self.weight(layer.intermediate[1])], domain=_FUSED)
        return self._add_and_norm(wide, layer.output, states, layer.output_norm)

    def _add_and_norm(self, values: str, kernel: Pair, states: str, norm: Pair) -> str:
        multiplied = self.add("MatMul", [values, self.weight(kernel[0])])
        given = [multiplied, states, *self._pair(norm), self.weight(kernel[1])]
        return self.add("SkipLayerNormalization", given, domain=_FUSED, epsilon=EPSILON)

    def _pair(self, pair: Pair) -> list[str]:
        return [self.weight(pair[0]), self.weight(pair[1])]
