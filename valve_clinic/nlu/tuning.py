"""Tunes the encoder's upper layers on the training messages, and writes both branches as one ONNX graph.

The lower layers stay as published and are computed once per message; of the upper layers there are two copies, the
published one and the tuned one. Measured against logistic regression on the published vectors alone, the tuned branch
finds more right intents on messages by other hands (docs/understanding.md). TensorFlow is needed here only, not to
answer.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from valve_clinic.nlu import encoder as encoders

logger = logging.getLogger(__name__)

#: Word pieces of a training message beyond this are left out: very few are longer.
_MAX_PIECES = 96
_BATCH = 32
_DIMENSION = encoders.DIMENSION
#: Scores are the cosine-like product of unit vectors and class weights; this scale makes them sharp enough.
_SCALE = 10.0


def tune(
    texts: Sequence[str], labels: Sequence[int], flags: np.ndarray, classes: int, config: dict[str, Any], target: Path
) -> None:
    """Tune on texts with class numbers and write the graph to `target`; the same data gives the same scores.

    `flags` are the yes/no labels, shape (texts, flags). `config` holds `tuned_layers` (of six), `epochs`,
    `learning_rate`, `label_smoothing`, `flag_weight` and `seed`. Raises `EncoderError` when the packages of the group
    `convert` are missing.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import onnx  # noqa: F401
        import tensorflow as tf
        import tf2onnx
        from transformers import TFBertModel
        from transformers import logging as transformers_logging
    except ImportError as error:
        raise encoders.EncoderError(f"training needs the group `convert` ({error}); run `make install`") from error
    transformers_logging.set_verbosity_error()
    tf.keras.utils.set_random_seed(config["seed"])
    folder = encoders.weights_folder()
    network = _Network(tf, TFBertModel, folder, classes, flags.shape[1], config)
    tokenizer = encoders.open_tokenizer(folder / "tokenizer.json")
    pieces = [encoding.ids[:_MAX_PIECES] for encoding in tokenizer.encode_batch(list(texts))]
    network.train(pieces, np.asarray(labels, dtype=np.int32), flags.astype(np.float32))
    graph = network.graph()
    proto, _ = tf2onnx.convert.from_function(graph, input_signature=graph.input_signature, opset=15)
    target.write_bytes(proto.SerializeToString())


