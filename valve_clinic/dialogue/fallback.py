"""Rasa graph component: asks back where an answer may be wrong, and not where nothing can be wrong about it.

Rasa's own `FallbackClassifier` has one threshold for all intents. An answer to a question that was not asked misleads;
declining a decision too often, or handing a person the phone number, does not: such intents count from less on.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY
from rasa.shared.nlu.training_data.message import Message

from valve_clinic.nlu.classifier import QUESTIONS
from valve_clinic.nlu.featurizer import BEHIND


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class IntentFallback(FallbackClassifier):
    """Sets `nlu_fallback` below a threshold that depends on the intent."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults: those of Rasa, and no intent that counts from `harmless_threshold` on.

        `leaning_threshold` is for messages that are read behind the one before them; without it they need as much as
        others.
        """
        own = {"harmless_threshold": 0.0, "harmless": [], "leaning_threshold": None}
        return {**FallbackClassifier.get_default_config(), **own}

    def threshold(self, intent: str | None, leans: bool = False) -> float:
        """Return the confidence from which the chat acts on the intent."""
        config = self.component_config
        if intent in config["harmless"]:
            return float(config["harmless_threshold"])
        leaning = config["leaning_threshold"] if leans else None
        return float(config["threshold"] if leaning is None else leaning)

    def _nlu_confidence_below_threshold(self, message: Message) -> tuple[bool, float]:
        found = message.data[INTENT]
        confidence = float(found.get(PREDICTED_CONFIDENCE_KEY) or 0.0)
        needed = self.threshold(found.get(INTENT_NAME_KEY), leans=message.get(BEHIND) is not None)
        return confidence < needed, confidence

    def _nlu_prediction_ambiguous(self, message: Message) -> tuple[bool, float | None]:
        """Say whether two intents are as sure as each other.

        Between two that mislead nobody either will do, and where the second is answered as well there is no choice.
        """
        ambiguous, gap = super()._nlu_prediction_ambiguous(message)
        first_two = [item[INTENT_NAME_KEY] for item in message.data.get(INTENT_RANKING_KEY, [])[:2]]
        answered = {question["intent"] for question in message.get(QUESTIONS) or []}
        either = set(first_two) <= set(self.component_config["harmless"]) or answered.issuperset(first_two[1:])
        return ambiguous and not either, gap
