"""domain.yml and the rules: fixed texts word for word, numbers as in clinic.yml, buttons that lead somewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
import textstat
import yaml

from valve_clinic import paths
from valve_clinic.content import loader

from .conftest import load_real_content


def read(path: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


DOMAIN = read(paths.DOMAIN_FILE)
RULES = read(paths.DATA / "rules.yml")["rules"]
MESSAGES = [pytest.param(message, id=name) for name, variants in DOMAIN["responses"].items() for message in variants]
BUTTONS = [
    pytest.param(button, id=f"{name} {button['title']}")
    for name, variants in DOMAIN["responses"].items()
    for message in variants
    for button in message.get("buttons", [])
]
KINDS = {"emergency", "crisis", "advice_declined", "handoff", "notice", "chitchat", "clarify", "check", "same_day"}
#: Texts that may not change by accident: they stand between a person and help.
FIXED = {
    "utter_hand_off": (
        "You can talk with a person at the Valve Clinic: call 501.552.3400. The line is for appointments. "
        "If you need something else, ask who helps with it.\n\n"
        "This line is not for an emergency. For chest pain, trouble breathing or fainting, call 911."
    ),
}
#: As a phone dials it.
POISON_HELP = "+18002221222"
LINKS = {
    "utter_hand_off": ["tel:+15015523400"],
}


@pytest.fixture(scope="module")
def clinic():
    return loader.load_clinic()


@pytest.mark.parametrize("name", FIXED)
def test_a_fixed_text_is_word_for_word_what_was_decided(name):
    assert [message["text"] for message in DOMAIN["responses"][name]] == [FIXED[name]]


@pytest.mark.parametrize("name", FIXED)
def test_a_fixed_text_reads_at_grade_6_or_below(name):
    assert textstat.flesch_kincaid_grade(FIXED[name]) <= 6


@pytest.mark.parametrize("name", LINKS)
def test_a_text_that_sends_to_the_phone_has_its_links_in_order(name):
    (message,) = DOMAIN["responses"][name]
    assert [link["url"] for link in message["custom"]["links"]] == LINKS[name]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("utter_emergency", "emergency"),
        ("utter_crisis", "crisis"),
        ("utter_advice_declined", "advice_declined"),
        ("utter_hand_off", "handoff"),
        ("utter_privacy_notice", "notice"),
    ],
)
def test_a_fixed_text_says_its_kind(name, kind):
    assert DOMAIN["responses"][name][0]["custom"]["kind"] == kind


@pytest.mark.parametrize("message", MESSAGES)
def test_every_response_is_plain_and_has_a_kind(message):
    assert message["custom"]["kind"] in KINDS
    # The formula means nothing for a word or two.
    assert len(message["text"].split()) < 5 or textstat.flesch_kincaid_grade(message["text"]) <= 7
    assert "<" not in message["text"]
    assert "{" not in message["text"]


@pytest.mark.parametrize("message", MESSAGES)
def test_phone_numbers_and_links_are_those_of_the_clinic(message, clinic):
    typed = set(re.findall(r"\b(?:\d[-. ])?\d{3}[-. ]\d{3}[-. ]\d{4}\b|\b(?:911|988)\b", message["text"]))
    assert typed <= {clinic.phone, *clinic.numbers.values()}
    dialled = {clinic.numbers["emergency"], clinic.numbers["crisis"], POISON_HELP}
    known = {clinic.tel, *(f"{how}:{number}" for how in ("tel", "sms") for number in dialled)}
    assert POISON_HELP.endswith(clinic.numbers["poison_help"].replace("-", ""))
    assert {link["url"] for link in message["custom"].get("links", [])} <= known


@pytest.mark.parametrize("message", MESSAGES)
def test_a_number_in_the_text_can_be_tapped_when_it_is_the_clinics(message, clinic):
    links = [link["url"] for link in message["custom"].get("links", [])]
    assert (clinic.phone in message["text"]) == (clinic.tel in links)


@pytest.mark.parametrize("button", BUTTONS)
def test_a_button_asks_an_intent_of_the_domain(button):
    match = re.fullmatch(r"/(\w+)", button["payload"])
    assert match
    assert match[1] in DOMAIN["intents"]


@pytest.mark.parametrize("button", BUTTONS)
def test_a_buttons_title_is_short_and_not_an_intents_name(button):
    assert 3 <= len(button["title"]) <= 45
    assert "_" not in button["title"]


def test_buttons_of_one_message_lead_to_different_places():
    for param in MESSAGES:
        payloads = [button["payload"] for button in param.values[0].get("buttons", [])]
        assert len(payloads) == len(set(payloads))


def test_every_topic_is_answered_by_a_rule_and_no_intent_has_two():
    answered = next(rule for rule in RULES if rule["rule"] == "answer every question that has a topic")
    either = [step["intent"] for step in answered["steps"][0]["or"]]
    assert answered["steps"][1:] == [{"action": "action_answer_topic"}]
    assert sorted([*either, "ask_personal_advice"]) == sorted(load_real_content().topics)
    first = [rule["steps"][0]["intent"] for rule in RULES if "intent" in rule["steps"][0]]
    assert sorted([*either, *first]) == sorted(DOMAIN["intents"])


def steps_after(intent: str) -> list[str]:
    (rule,) = [rule for rule in RULES if rule["steps"][0].get("intent") == intent]
    return [step["action"] for step in rule["steps"][1:]]


@pytest.mark.parametrize(
    ("intent", "actions"),
    [
        ("ask_personal_advice", ["utter_advice_declined", "action_answer_topic"]),
        ("report_emergency", ["utter_emergency"]),
        ("report_crisis", ["utter_crisis"]),
        ("request_human", ["utter_hand_off", "action_hand_off"]),
        ("nlu_fallback", ["action_ask_clarification"]),
        ("out_of_scope", ["action_decline_out_of_scope"]),
    ],
)
def test_danger_advice_and_misses_lead_where_they_must(intent, actions):
    assert steps_after(intent) == actions


def test_danger_needs_no_action_server():
    for intent in ("report_emergency", "report_crisis"):
        assert all(action.startswith("utter_") for action in steps_after(intent))


def test_every_response_and_action_that_rules_and_code_name_exists():
    named = {step["action"] for rule in RULES for step in rule["steps"] if "action" in step}
    code = "".join(path.read_text("utf-8") for folder in ("actions", "valve_clinic") for path in
                   (paths.ROOT / folder).rglob("*.py"))  # fmt: skip
    named |= set(re.findall(r'"(utter_[a-z_]+)"', code)) - {"utter_message", "utter_action"}
    assert named <= {*DOMAIN["responses"], *DOMAIN["actions"]}


def test_no_response_is_left_over():
    code = "".join(path.read_text("utf-8") for folder in ("actions", "valve_clinic", "data") for path in
                   (paths.ROOT / folder).rglob("*.*") if path.suffix in {".py", ".yml"})  # fmt: skip
    assert [name for name in DOMAIN["responses"] if not re.search(rf"\b{name}\b", code)] == []


def test_no_slot_decides_what_happens_next():
    assert {slot["influence_conversation"] for slot in DOMAIN["slots"].values()} == {False}
    assert DOMAIN["session_config"]["carry_over_slots_to_new_session"] is False
