"""What a talk is about: mentions, bare follow-ups, and how it fades."""

from __future__ import annotations

from typing import Any

import pytest

from valve_clinic.dialogue import context
from valve_clinic.dialogue.context import FADES_AFTER, Mentions

#: Phrases of these tests and what the clinic's vocabulary makes of them.
PHRASES = {
    "mitraclip": ("procedure", "mitraclip"),
    "the clip": ("procedure", "mitraclip"),
    "surgery": ("procedure", "surgery"),
    "open heart": ("procedure", "surgery"),
    "severe": ("severity", "severe"),
    "mild": ("severity", "mild"),
}


def entities(text: str) -> list[dict[str, Any]]:
    found = []
    for phrase, (entity, value) in PHRASES.items():
        start = text.lower().find(phrase)
        if start >= 0:
            found.append({"entity": entity, "value": value, "start": start, "end": start + len(phrase)})
    return found


def mentions(text: str) -> Mentions:
    return context.read_mentions(entities(text))


def resolve(
    text: str,
    intent: str = "ask_risks",
    slots: dict[str, Any] | None = None,
    follow_up_topics: tuple[str, ...] = ("ask_recovery_time",),
    topic_context: dict[str, str] | None = None,
) -> context.Context:
    return context.resolve(intent, text, mentions(text), slots or {}, follow_up_topics, topic_context or {})


def test_procedure_and_severity_are_mentions():
    found = mentions("surgery for a severe leak")
    assert found.values == {"procedure": "surgery", "severity": "severe"}
    assert (found.compared, sorted(found.spans)) == (False, [(0, 7), (14, 20)])


def test_the_same_procedure_in_two_words_is_one_mention():
    assert mentions("mitraclip, I mean the clip").values == {"procedure": "mitraclip"}
    assert not mentions("mitraclip, I mean the clip").compared


def test_both_procedures_are_a_comparison_and_choose_none():
    found = mentions("is the clip better than surgery for a mild leak")
    assert (found.values, found.compared) == ({"severity": "mild"}, True)


def test_two_severities_choose_none_and_compare_nothing():
    found = mentions("is mild the same as severe")
    assert (found.values, found.compared) == ({}, False)


@pytest.mark.parametrize(
    "entity",
    [
        {"entity": "symptom", "value": "cough"},
        {"entity": "procedure", "value": "tavr"},
        {"entity": "severity", "value": "surgery"},
        {"entity": "procedure", "value": None},
        {},
    ],
)
def test_what_no_text_depends_on_is_not_a_mention(entity):
    assert context.read_mentions([entity]) == Mentions()


def test_a_button_names_a_value_without_a_span():
    assert context.read_mentions([{"entity": "procedure", "value": "surgery"}]) == Mentions({"procedure": "surgery"})


@pytest.mark.parametrize(
    "text",
    [
        "and after surgery?",
        "And after open heart??",
        "what about mitraclip",
        "what about the clip",
        "how about surgery then",
        "and if it is severe",
        "ok and for the clip",
        "same question for surgery",
        "but not surgery, the same with mild?",
        "what if it's severe?",
        "so with the clip",
        "or surgery",
    ],
)
def test_a_message_that_names_a_value_and_asks_nothing_else_is_a_bare_follow_up(text):
    assert context.is_bare_follow_up(text, mentions(text))


@pytest.mark.parametrize(
    "text",
    [
        "what is mitraclip",
        "what is the clip?",
        "surgery",
        "is surgery safe",
        "and what are the risks of surgery",
        "and how long does surgery take",
        "what about pain after surgery",
        "or is surgery better than the clip",
        "and the clip or surgery?",
        "and after that",
        "what about my diet",
        "andrew had surgery",
        "and then also just for us too please with surgery",
        "",
    ],
)
def test_a_message_that_asks_something_or_names_nothing_is_not(text):
    assert not context.is_bare_follow_up(text, mentions(text))


def test_a_bare_follow_up_keeps_the_last_topic_with_the_new_value():
    state = resolve("and after surgery?", slots={"last_topic": "ask_recovery_time", "procedure": "mitraclip"})
    assert state == context.Context("ask_recovery_time", {"procedure": "surgery"}, 0, cleared=False)


def test_a_bare_follow_up_to_a_topic_that_does_not_depend_on_it_asks_the_new_one():
    state = resolve("and after surgery?", intent="ask_surgery", slots={"last_topic": "ask_causes"})
    assert state.topic == "ask_surgery"


