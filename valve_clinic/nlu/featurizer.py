"""Rasa graph component: sentence and token vectors, and tuned scores, from the sentence encoder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import SPACY_DOCS
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, INTENT, TEXT, TEXT_TOKENS
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from valve_clinic import rasa_patches
from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu import examples, questions, source_hash, tuning
from valve_clinic.nlu.encoder import SentenceEncoder

rasa_patches.apply()

#: Origins of the features.
FROZEN = "SentenceEncoder"
TUNED = "TunedSentenceEncoder"
FLAGGED = "SafetyFlags"
#: Where a message keeps its parts with their encodings, for the classifier,
PARTS = "valve_clinic_parts"
#: and its clauses with theirs, for the safety triage.
CLAUSES = "valve_clinic_clauses"
_MODEL = "encoder.onnx"
_TOKENIZER = "tokenizer.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoderFeaturizer(GraphComponent):
    """Adds dense features: the mean-pooled sentence vector, and per token the mean of its word-piece vectors.

    The tuned branch's log-probabilities are added as features of their own, under the origin `TUNED`: one number for
    each intent of the training data, in alphabetical order; so are its scores of the safety flags, under `FLAGGED`.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what must stand before this component in the pipeline."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages without which the component cannot run."""
        return ["onnxruntime", "tokenizers"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults: `threads` of onnxruntime; `token_vectors` off saves time; the rest is for tuning."""
        return {
            "threads": 2,
            "token_vectors": False,
            "tuned_layers": 3,
            "epochs": 3,
            "learning_rate": 1e-4,
            "label_smoothing": 0.1,
            "flag_weight": 0.5,
            "seed": 1,
            "code": source_hash(),
        }

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._encoder: SentenceEncoder | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoderFeaturizer:
        """Return a component for training."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentenceEncoderFeaturizer:
        """Return a component with the encoder of the model archive; raises when it is not there."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._encoder = component._open(folder)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Tune the encoder on the messages that are not held aside, and put it into the model archive."""
        messages = examples.with_text(training_data.intent_examples)
        intents = sorted({message.get(INTENT) for message in messages})
        messages = [message for message in messages if not examples.is_held_aside(message.get(TEXT))]
        texts = [message.get(TEXT) for message in messages]
        labels = [intents.index(message.get(INTENT)) for message in messages]
        flags = np.vstack([examples.flags_of(message) for message in messages])
        with self._storage.write_to(self._resource) as folder:
            tuning.tune(texts, labels, flags, len(intents), self._config, folder / _MODEL)
            shutil.copyfile(encoders.weights_folder() / "tokenizer.json", folder / _TOKENIZER)
            self._encoder = self._open(folder)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the sentence vectors and scores to all messages that have a text."""
        messages = [message for message in training_data.training_examples if message.get(TEXT)]
        encodings = self._loaded().encode([message.get(TEXT) for message in messages])
        for message, encoding in zip(messages, encodings, strict=True):
            self._add_sentence(message, encoding)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add features to messages as they come in."""
        for message in messages:
            text = message.get(TEXT)
            if not text:
                continue
            sentences = _sentences(message, text)
            parts, clauses = questions.split(text, sentences), questions.clauses(text, sentences)
            encoding = self._loaded().encode([text])[0]
            # Apart from the whole text: in one batch each short part would be padded to the length of the whole.
            leaning = questions.in_context(parts)
            pieces = sorted({*(piece.text for piece in [*parts, *clauses]), *filter(None, leaning)} - {text})
            encoded = {text: encoding, **dict(zip(pieces, self._loaded().encode(pieces), strict=True))}
            # A message that is one part is its own question.
            together = [(in_context, encoded[in_context]) if in_context else None for in_context in leaning]
            several = [(part, encoded[part.text], more) for part, more in zip(parts, together, strict=True)]
            message.set(PARTS, several if len(several) > 1 else [])
            message.set(CLAUSES, [(clause, encoded[clause.text]) for clause in clauses] if len(clauses) > 1 else [])
            self._add_sentence(message, encoding)
            if self._config["token_vectors"]:
                vectors = _token_vectors(message, encoding)
                self._add(message, vectors, FEATURE_TYPE_SEQUENCE, FROZEN)
        return messages

    def _loaded(self) -> SentenceEncoder:
        if self._encoder is None:
            raise encoders.EncoderError("the sentence encoder was used before it was trained or loaded")
        return self._encoder

    def _open(self, folder: Path) -> SentenceEncoder:
        return SentenceEncoder(folder / _MODEL, folder / _TOKENIZER, threads=self._config["threads"])

    def _add_sentence(self, message: Message, encoding: encoders.Encoding) -> None:
        self._add(message, encoding.vector, FEATURE_TYPE_SENTENCE, FROZEN)
        self._add(message, encoding.scores, FEATURE_TYPE_SENTENCE, TUNED)
        self._add(message, encoding.flags, FEATURE_TYPE_SENTENCE, FLAGGED)

    def _add(self, message: Message, vectors: np.ndarray, kind: str, origin: str) -> None:
        message.add_features(Features(np.atleast_2d(vectors), kind, TEXT, origin))


def _sentences(message: Message, text: str) -> list[tuple[int, int]]:
    """Return the character spans of spaCy's sentences; without a spaCy document the text is one sentence."""
    document = message.get(SPACY_DOCS[TEXT])
    if document is None or len(document.text) != len(text):
        return [(0, len(text))]
    return [(sentence.start_char, sentence.end_char) for sentence in document.sents]


def _token_vectors(message: Message, encoding: encoders.Encoding) -> np.ndarray:
    """Return one vector per Rasa token, shape (tokens, 384): the mean of the word pieces that overlap it."""
    rows = []
    for token in message.get(TEXT_TOKENS):
        inside = [
            index
            for index, (start, end) in enumerate(encoding.spans)
            if start < token.end and end > token.start and end > start
        ]
        empty = np.zeros(encoders.DIMENSION, dtype=np.float32)
        rows.append(encoding.pieces[inside].mean(axis=0) if inside else empty)
    return np.stack(rows)
