"""Finds training messages that say the same thing in nearly the same words: they count once.

Two opinions must agree: the likeness of the letters, and the published encoder's cosine of the sentence vectors. The
letters are asked first: the encoder reads the few messages that they leave.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from valve_clinic.training_data import TrainingMessage, alike, by_intent

#: Both must reach these: cosine of the published sentence vectors, and likeness of the letters (`training_data.alike`).
COSINE = 0.93
LIKENESS = 80


def encode(texts: Sequence[str]) -> np.ndarray:
    """Return the published encoder's unit vectors, shape (texts, 384)."""
    from valve_clinic.nlu import encoder as encoders

    with tempfile.TemporaryDirectory() as folder:
        encoders.write_published(Path(folder))
        return encoders.SentenceEncoder(Path(folder)).vectors(texts)


def find(
    messages: Sequence[TrainingMessage], encode: Callable[[Sequence[str]], np.ndarray] = encode
) -> list[tuple[TrainingMessage, TrainingMessage]]:
    """Return the pairs of one intent that are nearly the same, later message first."""
    pairs = [pair for group in by_intent(messages) for pair in alike(group, LIKENESS)]
    if not pairs:
        return []
    texts = sorted({message.text for pair in pairs for message in pair})
    vectors = dict(zip(texts, encode(texts), strict=True))
    return [pair for pair in pairs if float(vectors[pair[0].text] @ vectors[pair[1].text]) >= COSINE]
