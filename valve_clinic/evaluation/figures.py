"""Shares with their intervals: the measures that the project sets itself, and accuracy by slice."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from valve_clinic.evaluation.predictions import FIRST, Prediction

#: Quantile of the normal distribution for intervals of 95 %.
_Z = 1.959963984540054


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    hits: int
    count: int

    @property
    def value(self) -> float | None:
        """Return the share, or None of nothing."""
        return self.hits / self.count if self.count else None

    @property
    def interval(self) -> tuple[float, float]:
        """Return the Wilson score interval of 95 %; of nothing it is everything."""
        if not self.count:
            return 0.0, 1.0
        share, square = self.hits / self.count, _Z * _Z / self.count
        middle = share + square / 2
        half = _Z * math.sqrt(share * (1 - share) / self.count + square / (4 * self.count))
        low, high = (middle - half) / (1 + square), (middle + half) / (1 + square)
        return (0.0 if self.hits == 0 else low), (1.0 if self.hits == self.count else high)


def share(hits: Iterable[bool]) -> Share:
    """Return how many are true of how many."""
    listed = list(hits)
    return Share(sum(listed), len(listed))


@dataclass(frozen=True)
class Measure:
    """One share with what it says."""

    key: str
    title: str
    share: Share


def measures(predictions: Sequence[Prediction]) -> list[Measure]:
    """Return the measures that sum up a run."""
    inside = [p for p in predictions if p.in_scope]
    outside = [p for p in predictions if not p.in_scope]
    found = [
        Measure("first", "in scope: right intent first", share(p.first_right for p in inside)),
        Measure("offered", f"in scope: right intent among the first {FIRST}", share(p.near for p in inside)),
        Measure(
            "served",
            "in scope: right answer given, or right topic among the buttons",
            share(p.served for p in inside),
        ),
        Measure("clarified", "in scope: asked back", share(p.clarified for p in inside)),
        Measure("beside", "in scope: answered, another topic offered below", share(bool(p.beside) for p in inside)),
        Measure("declined", "in scope: declined as out of scope", share(_wrongly_declined(p) for p in inside)),
        Measure(
            "recognised", "out of scope: recognised (declined or asked back)", share(p.recognised for p in outside)
        ),
    ]
    if not any(p.message.in_training for p in predictions):
        return found
    new_inside = share(p.first_right for p in inside if not p.message.in_training)
    new_outside = share(p.recognised for p in outside if not p.message.in_training)
    return [
        *found,
        Measure("first_new", "in scope: right intent first, without messages of the training data", new_inside),
        Measure("recognised_new", "out of scope: recognised, without messages of the training data", new_outside),
    ]


def _wrongly_declined(prediction: Prediction) -> bool:
    return prediction.declined and prediction.intent not in prediction.message.accepted


def by_slice(predictions: Sequence[Prediction]) -> dict[str, Share]:
    """Return how many in-scope messages of each slice have the right intent first, least share first.

    A slice that has messages out of scope only is there with a count of nothing, last.
    """
    names = {name for p in predictions for name in p.message.slices}
    found = {
        name: share(p.first_right for p in predictions if p.in_scope and name in p.message.slices) for name in names
    }
    return dict(sorted(found.items(), key=lambda item: (2.0 if item[1].value is None else item[1].value, item[0])))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile by linear interpolation; of nothing it is 0."""
    if not values:
        return 0.0
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
