"""Measures, slices, intervals and percentiles on predictions made by hand."""

from __future__ import annotations

import dataclasses

import pytest

from valve_clinic.evaluation import figures, predictions
from valve_clinic.evaluation.figures import Share
from valve_clinic.evaluation.messages import LabelledMessage


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [
        # Newcombe 1998, table I, method 3 (Wilson without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_intervals_are_the_published_ones(hits, count, low, high):
    assert Share(hits, count).interval == pytest.approx((low, high), abs=5e-5)


def test_intervals_of_none_and_all_end_at_0_and_1():
    assert Share(0, 7).interval[0] == 0.0
    assert Share(7, 7).interval[1] == 1.0


@pytest.mark.parametrize(
    ("key", "hits", "count"),
    [
        ("first", 3, 6),  # `also` counts; what is asked back counts by its ranking
        ("offered", 5, 6),  # the fourth place does not
        ("served", 4, 6),  # asked back twice with the right one among the buttons
        ("clarified", 2, 6),
        ("declined", 1, 6),
        ("recognised", 3, 4),
    ],
)
def test_measures(predictions, key, hits, count):
    found = {measure.key: measure.share for measure in figures.measures(predictions)}
    assert found[key] == Share(hits, count)


def test_messages_of_the_training_data_are_counted_apart_where_there_are_any(predictions):
    assert not any(measure.key.endswith("_new") for measure in figures.measures(predictions))
    known = [dataclasses.replace(p, message=dataclasses.replace(p.message, in_training=True)) for p in predictions]
    found = {m.key: m.share for m in figures.measures([*known[:2], *predictions[2:6], known[6], *predictions[7:]])}
    assert found["first"] == Share(3, 6)
    assert found["first_new"] == Share(1, 4)
    assert found["recognised_new"] == Share(2, 3)


def test_measures_of_nothing_have_no_value():
    assert {measure.share.value for measure in figures.measures([])} == {None}


def test_slices_stand_lowest_first_and_without_in_scope_messages_last(predictions):
    found = figures.by_slice(predictions)
    assert list(found.items()) == [("typos", Share(1, 2)), ("short", Share(2, 2)), ("nonsense", Share(0, 0))]
    assert found["nonsense"].value is None


def test_percentiles():
    assert figures.percentile([], 95) == 0.0
    assert figures.percentile([3.0], 95) == 3.0
    assert figures.percentile([4.0, 1.0, 2.0, 3.0], 50) == 2.5
    assert figures.percentile(list(range(101)), 95) == pytest.approx(95)


def test_the_top_of_the_ranking_is_the_first_that_is_not_the_fallback():
    ranking = [("nlu_fallback", 0.3), ("ask_causes", 0.2), ("ask_risks", 0.1)]
    parsed = {
        "intent": {"name": "nlu_fallback", "confidence": 0.3},
        "intent_ranking": [{"name": name, "confidence": confidence} for name, confidence in ranking],
    }
    found = predictions.from_parse(LabelledMessage("why", "ask_causes"), parsed)
    assert (found.intent, found.top, found.confidence) == ("nlu_fallback", "ask_causes", 0.2)
    assert found.clarified
    assert found.first_right
    assert found.served


def test_what_has_no_button_is_not_offered():
    ranking = [("ask_causes", 0.3), ("thank", 0.2), ("out_of_scope", 0.1), ("ask_risks", 0.1), ("ask_results", 0.09)]
    for intent, offered, near in (("thank", False, True), ("ask_results", True, False), ("ask_causes", True, True)):
        found = predictions.Prediction(LabelledMessage("words", intent), "nlu_fallback", tuple(ranking))
        assert (found.offered_right, found.served, found.near) == (offered, offered, near)


def test_a_wrong_answer_with_the_right_topic_offered_below_serves():
    ranking = (("ask_risks", 0.8), ("ask_causes", 0.1), ("ask_results", 0.02))
    for intent, served in (("ask_causes", True), ("ask_results", False), ("ask_risks", True)):
        found = predictions.Prediction(LabelledMessage("words", intent), "ask_risks", ranking)
        assert (found.beside, found.served) == (["ask_causes"], served)
        assert found.first_right == (intent == "ask_risks")


def test_where_danger_is_asked_about_nothing_is_offered_below():
    ranking = [{"name": "ask_risks", "confidence": 0.8}, {"name": "ask_causes", "confidence": 0.1}]
    for level, offered in (("none", ["ask_causes"]), ("check", [])):
        parsed = {"intent": ranking[0], "intent_ranking": ranking, "safety": {"level": level}}
        assert predictions.from_parse(LabelledMessage("words", "ask_causes"), parsed).beside == offered


def test_where_two_questions_are_answered_nothing_is_offered_below():
    ranking = (("ask_risks", 0.6), ("ask_causes", 0.3), ("ask_results", 0.1))
    questions = ("ask_risks", "ask_causes")
    found = predictions.Prediction(LabelledMessage("words", "ask_results"), "ask_risks", ranking, questions=questions)
    assert found.beside == []
    assert not found.served


def test_a_message_that_nothing_was_made_of_is_asked_back():
    found = predictions.from_parse(LabelledMessage("?", "ask_causes"), {"intent": {"name": None}})
    assert (found.intent, found.top, found.confidence) == ("nlu_fallback", "nlu_fallback", 0.0)
    assert not found.first_right
    assert not found.served
