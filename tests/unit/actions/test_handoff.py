"""The hand-off: what to have ready for the call that the last topic suggests."""

from __future__ import annotations

import pytest

from actions import handoff


@pytest.fixture
def hand_off(talk, sample_store, monkeypatch):
    monkeypatch.setattr(handoff, "shared_store", lambda: sample_store)

    def hand_off(last_topic):
        talk.slots["last_topic"] = last_topic
        talk.hear("request_human", "a person please")
        return talk.run(handoff.ActionHandOff().run, {})

    return hand_off


@pytest.mark.parametrize("last", [None, "ask_causes", "ask_results", "ask_weather"])
def test_a_topic_without_a_kind_of_call_gets_the_general_one(hand_off, last):
    (message,) = hand_off(last)
    assert message["text"].startswith("Call 555.010.0199 to reach somebody.")
    assert message["custom"]["kind"] == "handoff"


def test_the_last_topic_chooses_the_kind_of_call(hand_off):
    assert "to make an appointment." in hand_off("book_appointment")[0]["text"]


def test_a_hand_off_ends_a_row_of_misses(hand_off, talk):
    talk.slots["misses"] = 1.0
    hand_off(None)
    assert talk.slots["misses"] == 0.0


def test_the_real_content_has_the_general_kind(real_content):
    assert handoff.DEFAULT_KIND in real_content.clinic.handoffs


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("can you refill my pills", "refills"),
        ("I need a new PRESCRIPTION.", "refills"),
        ("where are my records", "records"),
        ("/ask_records_refills", "records"),
        ("is my prefilled form there", "records"),
    ],
)
def test_the_words_of_a_question_choose_between_records_and_refills(real_content, question, kind):
    assert real_content.clinic.kind_of_call("records", question) == kind
    assert real_content.clinic.kind_of_call("general", question) == "general"
