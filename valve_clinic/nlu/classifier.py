"""Rasa graph component: the intent classifier.

Logistic regression on the published encoder's sentence vectors and TF-IDF n-grams, averaged with the tuned encoder.

For training, the n-grams are condensed to a few hundred dimensions (latent semantic analysis): seconds instead of
minutes at nearly the same accuracy. The result is folded back into one weight per n-gram, so that what is kept and run
is a plain linear model: arrays and a word list, no pickle.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from valve_clinic.nlu import questions, source_hash
from valve_clinic.nlu.featurizer import FROZEN, PARTS, TUNED, SentenceEncoderFeaturizer

#: Where a parsed message names its questions when it asks more than one.
QUESTIONS = "questions"
_ARRAYS = "classifier.npz"
_WORDS = "classifier.json"
#: Settings of the n-gram counters: words, and characters inside words (for typos).
_COUNTERS: tuple[dict[str, Any], ...] = (
    {"ngram_range": (1, 2), "min_df": 2},
    {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 3},
)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TfidfDenseClassifier(GraphComponent, IntentClassifier):
    """Ranks all intents by probability."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what must stand before this component in the pipeline."""
        return [SentenceEncoderFeaturizer]

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages without which the component cannot run."""
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults.

        `C` is the inverse of the regularisation, `sparse_dimensions` is what the n-grams are condensed to and
        `sparse_weight` scales them against the unit sentence vector; `ranking_length` bounds the ranking that is kept
        with the message. `tuned_weight` is the share of the encoder's tuned branch in the result; `answerable` names
        the intents beside `ask_…` that can be one of several questions; `alone` those that are answered alone, and
        `dangers` those that rule the turn when any part of a message means them with `danger_confidence`.
        """
        return {
            "C": 10.0,
            "sparse_weight": 1.0,
            "sparse_dimensions": 400,
            "max_iter": 200,
            "tuned_weight": 0.6,
            "ranking_length": 10,
            "answerable": ["book_appointment", "find_provider"],
            "dangers": ["report_emergency", "report_crisis"],
            "danger_confidence": 0.5,
            "alone": ["report_emergency", "report_crisis", "request_human"],
            "code": source_hash(),
        }

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._linear: LinearModel | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TfidfDenseClassifier:
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
    ) -> TfidfDenseClassifier:
        """Return a component with the trained model; raises when it is not in the archive."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._linear = LinearModel.read(Path(folder))
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on all messages that have a text and an intent; the same data gives the same model."""
        messages = [m for m in training_data.intent_examples if m.get(TEXT)]
        self._linear = fit(
            [message.get(TEXT) for message in messages],
            np.vstack([_dense(message) for message in messages]),
            [message.get(INTENT) for message in messages],
            self._config,
        )
        with self._storage.write_to(self._resource) as folder:
            self._linear.write(Path(folder))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking; a message without text gets none."""
        for message in messages:
            text = message.get(TEXT)
            if not text or self._linear is None:
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                continue
            whole = self._rank(text, _dense(message)[0], _scores(message))
            parts = self._rank_parts(message)
            asked = [] if whole[0]["name"] in self._config["alone"] else self._questions(parts)
            ranking = self._ruling(whole, parts, asked)
            if ranking[0]["name"] in self._config["alone"]:
                asked = []
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
            message.set(QUESTIONS, [{k: v for k, v in q.items() if k != "intent_ranking"} for q in asked], True)
        return messages

    def _rank_parts(self, message: Message) -> list[tuple[questions.Part, list[dict[str, Any]]]]:
        return [
            (part, self._rank(part.text, encoding.vector, encoding.scores))
            for part, encoding in message.get(PARTS) or []
        ]

    def _ruling(
        self,
        whole: list[dict[str, Any]],
        parts: list[tuple[questions.Part, list[dict[str, Any]]]],
        asked: list[dict[str, Any]],
    ) -> list[dict[str, Any]]:
        """Return the ranking that rules the turn.

        A danger in any part comes before everything. With several questions it is the message as a whole where that
        is one of them, else the first; the answer action speaks to all of them.
        """
        if whole[0]["name"] in self._config["dangers"]:
            return whole
        for _, ranking in parts:
            best = ranking[0]
            if best["name"] in self._config["dangers"] and best["confidence"] >= self._config["danger_confidence"]:
                return ranking
        ruled = not asked or whole[0]["name"] in {question["intent"] for question in asked}
        return whole if ruled else asked[0]["intent_ranking"]

    def _questions(self, parts: list[tuple[questions.Part, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
        """Return the questions of a message that asks more than one, in the order asked; else none."""
        limits = questions.rules()
        asked: list[dict[str, Any]] = []
        for index, (part, ranking) in enumerate(parts):
            best = ranking[0]
            if not part.is_question and index + 1 < len(parts) and parts[index + 1][0].is_question:
                # "mom has a flail leaflet, what is that": the statement tells what the question is about.
                continue
            answerable = best["name"] in self._config["answerable"] or best["name"].startswith("ask_")
            doubled = any(question["intent"] == best["name"] for question in asked)
            if answerable and not doubled and best["confidence"] >= limits.needed(part):
                place = {"start": part.start, "end": part.end}
                asked.append({"intent": best["name"], "text": part.text, **place, "intent_ranking": ranking})
        return asked[: limits.max_questions] if len(asked) > 1 else []

    def _rank(self, text: str, vector: np.ndarray, scores: np.ndarray) -> list[dict[str, Any]]:
        assert self._linear is not None
        probabilities = self._combine(self._linear.probabilities(text, vector), scores)
        order = np.argsort(-probabilities)[: self._config["ranking_length"]]
        return [{"name": self._linear.classes[i], "confidence": float(probabilities[i])} for i in order]

    def _combine(self, linear: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Return the weighted geometric mean of the linear model's and the tuned encoder's probabilities."""
        weight = self._config["tuned_weight"]
        return _softmax((1 - weight) * np.log(linear) + weight * scores)


