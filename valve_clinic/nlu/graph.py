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
#: Of an int8 weight.
_LARGEST = 63.0
_TINY = 1e-5
#: How much of a column's range is moved from what is multiplied into the kernel. Chosen by the distance to the float32
#: layers on 200 messages: 0.14 without, 0.11 at 0.5, 0.09 at 0.7.
_LEVELLED = 0.7
#: The largest values of each kernel's inputs; see `peaks`.
Peaks = Sequence[np.ndarray]
_Shape = Sequence[str | int]
_STATES: _Shape = ["texts", "pieces", _SIZE]
_LENGTHS: _Shape = ["texts"]


def embeddings(tables: Embeddings) -> Any:
    """Return the model from `input_ids` and `attention_mask` (texts, pieces), int32, to `states` and `lengths`.

    `states` are the vectors of the word pieces below the first layer, `lengths` how many pieces each text has.
    """
    builder = _Builder()
    builder.name(builder.embed(tables), "states")
    pieces: _Shape = ["texts", "pieces"]
    given = {"input_ids": (TensorProto.INT32, pieces), "attention_mask": (TensorProto.INT32, pieces)}
    return builder.model(given, {"states": _STATES, "lengths": _LENGTHS}, {"lengths": TensorProto.INT32})


def published(layers: Sequence[Layer]) -> Any:
    """Return the model from `states` and `lengths` to `tokens`: the published model's vector of each word piece."""
    builder = _Builder()
    builder.name(builder.layers(layers, "states", "lengths"), "tokens")
    return builder.model(_given(), {"tokens": _STATES})


def peaks(layers: Sequence[Layer]) -> Any:
    """Return the model from `states` and `lengths` to `peak0`, `peak1`, … of the layers in float32.

    Each is the largest absolute value in each column of what one kernel is multiplied with, four to a layer, in the
    order in which they are run: what int8 layers are levelled by.
    """
    builder = _Builder()
    builder.layers(layers, "states", "lengths")
    sizes: dict[str, _Shape] = {}
    for number, (values, size) in enumerate(builder.multiplied):
        highest = builder.add("ReduceMax", [builder.add("Abs", [values])], f"peak{number}", axes=[0, 1], keepdims=0)
        sizes[highest] = [size]
    return builder.model(_given(), sizes)


def lower(layers: Sequence[Layer], peaks: Peaks = ()) -> Any:
    """Return the model from `states` and `lengths` to `tuned_on`: what the tuned layers are given, layers in int8."""
    builder = _Builder(small=True, peaks=peaks)
    builder.name(builder.layers(layers, "states", "lengths"), "tuned_on")
    return builder.model(_given(), {"tuned_on": _STATES})


def tuned(layers: Sequence[Layer], head: Pair, classes: int, scale: float, peaks: Peaks = ()) -> Any:
    """Return the model from `states`, `lengths` and `spans` to the `scores` and `flags` of each span, layers in int8.

    `spans` (texts, spans, pieces) says which pieces belong to a span: 1.0 or 0.0. The mean of a span's vectors, as a
    unit vector, is multiplied by the head (384, classes + flags) and by `scale`; `scores` are log-probabilities of the
    classes, `flags` log-odds.
    """
    builder = _Builder(small=True, peaks=peaks)
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

    def __init__(self, small: bool = False, peaks: Peaks = ()) -> None:
        """Write layers in int8 where `small`, levelled by `peaks` where there are any; else in float32."""
        self._small = small
        self._peaks = peaks
        #: What was multiplied with a kernel, and its length.
        self.multiplied: list[tuple[str, int]] = []
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

    def embed(self, tables: Embeddings) -> str:
        """Return the name of the states below the first layer; the texts' lengths are called `lengths`."""
        weights = [self.weight(tables.words), self.weight(tables.positions), ""]
        given = ["input_ids", "", *weights, *self._pair(tables.norm), "attention_mask"]
        self._nodes.append(
            helper.make_node("EmbedLayerNormalization", given, ["embedded", "lengths"], domain=_FUSED, epsilon=EPSILON)
        )
        return "embedded"

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
        attended = self._attend(layer.attention, states, lengths)
        states = self._add_and_norm(attended, layer.attention_output, states, layer.attention_norm)
        wide = self._multiply(states, layer.intermediate[0])
        wide = self.add("BiasGelu", [wide, self.weight(layer.intermediate[1])], domain=_FUSED)
        return self._add_and_norm(wide, layer.output, states, layer.output_norm)

    def _attend(self, pair: Pair, states: str, lengths: str) -> str:
        states, kernel = self._level(states, pair[0])
        if not self._small:
            given = [states, *self._pair((kernel, pair[1])), lengths]
            return self.add("Attention", given, domain=_FUSED, num_heads=HEADS)
        small, scale = (self.weight(array) for array in _in_int8(kernel))
        read = f"read{len(self._nodes)}"
        self._nodes.append(helper.make_node("DynamicQuantizeLinear", [states], [read, f"{read}scale", f"{read}zero"]))
        given = [read, small, self.weight(pair[1]), f"{read}scale", scale, lengths, f"{read}zero"]
        return self.add("QAttention", given, domain=_FUSED, num_heads=HEADS)

    def _multiply(self, values: str, kernel: np.ndarray) -> str:
        values, kernel = self._level(values, kernel)
        if not self._small:
            return self.add("MatMul", [values, self.weight(kernel)])
        return self.add("DynamicQuantizeMatMul", [values, *map(self.weight, _in_int8(kernel))], domain=_FUSED)

    def _level(self, values: str, kernel: np.ndarray) -> tuple[str, np.ndarray]:
        """Return values and kernel with the same product, and the values' columns of like range.

        int8 has one step for all columns, and a few columns are ten times as large as the rest, which would be rounded
        away (Xiao et al. 2022, SmoothQuant, https://arxiv.org/abs/2211.10438).
        """
        self.multiplied.append((values, len(kernel)))
        if not self._peaks:
            return values, kernel
        peak = np.maximum(self._peaks[len(self.multiplied) - 1], _TINY).astype(np.float64)
        weight = np.maximum(np.abs(kernel).max(axis=1), _TINY)
        scale = peak**_LEVELLED / weight ** (1.0 - _LEVELLED)
        scale /= np.exp(np.log(scale).mean())
        levelled = self.add("Mul", [values, self.weight((1.0 / scale).astype(np.float32))])
        return levelled, (kernel * scale[:, None]).astype(np.float32)

    def _add_and_norm(self, values: str, kernel: Pair, states: str, norm: Pair) -> str:
        multiplied = self._multiply(values, kernel[0])
        given = [multiplied, states, *self._pair(norm), self.weight(kernel[1])]
        return self.add("SkipLayerNormalization", given, domain=_FUSED, epsilon=EPSILON)

    def _pair(self, pair: Pair) -> list[str]:
        return [self.weight(pair[0]), self.weight(pair[1])]


def _in_int8(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a kernel (inputs, outputs) as int8 and the scale of each of its columns, float32.

    Seven bits are used: on processors without VNNI, onnxruntime adds two products in 16 bits, which eight would
    overflow, and the same message would be understood in one way here and in another there.
    """
    scale = np.maximum(np.abs(kernel).max(axis=0), _TINY) / _LARGEST
    return np.rint(kernel / scale).astype(np.int8), scale.astype(np.float32)
