"""Figures by intent and confused pairs on predictions made by hand."""

from __future__ import annotations

import pytest

from valve_clinic.evaluation import intents
from valve_clinic.evaluation.intents import Pair


def test_precision_recall_and_f1(predictions):
    causes = intents.by_intent(predictions)["ask_causes"]
    assert (causes.support, causes.right, causes.predicted, causes.predicted_right) == (3, 2, 2, 1)
    assert causes.recall == pytest.approx(2 / 3)
    assert causes.precision == pytest.approx(1 / 2)
    assert causes.f1 == pytest.approx(4 / 7)
    assert causes.confused == (("ask_risks", 1),)


def test_what_also_accepts_is_right_for_the_predicted_intent_too(predictions):
    risks = intents.by_intent(predictions)["ask_risks"]
    assert (risks.support, risks.right, risks.predicted, risks.predicted_right) == (2, 1, 5, 2)


def test_an_intent_that_is_never_right_has_f1_of_0(predictions):
    greet = intents.by_intent(predictions[:6])["greet"]
    assert (greet.recall, greet.precision, greet.f1) == (0.0, None, 0.0)


def test_an_intent_without_messages_has_no_recall_and_no_f1(predictions):
    only_predicted = intents.by_intent(predictions[5:6])["out_of_scope"]
    assert (only_predicted.support, only_predicted.recall, only_predicted.f1) == (0, None, None)
    assert only_predicted.precision == 0.0


def test_pairs_stand_most_frequent_first_and_say_what_was_asked_back(predictions):
    assert intents.confused_pairs(predictions) == [
        Pair("out_of_scope", "ask_risks", 2, 1),
        Pair("ask_causes", "ask_risks", 1, 0),
        Pair("ask_risks", "ask_causes", 1, 1),
        Pair("greet", "out_of_scope", 1, 0),
    ]


def test_the_confusion_matrix_holds_every_message_once(predictions):
    names, counts = intents.confusion(predictions)
    assert names == ["ask_causes", "ask_risks", "greet", "out_of_scope"]
    assert counts == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1], [0, 2, 0, 2]]


def test_nothing_gives_nothing():
    assert intents.by_intent([]) == {}
    assert intents.confused_pairs([]) == []
    assert intents.confusion([]) == ([], [])
