"""Learning curve: the whole understanding, trained again on parts of the training messages."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from valve_clinic.evaluation.figures import Share, share
from valve_clinic.evaluation.messages import LabelledMessage
from valve_clinic.evaluation.predictions import OUT_OF_SCOPE

if TYPE_CHECKING:
    from rasa.shared.nlu.training_data.message import Message

    from valve_clinic.training_data import TrainingMessage

#: Parts of the training messages, each inside the next; all of them have a model already.
PARTS = (1 / 8, 1 / 4, 1 / 2)
_SEED = 1


@dataclass(frozen=True)
class Point:
    """How the chat fares after so many training messages."""

    training: int
    #: In-scope messages with the right intent first.
    right: Share


def learning_curve(
    messages: Sequence[LabelledMessage],
    whole: Share,
    progress: Callable[[str], None] = lambda _: None,
    training: Sequence[TrainingMessage] | None = None,
) -> list[Point]:
    """Return one point for each part of the training messages, and last `whole`, that of the model of all of them."""
    from valve_clinic import training_data

    known = list(training_data.read() if training is None else training)
    inside = [message for message in messages if message.intent != OUT_OF_SCOPE]
    order = np.random.default_rng(_SEED).permutation(len(known))
    points = []
    for part in PARTS:
        rows = order[: round(part * len(known))]
        progress(f"training on {len(rows)} messages")
        with tempfile.TemporaryDirectory() as folder:
            top = train([known[row] for row in rows], Path(folder))
            points.append(Point(len(rows), share(top(message.text) in message.accepted for message in inside)))
    return [*points, Point(len(known), whole)]


def train(training: Sequence[TrainingMessage], folder: Path) -> Callable[[str], str]:
    """Return a function from a text to its first intent, from the same components as in Rasa's pipeline."""
    import spacy
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.engine.storage.resource import Resource
    from rasa.nlu.constants import SPACY_DOCS
    from rasa.shared.nlu.constants import INTENT, METADATA, TEXT
    from rasa.shared.nlu.training_data.message import Message
    from rasa.shared.nlu.training_data.training_data import TrainingData

    from valve_clinic.nlu import language
    from valve_clinic.nlu.classifier import TfidfDenseClassifier
    from valve_clinic.nlu.featurizer import SentenceEncoderFeaturizer
    from valve_clinic.nlu.typos import mend

    nlp = spacy.load(language.LANGUAGE_DIR)

    def message(text: str, **more: Any) -> Message:
        return Message({TEXT: text, SPACY_DOCS[TEXT]: nlp(text), **more})

    data = TrainingData(
        [
            message(
                item.text, **{INTENT: item.intent, METADATA: {"intent": {"level": item.level} if item.level else {}}}
            )
            for item in training
        ]
    )
    storage = LocalModelStorage(folder)
    featurizer = SentenceEncoderFeaturizer.create(
        SentenceEncoderFeaturizer.get_default_config(), storage, Resource("featurizer"), _context()
    )
    featurizer.train(data)
    featurizer.process_training_data(data)
    classifier = TfidfDenseClassifier.create(
        TfidfDenseClassifier.get_default_config(), storage, Resource("classifier"), _context()
    )
    classifier.train(data)

    def top(text: str) -> str:
        (heard,) = classifier.process(featurizer.process([message(mend(text))]))
        return str(heard.get(INTENT)["name"])

    return top


def _context() -> Any:
    """Return the execution context that Rasa's engine would give; these components do not look at it."""
    from rasa.engine.graph import ExecutionContext, GraphSchema

    return ExecutionContext(GraphSchema({}))
