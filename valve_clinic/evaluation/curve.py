"""Learning curve of the linear part: the same classifier fitted on parts of the training messages."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from valve_clinic.evaluation.figures import Share, share
from valve_clinic.evaluation.messages import LabelledMessage
from valve_clinic.evaluation.predictions import OUT_OF_SCOPE

if TYPE_CHECKING:
    from valve_clinic.nlu.encoder import SentenceEncoder

#: Parts of the training messages, each inside the next.
PARTS = (1 / 8, 1 / 4, 1 / 2, 1.0)
_SEED = 1


@dataclass(frozen=True)
class Point:
    """How the linear part fares after so many training messages."""

    training: int
    #: In-scope messages with the right intent first.
    right: Share


def learning_curve(
    model: Path, messages: Sequence[LabelledMessage], progress: Callable[[str], None] = lambda _: None
) -> list[Point]:
    """Return one point for each part; the vectors come from the encoder in the model's archive."""
    from valve_clinic import training_data

    training = training_data.read()
    progress(f"encoding {len(training)} training messages")
    inside = [message for message in messages if message.intent != OUT_OF_SCOPE]
    with tempfile.TemporaryDirectory() as folder:
        encoder = _encoder(model, Path(folder))
        vectors = np.vstack([encoding.vector for encoding in encoder.encode([m.text for m in training])])
        asked = [encoding.vector for encoding in encoder.encode([m.text for m in inside])]
    order = np.random.default_rng(_SEED).permutation(len(training))
    points = []
    for part in PARTS:
        rows = order[: round(part * len(training))]
        progress(f"fitting the linear part on {len(rows)} messages")
        chosen = [training[row] for row in rows]
        top = _fit([m.text for m in chosen], vectors[rows], [m.intent for m in chosen])
        right = (top(m.text, vector) in m.accepted for m, vector in zip(inside, asked, strict=True))
        points.append(Point(len(rows), share(right)))
    return points


def _fit(texts: list[str], vectors: np.ndarray, labels: list[str]) -> Callable[[str, np.ndarray], str]:
    """Return a function from text and vector to the first intent."""
    from valve_clinic.nlu import classifier, linear

    config: dict[str, Any] = classifier.TfidfDenseClassifier.get_default_config()
    model = linear.fit(texts, vectors, labels, np.zeros((len(texts), 0)), config)
    return lambda text, vector: model.classes[int(np.argmax(model.scores(text, vector)[0]))]


def _encoder(model: Path, folder: Path) -> SentenceEncoder:
    """Return the encoder of a model's archive, unpacked into `folder`."""
    from valve_clinic.nlu.encoder import SentenceEncoder

    files = {"encoder.onnx": folder / "encoder.onnx", "tokenizer.json": folder / "tokenizer.json"}
    with tarfile.open(model) as archive:
        for member in archive:
            target = files.get(PurePosixPath(member.name).name)
            content = archive.extractfile(member) if target else None
            if target and content:
                target.write_bytes(content.read())
    return SentenceEncoder(files["encoder.onnx"], files["tokenizer.json"])
