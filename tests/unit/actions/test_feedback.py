"""Feedback: thanks, the other topics that may have been meant, and a person."""

from __future__ import annotations

import pytest

from actions import feedback
from actions.feedback import take_feedback

PERSON = {"title": "Talk to a person", "payload": "/request_human"}


@pytest.fixture
def complain(talk, sample_store):
    def complain():
        talk.hear("give_feedback", "that is wrong", ranking={"give_feedback": 0.9, "find_provider": 0.1})
        return talk.run(take_feedback, sample_store)

    return complain


def offered(messages):
    (message,) = messages
    assert message["response"] == "utter_feedback_thanks"
    return [button["payload"] for button in message["buttons"]]


def test_a_complaint_offers_what_the_answered_question_may_have_meant(talk, complain):
    talk.hear("ask_causes", "why", ranking={"ask_causes": 0.6, "ask_mitraclip": 0.2, "find_provider": 0.1})
    talk.slots["last_topic"] = "ask_causes"
    assert offered(complain()) == ["/ask_mitraclip", "/find_provider", "/request_human"]


def test_at_most_two_topics_are_offered_beside_a_person(talk, complain):
    ranking = dict.fromkeys(["ask_causes", "ask_mitraclip", "find_provider", "book_appointment"], 0.2)
    talk.hear("ask_causes", "why", ranking=ranking)
    talk.slots["last_topic"] = "ask_causes"
    assert len(offered(complain())) == 3


def test_small_talk_and_drafts_are_not_offered(talk, complain):
    talk.hear("ask_causes", "why", ranking={"ask_causes": 0.6, "greet": 0.2, "ask_results": 0.1, "find_provider": 0.1})
    talk.slots["last_topic"] = "ask_causes"
    assert offered(complain()) == ["/find_provider", "/request_human"]


def test_what_was_said_between_answer_and_complaint_does_not_matter(talk, complain):
    talk.hear("ask_causes", "why", ranking={"ask_causes": 0.6, "ask_mitraclip": 0.2})
    talk.slots["last_topic"] = "ask_causes"
    talk.hear("thank", "thanks", ranking={"thank": 0.9, "book_appointment": 0.1})
    assert offered(complain()) == ["/ask_mitraclip", "/request_human"]


def test_feedback_before_any_answer_offers_a_person(complain, sample_store):
    assert offered(complain()) == ["/request_human"]


def test_a_button_press_has_nothing_behind_it(talk, complain):
    talk.hear("ask_causes", "/ask_causes", ranking={"ask_causes": 1.0})
    talk.slots["last_topic"] = "ask_causes"
    assert offered(complain()) == ["/request_human"]


def test_the_person_is_offered_by_name(talk, sample_store, monkeypatch):
    monkeypatch.setattr(feedback, "shared_store", lambda: sample_store)
    talk.hear("give_feedback", "thank you")
    (message,) = talk.run(feedback.ActionTakeFeedback().run, {})
    assert message["buttons"] == [PERSON]