def test_a_bare_follow_up_at_the_start_asks_what_was_understood():
    assert resolve("and after surgery?", intent="ask_surgery").topic == "ask_surgery"


def test_a_question_of_its_own_changes_the_topic_and_keeps_the_context():
    state = resolve("is it safe?", slots={"last_topic": "ask_recovery_time", "procedure": "surgery"})
    assert (state.topic, state.wanted) == ("ask_risks", {"procedure": "surgery"})


def test_a_mention_replaces_its_own_key_only():
    state = resolve("is the clip safe?", slots={"procedure": "surgery", "severity": "severe"})
    assert state.wanted == {"procedure": "mitraclip", "severity": "severe"}


@pytest.mark.parametrize("value", ["tavr", "", None, 7])
def test_a_remembered_value_that_no_text_has_is_dropped(value):
    assert resolve("is it safe?", slots={"procedure": value}).wanted == {}


def test_a_comparison_clears_the_context():
    state = resolve("the clip or surgery?", slots={"procedure": "surgery", "severity": "mild"})
    assert state == context.Context("ask_risks", {}, 0, cleared=True)


def test_what_was_said_fades_after_three_answers_without_a_mention():
    slots: dict[str, Any] = {"procedure": "surgery", "turns_since_mention": 0.0}
    wanted = []
    for _ in range(FADES_AFTER + 2):
        state = resolve("is it safe?", slots=slots)
        slots = {"turns_since_mention": float(state.turns_since_mention), **({} if state.cleared else state.wanted)}
        wanted.append(state.wanted)
    assert wanted == [{"procedure": "surgery"}] * 3 + [{}] * 2


def test_a_mention_starts_the_count_again():
    slots = {"procedure": "surgery", "turns_since_mention": 3.0}
    state = resolve("is it bad when severe?", slots=slots)
    assert (state.turns_since_mention, state.wanted) == (0, {"procedure": "surgery", "severity": "severe"})


def test_a_topic_about_a_procedure_sets_the_context():
    state = resolve("how does it work", intent="ask_mitraclip", topic_context={"procedure": "mitraclip"})
    assert (state.wanted, state.turns_since_mention) == ({"procedure": "mitraclip"}, 0)


def test_what_the_message_names_is_stronger_than_the_topics_own_context():
    state = resolve("surgery with it", intent="ask_mitraclip", topic_context={"procedure": "mitraclip"})
    assert state.wanted == {"procedure": "surgery"}


def test_the_context_of_the_topic_that_a_bare_follow_up_leaves_does_not_count():
    state = resolve(
        "what if severe",
        intent="ask_mitraclip",
        slots={"last_topic": "ask_recovery_time", "procedure": "surgery"},
        topic_context={"procedure": "mitraclip"},
    )
    assert (state.topic, state.wanted) == ("ask_recovery_time", {"procedure": "surgery", "severity": "severe"})


def test_slots_without_values_are_a_new_talk():
    empty = dict.fromkeys(["procedure", "severity", "last_topic", "turns_since_mention"])
    assert resolve("is it safe?", slots=empty) == context.Context("ask_risks", {}, 1, cleared=False)


@pytest.mark.parametrize(
    ("said", "value"), [("mother", "other"), ("Friend", "other"), ("self", None), ("", None), (None, None)]
)
def test_anybody_but_the_writer_is_somebody_else(said, value):
    assert context.variant_value("relation", said) == value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("what might my mother feel", {"relation": "other"}),
        ("how can i help my mother", {"relation": "other"}),
        ("my mother says i need surgery", {}),
        ("my mother thinks I’m tired", {}),
        ("will my heart be like that of my mother", {}),
    ],
)
def test_the_text_for_relatives_is_not_for_a_writer_who_asks_for_themselves(text, wanted):
    mentions = context.read_mentions([{"entity": "relation", "value": "mother"}])
    found = context.resolve("ask_symptoms", text, mentions, {"relation": "mother"}, [], {})
    assert found.wanted == wanted


def test_a_relation_is_remembered_as_it_was_typed():
    found = context.resolve("ask_symptoms", "and the signs?", context.read_mentions([]), {"relation": "my mom"}, [], {})
    assert found.wanted == {"relation": "other"}
