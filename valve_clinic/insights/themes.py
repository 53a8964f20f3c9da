"""Puts messages that say much the same into groups: the project's sentence encoder and scikit-learn."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from valve_clinic.nlu.encoder import EMBEDDINGS, PUBLISHED, TOKENIZER, SentenceEncoder

#: Messages that are grouped at once, the newest: their distances to each other take 16 MB.
MOST = 2000
#: Mean cosine distance up to which groups are joined (average linkage): of 0.45, 0.50 … 0.75 the one with the best
#: adjusted Rand index on the themes of benchmarks/demo_messages.yml (0.64).
DISTANCE = 0.7
_COMPONENT = "SentenceEncoderFeaturizer"
Encode = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Group:
    """Rows of messages that are alike, the most central first."""

    rows: tuple[int, ...]


@contextmanager
def encoder(model: Path) -> Iterator[Encode]:
    """Give a function that returns unit vectors, shape (texts, 384), from the trained model's own graphs.

    Raises `OSError` or `tarfile.TarError` when the archive cannot be read, `EncoderError` when it has no encoder.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(model) as archive:
            for member in archive:
                path = Path(member.name)
                if (
                    member.isfile()
                    and _COMPONENT in path.parent.name
                    and path.name in (EMBEDDINGS, PUBLISHED, TOKENIZER)
                ):
                    source = archive.extractfile(member)
                    if source is not None:
                        (folder / path.name).write_bytes(source.read())
        yield SentenceEncoder(folder).vectors


def group(texts: Sequence[str], encode: Encode) -> list[Group]:
    """Return the groups of the texts, the largest first; every text is in one, alone if it has to be."""
    if not texts:
        return []
    if len(texts) == 1:
        return [Group((0,))]
    from sklearn.cluster import AgglomerativeClustering

    vectors = encode(texts).astype(np.float32)
    joined = AgglomerativeClustering(
        n_clusters=None, affinity="cosine", linkage="average", distance_threshold=DISTANCE
    ).fit_predict(vectors)
    found = []
    for label in sorted(set(joined.tolist())):
        rows = np.flatnonzero(joined == label)
        centre = vectors[rows].mean(axis=0)
        near = np.argsort(-(vectors[rows] @ centre), kind="stable")
        found.append(Group(tuple(int(row) for row in rows[near])))
    return sorted(found, key=lambda item: (-len(item.rows), item.rows[0]))
