"""Which topics are offered when it is unclear what was meant."""

from __future__ import annotations

from valve_clinic.dialogue import choices

TITLED = {"ask_risks", "ask_causes", "ask_results", "ask_surgery"}


def test_topics_without_a_title_are_left_out_and_do_not_take_a_place():
    ranking = [("nlu_fallback", 0.7), ("ask_risks", 0.3), ("out_of_scope", 0.2), ("ask_causes", 0.2), ("greet", 0.1)]
    assert choices.likely(ranking, TITLED) == ["ask_risks", "ask_causes"]


def test_there_are_three_at_most_and_none_that_is_far_less_likely():
    ranking = [("ask_risks", 0.4), ("ask_causes", 0.3), ("ask_results", 0.019), ("ask_surgery", 0.2)]
    assert choices.likely(ranking, TITLED) == ["ask_risks", "ask_causes"]


def test_without_a_topic_there_is_nothing_to_offer():
    assert choices.likely([("greet", 0.5)], TITLED) == []
    assert choices.likely([], TITLED) == []


def test_what_else_may_have_been_meant_is_offered_below_an_answer():
    ranking = [("ask_risks", 0.8), ("ask_causes", 0.12), ("ask_results", 0.03), ("ask_surgery", 0.03)]
    assert choices.beside(ranking, TITLED) == ["ask_causes", "ask_results"], "two at the most"


def test_what_is_hardly_likely_or_has_no_title_is_not_offered_below_an_answer():
    ranking = [("ask_risks", 0.8), ("greet", 0.1), ("ask_causes", 0.029)]
    assert choices.beside(ranking, TITLED) == []


def test_below_a_sure_answer_nothing_is_offered():
    assert choices.beside([("ask_risks", 0.9), ("ask_causes", 0.1)], TITLED) == []


def test_below_what_answers_no_topic_none_is_offered():
    assert choices.beside([("thank", 0.8), ("ask_causes", 0.2)], TITLED) == []
    assert choices.beside([], TITLED) == []
