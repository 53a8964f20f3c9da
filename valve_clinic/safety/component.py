"""Rasa graph component: safety triage of every message, whatever the classifier says of it."""

from __future__ import annotations

import logging
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from valve_clinic.nlu.classifier import CLAUSE_FLAGS, FLAG_PROBABILITIES, QUESTIONS, TfidfDenseClassifier
from valve_clinic.nlu.examples import FLAGS
from valve_clinic.safety import matcher
from valve_clinic.safety.levels import SAFETY, Assessment, Level
from valve_clinic.safety.triage import Thresholds, assess

logger = logging.getLogger(__name__)

#: The intents whose rules speak the fixed texts.
INTENTS = {Level.ACT: "report_emergency", Level.CRISIS: "report_crisis"}
#: When triage itself fails, the 911 line goes ahead of whatever is answered.
FAILED = Assessment(Level.CHECK, "utter_check", ("triage_failed",))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class SafetyTriage(GraphComponent, IntentClassifier):
    """Adds the assessment to the message, and makes a danger its intent."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what must stand before this component in the pipeline."""
        return [TfidfDenseClassifier]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults: the probabilities from which the model alone reaches a level (docs/safety.md)."""
        return {
            "act": 0.22,
            "act_clause": 0.95,
            "sign": 0.1,
            "sign_clause": 0.6,
            "check": 0.004,
            "check_clause": 0.2,
            "check_few": 0.02,
            "few_words": 3,
            "crisis": 0.25,
            "crisis_clause": 0.97,
            "crisis_sign": 0.1,
            "crisis_sign_clause": 0.5,
            "same_day": 0.04,
            "same_day_clause": 0.2,
        }

    def __init__(self, config: dict[str, Any]) -> None:
        """Compile the signs; raises `SignsError`, so that a server without them does not get ready."""
        self._thresholds = Thresholds.from_config(config)
        self._matcher = matcher.shared()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SafetyTriage:
        """Return the component; there is nothing to train."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Assess the messages; a failure is an assessment too, and never silence."""
        for message in messages:
            if not message.get(TEXT):
                continue
            try:
                assessment = self._assess(message)
            except Exception as error:
                # The error's text may quote what a patient typed: its type is logged, its words are not.
                logger.error("triage failed: %s", type(error).__name__)
                assessment = FAILED
            message.set(SAFETY, assessment.as_dict(), add_to_output=True)
            self._rule(message, assessment)
        return messages

    def _assess(self, message: Message) -> Assessment:
        whole = dict(zip(FLAGS, map(float, message.get(FLAG_PROBABILITIES)), strict=True))
        clauses = [dict(zip(FLAGS, map(float, flags), strict=True)) for flags in message.get(CLAUSE_FLAGS) or []]
        return assess(message.get(TEXT), whole, clauses, self._matcher, self._thresholds)

    def _rule(self, message: Message, assessment: Assessment) -> None:
        """Set the intent that the level asks for; a danger that the classifier alone sees is no longer the intent."""
        ranking = message.get("intent_ranking") or []
        ruling = INTENTS.get(assessment.level)
        others = [item for item in ranking if item["name"] != ruling and item["name"] not in INTENTS.values()]
        if ruling:
            best = {"name": ruling, "confidence": 1.0}
            message.set(QUESTIONS, [], add_to_output=True)
            message.set("intent_ranking", [best, *others], add_to_output=True)
            message.set(INTENT, best, add_to_output=True)
        elif ranking and ranking[0]["name"] in INTENTS.values() and others:
            message.set("intent_ranking", others, add_to_output=True)
            message.set(INTENT, others[0], add_to_output=True)
