"""Finds training messages that say the same thing in nearly the same words: they count once.

Two opinions must agree: the published encoder's cosine of the sentence vectors, and the likeness of the letters.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rapidfuzz.fuzz import token_sort_ratio

from valve_clinic import paths
from valve_clinic.training_data import TrainingMessage, key

#: Both must reach these: cosine of the published sentence vectors, and rapidfuzz's token_sort_ratio (0 to 100).
COSINE = 0.93
LIKENESS = 80
#: Shorter messages are alike by nature.
_MIN_WORDS = 5
_CACHE = paths.ROOT / "var" / "vectors.npz"


def find(messages: Sequence[TrainingMessage], vectors: np.ndarray) -> list[tuple[TrainingMessage, TrainingMessage]]:
    """Return the pairs of one intent that are nearly the same, later message first; `vectors` are unit rows."""
    rows_of: dict[str, list[int]] = {}
    for row, message in enumerate(messages):
        if len(message.text.split()) >= _MIN_WORDS:
            rows_of.setdefault(message.intent, []).append(row)
    pairs = []
    for rows in rows_of.values():
        group = vectors[rows].astype(np.float32)
        for first, second in np.argwhere(np.triu(group @ group.T >= COSINE, k=1)):
            pair = messages[rows[second]], messages[rows[first]]
            if token_sort_ratio(key(pair[0].text), key(pair[1].text)) >= LIKENESS:
                pairs.append(pair)
    return pairs


def encode(messages: Sequence[TrainingMessage], cache: Path = _CACHE) -> np.ndarray:
    """Return the published encoder's unit vectors, shape (messages, 384); texts seen before come from the cache."""
    names = [hashlib.sha1(message.text.encode(), usedforsecurity=False).hexdigest() for message in messages]
    known: dict[str, np.ndarray] = {}
    if cache.is_file():
        with np.load(cache, allow_pickle=False) as kept:
            known = dict(zip(kept["names"].tolist(), kept["vectors"], strict=True))
    new = {name: message.text for name, message in zip(names, messages, strict=True) if name not in known}
    if new:
        known |= dict(zip(new, _encode(list(new.values())), strict=True))
        cache.parent.mkdir(exist_ok=True)
        np.savez(cache, names=np.array(list(known)), vectors=np.stack(list(known.values())))
    return np.stack([known[name] for name in names])


def _encode(texts: list[str]) -> list[np.ndarray]:
    from valve_clinic.nlu import encoder as encoders

    with tempfile.TemporaryDirectory() as folder:
        encoders.write_published(Path(folder))
        encoder = encoders.SentenceEncoder(Path(folder))
        return list(encoder.vectors(texts).astype(np.float16))
