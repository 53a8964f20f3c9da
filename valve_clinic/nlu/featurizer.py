"""Rasa graph component: what the sentence encoder says of a message, of its questions and of its clauses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, INTENT, METADATA, TEXT, TEXT_TOKENS
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from valve_clinic import rasa_patches
from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu import examples, follow_ups, questions, source_hash, teaching
from valve_clinic.nlu.encoder import Judgement, Reading, SentenceEncoder, Span
from valve_clinic.nlu.questions import Part

rasa_patches.apply()

#: Origins of the features.
PUBLISHED = "SentenceEncoder"
TUNED = "TunedSentenceEncoder"
FLAGGED = "SafetyFlags"
#: Where a message keeps its parts with the encoder's judgements, for the classifier,
PARTS = "valve_clinic_parts"
#: its clauses with theirs, for the safety triage,
CLAUSES = "valve_clinic_clauses"
#: and what gives the judgement of a short message behind the one before it; the features have that of its own words.
BEHIND = "valve_clinic_behind"


@dataclass(frozen=True)
class _Read:
    """What a message says by itself: the whole, each of its questions and each of its clauses."""

    reading: Reading
    whole: Judgement
    parts: list[tuple[Part, Judgement]]
    clauses: list[tuple[Part, Judgement]]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoderFeaturizer(GraphComponent):
    """Adds the tuned branch's judgement of the message, its questions and its clauses, all read in one pass.

    The whole message's are features: under the origin `TUNED` a log-probability for each intent of the training data,
    in alphabetical order, and under `FLAGGED` the scores of the safety flags. Where the configuration asks for them,
    the published model's mean-pooled sentence vector and the vectors of the tokens are features of `PUBLISHED`.
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
        """Return the defaults.

        `threads` are onnxruntime's for one message: a second one is worth a tenth of its time, and costs a fifth more
        of a processor, for which others wait. `sentence_vectors` and `token_vectors` are for other components that want
        them and cost layers more. The rest is for training: `follow_ups` is the hash of the taught follow-ups, empty to
        leave them out; `side_by_side` says how many texts are read at once, `pair_share` and `pair_length` how many
        pairs of messages are put together, of up to how many characters each, and `behind_share` how many short
        messages are put behind one that they have nothing to do with; for the others see `tuning.tune`.
        """
        return {
            "threads": 1,
            "sentence_vectors": False,
            "token_vectors": False,
            "side_by_side": 2,
            "max_pieces": 96,
            "pair_share": 0.1,
            "pair_length": 160,
            "behind_share": 0.15,
            "follow_ups": follow_ups.file_hash(),
            "tuned_layers": 3,
            "epochs": 3,
            "kept": 0.3,
            "batch_size": 64,
            "learning_rate": 2.5e-4,
            "head_learning_rate": 3e-3,
            "label_smoothing": 0.1,
            "dropout": 0.1,
            "part_weight": 0.5,
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
        with self._storage.write_to(self._resource) as folder:
            encoders.write_published(folder)
            self._encoder = SentenceEncoder(folder, self._config["threads"])
            teaching.teach(self._encoder, messages, intents, self._config, folder)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features; the tuned ones only where no model was fitted: calibration may look at nothing else."""
        messages = [message for message in training_data.training_examples if message.get(TEXT)]
        aside = [message for message in messages if examples.is_held_aside(message.get(TEXT))] or messages
        encoder = self._loaded()
        readings = encoder.read([message.get(TEXT) for message in aside])
        for message, reading in zip(aside, readings, strict=True):
            self._add_judgement(message, encoder.judge(reading, [])[0])
        if self._config["sentence_vectors"]:
            vectors = encoder.vectors([message.get(TEXT) for message in messages])
            for message, vector in zip(messages, vectors, strict=True):
                self._add(message, vector, FEATURE_TYPE_SENTENCE, PUBLISHED)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add features to messages as they come in."""
        for message in messages:
            text = message.get(TEXT)
            if not text:
                continue
            read = self._reading_of(message)
            message.set(PARTS, read.parts)
            message.set(CLAUSES, read.clauses)
            message.set(BEHIND, self._behind(message))
            self._add_judgement(message, read.whole)
            if self._config["sentence_vectors"]:
                self._add(message, self._loaded().vectors([text])[0], FEATURE_TYPE_SENTENCE, PUBLISHED)
            if self._config["token_vectors"]:
                vectors = _token_vectors(message, self._loaded().tokens(read.reading), read.reading.places)
                self._add(message, vectors, FEATURE_TYPE_SEQUENCE, PUBLISHED)
        return messages

    def _reading_of(self, message: Message) -> _Read:
        """Return what the message says by itself."""
        text, sentences = message.get(TEXT), teaching.sentences_of(message)
        parts, clauses = questions.split(text, sentences), questions.clauses(text, sentences)
        # A message that is one part is its own question, and one clause its own clause.
        parts, clauses = (pieces if len(pieces) > 1 else [] for pieces in (parts, clauses))
        spans: list[Span] = [(piece.start, piece.end) for piece in [*parts, *clauses]]
        (reading,) = self._loaded().read([text])
        whole, *judged = self._loaded().judge(reading, spans)
        return _Read(
            reading,
            whole,
            list(zip(parts, self._both_ways(parts, judged), strict=True)),
            list(zip(clauses, judged[len(parts) :], strict=True)),
        )

    def _both_ways(self, parts: Sequence[Part], in_context: Sequence[Judgement]) -> list[Judgement]:
        """Return a judgement of each part: of a question the mean of it in its message and alone.

        Alone, "does that one hurt" says too little; in its message, one question takes something of the other.
        """
        judged = list(in_context[: len(parts)])
        asking = [index for index, part in enumerate(parts) if part.is_question]
        if not asking:
            return judged
        readings = self._loaded().read([parts[index].text for index in asking])
        for index, reading in zip(asking, readings, strict=True):
            (alone,), one = self._loaded().judge(reading, []), judged[index]
            judged[index] = Judgement((one.scores + alone.scores) / 2, (one.flags + alone.flags) / 2)
        return judged

    def _behind(self, message: Message) -> Callable[[], Judgement] | None:
        """Return what judges a message behind the one before it, or None where it does not lean on one.

        That is half of a short message's reading, and the classifier can do without where its own words are certain.
        """
        text, previous = message.get(TEXT), (message.get(METADATA) or {}).get(follow_ups.PREVIOUS)
        if not previous or not follow_ups.leans(text):
            return None
        encoder, (both, span) = self._loaded(), follow_ups.joined(previous, text)
        return lambda: encoder.judge(encoder.read([both])[0], [span])[1]

    def _loaded(self) -> SentenceEncoder:
        if self._encoder is None:
            raise encoders.EncoderError("the sentence encoder was used before it was trained or loaded")
        return self._encoder

    def _open(self, folder: Path) -> SentenceEncoder:
        encoder = SentenceEncoder(folder, threads=self._config["threads"])
        encoder.load_tuned()
        return encoder

    def _add_judgement(self, message: Message, judgement: Judgement) -> None:
        self._add(message, judgement.scores, FEATURE_TYPE_SENTENCE, TUNED)
        self._add(message, judgement.flags, FEATURE_TYPE_SENTENCE, FLAGGED)

    def _add(self, message: Message, vectors: np.ndarray, kind: str, origin: str) -> None:
        message.add_features(Features(np.atleast_2d(vectors), kind, TEXT, origin))


def _token_vectors(message: Message, pieces: np.ndarray, places: Sequence[Span]) -> np.ndarray:
    """Return one vector per Rasa token, shape (tokens, 384): the mean of the word pieces that overlap it."""
    rows = []
    for token in message.get(TEXT_TOKENS):
        inside = [
            index
            for index, (start, end) in enumerate(places)
            if start < token.end and end > token.start and end > start
        ]
        empty = np.zeros(encoders.DIMENSION, dtype=np.float32)
        rows.append(pieces[inside].mean(axis=0) if inside else empty)
    return np.stack(rows)
