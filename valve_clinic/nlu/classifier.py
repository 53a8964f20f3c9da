"""Rasa graph component: the intent classifier.

The tuned encoder's opinion, averaged with logistic regression on TF-IDF n-grams.

Both opinions are combined into one calibrated probability by weights that are fitted on training messages which neither
has seen (`calibration.py`).
"""

from __future__ import annotations

from collections.abc import Callable
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

from valve_clinic.nlu import calibration, examples, follow_ups, linear, questions, source_hash
from valve_clinic.nlu.calibration import Calibration
from valve_clinic.nlu.encoder import Judgement
from valve_clinic.nlu.featurizer import BEHIND, CLAUSES, FLAGGED, PARTS, TUNED, SentenceEncoderFeaturizer
from valve_clinic.nlu.linear import LinearModel

#: Where a parsed message names its questions when it asks more than one.
QUESTIONS = "questions"
#: Where it says that there is a greeting, thanks or a worry around the question.
COURTESY = "courtesy"
#: Where a message keeps the probability of each safety flag: of the whole, and of each clause.
FLAG_PROBABILITIES = "valve_clinic_flags"
CLAUSE_FLAGS = "valve_clinic_clause_flags"


#: The intent that is declined kindly, with the general answer.
ADVICE = "ask_personal_advice"
#: The one question that no content answers: a wish for a person is granted after the answers.
HUMAN = "request_human"


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

        `C` is the inverse of the regularisation, `sparse_dimensions` is what the n-grams are condensed to;
        `ranking_length` bounds the ranking that is kept with the message. `alone` names the intents that are answered
        alone. From the probability `advice_from` on, a question may ask for a decision about a person: that is declined
        first, then answered. `follow_ups` is the hash of the taught follow-ups, empty to leave them out.
        """
        return {
            "C": 10.0,
            "sparse_dimensions": 200,
            "max_iter": 60,
            "ranking_length": 10,
            "alone": ["report_emergency", "report_crisis"],
            "advice_from": 0.03,
            "follow_ups": follow_ups.file_hash(),
            "code": source_hash(),
        }

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._linear: LinearModel | None = None
        self._calibration: Calibration | None = None

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
            component._calibration = Calibration.read(Path(folder))
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on the messages that are not held aside, and calibrate on those that are; same data, same model."""
        messages = examples.with_text(training_data.intent_examples)
        fitted = [message for message in messages if not examples.is_held_aside(message.get(TEXT))]
        intents = {message.get(INTENT) for message in messages}
        taught = follow_ups.taught(self._config, intents)
        short = follow_ups.alone(taught, known=[message.get(TEXT) for message in fitted])
        self._linear = linear.fit(
            [*(message.get(TEXT) for message in fitted), *(text for text, _ in short)],
            [*(message.get(INTENT) for message in fitted), *(intent for _, intent in short)],
            np.vstack([*map(examples.flags_of, fitted), *(examples.flags_of_intent(intent) for _, intent in short)]),
            self._config,
        )
        aside = [message for message in messages if examples.is_held_aside(message.get(TEXT))] or messages
        scored = [self._linear.scores(message.get(TEXT)) for message in aside]
        self._calibration = calibration.fit(
            calibration.Scores(np.vstack([s[0] for s in scored]), np.vstack([_row(m, TUNED) for m in aside])),
            [self._linear.classes.index(message.get(INTENT)) for message in aside],
            calibration.Scores(np.vstack([s[1] for s in scored]), np.vstack([_row(m, FLAGGED) for m in aside])),
            np.vstack([examples.flags_of(message) for message in aside]),
            [self._linear.classes.index(name) for name in self._config["alone"] if name in self._linear.classes],
        )
        with self._storage.write_to(self._resource) as folder:
            self._linear.write(Path(folder))
            self._calibration.write(Path(folder))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking; a message without text gets none."""
        for message in messages:
            text = message.get(TEXT)
            if not text or self._linear is None:
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                continue
            probabilities, flags = self._judge(text, Judgement(_row(message, TUNED), _row(message, FLAGGED)))
            probabilities = self._in_context(text, probabilities, message.get(BEHIND))
            whole = self._ranking(probabilities)
            parts = [(part, self._ranking(self._judge(part.text, said)[0])) for part, said in message.get(PARTS) or []]
            clauses = [self._judge(clause.text, said)[1] for clause, said in message.get(CLAUSES) or []]
            message.set(FLAG_PROBABILITIES, flags)
            message.set(CLAUSE_FLAGS, clauses)
            asked = [] if whole[0]["name"] in self._config["alone"] else self._questions(parts)
            ranking, asked = self._advice_first(text, ruling(whole, asked), asked)
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
            message.set(QUESTIONS, [{k: v for k, v in q.items() if k != "intent_ranking"} for q in asked], True)
            message.set(COURTESY, questions.courtesy_of(text), add_to_output=True)
        return messages

    def _questions(self, parts: list[tuple[questions.Part, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
        """Return the questions of a message that asks more than one, in the order asked; else none."""
        limits = questions.rules()
        asked: list[dict[str, Any]] = []
        for index, (part, ranking) in enumerate(parts):
            best = ranking[0]
            if not part.is_question and index + 1 < len(parts) and parts[index + 1][0].is_question:
                # "mom has a flail leaflet, what is that": the statement tells what the question is about.
                continue
            answerable = _is_answerable(best["name"])
            doubled = any(question["intent"] == best["name"] for question in asked)
            if answerable and not doubled and best["confidence"] >= limits.needed(part):
                place = {"start": part.start, "end": part.end}
                asked.append({"intent": best["name"], "text": part.text, **place, "intent_ranking": ranking})
        return asked[: limits.max_questions] if len(asked) > 1 else []

    def _advice_first(
        self, text: str, ranking: list[dict[str, Any]], asked: list[dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return ranking and questions of a message that may ask for medical advice about somebody.

        Declining is right when it does, and the general answer behind it is right when it does not; so both are given.
        Where another topic is likelier than the advice, the advice gets the sum of both probabilities.
        """
        best, needed = ranking[0], self._config["advice_from"]
        advice = next((item for item in ranking if item["name"] == ADVICE), None)
        if advice is None or advice["confidence"] < needed or not _is_answerable(best["name"]):
            return ranking, asked
        beside = best["name"]
        if advice is best:
            topics = (item for item in ranking[1:] if item["confidence"] >= needed and questions.is_topic(item["name"]))
            beside = next((item["name"] for item in topics), None)
        if not asked and beside is not None:
            asked = [{"intent": beside, "text": text, "start": 0, "end": len(text)}]
        if advice is best:
            return ranking, asked
        first = {"name": ADVICE, "confidence": min(1.0, best["confidence"] + advice["confidence"])}
        return [first, *(item for item in ranking if item is not advice)], asked

    def _judge(self, text: str, judgement: Judgement) -> tuple[np.ndarray, np.ndarray]:
        """Return the probability of each intent and of each flag, of a message or a part of one."""
        assert self._linear is not None
        assert self._calibration is not None
        intents, flags = self._linear.scores(text)
        probabilities = self._calibration.intents(calibration.Scores(intents, judgement.scores))
        return probabilities, self._calibration.flags(calibration.Scores(flags, judgement.flags), probabilities)

    def _in_context(self, text: str, alone: np.ndarray, behind: Callable[[], Judgement] | None) -> np.ndarray:
        """Return the intents' probabilities of a short message, which may lean on the one before it or not.

        Danger is looked for in its own words only, and n-grams see nothing of a context.
        """
        if behind is None or follow_ups.is_certain(float(alone.max())):
            return alone
        assert self._calibration is not None
        judged = behind().scores
        scores = calibration.Scores(np.zeros_like(judged), judged)
        weight = follow_ups.weight(text, float(alone.max()))
        mixed: np.ndarray = weight * self._calibration.intents(scores) + (1.0 - weight) * alone
        return mixed

    def _ranking(self, probabilities: np.ndarray) -> list[dict[str, Any]]:
        assert self._linear is not None
        order = np.argsort(-probabilities, kind="stable")[: self._config["ranking_length"]]
        return [{"name": self._linear.classes[i], "confidence": float(probabilities[i])} for i in order]


def ruling(whole: list[dict[str, Any]], asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the ranking that rules the turn.

    With several questions that is the message as a whole where it is one of them, else the first; the answer action
    speaks to all of them. As a whole the message means each of them in part: their probabilities are added, so that it
    is not asked back for being unclear.
    """
    topics = [question for question in asked if question["intent"] != HUMAN]
    names = {question["intent"] for question in topics}
    if not topics:
        return whole
    if whole[0]["name"] not in names:
        first: list[dict[str, Any]] = topics[0]["intent_ranking"]
        return first
    together = sum(item["confidence"] for item in whole if item["name"] in names)
    return [{**whole[0], "confidence": min(1.0, together)}, *whole[1:]]


def _is_answerable(intent: str) -> bool:
    return questions.is_topic(intent) or intent == HUMAN


def _row(message: Message, origin: str) -> np.ndarray:
    """Return the message's sentence features of one origin as one row, float32."""
    # Rasa's own way to ask copies them each time.
    found = next(feature for feature in message.features if feature.origin == origin and feature.attribute == TEXT)
    return np.asarray(found.features, dtype=np.float32).reshape(-1)
