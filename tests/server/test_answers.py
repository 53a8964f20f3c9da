"""Real questions to the real server, from the first greeting to the phone line."""

from __future__ import annotations

import httpx
import pytest
import yaml
from support import Chat, Server

from valve_clinic import paths

pytestmark = pytest.mark.server
CLINIC_PAGE = "CHI St. Vincent Heart Institute, Mitral Valve Regurgitation page"


def fixed_text(name: str) -> str:
    domain = yaml.safe_load(paths.DOMAIN_FILE.read_text(encoding="utf-8"))
    return str(domain["responses"][name][0]["text"]).strip()


def test_the_hospital_stay_after_the_clip_is_two_to_three_days_by_the_clinics_page(chat: Chat) -> None:
    (reply,) = chat.say("how long will i be in the hospital after the clip?")
    assert (reply["kind"], reply["topic"]) == ("answer", "ask_recovery_time")
    assert reply["variant"] == {"procedure": "mitraclip"}
    assert "2 to 3 days" in reply["text"]
    assert reply["source"]["name"] == CLINIC_PAGE
    assert reply["source"]["reviewed"] is None
    assert 2 <= len(reply["buttons"]) <= 3


def test_a_follow_up_button_asks_its_topic_for_the_same_procedure(chat: Chat) -> None:
    (first,) = chat.say("what is MitraClip?")
    button = next(button for button in first["buttons"] if button["title"] == "What are the risks?")
    (second,) = chat.press(button["id"])
    assert (second["topic"], second["variant"]) == ("ask_risks", {"procedure": "mitraclip"})


def test_the_welcome_says_that_it_is_a_machine_and_names_911(chat: Chat) -> None:
    text = " ".join(reply["text"] for reply in chat.welcome)
    assert "automated" in text
    assert "911" in text
    assert "not affiliated" in text


def test_booking_ends_at_the_phone_with_what_to_have_ready(chat: Chat) -> None:
    answer, handoff = chat.say("how do I make an appointment?")
    assert (answer["kind"], answer["topic"]) == ("answer", "book_appointment")
    assert handoff["kind"] == "handoff"
    assert handoff["links"] == [{"title": "Call the Valve Clinic", "url": "tel:+15015523400"}]
    assert "insurance" in handoff["text"]
    assert "do not know the hours" in handoff["text"]


@pytest.mark.parametrize(
    ("question", "topic", "heading"),
    [
        ("how do I find a doctor near me?", "find_provider", "Find a Provider"),
        ("which heart problems do you treat?", "ask_conditions_treated", "Heart Conditions We Treat"),
    ],
)
def test_a_part_of_the_page_whose_address_is_not_known_is_said_to_be_so(
    chat: Chat, question: str, topic: str, heading: str
) -> None:
    (reply, *_) = chat.say(question)
    assert (reply["topic"], reply["links"]) == (topic, [])
    assert reply["text"].count(f'I do not have the web address of "{heading}".') == 1
    assert "501.552.3400" in reply["text"]


def test_a_spanish_visitor_is_answered_in_english_while_nothing_spanish_is_published(chat: Chat) -> None:
    started = chat.client.post("session", json={"language": "es-MX"}).json()
    button = started["replies"][0]["buttons"][0]["id"]
    body = {"id": "00000000-0000-4000-8000-0000000000e5", "button": button, "language": "es-MX"}
    sent = chat.client.post("messages", json=body, headers={"Authorization": f"Bearer {started['session']}"})
    (reply,) = sent.json()["replies"]
    assert (reply["topic"], "language" in reply) == ("ask_symptoms", False)
    assert "tired and short of breath" in reply["text"]


def test_an_emergency_gets_the_fixed_text_alone_and_the_911_line_stays_in_view(chat: Chat) -> None:
    body = {"id": "00000000-0000-4000-8000-000000000001", "text": "crushing chest pain right now and cold sweat"}
    response = chat.post(body).json()
    assert response["safety"] == "act"
    (reply,) = response["replies"]
    assert (reply["kind"], reply["text"]) == ("emergency", fixed_text("utter_emergency"))
    assert {"title": "Call 911", "url": "tel:911"} in reply["links"]


def test_a_crisis_gets_the_988_line(chat: Chat) -> None:
    (reply,) = chat.say("i want to kill myself")
    assert (reply["kind"], reply["text"]) == ("crisis", fixed_text("utter_crisis"))
    assert [link["url"] for link in reply["links"]] == ["tel:988", "sms:988", "tel:911"]


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("can you tell me if i am healthy enough, what would you do", ["ask_personal_advice"]),
        # Getting ready is what the decision is about: its facts help as much as the general ones, and decide nothing.
        ("should I stop taking my warfarin before the procedure?", ["ask_personal_advice", "ask_preparation"]),
    ],
)
def test_personal_advice_is_declined_with_general_facts_and_the_phone_line(
    chat: Chat, text: str, topics: list[str]
) -> None:
    *ahead, declined, general, handoff = chat.say(text)
    # What may be urgent is asked about first.
    assert all(reply["kind"] == "check" for reply in ahead)
    assert declined["text"] == fixed_text("utter_advice_declined")
    assert declined["kind"] == "advice_declined"
    assert general["topic"] in topics
    assert general["kind"] == ("advice_declined" if general["topic"] == "ask_personal_advice" else "answer")
    assert handoff["kind"] == "handoff"


def test_two_questions_in_one_message_get_two_answers_in_their_order(chat: Chat) -> None:
    replies = chat.say("What are the risks of surgery? And how long is the recovery?")
    assert [reply["topic"] for reply in replies] == ["ask_risks", "ask_recovery_time"]


def test_two_misses_in_a_row_hand_off(chat: Chat) -> None:
    (first,) = chat.say("what is the capital of france")
    second, details = chat.say("play some music please")
    assert (first["kind"], second["kind"], details["kind"]) == ("chitchat", "handoff", "handoff")
    assert "Good to have ready" in details["text"]
    assert "do not know the hours" in details["text"]


def test_asking_the_same_again_gets_the_short_form(chat: Chat) -> None:
    (first,) = chat.say("what are the symptoms of a leaky valve?")
    (second,) = chat.say("what are the symptoms of a leaky valve?")
    assert len(second["text"]) < len(first["text"]) / 2


def test_no_answer_shows_an_intents_name(chat: Chat) -> None:
    for text in ("hello", "what can you do?", "hmm", "is it safe?"):
        for reply in chat.say(text):
            shown = reply["text"] + " ".join(button["title"] for button in reply["buttons"])
            assert "ask_" not in shown
            assert "_" not in shown


def test_new_content_is_served_without_a_restart(server: Server, chat: Chat) -> None:
    from valve_clinic.content.store import open_store

    store = open_store(f"sqlite:///{server.folder}/content.db")
    before = store.answer("ask_prolapse")
    assert before is not None
    (reply,) = chat.say("what is mitral valve prolapse?")
    assert reply["text"].startswith(before.text[:40])


def test_the_page_at_the_root_is_the_clinics_not_rasas(server: Server) -> None:
    page = httpx.get(server.url + "/")
    assert page.status_code == 200
    assert "Rasa" not in page.text
    assert "not affiliated" in page.text
    assert "widget.js" in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
