"""From which confidence on the chat should answer instead of asking back: what each choice costs, on held-aside data.

The messages are the training messages that no model was fitted on. What a wrong answer costs against a needless
question is a judgement, written down here; the rest is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import yaml

from valve_clinic import paths, training_data
from valve_clinic.evaluation.messages import LabelledMessage
from valve_clinic.evaluation.predictions import OUT_OF_SCOPE, Prediction

#: A wrong answer can mislead somebody. Asking back costs a click, and more when no offered topic is right.
WRONG, ASKED_RIGHT, ASKED_WRONG = 1.0, 0.25, 0.6
#: Asking back on a message that is out of scope misleads nobody.
ASKED_OUTSIDE = 0.25
CHOICES = tuple(round(0.05 * step, 2) for step in range(2, 19))


@dataclass(frozen=True)
class Choice:
    """What one threshold would bring, as shares of all messages."""

    threshold: float
    answered_right: float
    answered_wrong: float
    asked: float
    cost: float


def held_aside() -> list[LabelledMessage]:
    """Return the training messages that are kept for calibration."""
    from valve_clinic.nlu.examples import is_held_aside

    return [LabelledMessage(m.text, m.intent) for m in training_data.read() if is_held_aside(m.text)]


def choices(predictions: Sequence[Prediction], thresholds: Sequence[float] = CHOICES) -> list[Choice]:
    """Return what each threshold brings; raises ValueError without predictions."""
    if not predictions:
        raise ValueError("no messages to choose a threshold on")
    return [_choice(predictions, threshold) for threshold in thresholds]


def best(found: Sequence[Choice]) -> Choice:
    """Return the cheapest choice, the lower threshold of two alike."""
    return min(found, key=lambda choice: (round(choice.cost, 6), choice.threshold))


def configured() -> float:
    """Return the threshold of the fallback classifier in `config.yml`."""
    pipeline = yaml.safe_load(paths.CONFIG_FILE.read_text(encoding="utf-8"))["pipeline"]
    return float(next(item["threshold"] for item in pipeline if item["name"] == "FallbackClassifier"))


def _choice(predictions: Sequence[Prediction], threshold: float) -> Choice:
    costs = np.array([_cost(prediction, threshold) for prediction in predictions])
    asked = np.array([prediction.confidence < threshold for prediction in predictions])
    right = np.array([prediction.first_right for prediction in predictions])
    return Choice(
        threshold,
        float((right & ~asked).mean()),
        float((~right & ~asked).mean()),
        float(asked.mean()),
        float(costs.mean()),
    )


def _cost(prediction: Prediction, threshold: float) -> float:
    if prediction.confidence >= threshold:
        return 0.0 if prediction.first_right else WRONG
    if prediction.message.intent == OUT_OF_SCOPE:
        return ASKED_OUTSIDE
    return ASKED_RIGHT if prediction.offered_right else ASKED_WRONG
