"""What was not understood: ask once with buttons, then hand off."""

from __future__ import annotations

import pytest

from actions import miss
from actions.miss import ask_clarification


@pytest.fixture
def clarify(talk, sample_store):
    def clarify(**ranking):
        talk.hear("nlu_fallback", "hm", ranking={"nlu_fallback": 0.3, **ranking})
        return talk.run(ask_clarification, sample_store)

    return clarify


def test_a_first_miss_offers_the_likeliest_topics_by_title_and_something_else(clarify, talk):
    (message,) = clarify(ask_causes=0.2, ask_mitraclip=0.1)
    assert (message["response"], message["text"]) == ("utter_ask_clarification", None)
    assert message["buttons"] == [
        {"title": "The title of ask causes", "payload": "/ask_causes"},
        {"title": "The title of ask mitraclip", "payload": "/ask_mitraclip"},
        {"title": "Something else", "payload": "/out_of_scope"},
    ]
    assert talk.slots["misses"] == 1.0


def test_a_second_miss_in_a_row_hands_off_and_a_third_asks_again(clarify, talk):
    heard = [clarify(ask_causes=0.2)[0]["response"] for _ in range(4)]
    assert heard == ["utter_ask_clarification", "utter_hand_off"] * 2
    assert talk.slots["misses"] == 0.0


def test_a_hand_off_offers_no_topics(clarify):
    clarify(ask_causes=0.2)
    first, details = clarify(ask_causes=0.2)
    assert (first["buttons"], details["buttons"]) == ([], [])


def test_a_hand_off_says_what_to_have_ready_and_what_is_known_of_the_hours(clarify):
    clarify(ask_causes=0.2)
    _, details = clarify(ask_causes=0.2)
    assert (details["custom"]["kind"], details["custom"]["hours"]) == ("handoff", "hours_unknown")
    assert "- your question" in details["text"]
    assert "I do not know the hours of the line." in details["text"]


def test_a_hand_off_without_the_answers_gives_the_number_all_the_same(talk, caplog):
    class Broken:
        def current(self):
            raise OSError("words of a patient")

    talk.slots["misses"] = 1.0
    talk.hear("out_of_scope", "the weather?")
    spoken = talk.run(lambda *given: miss.miss(*given, Broken(), {}))
    assert [message["response"] for message in spoken] == ["utter_hand_off"]
    assert talk.slots["misses"] == 0.0
    assert "OSError" in caplog.text
    assert "words of a patient" not in caplog.text


def test_at_most_three_topics_are_offered(clarify):
    ranking = dict.fromkeys(["ask_causes", "ask_mitraclip", "find_provider", "book_appointment"], 0.2)
    assert len(clarify(**ranking)[0]["buttons"]) == 3 + 1


def test_a_topic_far_behind_the_best_is_not_offered(clarify):
    offered = [button["payload"] for button in clarify(ask_causes=0.2, ask_mitraclip=0.008)[0]["buttons"]]
    assert offered == ["/ask_causes", "/out_of_scope"]


def test_small_talk_dangers_and_drafts_are_not_offered(clarify):
    ranking = {"report_emergency": 0.25, "greet": 0.2, "ask_results": 0.1, "find_provider": 0.05}
    offered = [button["payload"] for button in clarify(**ranking)[0]["buttons"]]
    assert offered == ["/find_provider", "/out_of_scope"]


def test_without_any_likely_topic_the_person_is_asked_to_say_it_otherwise(clarify, talk):
    assert clarify(greet=0.2)[0]["response"] == "utter_ask_rephrase"
    assert clarify(greet=0.2)[0]["response"] == "utter_hand_off"


def test_a_message_without_a_ranking_is_a_miss_too(talk, sample_store):
    talk.hear("nlu_fallback", "")
    del talk.events[-1]["parse_data"]["intent_ranking"]
    assert talk.run(ask_clarification, sample_store)[0]["response"] == "utter_ask_rephrase"


def test_what_is_out_of_scope_is_declined_once_and_then_handed_off(talk):
    decline = miss.ActionDeclineOutOfScope().run
    talk.hear("out_of_scope", "the weather?")
    heard = [talk.run(decline, {})[0]["response"] for _ in range(2)]
    assert heard == ["utter_decline_out_of_scope", "utter_hand_off"]


def test_misses_of_both_kinds_count_together(clarify, talk):
    clarify(ask_causes=0.2)
    talk.hear("out_of_scope", "the weather?")
    assert talk.run(miss.ActionDeclineOutOfScope().run, {})[0]["response"] == "utter_hand_off"


def test_a_slot_that_was_never_set_counts_as_no_miss(talk, clarify):
    talk.slots["misses"] = None
    assert clarify(ask_causes=0.2)[0]["response"] == "utter_ask_clarification"


def test_the_action_asks_the_shared_store(talk, sample_store, monkeypatch):
    monkeypatch.setattr(miss, "shared_store", lambda: sample_store)
    talk.hear("nlu_fallback", "hm", ranking={"nlu_fallback": 0.3, "ask_causes": 0.2})
    assert talk.run(miss.ActionAskClarification().run, {})[0]["buttons"][0]["payload"] == "/ask_causes"