class _Network:
    """The encoder with a published and a tuned copy of its upper layers, and a linear head on the tuned one."""

    def __init__(
        self, tf: Any, model_class: Any, folder: Path, classes: int, flags: int, config: dict[str, Any]
    ) -> None:
        self._tf = tf
        self._config = config
        self._classes = classes
        cut = 6 - int(config["tuned_layers"])
        self._bert = model_class.from_pretrained(folder).bert
        self._lower = self._bert.encoder.layer[:cut]
        self._upper = self._bert.encoder.layer[cut:]
        # Kept whole: TensorFlow drops the variables of a model that nothing refers to.
        self._second = model_class.from_pretrained(folder).bert
        self._tuned = self._second.encoder.layer[cut:]
        self._head = tf.keras.layers.Dense(classes + flags)
        self._head.build((None, _DIMENSION))

    def train(self, pieces: list[list[int]], labels: np.ndarray, flags: np.ndarray) -> None:
        """Fit the tuned layers and the head; the lower layers' output is computed once and kept in half precision."""
        tf, config = self._tf, self._config
        signature = [tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, None), tf.int32)]
        lower = tf.function(self._run_lower, input_signature=signature)
        hidden: list[Any] = [None] * len(pieces)
        for rows, ids, mask in _batches(pieces, 64, None):
            states = lower(ids, mask).numpy()
            for position, row in enumerate(rows):
                hidden[row] = states[position, : len(pieces[row])].astype(np.float16)
        step = self._make_step(config["epochs"] * -(-len(pieces) // _BATCH))
        random = np.random.default_rng(config["seed"])
        for epoch in range(config["epochs"]):
            losses = []
            for rows, ids, mask in _batches(pieces, _BATCH, random):
                states = np.zeros((*ids.shape, _DIMENSION), dtype=np.float32)
                for position, row in enumerate(rows):
                    states[position, : len(pieces[row])] = hidden[row]
                losses.append(float(step(states, mask, labels[rows], flags[rows])))
            logger.info("tuning the encoder: epoch %d of %d, loss %.3f", epoch + 1, config["epochs"], np.mean(losses))

    def graph(self) -> Any:
        """Return the function that both branches are exported from: token vectors, log-probabilities, flag scores."""
        tf = self._tf
        pieces = tf.TensorSpec((None, None), tf.int32)

        @tf.function(input_signature=[pieces, pieces])
        def both_branches(input_ids: Any, attention_mask: Any) -> dict[str, Any]:
            states = self._run_lower(input_ids, attention_mask)
            tokens = self._run(self._upper, states, attention_mask, training=False)
            found = self._score(states, attention_mask, training=False)
            scores, flags = found[:, : self._classes], found[:, self._classes :]
            return {"tokens": tokens, "scores": tf.nn.log_softmax(scores), "flags": flags}

        return both_branches

    def _make_step(self, steps: int) -> Any:
        tf, config = self._tf, self._config
        decay = tf.keras.optimizers.schedules.PolynomialDecay
        rate = config["learning_rate"]
        layers_optimizer = tf.keras.optimizers.Adam(decay(rate, steps, rate * 0.05))
        head_optimizer = tf.keras.optimizers.Adam(decay(3e-3, steps, 3e-4))
        layer_variables = [variable for layer in self._tuned for variable in layer.trainable_variables]
        head_variables = self._head.trainable_variables
        loss_of = tf.keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config["label_smoothing"])
        signature = [
            tf.TensorSpec((None, None, _DIMENSION), tf.float32),
            tf.TensorSpec((None, None), tf.int32),
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec((None, None), tf.float32),
        ]

        @tf.function(input_signature=signature)
        def step(states: Any, mask: Any, labels: Any, flags: Any) -> Any:
            with tf.GradientTape() as tape:
                found = self._score(states, mask, training=True)
                doubted = tf.nn.sigmoid_cross_entropy_with_logits(flags, found[:, self._classes :])
                loss = loss_of(tf.one_hot(labels, self._classes), found[:, : self._classes])
                loss += config["flag_weight"] * tf.reduce_mean(tf.reduce_sum(doubted, 1))
            gradients = tape.gradient(loss, layer_variables + head_variables)
            gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
            cut = len(layer_variables)
            # TensorFlow rewrites this function and knows zip without `strict` only.
            layers_optimizer.apply_gradients(zip(gradients[:cut], layer_variables))  # noqa: B905
            head_optimizer.apply_gradients(zip(gradients[cut:], head_variables))  # noqa: B905
            return loss

        return step

    def _run_lower(self, ids: Any, mask: Any) -> Any:
        states = self._bert.embeddings(input_ids=ids, token_type_ids=self._tf.zeros_like(ids), training=False)
        return self._run(self._lower, states, mask, training=False)

    def _run(self, layers: Sequence[Any], states: Any, mask: Any, training: bool) -> Any:
        hidden = (1.0 - self._tf.cast(mask[:, None, None, :], self._tf.float32)) * -10000.0
        for layer in layers:
            states = layer(states, hidden, None, None, None, None, False, training=training)[0]
        return states

    def _score(self, states: Any, mask: Any, training: bool) -> Any:
        tf = self._tf
        tokens = self._run(self._tuned, states, mask, training)
        weights = tf.cast(mask, tf.float32)[:, :, None]
        pooled = tf.reduce_sum(tokens * weights, 1) / tf.reduce_sum(weights, 1)
        return self._head(tf.math.l2_normalize(pooled, 1)) * _SCALE


def _batches(
    pieces: list[list[int]], size: int, random: np.random.Generator | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield row numbers, ids and mask of batches of like length, in random order when `random` is given."""
    lengths = np.array([len(row) for row in pieces], dtype=np.float64)
    if random is not None:
        lengths += random.uniform(0, 4, len(pieces))
    order = np.argsort(lengths, kind="stable")
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    if random is not None:
        random.shuffle(groups)
    for rows in groups:
        ids, mask = encoders.pad([pieces[row] for row in rows])
        yield rows, ids, mask
