"""Right and wrong by intent: precision, recall, and which intents are taken for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from valve_clinic.evaluation.predictions import Prediction


@dataclass(frozen=True)
class IntentFigures:
    """How one intent fares, by the first intent of each ranking."""

    #: Messages labelled with the intent.
    support: int
    #: Those of them whose first intent is right.
    right: int
    #: Messages of any label that have the intent first.
    predicted: int
    #: Those of them where it is right.
    predicted_right: int
    #: What its messages were wrongly taken for, most frequent first.
    confused: tuple[tuple[str, int], ...]

    @property
    def precision(self) -> float | None:
        """Return the share of messages with this intent first that have it by right."""
        return self.predicted_right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Return the share of this intent's messages that are understood right."""
        return self.right / self.support if self.support else None

    @property
    def f1(self) -> float | None:
        """Return the harmonic mean of precision and recall; None without messages of the intent."""
        if not self.support:
            return None
        precision, recall = self.precision or 0.0, self.recall or 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True)
class Pair:
    """Messages of one intent that were taken for another."""

    intent: str
    taken_for: str
    count: int
    #: Those of them where the chat asked back instead of answering.
    asked_back: int


def by_intent(predictions: Sequence[Prediction]) -> dict[str, IntentFigures]:
    """Return the figures of every intent that is a label or was predicted, in alphabetical order."""
    names = {p.message.intent for p in predictions} | {p.top for p in predictions}
    figures = {}
    for name in sorted(names):
        own = [p for p in predictions if p.message.intent == name]
        predicted = [p for p in predictions if p.top == name]
        wrong = Counter(p.top for p in own if not p.first_right)
        figures[name] = IntentFigures(
            len(own),
            sum(p.first_right for p in own),
            len(predicted),
            sum(p.first_right for p in predicted),
            tuple(sorted(wrong.items(), key=lambda item: (-item[1], item[0]))),
        )
    return figures


def confused_pairs(predictions: Sequence[Prediction]) -> list[Pair]:
    """Return the pairs of label and wrong first intent, most frequent first."""
    wrong = [p for p in predictions if not p.first_right]
    counts = Counter((p.message.intent, p.top) for p in wrong)
    asked_back = Counter((p.message.intent, p.top) for p in wrong if p.clarified)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Pair(*pair, count, asked_back[pair]) for pair, count in ordered]


def confusion(predictions: Sequence[Prediction]) -> tuple[list[str], list[list[int]]]:
    """Return the intents and, by label and first intent, how many messages; what is accepted stands on the diagonal."""
    names = sorted({p.message.intent for p in predictions} | {p.top for p in predictions})
    place = {name: index for index, name in enumerate(names)}
    counts = [[0] * len(names) for _ in names]
    for prediction in predictions:
        label = prediction.message.intent
        counts[place[label]][place[label if prediction.first_right else prediction.top]] += 1
    return names, counts
