"""Which topics are offered when it is unclear what was meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable

#: Topics offered at most: more than three are a menu and not a question.
MAX_CHOICES = 3
#: A topic below this share of the best one's confidence is not offered.
CHOICE_SHARE = 0.05


def likely(ranking: Iterable[tuple[str, float]], titled: Collection[str]) -> list[str]:
    """Return the topics to offer, of intents with their confidence, the likeliest first; only those with a title."""
    known = [(name, confidence) for name, confidence in ranking if name in titled]
    best = known[0][1] if known else 0.0
    return [name for name, confidence in known[:MAX_CHOICES] if confidence >= CHOICE_SHARE * best]
