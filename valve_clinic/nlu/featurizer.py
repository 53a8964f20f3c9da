"""Rasa graph component: sentence and token vectors from the sentence encoder."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, TEXT, TEXT_TOKENS
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from valve_clinic import paths, rasa_patches
from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu import source_hash
from valve_clinic.nlu.encoder import SentenceEncoder

logger = logging.getLogger(__name__)
rasa_patches.apply()

_MODEL = "encoder.onnx"
_TOKENIZER = "tokenizer.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoderFeaturizer(GraphComponent):
    """Adds dense features: the mean-pooled sentence vector, and per token the mean of its word-piece vectors."""

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
        """Return the defaults: `threads` of onnxruntime; `token_vectors` off saves their memory in training."""
        return {"threads": 2, "token_vectors": False, "code": source_hash()}

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
        """Put the encoder into the model archive, converting it first where that was not done before."""
        converted = converted_encoder()
        with self._storage.write_to(self._resource) as folder:
            shutil.copyfile(converted, folder / _MODEL)
            shutil.copyfile(encoders.weights_folder() / "tokenizer.json", folder / _TOKENIZER)
            self._encoder = self._open(folder)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add features to all messages that have a text."""
        messages = [message for message in training_data.training_examples if message.get(TEXT)]
        vectors = self._loaded().encode([message.get(TEXT) for message in messages])
        for message, vector in zip(messages, vectors, strict=True):
            self._add(message, vector, FEATURE_TYPE_SENTENCE)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add features to messages as they come in."""
        for message in messages:
            text = message.get(TEXT)
            if not text:
                continue
            vector, pieces, spans = self._loaded().encode_with_tokens(text)
            self._add(message, vector, FEATURE_TYPE_SENTENCE)
            if self._config["token_vectors"]:
                self._add(message, _token_vectors(message, pieces, spans), FEATURE_TYPE_SEQUENCE)
        return messages

    def _loaded(self) -> SentenceEncoder:
        if self._encoder is None:
            raise encoders.EncoderError("the sentence encoder was used before it was trained or loaded")
        return self._encoder

    def _open(self, folder: Path) -> SentenceEncoder:
        return SentenceEncoder(folder / _MODEL, folder / _TOKENIZER, threads=self._config["threads"])

    def _add(self, message: Message, vectors: np.ndarray, kind: str) -> None:
        rows = np.atleast_2d(vectors)
        message.add_features(Features(rows, kind, TEXT, type(self).__name__))


def converted_encoder() -> Path:
    """Return the path of the encoder as ONNX in `models/encoder/`, converting it when it is not there yet."""
    path = paths.MODELS / "encoder" / f"minilm-{encoders.WEIGHTS_SHA256[:12]}.onnx"
    if not path.is_file():
        logger.info("Converting the sentence encoder to ONNX; this is done once and takes about a minute.")
        encoders.convert(path)
    return path


def _token_vectors(message: Message, pieces: np.ndarray, spans: list[tuple[int, int]]) -> np.ndarray:
    """Return one vector per Rasa token, shape (tokens, 384): the mean of the word pieces that overlap it."""
    rows = []
    for token in message.get(TEXT_TOKENS):
        inside = [i for i, (start, end) in enumerate(spans) if start < token.end and end > token.start and end > start]
        rows.append(pieces[inside].mean(axis=0) if inside else np.zeros(encoders.DIMENSION, dtype=np.float32))
    return np.stack(rows)
