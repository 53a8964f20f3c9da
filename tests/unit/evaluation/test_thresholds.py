"""The choice of the threshold: costs of made-up predictions that are known by hand."""

from __future__ import annotations

import re

import pytest

from valve_clinic import paths
from valve_clinic.evaluation import thresholds
from valve_clinic.evaluation.thresholds import ASKED_OUTSIDE, ASKED_RIGHT, ASKED_WRONG, WRONG

from .conftest import predict

SURE = predict("ask_causes", "ask_causes", confidence=0.9)
UNSURE_RIGHT = predict("ask_causes", "ask_causes", "ask_risks", confidence=0.3)
UNSURE_OFFERED = predict("ask_causes", "ask_risks", "ask_causes", confidence=0.3)
UNSURE_WRONG = predict("ask_causes", "ask_risks", "greet", confidence=0.3)
UNSURE_OUTSIDE = predict("out_of_scope", "ask_risks", confidence=0.3)


@pytest.mark.parametrize(
    ("prediction", "answered", "asked"),
    [
        (SURE, 0.0, 0.0),
        (UNSURE_RIGHT, 0.0, ASKED_RIGHT),
        (UNSURE_OFFERED, WRONG, ASKED_RIGHT),
        (UNSURE_WRONG, WRONG, ASKED_WRONG),
        (UNSURE_OUTSIDE, WRONG, ASKED_OUTSIDE),
    ],
)
def test_each_kind_of_message_costs_what_is_written_down(prediction, answered, asked):
    low, high = thresholds.choices([prediction], (0.2, 0.5))
    assert (low.cost, high.cost) == (answered, asked)


def test_shares_are_counted():
    (found,) = thresholds.choices([SURE, UNSURE_WRONG, UNSURE_OFFERED, UNSURE_OUTSIDE], (0.3,))
    assert (found.answered_right, found.answered_wrong, found.asked) == (0.25, 0.75, 0.0)


def test_the_cheapest_choice_is_the_best_and_the_lower_one_of_two_alike():
    found = thresholds.choices([SURE, UNSURE_WRONG], (0.2, 0.4, 0.5, 0.95))
    assert thresholds.best(found).threshold == 0.4


def test_nothing_cannot_be_chosen_from():
    with pytest.raises(ValueError, match="no messages"):
        thresholds.choices([])


def test_the_configured_threshold_is_one_of_the_choices():
    assert thresholds.configured() in thresholds.CHOICES


def test_the_configured_threshold_is_as_cheap_as_the_cheapest_of_the_document():
    text = (paths.ROOT / "docs" / "understanding.md").read_text(encoding="utf-8")
    costs = {float(row[1]): float(row[2]) for row in re.finditer(r"(?m)^\| (0\.\d\d) \|.*\| (0\.\d\d\d) \|$", text)}
    assert set(costs) == set(thresholds.CHOICES)
    # Costs this close are one: that of one message in three hundred.
    assert costs[thresholds.configured()] <= min(costs.values()) + 0.003


def test_the_held_aside_messages_are_about_one_in_twelve():
    from valve_clinic import training_data

    share = len(thresholds.held_aside()) / len(training_data.read())
    assert 1 / 15 < share < 1 / 10
