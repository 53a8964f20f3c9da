"""The weights of the sentence encoder all-MiniLM-L6-v2 as plain arrays, read from the published file.

Training and the ONNX graphs are made from these arrays; neither PyTorch nor the library `transformers` is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: Of all-MiniLM-L6-v2 (its `config.json`).
LAYERS = 6
HEADS = 12
EPSILON = 1e-12

#: A kernel (inputs, outputs) with its bias, or the scale and the shift of a norm.
Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Layer:
    """The weights of one transformer layer; `attention` makes queries, keys and values side by side."""

    attention: Pair
    attention_output: Pair
    attention_norm: Pair
    intermediate: Pair
    output: Pair
    output_norm: Pair

    @property
    def arrays(self) -> list[np.ndarray]:
        """Return all arrays in the order of the fields."""
        pairs = (
            self.attention,
            self.attention_output,
            self.attention_norm,
            self.intermediate,
            self.output,
            self.output_norm,
        )
        return [array for pair in pairs for array in pair]

    @classmethod
    def from_arrays(cls, arrays: list[np.ndarray]) -> Layer:
        """Return the layer of arrays in the order of `arrays`."""
        pairs = [(arrays[index], arrays[index + 1]) for index in range(0, len(arrays), 2)]
        return cls(*pairs)


@dataclass(frozen=True)
class Embeddings:
    """The weights below the first layer: a vector per word piece, one per position, and the norm's scale and shift."""

    words: np.ndarray
    #: The published vectors of the only segment that a single text has are added in.
    positions: np.ndarray
    norm: Pair


def read(folder: Path) -> tuple[Embeddings, list[Layer]]:
    """Return the published weights of `model.safetensors` in `folder`, float32; raises KeyError when one is missing."""
    from safetensors.numpy import load_file

    weights = load_file(str(folder / "model.safetensors"))

    def get(name: str) -> np.ndarray:
        return np.ascontiguousarray(weights[name].astype(np.float32))

    embeddings = Embeddings(
        get("embeddings.word_embeddings.weight"),
        get("embeddings.position_embeddings.weight") + get("embeddings.token_type_embeddings.weight")[0],
        (get("embeddings.LayerNorm.weight"), get("embeddings.LayerNorm.bias")),
    )
    return embeddings, [_layer(get, f"encoder.layer.{index}.") for index in range(LAYERS)]


def _layer(get: Callable[[str], np.ndarray], prefix: str) -> Layer:
    def kernel(name: str) -> Pair:
        # The file has (outputs, inputs).
        return np.ascontiguousarray(get(f"{prefix}{name}.weight").T), get(f"{prefix}{name}.bias")

    def norm(name: str) -> Pair:
        return get(f"{prefix}{name}.weight"), get(f"{prefix}{name}.bias")

    asked = [kernel(f"attention.self.{name}") for name in ("query", "key", "value")]
    together = np.concatenate([pair[0] for pair in asked], 1), np.concatenate([pair[1] for pair in asked])
    return Layer(
        together,
        kernel("attention.output.dense"),
        norm("attention.output.LayerNorm"),
        kernel("intermediate.dense"),
        kernel("output.dense"),
        norm("output.LayerNorm"),
    )
