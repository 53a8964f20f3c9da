"""Whether confidence keeps its word: of messages understood with 0.8, eight in ten should be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from valve_clinic.evaluation.figures import Share, share
from valve_clinic.evaluation.predictions import Prediction

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Messages whose first intent has a confidence from `low` to `high`."""

    low: float
    high: float
    #: How many of them have the right intent first.
    right: Share
    #: Mean confidence; 0 without messages.
    confidence: float


def bins(predictions: Sequence[Prediction]) -> list[Bin]:
    """Return ten bins of equal width; a confidence on a border belongs to the upper bin, 1.0 to the last."""
    groups: list[list[Prediction]] = [[] for _ in range(BINS)]
    for prediction in predictions:
        groups[min(int(prediction.confidence * BINS + 1e-9), BINS - 1)].append(prediction)
    return [
        Bin(
            index / BINS,
            (index + 1) / BINS,
            share(p.first_right for p in group),
            sum(p.confidence for p in group) / len(group) if group else 0.0,
        )
        for index, group in enumerate(groups)
    ]


def calibration_error(found: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean gap between confidence and share of right ones, by messages."""
    total = sum(item.right.count for item in found)
    gaps = sum(abs(item.right.hits - item.confidence * item.right.count) for item in found)
    return gaps / total if total else 0.0
