"""From which confidence on the chat should answer instead of asking back: what each choice costs, on held-aside data.

The messages are the training messages that no model was fitted on. What a wrong answer costs against a needless
question is a judgement, written down here; the rest is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml

from valve_clinic import paths, training_data
from valve_clinic.evaluation.messages import LabelledMessage
from valve_clinic.evaluation.predictions import OUT_OF_SCOPE, Prediction

#: A wrong answer can mislead somebody: it weighs as much as five needless clicks. Asking back costs a click, and more
#: when no offered topic is right.
WRONG, ASKED_RIGHT, ASKED_WRONG = 1.0, 0.2, 0.6
#: Asking back on a message that is out of scope misleads nobody.
ASKED_OUTSIDE = 0.2
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
    lower, named = harmless()
    is_harmless = np.array([prediction.top in named for prediction in predictions])
    return [_choice(predictions, threshold, np.where(is_harmless, lower, threshold)) for threshold in thresholds]


def best(found: Sequence[Choice]) -> Choice:
    """Return the cheapest choice, the lower threshold of two alike."""
    return min(found, key=lambda choice: (round(choice.cost, 6), choice.threshold))


def configured() -> float:
    """Return the threshold of the answered topics in `config.yml`."""
    return float(_fallback()["threshold"])


def harmless() -> tuple[float, frozenset[str]]:
    """Return the threshold of the intents that mislead nobody, and these intents; they do not depend on the choice."""
    found = _fallback()
    return float(found["harmless_threshold"]), frozenset(found["harmless"])


def _fallback() -> dict[str, Any]:
    pipeline = yaml.safe_load(paths.CONFIG_FILE.read_text(encoding="utf-8"))["pipeline"]
    found: dict[str, Any] = next(item for item in pipeline if "harmless" in item)
    return found


def _choice(predictions: Sequence[Prediction], threshold: float, needed: np.ndarray) -> Choice:
    """Return what a threshold brings; `needed` is the confidence that each prediction must have."""
    asked = np.array([prediction.confidence for prediction in predictions]) < needed
    costs = np.array([_cost(prediction, back) for prediction, back in zip(predictions, asked, strict=True)])
    right = np.array([prediction.answer_right for prediction in predictions])
    return Choice(
        threshold,
        float((right & ~asked).mean()),
        float((~right & ~asked).mean()),
        float(asked.mean()),
        float(costs.mean()),
    )


def _cost(prediction: Prediction, asked: bool) -> float:
    if not asked:
        return 0.0 if prediction.answer_right else WRONG
    if prediction.message.intent == OUT_OF_SCOPE:
        return ASKED_OUTSIDE
    return ASKED_RIGHT if prediction.offered_right else ASKED_WRONG
