"""Two opinions become one probability that means what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from valve_clinic.nlu import calibration
from valve_clinic.nlu.calibration import Calibration, Scores
from valve_clinic.nlu.linear import log_softmax


def drawn(count=4000, classes=5):
    """Return labels, and log-probabilities that are three times too sure of them."""
    random = np.random.default_rng(3)
    true = log_softmax(random.normal(size=(count, classes)) * 1.5)
    labels = np.array([random.choice(classes, p=np.exp(row)) for row in true])
    return labels, log_softmax(3 * true)


def test_a_model_that_is_too_sure_is_made_less_so():
    labels, sharp = drawn()
    found = calibration.fit(Scores(sharp, np.zeros_like(sharp)), labels, *flags_of(labels), [])
    sure = found.intents(Scores(sharp, np.zeros_like(sharp)))
    chosen = sure.argmax(axis=1)
    right, claimed = (chosen == labels).mean(), sure.max(axis=1).mean()
    assert found.linear_weight == pytest.approx(1 / 3, abs=0.05)
    assert claimed == pytest.approx(right, abs=0.03)


def flags_of(labels):
    flagged = (labels == 0).astype(float)[:, None]
    odds = np.where(flagged > 0, 2.0, -2.0) + np.random.default_rng(4).normal(size=flagged.shape)
    return Scores(odds, odds * 0.5), flagged


def test_flags_are_calibrated_too():
    labels, sharp = drawn()
    scores, flagged = flags_of(labels)
    found = calibration.fit(Scores(sharp, sharp), labels, scores, flagged, [0, 2])
    intents = found.intents(Scores(sharp, sharp))
    assert found.flags(scores, intents).mean() == pytest.approx(flagged.mean(), abs=0.02)
    assert found.flags(scores, intents).shape == flagged.shape


def test_an_intent_that_is_the_danger_itself_speaks_for_the_flag():
    labels, sharp = drawn()
    scores, flagged = flags_of(labels)
    found = calibration.fit(Scores(sharp, sharp), labels, scores, flagged, [0])
    unsure = Scores(np.zeros(1), np.zeros(1))
    sure_of_it, sure_of_other = np.array([0.96, 0.01, 0.01, 0.01, 0.01]), np.array([0.01, 0.96, 0.01, 0.01, 0.01])
    assert found.flags(unsure, sure_of_it) > found.flags(unsure, sure_of_other) + 0.2


def test_certainty_is_bounded():
    assert np.isfinite(calibration.log_odds(np.array([0.0, 1.0]))).all()


def test_a_flag_that_no_message_has_is_left_as_it_is():
    labels, sharp = drawn(50)
    found = calibration.fit(
        Scores(sharp, sharp), labels, Scores(np.zeros((50, 1)), np.zeros((50, 1))), np.zeros((50, 1)), [1]
    )
    assert found.flag_weights == [[0.0, 0.5, 0.5, 0.0]]


def test_what_is_kept_is_what_was_fitted(tmp_path):
    kept = Calibration(0.4, 0.7, [[0.1, 0.2, 0.3, 0.4]], [7])
    kept.write(tmp_path)
    assert Calibration.read(tmp_path) == kept
    assert json.loads((tmp_path / "calibration.json").read_text())["tuned_weight"] == 0.7


def test_a_file_that_is_not_whole_is_refused(tmp_path):
    (tmp_path / "calibration.json").write_text("{}")
    with pytest.raises(TypeError):
        Calibration.read(tmp_path)
