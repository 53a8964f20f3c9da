"""A message with several questions gets several answers."""

from __future__ import annotations

import pytest

from actions.answer import answer_topic


@pytest.fixture
def ask(talk, sample_store):
    """Ask questions given as (intent, text, entity or None); an entity is (key, value, phrase)."""

    def ask(*questions, ruled_by=None):
        text, found, entities = "", [], []
        for intent, piece, *entity in questions:
            start = len(text)
            if entity:
                key, value, phrase = entity
                at = start + piece.index(phrase)
                entities.append({"entity": key, "value": value, "start": at, "end": at + len(phrase)})
            text += piece
            found.append({"intent": intent, "text": piece, "start": start, "end": len(text)})
            text += " "
        talk.hear(ruled_by or questions[0][0], text.strip())
        talk.events[-1]["parse_data"] |= {"entities": entities, "questions": found}
        return talk.run(answer_topic, sample_store)

    return ask


def spoken(messages):
    return [message["text"] or message["response"] for message in messages]


def test_each_question_is_answered_in_order(ask, talk):
    messages = ask(("ask_recovery_time", "how long is recovery?"), ("ask_mitraclip", "what is it?"))
    assert spoken(messages) == ["Recovery in general.", "The text of ask mitraclip."]
    assert talk.slots["last_topic"] == "ask_mitraclip"
    assert [name.split(":")[0] for name in talk.slots["answered_topics"]] == ["ask_recovery_time", "ask_mitraclip"]


def test_each_question_has_its_own_mention(ask):
    messages = ask(
        ("ask_recovery_time", "how long after surgery?", "procedure", "surgery", "surgery"),
        ("ask_mitraclip", "what is the clip?", "procedure", "mitraclip", "the clip"),
        ("ask_recovery_time", "and how long is that?"),
    )
    assert spoken(messages)[::2] == ["Recovery after surgery.", "Recovery after the clip."]


def test_a_later_question_may_be_a_bare_follow_up(ask):
    messages = ask(
        ("ask_recovery_time", "how long after surgery?", "procedure", "surgery", "surgery"),
        ("ask_mitraclip", "and after the clip?", "procedure", "mitraclip", "the clip"),
    )
    assert spoken(messages) == ["Recovery after surgery.", "Recovery after the clip."]


def test_hand_offs_stand_at_the_end_each_kind_once(ask):
    messages = ask(("book_appointment", "a visit?"), ("ask_causes", "why?"), ("book_appointment", "another visit?"))
    assert [message["custom"]["kind"] for message in messages] == ["answer", "answer", "answer", "handoff"]


def test_advice_is_declined_once_by_the_rule_or_by_the_action(ask):
    advice = ("ask_personal_advice", "should I have it?")
    assert "utter_advice_declined" in spoken(ask(("ask_causes", "why?"), advice))
    assert "utter_advice_declined" not in spoken(ask(advice, ("ask_causes", "why?")))
    assert "utter_advice_declined" not in spoken(ask(("ask_causes", "why?"), advice, ruled_by="ask_personal_advice"))


def test_a_question_without_an_answer_does_not_keep_the_others_from_theirs(ask):
    messages = ask(("ask_results", "how well does it work?"), ("ask_recovery_time", "how long?"))
    first, second, details = spoken(messages)
    assert (first, second) == ("utter_hand_off", "Recovery in general.")
    assert "to reach somebody." in details


def test_a_question_without_an_answer_adds_no_second_list_to_another_call(ask):
    *_, details = spoken(ask(("ask_results", "how well?"), ("book_appointment", "a visit?")))
    assert "to make an appointment." in details
    assert "to reach somebody." not in str(_)


def test_two_questions_without_an_answer_are_handed_off_once(ask):
    first, details = spoken(ask(("ask_results", "how well?"), ("ask_weather", "how warm?")))
    assert first == "utter_hand_off"
    assert "to reach somebody." in details


def test_a_mention_that_stands_in_no_question_counts_for_none(ask, talk):
    messages = ask(("ask_recovery_time", "how long is it?"), ("ask_causes", "why?"))
    assert spoken(messages)[0] == "Recovery in general."
    talk.hear("ask_recovery_time", "how long?", {})
    assert talk.slots["procedure"] is None
