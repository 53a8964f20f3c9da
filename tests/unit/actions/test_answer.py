"""The answer action: variants, what it remembers, and what it does without an answer."""

from __future__ import annotations

import re

import pytest

from actions import answer
from actions.answer import answer_topic
from valve_clinic import paths


@pytest.fixture
def ask(talk, sample_store):
    """Ask and return the messages."""

    def ask(intent, text="", **values):
        talk.hear(intent, text, values)
        return talk.run(answer_topic, sample_store)

    return ask


def texts(messages):
    return [message["text"] for message in messages]


def test_a_question_is_answered_with_kind_topic_and_buttons(ask, talk):
    (message,) = ask("ask_recovery_time", "how long is recovery")
    assert message["text"] == "Recovery in general."
    assert (message["custom"]["kind"], message["custom"]["topic"]) == ("answer", "ask_recovery_time")
    assert [button["payload"] for button in message["buttons"]] == ["/ask_causes", "/book_appointment"]
    assert talk.slots["last_topic"] == "ask_recovery_time"


def test_the_text_follows_what_is_mentioned(ask):
    assert texts(ask("ask_recovery_time", "recovery after [surgery]", procedure="surgery")) == [
        "Recovery after surgery."
    ]


def test_the_talk_is_remembered_and_a_bare_follow_up_keeps_the_topic(ask, talk):
    ask("ask_recovery_time", "how long after [surgery]", procedure="surgery")
    assert texts(ask("ask_mitraclip", "and after [the clip]?", procedure="mitraclip")) == ["Recovery after the clip."]
    assert talk.slots["procedure"] == "mitraclip"
    ask("ask_causes", "why does it leak")
    assert texts(ask("ask_recovery_time", "how long is recovery")) == ["Recovery after the clip."]


def test_a_bare_follow_up_after_a_topic_without_variants_is_a_question_of_its_own(ask):
    ask("ask_causes", "why does it leak")
    assert texts(ask("ask_mitraclip", "and [the clip]?", procedure="mitraclip")) == ["The text of ask mitraclip."]


def test_a_topic_about_a_procedure_sets_what_the_talk_is_about(ask):
    ask("ask_mitraclip", "how does it work")
    assert texts(ask("ask_recovery_time", "how long is recovery")) == ["Recovery after the clip."]


def test_what_was_said_fades_after_three_answers(ask, talk):
    ask("ask_mitraclip", "how does it work")
    heard = [texts(ask("ask_recovery_time", f"how long {number}"))[0] for number in range(4)]
    assert heard[0] == "Recovery after the clip."
    assert set(heard[1:3]) == {"In short: Recovery after the clip."}
    assert heard[3] == "Recovery in general."
    assert talk.slots["procedure"] is None


def test_a_comparison_forgets_what_the_talk_was_about(ask, talk, sample_store):
    ask("ask_mitraclip", "how does it work")
    talk.hear("ask_recovery_time", "is recovery from surgery longer than from the clip")
    for value, span in (("surgery", (17, 24)), ("mitraclip", (37, 45))):
        talk.events[-1]["parse_data"]["entities"].append(
            {"entity": "procedure", "value": value, "start": span[0], "end": span[1]}
        )
    assert texts(talk.run(answer_topic, sample_store)) == ["Recovery in general."]
    assert talk.slots["procedure"] is None


def test_a_procedure_that_no_text_has_is_not_kept(ask, talk):
    assert texts(ask("ask_recovery_time", "recovery after [tavr]", procedure="tavr")) == ["Recovery in general."]
    assert talk.slots["procedure"] is None


def test_a_question_asked_twice_in_a_row_gets_the_short_form(ask):
    ask("ask_causes", "why does it leak")
    assert texts(ask("ask_causes", "why does it leak")) == ["In short: Causes of it."]


def test_another_variant_or_another_topic_between_gets_the_whole_text(ask):
    ask("ask_recovery_time", "how long")
    assert texts(ask("ask_recovery_time", "and [surgery]", procedure="surgery")) == ["Recovery after surgery."]
    ask("ask_causes", "why")
    assert texts(ask("ask_recovery_time", "how long")) == ["Recovery after surgery."]


def test_an_answer_that_ends_at_the_phone_is_followed_by_its_hand_off(ask):
    first, second = ask("book_appointment", "book a visit")
    assert first["custom"]["links"] == [{"title": "A page", "url": "https://example.org/a"}]
    assert "to make an appointment." in second["text"]
    assert second["custom"]["kind"] == "handoff"


def test_declined_advice_says_so_and_offers_the_phone(ask):
    first, second = ask("ask_personal_advice", "should I have it")
    assert (first["custom"]["kind"], second["custom"]["kind"]) == ("advice_declined", "handoff")
    assert "I do not know the hours of the line." in second["text"]


def test_advice_that_is_answered_with_a_topic_offers_the_phone_too(talk, sample_store):
    talk.hear("ask_personal_advice", "should I rest longer")
    question = {"intent": "ask_recovery_time", "text": "should I rest longer", "start": 0, "end": 20}
    talk.events[-1]["parse_data"]["questions"] = [question]
    first, second = talk.run(answer_topic, sample_store)
    assert (first["custom"]["topic"], second["custom"]["kind"]) == ("ask_recovery_time", "handoff")


