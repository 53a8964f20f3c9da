"""Turns two opinions into one calibrated probability: the linear model's and the tuned encoder's.

The weights are fitted on training messages that neither has seen, so that 0.8 means right eight times in ten. A
probability that is only sharp and not true would make the choice between answering and asking back a guess.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from valve_clinic.nlu.linear import log_softmax

_FILE = "calibration.json"
_LEAST = 1e-5


@dataclass(frozen=True)
class Scores:
    """What the two say of one text or, row by row, of several: shape (…, outputs)."""

    linear: np.ndarray
    tuned: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """Weights of both opinions for the intents; bias and weights for each flag."""

    linear_weight: float
    tuned_weight: float
    #: For each flag: bias, weights of both opinions, and one weight for each of `dangers`.
    flag_weights: list[list[float]]
    #: Places of the intents that are dangers themselves; how likely they are speaks for or against a flag.
    dangers: list[int]

    def intents(self, scores: Scores) -> np.ndarray:
        """Return the intents' probabilities from both log-probabilities."""
        return np.exp(log_softmax(self.linear_weight * scores.linear + self.tuned_weight * scores.tuned))

    def flags(self, scores: Scores, intents: np.ndarray) -> np.ndarray:
        """Return each flag's probability from both log-odds and the intents' probabilities."""
        weights = np.asarray(self.flag_weights)
        odds = weights[:, 0] + weights[:, 1] * scores.linear + weights[:, 2] * scores.tuned
        odds = odds + log_odds(intents[..., self.dangers]) @ weights[:, 3:].T
        result: np.ndarray = 1.0 / (1.0 + np.exp(-odds))
        return result

    def write(self, folder: Path) -> None:
        """Keep the weights in `folder`."""
        (folder / _FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Calibration:
        """Return the weights kept in `folder`; raises OSError, TypeError or ValueError when they are not whole."""
        return cls(**json.loads((folder / _FILE).read_text(encoding="utf-8")))


def fit(
    intents: Scores, labels: Sequence[int], flags: Scores, flagged: np.ndarray, dangers: Sequence[int]
) -> Calibration:
    """Return the calibration that makes the labels likeliest; rows are messages that no model was fitted on."""
    rows = np.arange(len(labels))
    # In single precision the search sees no slope and stays where it began.
    linear, tuned = intents.linear.astype(np.float64), intents.tuned.astype(np.float64)

    def loss(weights: np.ndarray) -> float:
        combined = log_softmax(weights[0] * linear + weights[1] * tuned)
        return float(-combined[rows, labels].mean())

    found = minimize(loss, np.array([0.5, 0.7]), method="L-BFGS-B", bounds=[(0.0, 5.0), (0.0, 5.0)])
    both = float(found.x[0]), float(found.x[1])
    likely = np.exp(log_softmax(both[0] * linear + both[1] * tuned))[:, list(dangers)]
    weights = [
        _fit_flag(np.column_stack([flags.linear[:, i], flags.tuned[:, i], log_odds(likely)]), flagged[:, i])
        for i in range(flagged.shape[1])
    ]
    return Calibration(*both, weights, list(dangers))


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Return the log-odds of probabilities, bounded so that one certain opinion does not outweigh all others."""
    bounded = np.minimum(np.maximum(probabilities, _LEAST), 1.0 - _LEAST)
    result: np.ndarray = np.log(bounded / (1.0 - bounded))
    return result


def _fit_flag(features: np.ndarray, flagged: np.ndarray) -> list[float]:
    """Return bias and weights of one flag; without a message of each kind both opinions count half."""
    if len(np.unique(flagged)) < 2:
        return [0.0, 0.5, 0.5, *[0.0] * (features.shape[1] - 2)]
    model = LogisticRegression(C=10.0).fit(features, flagged > 0)
    return [float(model.intercept_[0]), *(float(weight) for weight in model.coef_[0])]
