"""Compares ways to run the sentence encoder: speed, agreement with the published model, size on disk.

    .venv/bin/python benchmarks/encoder_runtime.py

Runs the six published layers on the project's held-out messages, one message at a time, on two threads: TensorFlow's
`tf.function`, the graph that tf2onnx makes of it, and the project's own graph of fused operators in float32 and with
layers in int8. Prints a table in Markdown; docs/architecture.md quotes it.
"""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import onnxruntime
import yaml

from valve_clinic import paths
from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu import graph, network

_THREADS = 2
_MESSAGES = 200
_WARM_UP = 10

#: From word-piece ids to the mean vector of one text.
Run = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    """Measure every way on the same messages and print the table."""
    tokenizer = encoders.open_tokenizer(encoders.weights_folder() / "tokenizer.json")
    messages = yaml.safe_load((paths.ROOT / "tests" / "nlu" / "held_out.yml").read_text(encoding="utf-8"))
    pieces = [np.array([tokenizer.encode(m["text"]).ids], dtype=np.int32) for m in messages[:_MESSAGES]]
    with tempfile.TemporaryDirectory() as folder:
        ways = [*_tensorflow(Path(folder)), *_fused(Path(folder))]
        rows = [(name, size, *_time(run, pieces)) for name, run, size in ways]
    reference = rows[0][-1]
    print(f"{len(pieces)} messages, {_THREADS} threads, {platform.machine()}, onnxruntime {onnxruntime.__version__}\n")
    print("| way | median | p95 | least cosine to the published model | on disk |")
    print("|---|---|---|---|---|")
    for name, size, median, p95, vectors in rows:
        cosine = min(float(one @ other) for one, other in zip(vectors, reference, strict=True))
        print(f"| {name} | {median:.1f} ms | {p95:.1f} ms | {cosine:.4f} | {size / 1e6:.0f} MB |")


def _time(run: Run, pieces: list[np.ndarray]) -> tuple[float, float, list[np.ndarray]]:
    """Return median and 95th percentile in milliseconds, and the unit vectors."""
    for ids in pieces[:_WARM_UP]:
        run(ids)
    seconds, vectors = [], []
    for ids in pieces:
        begin = time.perf_counter()
        vector = run(ids)
        seconds.append(time.perf_counter() - begin)
        vectors.append(vector / np.linalg.norm(vector))
    ordered = sorted(seconds)
    return statistics.median(ordered) * 1e3, ordered[int(len(ordered) * 0.95)] * 1e3, vectors


def _tensorflow(folder: Path) -> list[tuple[str, Run, int]]:
    import tensorflow as tf
    import tf2onnx
    from transformers import TFBertModel

    tf.config.threading.set_intra_op_parallelism_threads(_THREADS)
    bert = TFBertModel.from_pretrained(encoders.weights_folder())
    signature = [tf.TensorSpec((None, None), tf.int32, name="input_ids")]

    @tf.function(input_signature=signature)
    def encode(input_ids: Any) -> dict[str, Any]:
        mask = tf.ones_like(input_ids)
        return {"vector": tf.reduce_mean(bert(input_ids, attention_mask=mask).last_hidden_state, 1)}

    converted = folder / "converted.onnx"
    proto, _ = tf2onnx.convert.from_function(encode, input_signature=signature, opset=15)
    converted.write_bytes(proto.SerializeToString())
    session = encoders.open_graph(str(converted), _THREADS)
    size = (encoders.weights_folder() / "model.safetensors").stat().st_size
    return [
        ("TensorFlow, `tf.function`", lambda ids: encode(tf.constant(ids))["vector"].numpy()[0], size),
        (
            "onnxruntime, tf2onnx, float32",
            lambda ids: session.run(None, {"input_ids": ids})[0][0],
            converted.stat().st_size,
        ),
    ]


def _fused(folder: Path) -> list[tuple[str, Run, int]]:
    tables, layers = network.read(encoders.weights_folder())
    embeddings = encoders.open_graph(graph.embeddings(tables).SerializeToString(), _THREADS)
    size = sum(array.nbytes for array in (tables.words, tables.positions))
    found = []
    for name, made, output in (
        ("float32", graph.published(layers), "tokens"),
        ("layers in int8", graph.lower(layers), "tuned_on"),
    ):
        written = made.SerializeToString()
        session = encoders.open_graph(written, _THREADS)

        def run(ids: np.ndarray, session: Any = session, output: str = output) -> np.ndarray:
            given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            states, lengths = embeddings.run(["states", "lengths"], given)
            mean: np.ndarray = session.run([output], {"states": states, "lengths": lengths})[0][0].mean(axis=0)
            return mean

        found.append((f"onnxruntime, fused operators, {name}", run, size + len(written)))
    return found


if __name__ == "__main__":
    main()
