"""Tunes a copy of the encoder's upper layers on the training messages, in TensorFlow.

The lower layers stay as published and are computed once. Measured against logistic regression on the published vectors
alone, the tuned branch finds more right intents on messages by other hands (docs/understanding.md). TensorFlow is
needed here only, not to answer.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from valve_clinic.nlu.lessons import UNKNOWN
from valve_clinic.nlu.network import EPSILON, HEADS, Layer, Pair

_SIZE = 384
#: Scores are the product of unit vectors and class weights; this scale makes them sharp enough.
SCALE = 10.0
#: The mean takes the weights every so many steps, and keeps this much of itself: it is one of about a hundred steps.
_MEAN_EVERY, _MEAN_KEEPS = 10, 0.9
#: Where Linux tells what the processor has, and the words for bfloat16: matrices (Intel's AMX), vectors.
_CPU, _HALVES = Path("/proc/cpuinfo"), frozenset(["amx_bf16", "avx512_bf16"])


@dataclass(frozen=True)
class Row:
    """One text: states of its pieces below the tuned layers, which pieces each span has, and what the spans mean."""

    #: (pieces, 384), in half precision to save memory.
    states: np.ndarray
    #: (spans, pieces), 1 where the piece belongs to the span.
    spans: np.ndarray
    #: (spans,); see `lessons.Lesson`.
    labels: np.ndarray
    #: (spans, flags).
    flags: np.ndarray


def tune(
    rows: Sequence[Row], layers: Sequence[Layer], classes: int, config: dict[str, Any], tell: Callable[[int, int], None]
) -> tuple[list[Layer], Pair]:
    """Return the tuned layers and the head (384, classes + flags); the same rows give the same result.

    The first epoch takes all rows, each later one the share `kept` of them that had the greatest loss before: what is
    known already teaches little. What is returned is an exponential mean of the weights, which errs less than the last
    ones (as in Tarvainen and Valpola 2017, arXiv:1703.01780).
    `config` further holds `epochs`, `batch_size`, `learning_rate`, `head_learning_rate`, `label_smoothing`, `dropout`,
    `part_weight`, `flag_weight` and `seed`. `tell` is called with the steps done and the steps in all.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    tf.keras.utils.set_random_seed(config["seed"])
    random = np.random.default_rng(config["seed"])
    network = _Network(tf, layers, classes, rows[0].flags.shape[1], config)
    size, later = config["batch_size"], max(1, round(config["kept"] * len(rows)))
    steps = -(-len(rows) // size) + (config["epochs"] - 1) * -(-later // size)
    step = network.make_step(steps)
    losses = np.full(len(rows), np.inf)
    done, mean = 0, None
    for epoch in range(config["epochs"]):
        chosen = np.argsort(-losses, kind="stable")[: later if epoch else len(rows)]
        # Rows that rest keep their loss: they come back when the others have become easier.
        for group, batch in _batches(rows, np.sort(chosen), size, random):
            losses[group] = step(*batch).numpy()
            done += 1
            if done % _MEAN_EVERY == 0:
                mean = _closer(mean, network.arrays())
            tell(done, steps)
    return network.weights(mean or network.arrays())


def _closer(mean: list[np.ndarray] | None, now: list[np.ndarray]) -> list[np.ndarray]:
    """Return the running mean after it has taken in the weights of now."""
    if mean is None:
        return now
    return [_MEAN_KEEPS * kept + (1 - _MEAN_KEEPS) * array for kept, array in zip(mean, now, strict=True)]


class _Network:
    """Trainable layers with a linear head for the classes and flags of each span."""

    def __init__(self, tf: Any, layers: Sequence[Layer], classes: int, flags: int, config: dict[str, Any]) -> None:
        self._tf = tf
        self._config = config
        self._halves = multiplies_halves()
        self._classes, self._flags = classes, float(flags)
        self._layers = [[tf.Variable(array) for array in layer.arrays] for layer in layers]
        limit = np.sqrt(6.0 / (_SIZE + classes + flags))
        kernel = np.random.default_rng(config["seed"]).uniform(-limit, limit, (_SIZE, classes + flags))
        self._head = [tf.Variable(kernel.astype(np.float32)), tf.Variable(np.zeros(classes + flags, np.float32))]

    def arrays(self) -> list[np.ndarray]:
        """Return a copy of the weights as they are now: of the layers, then of the head."""
        return [variable.numpy() for variable in [*itertools.chain(*self._layers), *self._head]]

    def weights(self, arrays: list[np.ndarray]) -> tuple[list[Layer], Pair]:
        """Return arrays in the order of `arrays` as layers and head."""
        size = len(self._layers[0])
        layers = [arrays[size * index : size * (index + 1)] for index in range(len(self._layers))]
        return [Layer.from_arrays(layer) for layer in layers], (arrays[-2], arrays[-1])

    def make_step(self, steps: int) -> Any:
        """Return the function that learns from one batch and gives the loss of each row."""
        tf, config = self._tf, self._config
        decay = tf.keras.optimizers.schedules.PolynomialDecay
        rates = (config["learning_rate"], config["head_learning_rate"])
        optimizers = [tf.keras.optimizers.legacy.Adam(decay(rate, steps, rate * 0.05)) for rate in rates]
        variables = [variable for layer in self._layers for variable in layer]
        shapes = [(None, None, _SIZE), (None, None), (None, None, None), (None, None), (None, None, None)]
        types = [tf.float32, tf.float32, tf.float32, tf.int32, tf.float32]
        signature = [tf.TensorSpec(shape, kind) for shape, kind in zip(shapes, types, strict=True)]

        @tf.function(input_signature=signature)
        def step(states: Any, mask: Any, spans: Any, labels: Any, flags: Any) -> Any:
            with tf.GradientTape() as tape:
                found = self._score(states, mask, spans)
                each, loss = self._intent_loss(found[..., : self._classes], labels)
                flagged, flag_loss = self._flag_loss(found[..., self._classes :], flags)
                loss += config["flag_weight"] * flag_loss
            gradients = tape.gradient(loss, variables + self._head)
            gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
            cut = len(variables)
            # TensorFlow rewrites this function and knows zip without `strict` only.
            optimizers[0].apply_gradients(zip(gradients[:cut], variables))  # noqa: B905
            optimizers[1].apply_gradients(zip(gradients[cut:], self._head))  # noqa: B905
            return each + config["flag_weight"] * flagged

        return step

    def _intent_loss(self, found: Any, labels: Any) -> tuple[Any, Any]:
        """Return the loss of each row's known labels and the loss of the batch."""
        tf, config = self._tf, self._config
        known = tf.cast(labels >= 0, tf.float32)
        smooth = config["label_smoothing"]
        wanted = tf.one_hot(labels, self._classes) * (1.0 - smooth) + smooth / self._classes
        losses = tf.nn.softmax_cross_entropy_with_logits(wanted, found)
        weights = tf.concat([known[:, :1], config["part_weight"] * known[:, 1:]], 1)
        return tf.reduce_sum(losses * weights, 1), tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)

    def _flag_loss(self, found: Any, flags: Any) -> tuple[Any, Any]:
        """Return the loss of each row's and of the batch's known flags, and of finding none inside."""
        tf, config = self._tf, self._config
        known = tf.cast(flags >= 0, tf.float32)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(tf.maximum(flags, 0.0), found)
        weights = tf.concat([known[:, :1], config["part_weight"] * known[:, 1:]], 1)
        known_sum = tf.reduce_sum(weights) / self._flags
        each = tf.reduce_sum(losses * weights, [1, 2])
        loss = tf.reduce_sum(each) / known_sum
        # -1 is a span of which nothing is known, -2 no span at all.
        unknown = tf.cast(tf.equal(flags[:, 1:], float(UNKNOWN)), tf.float32)
        somewhere = tf.reduce_max(found[:, 1:] - 1e4 * (1.0 - unknown), 1)
        there = tf.reduce_max(unknown, 1)
        missed = tf.nn.softplus(-somewhere) * there
        return each, loss + config["part_weight"] * tf.reduce_sum(missed) / known_sum

    def _score(self, states: Any, mask: Any, spans: Any) -> Any:
        tf = self._tf
        hidden = (1.0 - mask[:, None, None, :]) * -10000.0
        for layer in self._layers:
            states = self._run(layer, states, hidden)
        pooled = tf.math.l2_normalize(tf.matmul(spans, states), 2)
        return (self._multiply(pooled, *self._head)) * SCALE

    def _run(self, layer: Sequence[Any], states: Any, hidden: Any) -> Any:
        tf, shape = self._tf, self._tf.shape(states)
        split = tf.reshape(self._multiply(states, *layer[0:2]), [shape[0], shape[1], 3, HEADS, _SIZE // HEADS])
        query, key, value = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4]))
        weights = tf.nn.softmax(tf.matmul(query * (_SIZE // HEADS) ** -0.5, key, transpose_b=True) + hidden)
        attended = tf.reshape(tf.transpose(tf.matmul(weights, value), [0, 2, 1, 3]), shape)
        dropped = tf.nn.dropout(self._multiply(attended, *layer[2:4]), self._config["dropout"])
        states = self._norm(states + dropped, *layer[4:6])
        wide = tf.nn.gelu(self._multiply(states, *layer[6:8]), approximate=False)
        dropped = tf.nn.dropout(self._multiply(wide, *layer[8:10]), self._config["dropout"])
        return self._norm(states + dropped, *layer[10:12])

    def _multiply(self, values: Any, kernel: Any, bias: Any) -> Any:
        tf, shape = self._tf, self._tf.shape(values)
        flat, weights = tf.reshape(values, [-1, kernel.shape[0]]), kernel
        if self._halves:
            # What is learnt and what is added up stays in single precision.
            flat, weights = tf.cast(flat, tf.bfloat16), tf.cast(weights, tf.bfloat16)
        flat = tf.cast(tf.matmul(flat, weights), tf.float32) + bias
        return tf.reshape(flat, tf.concat([shape[:-1], [kernel.shape[1]]], 0))

    def _norm(self, values: Any, scale: Any, shift: Any) -> Any:
        tf = self._tf
        centred = values - tf.reduce_mean(values, -1, keepdims=True)
        spread = tf.reduce_mean(centred * centred, -1, keepdims=True)
        return centred * tf.math.rsqrt(spread + EPSILON) * scale + shift


def multiplies_halves(cpu: Path = _CPU) -> bool:
    """Return whether the processor multiplies in half precision by itself; False where nobody can tell.

    Then a step takes three quarters of the time, with matrices as with vectors; elsewhere several times as long.
    """
    try:
        return not _HALVES.isdisjoint(cpu.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return False


def _batches(
    rows: Sequence[Row], chosen: np.ndarray, size: int, random: np.random.Generator
) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, ...]]]:
    """Yield numbers of rows with states, mask, spans, labels and flags, in batches of like length in random order."""
    lengths = np.array([len(rows[row].states) for row in chosen]) + random.uniform(0, 4, len(chosen))
    order = chosen[np.argsort(lengths, kind="stable")]
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    random.shuffle(groups)
    for group in groups:
        yield group, _batch([rows[index] for index in group])


def _batch(rows: Sequence[Row]) -> tuple[np.ndarray, ...]:
    pieces = max(len(row.states) for row in rows)
    # At least two, so that there is always a span beside the whole text to look for flags in.
    most = max(2, *(len(row.labels) for row in rows))
    states = np.zeros((len(rows), pieces, _SIZE), dtype=np.float32)
    mask = np.zeros((len(rows), pieces), dtype=np.float32)
    spans = np.zeros((len(rows), most, pieces), dtype=np.float32)
    labels = np.full((len(rows), most), UNKNOWN, dtype=np.int32)
    # What is no span is less than unknown.
    flags = np.full((len(rows), most, rows[0].flags.shape[1]), 2.0 * UNKNOWN, dtype=np.float32)
    for index, row in enumerate(rows):
        states[index, : len(row.states)] = row.states
        mask[index, : len(row.states)] = 1.0
        spans[index, : len(row.labels), : len(row.states)] = row.spans
        labels[index, : len(row.labels)] = row.labels
        flags[index, : len(row.labels)] = row.flags
    return states, mask, spans, labels, flags
