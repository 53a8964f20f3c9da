"""What the training messages are labelled with beside their intent, and which of them are kept for calibration."""

from __future__ import annotations

import hashlib

import numpy as np
from rasa.shared.nlu.constants import INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

#: Yes/no questions about a message's safety, in the order of their scores.
EMERGENCY, CRISIS, SAME_DAY = "emergency", "crisis", "same_day"
FLAGS = (EMERGENCY, CRISIS, SAME_DAY)
#: These two are intents of their own; a same-day message has the intent of its question and `level` in its metadata.
_INTENTS = {"report_emergency": EMERGENCY, "report_crisis": CRISIS}
#: One message in this many is kept from fitting and used to calibrate probabilities and to choose thresholds.
_HELD_ASIDE = 12


def flags_of(message: Message) -> np.ndarray:
    """Return which flags a training message has: 0.0 or 1.0 for each of `FLAGS`."""
    metadata = (message.get(METADATA) or {}).get("intent") or {}
    return flags_of_intent(message.get(INTENT), metadata.get("level"))


def flags_of_intent(intent: str, level: str | None = None) -> np.ndarray:
    """Return which of `FLAGS`, 0.0 or 1.0, a message of the intent has, and of the safety level beside it."""
    named = {_INTENTS.get(intent), level}
    return np.array([float(flag in named) for flag in FLAGS], dtype=np.float32)


def is_held_aside(text: str) -> bool:
    """Return whether a training message is kept for calibration; it depends on the text alone."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).digest()[0] % _HELD_ASIDE == 0


def with_text(messages: list[Message]) -> list[Message]:
    """Return the messages that have words and an intent."""
    return [message for message in messages if message.get(TEXT) and message.get(INTENT)]
