"""Rasa graph component: asks back where an answer may be wrong, and not where nothing can be wrong about it.

Rasa's own `FallbackClassifier` has one threshold for all intents. An answer to a question that was not asked misleads;
declining a decision too often, or handing a person the phone number, does not: such intents count from less on.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY
from rasa.shared.nlu.training_data.message import Message


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class IntentFallback(FallbackClassifier):
    """Sets `nlu_fallback` below a threshold that depends on the intent."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults: those of Rasa, and no intent that counts from `harmless_threshold` on."""
        return {**FallbackClassifier.get_default_config(), "harmless_threshold": 0.0, "harmless": []}

    def threshold(self, intent: str | None) -> float:
        """Return the confidence from which the chat acts on the intent."""
        key = "harmless_threshold" if intent in self.component_config["harmless"] else "threshold"
        return float(self.component_config[key])

    def _nlu_confidence_below_threshold(self, message: Message) -> tuple[bool, float]:
        found = message.data[INTENT]
        confidence = float(found.get(PREDICTED_CONFIDENCE_KEY) or 0.0)
        return confidence < self.threshold(found.get(INTENT_NAME_KEY)), confidence
