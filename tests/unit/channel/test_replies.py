"""What Rasa says becomes replies of the contract: nothing lost, nothing secret shown."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from support import REPLY_KEYS

from valve_clinic.channel.replies import ReplyCollector, build_replies, from_response, public, safety_of

ANSWER = {
    "text": "Two to three days.",
    "buttons": [{"title": "What are the risks?", "payload": '/ask_risks{"procedure": "mitraclip"}'}],
    "custom": {
        "kind": "answer",
        "topic": "ask_recovery_time",
        "variant": {"procedure": "mitraclip"},
        "source": {"name": "The clinic's page", "url": None, "date": "2026-01-02", "reviewed": None},
        "links": [{"title": "Find a provider", "url": "/providers"}],
    },
}
CLARIFY = {
    "text": "Which of these?",
    "buttons": [
        {"title": "What are the risks?", "payload": '/ask_risks{"severity": "mild"}'},
        {"title": "What is it?", "payload": "/ask_definition"},
        {"title": "Make an appointment", "payload": "/book_appointment"},
        {"title": "Something else", "payload": "/out_of_scope"},
        {"title": "Talk to a person", "payload": "/request_human"},
    ],
    "custom": {"kind": "clarify"},
}


def test_a_reply_has_exactly_the_keys_of_the_contract_whatever_rasa_left_out() -> None:
    replies, _ = build_replies([ANSWER, CLARIFY, {"text": "bare"}, {"text": "x", "buttons": None, "custom": None}])
    assert [set(reply) for reply in replies] == [REPLY_KEYS] * 4


def test_an_answer_keeps_its_topic_variant_source_and_links() -> None:
    ((reply,), _) = build_replies([ANSWER])
    custom = ANSWER["custom"]
    assert isinstance(custom, dict)
    assert {key: reply[key] for key in custom} == custom
    assert reply["text"] == "Two to three days."


def test_a_text_without_a_kind_is_chitchat_without_a_topic() -> None:
    ((reply,), _) = build_replies([{"text": " Hello. "}])
    assert (reply["kind"], reply["topic"], reply["variant"], reply["text"]) == ("chitchat", None, None, "Hello.")


def test_an_empty_variant_is_the_default_one() -> None:
    ((reply,), _) = build_replies([{"text": "x", "custom": {"variant": {}}}])
    assert reply["variant"] is None


@pytest.mark.parametrize("message", [{}, {"text": None}, {"text": "  \n"}, {"custom": {"kind": "answer"}}])
def test_a_message_without_words_is_dropped_with_its_buttons(message: dict[str, Any]) -> None:
    message = {**message, "buttons": [{"title": "x", "payload": "/x"}]}
    assert build_replies([message]) == ([], [])


def test_a_buttons_payload_stays_on_the_server_behind_an_unguessable_id() -> None:
    (reply,), (button,) = build_replies([ANSWER])
    assert reply["buttons"] == [{"id": button.id, "title": "What are the risks?", "topic": None}]
    assert button.payload == '/ask_risks{"procedure": "mitraclip"}'
    assert "ask_risks" not in json.dumps(reply)
    assert len(button.id) >= 16


def test_only_buttons_of_a_clarification_name_the_topic_they_lead_to_if_there_is_one() -> None:
    ((reply,), _) = build_replies([CLARIFY])
    topics = [button["topic"] for button in reply["buttons"]]
    assert topics == ["ask_risks", "ask_definition", "book_appointment", None, None]
    ((other,), _) = build_replies([{**CLARIFY, "custom": {"kind": "chitchat"}}])
    assert {button["topic"] for button in other["buttons"]} == {None}


def test_what_is_said_after_the_turn_was_answered_is_dropped() -> None:
    collector = ReplyCollector()
    asyncio.run(collector.send_response("somebody", ANSWER))
    assert collector.close() == [ANSWER]
    asyncio.run(collector.send_response("somebody", CLARIFY))
    assert collector.messages == [ANSWER]


def test_ids_never_repeat() -> None:
    replies, buttons = build_replies([CLARIFY] * 50)
    ids = [reply["id"] for reply in replies] + [button.id for button in buttons]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("kinds", "safety"),
    [
        ([], "none"),
        (["answer", "handoff"], "none"),
        (["check", "answer"], "check"),
        (["emergency"], "act"),
        (["check", "emergency"], "act"),
    ],
)
def test_the_turns_safety_is_that_of_its_gravest_reply(kinds: list[str], safety: str) -> None:
    assert safety_of([{"kind": kind} for kind in kinds]) == safety


def test_a_domain_response_becomes_a_reply_with_its_buttons_and_links() -> None:
    response = [
        {"text": "Call 911 now.", "custom": {"kind": "emergency", "links": [{"title": "Call 911", "url": "tel:911"}]}},
        {"text": "another variation"},
    ]
    ((reply,), _) = build_replies([from_response(response)])
    assert (reply["kind"], reply["text"]) == ("emergency", "Call 911 now.")
    assert reply["links"] == [{"title": "Call 911", "url": "tel:911"}]


async def test_a_message_is_collected_whole_and_in_order() -> None:
    collector = ReplyCollector()
    await collector.send_response("somebody", ANSWER)
    await collector.send_response("somebody", CLARIFY)
    assert collector.messages == [ANSWER, CLARIFY]
    assert ReplyCollector.name() == "website"


def test_the_revision_of_an_answer_is_stored_and_not_shown() -> None:
    answer = {**ANSWER, "custom": {**ANSWER["custom"], "revision": 12}}  # type: ignore[dict-item]
    (stored,), _ = build_replies([answer])
    assert stored["revision"] == 12
    assert [set(reply) for reply in public([stored])] == [REPLY_KEYS]
