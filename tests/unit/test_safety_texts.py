"""The fixed wording, word for word: a change of what is said in danger is made twice, and on purpose."""

from __future__ import annotations

from typing import Any

import pytest
import textstat
import yaml

from valve_clinic import paths
from valve_clinic.safety import signs, triage, turn

MAX_GRADE = 6.0
TEXTS = {
    "utter_emergency": (
        "Call 911 now.\n"
        "\n"
        "Do not drive yourself. Do not wait for a reply here. This is an automated chat, and nobody is "
        "watching it.\n"
        "\n"
        "Tell 911 what is wrong and where you are. If somebody is with you, ask them to stay.\n"
        "\n"
        "Bleeding from the groin after a procedure? Lie flat. Press hard on the spot until help comes."
    ),
    "utter_emergency_other": (
        "Call 911 now for this person.\n"
        "\n"
        "Do not drive them yourself. Do not wait for a reply here. This is an automated chat, and nobody is "
        "watching it.\n"
        "\n"
        "Tell 911 what is wrong and where you are. Stay with them and do what 911 tells you."
    ),
    "utter_emergency_bleeding": (
        "Call 911 now for bleeding that is heavy, that does not stop, or that makes the groin swell fast.\n"
        "\n"
        "While you wait: lie flat. Press hard on the spot and do not let up. If somebody is with you, ask "
        "them to press.\n"
        "\n"
        "Do not drive yourself. Do not wait for a reply here. This is an automated chat, and nobody is "
        "watching it."
    ),
    "utter_emergency_blood_thinner": (
        "Call 911 now.\n"
        "\n"
        "A blow to the head on a blood thinner, or blood in vomit or stool, needs emergency care at once, "
        "even if you feel fine. Bleeding inside can start without signs.\n"
        "\n"
        "Do not drive yourself. Do not wait for a reply here. This is an automated chat, and nobody is "
        "watching it."
    ),
    "utter_emergency_pills": (
        "If the person bleeds, passes out, or has trouble breathing, call 911 now.\n"
        "\n"
        "Too many pills, or the wrong ones? Call Poison Help now at 1-800-222-1222. It is free, day and "
        "night. Do not wait for signs. If you cannot get through, call 911.\n"
        "\n"
        "This is an automated chat, and nobody is watching it. Do not wait for a reply here."
    ),
    "utter_emergency_still": (
        "If the danger is not over, call 911 now. I cannot help in an emergency, and nobody is watching this "
        "chat.\n"
        "\n"
        "When everybody is safe, tell me so, and I can answer questions again."
    ),
    "utter_emergency_es": (
        "Llame al 911 ahora.\n"
        "\n"
        "No maneje usted. No espere una respuesta aquí. Este chat es automático y nadie lo vigila.\n"
        "\n"
        "Diga al 911 qué pasa y dónde está. Si alguien está con usted, pídale que se quede.\n"
        "\n"
        "(Call 911 now. This chat is automated, and nobody is watching it.)"
    ),
    "utter_check": ("If this is happening now, call 911. Do not wait for a reply here. Nobody is watching this chat."),
    "utter_same_day": (
        "Call your care team today about this. Do not wait for your next visit. If their line is closed, "
        "call the after-hours number on your papers. If you cannot reach anybody and it gets worse, call "
        "911.\n"
        "\n"
        "Call 911 now for chest pain, very bad trouble breathing, fainting, a new fast or uneven heartbeat, "
        "or bleeding that does not stop. Nobody is watching this chat."
    ),
    "utter_safe": ("I am glad that you are safe. If it comes back, call 911 right away. What would you like to know?"),
    "utter_crisis": (
        "I am glad you wrote this. You do not have to face it alone.\n"
        "\n"
        "Call or text 988 now. It is the Suicide and Crisis Lifeline. It is free and open day and night. You "
        "can also call it for somebody you worry about, and ask how to help them.\n"
        "\n"
        "If you or somebody else is in danger right now, call 911.\n"
        "\n"
        "I am an automated chat, and nobody is watching it. Please reach a person now."
    ),
    "utter_crisis_es": (
        "Me alegra que haya escrito esto. No tiene que enfrentarlo a solas.\n"
        "\n"
        "Llame al 988 ahora y oprima el 2 para español. Es gratis, de día y de noche. También puede llamar "
        "por otra persona.\n"
        "\n"
        "Si usted u otra persona está en peligro ahora, llame al 911. Este chat es automático y nadie lo "
        "vigila.\n"
        "\n"
        "(Call or text 988 now. In danger, call 911.)"
    ),
    "utter_other_language": (
        "Solo puedo contestar en inglés. Llame a la Clínica de Válvulas al 501.552.3400 y pida un intérprete "
        "gratis. En una emergencia, llame al 911.\n"
        "\n"
        "I can only answer in English. Call the Valve Clinic at 501.552.3400 and ask for a free interpreter. In "
        "an emergency, call 911."
    ),
    "utter_advice_declined": (
        "That is a good question for somebody who knows you. I am an automated chat that nobody watches, so "
        "I cannot decide it or read your results for you.\n"
        "\n"
        "Please ask your own doctor or your care team. For a question about a medicine, your pharmacist can "
        "help too."
    ),
}
SPANISH = {"utter_emergency_es", "utter_crisis_es", "utter_other_language"}


@pytest.fixture(scope="module")
def responses() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(paths.DOMAIN_FILE.read_text(encoding="utf-8"))["responses"]
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_the_one_that_was_agreed_on(name: str, responses: dict[str, Any]) -> None:
    assert [variant["text"] for variant in responses[name]] == [TEXTS[name]]


@pytest.mark.parametrize("name", sorted(set(TEXTS) - SPANISH))
def test_the_text_can_be_read_in_grade_six(name: str) -> None:
    assert textstat.flesch_kincaid_grade(TEXTS[name]) <= MAX_GRADE


@pytest.mark.parametrize("name", sorted(set(TEXTS) - {"utter_safe", "utter_other_language"}))
def test_the_text_says_that_nobody_watches(name: str) -> None:
    assert any(
        words in TEXTS[name] for words in ("nobody is watching", "Nobody is watching", "nobody watches", "nadie")
    )


@pytest.mark.parametrize("name", sorted(set(TEXTS) - {"utter_advice_declined"}))
def test_the_text_names_911_or_follows_one_that_does(name: str) -> None:
    assert "911" in TEXTS[name] or name == "utter_safe"


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("utter_emergency")])
def test_an_emergency_has_a_button_that_calls_911(name: str, responses: dict[str, Any]) -> None:
    custom = responses[name][0]["custom"]
    assert custom["kind"] == "emergency"
    assert "tel:911" in [link["url"] for link in custom["links"]]


@pytest.mark.parametrize("name", ["utter_crisis", "utter_crisis_es"])
def test_a_crisis_has_buttons_that_call_and_text_988(name: str, responses: dict[str, Any]) -> None:
    assert {"tel:988", "sms:988", "tel:911"} <= {link["url"] for link in responses[name][0]["custom"]["links"]}


def test_whatever_can_be_said_first_is_a_response(responses: dict[str, Any]) -> None:
    said = {*triage.SAYS.values(), *triage.SAYS_SPANISH.values(), triage.SAYS_OTHER_PERSON, triage.SAYS_OTHER_LANGUAGE}
    said |= {turn.EMERGENCY, turn.STILL, turn.SAFE, turn.CRISIS, turn.CHECK, turn.SAME_DAY}
    said |= {*turn.rules().courtesies.values(), *(sign.says for sign in signs.read().signs if sign.says)}
    assert said <= set(responses)