@pytest.mark.parametrize("intent", ["ask_results", "ask_weather"])
def test_a_topic_without_an_answer_is_handed_to_the_phone_line(ask, talk, intent):
    message, details = ask(intent, "tell me")
    assert (message["response"], message["text"]) == ("utter_hand_off", None)
    assert details["text"].startswith("Call 555.010.0199 to reach somebody.")
    assert talk.slots["last_topic"] is None


def test_an_answer_ends_a_row_of_misses(ask, talk):
    talk.slots["misses"] = 1.0
    ask("ask_causes", "why")
    assert talk.slots["misses"] == 0.0


def test_the_memory_of_answers_is_bounded(ask, talk):
    for number in range(30):
        ask("ask_causes" if number % 2 else "ask_mitraclip", "why")
    assert len(talk.slots["answered_topics"]) == 2


def test_a_button_without_text_or_entities_is_answered(ask):
    assert texts(ask("ask_causes")) == ["Causes of it.\n\nAlso from: Heart Group; Lung Group."]


def test_no_intents_name_is_ever_spoken(talk, real_store):
    for intent in real_store.titles():
        talk.hear(intent, "a question")
        for message in talk.run(answer_topic, real_store):
            spoken = [message["text"], *(button["title"] for button in message["buttons"])]
            assert not [text for text in spoken if re.search(r"[a-z]_[a-z]", text)], intent


def test_every_action_of_the_domain_exists_and_answers_from_the_shared_store(talk, sample_store, monkeypatch):
    monkeypatch.setattr(answer, "shared_store", lambda: sample_store)
    talk.hear("ask_causes", "why")
    assert talk.run(answer.ActionAnswerTopic().run, {})[0]["custom"]["topic"] == "ask_causes"
    source = "".join(path.read_text(encoding="utf-8") for path in (paths.ROOT / "actions").glob("*.py"))
    domain = paths.DOMAIN_FILE.read_text(encoding="utf-8")
    named = re.search(r"^actions:\n((?:- \w+\n)+)", domain, re.MULTILINE)[1].replace("- ", "").split()
    assert sorted(re.findall(r'return "(action_\w+)"', source)) == sorted(named)


def test_what_else_may_have_been_meant_is_offered_below_the_answer(talk, sample_store):
    talk.hear("ask_causes", "why", ranking={"ask_causes": 0.8, "ask_recovery_time": 0.1, "greet": 0.1})
    answered, offered = talk.run(answer_topic, sample_store)
    assert answered["custom"]["topic"] == "ask_causes"
    assert (offered["custom"]["kind"], offered["text"]) == ("clarify", "If you meant something else, choose it here.")
    assert [button["payload"] for button in offered["buttons"]] == ["/ask_recovery_time", "/out_of_scope"]


@pytest.mark.parametrize(
    "ranking",
    [
        {"ask_causes": 0.9, "ask_recovery_time": 0.1},
        {"ask_causes": 0.8, "greet": 0.2},
        {"out_of_scope": 0.6, "ask_recovery_time": 0.4},
    ],
    ids=["sure", "no other topic", "the answered one is not what was understood first"],
)
def test_nothing_else_is_offered_where_nothing_else_may_have_been_meant(talk, sample_store, ranking):
    talk.hear("ask_causes", "why", ranking=ranking)
    assert len(talk.run(answer_topic, sample_store)) == 1


def test_what_was_answered_just_now_is_not_offered_again(talk, sample_store):
    talk.slots["last_topic"] = "ask_mitraclip"
    ranking = {"ask_causes": 0.7, "ask_mitraclip": 0.2, "ask_recovery_time": 0.1}
    talk.hear("ask_causes", "why", ranking=ranking)
    _, offered = talk.run(answer_topic, sample_store)
    assert [button["payload"] for button in offered["buttons"]] == ["/ask_recovery_time", "/out_of_scope"]


def test_below_another_text_of_the_same_topic_nothing_else_is_offered(talk, sample_store):
    talk.slots["last_topic"] = "ask_recovery_time"
    talk.hear("ask_recovery_time", "and then", ranking={"ask_recovery_time": 0.7, "ask_causes": 0.3})
    assert len(talk.run(answer_topic, sample_store)) == 1


@pytest.mark.parametrize("level", ["check", "same_day"])
def test_where_danger_was_asked_about_nothing_else_is_offered(talk, sample_store, level):
    talk.hear("ask_causes", "why", ranking={"ask_causes": 0.8, "ask_recovery_time": 0.1})
    talk.events[-1]["parse_data"]["safety"] = {"level": level}
    assert len(talk.run(answer_topic, sample_store)) == 1


def test_below_two_answers_nothing_else_is_offered(talk, sample_store):
    talk.hear("ask_causes", "why and how long", ranking={"ask_causes": 0.6, "ask_recovery_time": 0.3})
    talk.events[-1]["parse_data"]["questions"] = [
        {"intent": "ask_causes", "text": "why", "start": 0, "end": 3},
        {"intent": "ask_recovery_time", "text": "how long", "start": 8, "end": 16},
    ]
    assert [message["custom"]["kind"] for message in talk.run(answer_topic, sample_store)] == ["answer", "answer"]
