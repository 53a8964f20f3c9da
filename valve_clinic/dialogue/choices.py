"""Which topics are offered when it is unclear what was meant, and below an answer that may be to another question."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

#: Topics offered at most: more than three are a menu and not a question.
MAX_CHOICES = 3
#: A topic below this share of the best one's confidence is not offered.
CHOICE_SHARE = 0.05
#: Below an answer that is less sure than this, topics that were meant with at least this probability are offered, so
#: many at most. Of the training messages that are kept from fitting, this shows buttons below one answer in 23, and one
#: in seven of the wrong answers gets the right one: 8 are shown for each that is found. Below surer answers it would be
#: 16, and with topics less likely 40.
BESIDE_BELOW, BESIDE_FROM, MAX_BESIDE = 0.9, 0.03, 2


def ranking_of(message: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the intents of Rasa's parse of a message with their confidence, best first."""
    return [(item["name"], item["confidence"]) for item in message.get("intent_ranking") or []]


def likely(ranking: Iterable[tuple[str, float]], titled: Collection[str]) -> list[str]:
    """Return the topics to offer, of intents with their confidence, the likeliest first; only those with a title."""
    known = [(name, confidence) for name, confidence in ranking if name in titled]
    best = known[0][1] if known else 0.0
    return [name for name, confidence in known[:MAX_CHOICES] if confidence >= CHOICE_SHARE * best]


def beside(ranking: Iterable[tuple[str, float]], titled: Collection[str]) -> list[str]:
    """Return the topics to offer below the answer to the first of the ranking: what else may have been meant.

    Where the first is no topic, or is sure, there are none.
    """
    first, *others = [*ranking][: MAX_BESIDE + 1] or [("", 0.0)]
    if first[0] not in titled or first[1] >= BESIDE_BELOW:
        return []
    return [name for name, confidence in others if name in titled and confidence >= BESIDE_FROM]
