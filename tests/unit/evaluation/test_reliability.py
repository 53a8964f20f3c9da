"""Bins and calibration error on predictions made by hand."""

from __future__ import annotations

import pytest

from tests.unit.evaluation.conftest import predict
from valve_clinic.evaluation import reliability
from valve_clinic.evaluation.figures import Share


def test_confidence_on_a_border_belongs_to_the_upper_bin():
    confidences = [0.0, 0.1, 0.3, 0.7, 0.99, 1.0]
    found = reliability.bins([predict("greet", "greet", confidence=value) for value in confidences])
    assert [item.right.count for item in found] == [1, 1, 0, 1, 0, 0, 0, 1, 0, 2]
    assert (found[-1].low, found[-1].high, found[-1].confidence) == (0.9, 1.0, pytest.approx(0.995))


def test_calibration_error_weighs_the_gaps_by_messages():
    right = [predict("greet", "greet", confidence=0.85) for _ in range(3)]
    wrong = [predict("greet", "thank", confidence=0.25)]
    found = reliability.bins([*right, *wrong])
    assert found[8].right == Share(3, 3)
    assert found[2].right == Share(0, 1)
    assert reliability.calibration_error(found) == pytest.approx((3 * 0.15 + 1 * 0.25) / 4)


def test_nothing_has_no_error():
    assert reliability.calibration_error(reliability.bins([])) == 0.0