class LinearModel:
    """One weight per class and feature: sentence vector (384), then n-grams."""

    def __init__(
        self,
        classes: list[str],
        counters: list[TfidfVectorizer],
        dense: np.ndarray,
        sparse: np.ndarray,
        intercept: np.ndarray,
    ) -> None:
        """Take arrays of shapes (classes, 384), (n-grams, classes) and (classes,)."""
        self.classes = classes
        self._counters = counters
        self._dense = dense
        self._sparse = sparse
        self._intercept = intercept

    def probabilities(self, text: str, vector: np.ndarray) -> np.ndarray:
        """Return one probability per class, in the order of `classes`."""
        scores = self._intercept + self._dense @ vector
        start = 0
        for counter in self._counters:
            row = counter.transform([normalise(text)])
            scores = scores + row.data @ self._sparse[start + row.indices]
            start += row.shape[1]
        return _softmax(scores)

    def write(self, folder: Path) -> None:
        """Keep the model in `folder`."""
        idf = {f"idf{index}": counter.idf_ for index, counter in enumerate(self._counters)}
        np.savez(folder / _ARRAYS, dense=self._dense, sparse=self._sparse, intercept=self._intercept, **idf)
        words = [sorted(counter.vocabulary_, key=counter.vocabulary_.__getitem__) for counter in self._counters]
        kept = {"classes": self.classes, "words": words}
        (folder / _WORDS).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> LinearModel:
        """Return the model kept in `folder`; raises OSError or ValueError when it is not whole."""
        kept = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            counters = []
            for index, (words, settings) in enumerate(zip(kept["words"], _COUNTERS, strict=True)):
                counter = TfidfVectorizer(sublinear_tf=True, vocabulary=words, **settings)
                counter.idf_ = arrays[f"idf{index}"]
                counters.append(counter)
            return cls(kept["classes"], counters, arrays["dense"], arrays["sparse"], arrays["intercept"])


def fit(texts: list[str], dense: np.ndarray, labels: list[str], config: dict[str, Any]) -> LinearModel:
    """Return a model fitted to texts, their sentence vectors (n, 384) and their labels."""
    cleaned = [normalise(text) for text in texts]
    counters = [TfidfVectorizer(sublinear_tf=True, **settings).fit(cleaned) for settings in _COUNTERS]
    counted = hstack([counter.transform(cleaned) for counter in counters]).tocsr()
    condenser = TruncatedSVD(config["sparse_dimensions"], n_iter=4, random_state=0)
    condensed = condenser.fit_transform(counted) * config["sparse_weight"]
    model = LogisticRegression(C=config["C"], max_iter=config["max_iter"], solver="lbfgs", random_state=0)
    model.fit(np.hstack([dense.astype(np.float64), condensed]), labels)
    width = dense.shape[1]
    folded = (model.coef_[:, width:] * config["sparse_weight"]) @ condenser.components_
    return LinearModel(
        [str(name) for name in model.classes_],
        counters,
        model.coef_[:, :width].astype(np.float32),
        np.ascontiguousarray(folded.T, dtype=np.float32),
        model.intercept_.astype(np.float32),
    )


def normalise(text: str) -> str:
    """Return the text in lower case with runs of blanks made one; the classifier sees no more than 400 characters."""
    return " ".join(text.lower().split())[:400]


def _softmax(scores: np.ndarray) -> np.ndarray:
    shifted = np.exp(scores - scores.max())
    result: np.ndarray = shifted / shifted.sum()
    return result


def _scores(message: Message) -> np.ndarray:
    """Return the tuned branch's log-probabilities, shape (intents,)."""
    _, tuned = message.get_dense_features(TEXT, [TUNED])
    return np.asarray(tuned.features, dtype=np.float32).reshape(-1)


def _dense(message: Message) -> np.ndarray:
    """Return the message's dense sentence features as one row."""
    _, sentence = message.get_dense_features(TEXT, [FROZEN])
    return np.asarray(sentence.features, dtype=np.float32).reshape(1, -1)
