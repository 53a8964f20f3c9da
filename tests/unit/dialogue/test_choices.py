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
