"""A turn is answered once, stored once, in time or with an apology; Rasa is a stand-in here."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest
from rasa.core.channels.channel import UserMessage
from sqlalchemy.engine import Engine

from valve_clinic.channel.conversation import Conversations
from valve_clinic.channel.errors import ApiError
from valve_clinic.channel.requests import Event, Feedback, Message
from valve_clinic.channel.secret import Tokens
from valve_clinic.channel.store import WebsiteStore

FIRST, SECOND = "3f2b8c1e-5d4a-4f6b-9a7c-000000000001", "3f2b8c1e-5d4a-4f6b-9a7c-000000000002"
TEXT = Message(FIRST, "what is MR?", None)
Answer = Callable[[UserMessage], Awaitable[None]]


class Domain:
    responses: ClassVar[dict[str, Any]] = {
        "utter_welcome": [{"text": "Hello.", "buttons": [{"title": "What is it?", "payload": "/ask_definition"}]}],
        "utter_privacy_notice": [{"text": "I am a machine."}],
    }


class Agent:
    tracker_store = None


class Rasa:
    """Remembers what it was asked; `answer` says what happens then."""

    def __init__(self) -> None:
        self.asked: list[UserMessage] = []
        self.answer: Answer = self.echo

    async def __call__(self, message: UserMessage) -> None:
        self.asked.append(message)
        await self.answer(message)

    async def echo(self, message: UserMessage) -> None:
        await asyncio.sleep(0.01)
        buttons = [{"title": "And the risks?", "payload": "/ask_risks"}]
        words = f"You said {message.text}"
        await message.output_channel.send_response(message.sender_id, {"text": words, "buttons": buttons})


@pytest.fixture
def rasa() -> Rasa:
    return Rasa()


@pytest.fixture
def talk(sqlite: Engine, rasa: Rasa) -> Conversations:
    return Conversations(WebsiteStore(sqlite), Tokens("k" * 40), rasa, 0.3)


async def begin(talk: Conversations) -> tuple[str, list[dict[str, Any]]]:
    token, replies = await talk.start(Domain())
    return await talk.session_of(token), replies


async def refused(waiting: Awaitable[Any]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await waiting
    return caught.value


async def test_a_visit_begins_with_the_welcome_and_the_privacy_notice(talk: Conversations) -> None:
    _, replies = await begin(talk)
    assert [reply["text"] for reply in replies] == ["Hello.", "I am a machine."]


@pytest.mark.parametrize("token", ["", "forged", "a.b"])
async def test_a_token_that_is_not_ours_is_401(talk: Conversations, token: str) -> None:
    assert (await refused(talk.session_of(token))).status == 401
    assert not talk.was_issued(token)


async def test_rasa_gets_the_servers_conversation_id_and_the_cleaned_words(talk: Conversations, rasa: Rasa) -> None:
    session, _ = await begin(talk)
    await talk.take_turn(session, TEXT)
    (message,) = rasa.asked
    assert (message.sender_id, message.text, message.input_channel) == (session, "what is MR?", "website")
    assert not message.metadata


async def test_the_same_id_gives_the_same_replies_and_is_stored_once(talk: Conversations, rasa: Rasa) -> None:
    session, _ = await begin(talk)
    first = await talk.take_turn(session, TEXT)
    again = await talk.take_turn(session, Message(FIRST, "other words", None))
    assert again == first == await talk.repeated(session, FIRST)
    assert len(rasa.asked) == 1
    assert [entry["id"] for entry in await talk.history(session)].count(FIRST) == 1


async def test_the_same_id_at_the_same_time_asks_rasa_once(talk: Conversations, rasa: Rasa) -> None:
    session, _ = await begin(talk)
    answers = await asyncio.gather(*(talk.take_turn(session, TEXT) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert len(rasa.asked) == 1


async def test_one_conversation_has_one_turn_at_a_time_whenever_messages_come(talk: Conversations, rasa: Rasa) -> None:
    session, _ = await begin(talk)
    running, most = 0, 0

    async def slow(message: UserMessage) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        await rasa.echo(message)

    rasa.answer = slow
    waiting = []
    for number in range(6):  # each comes while another runs and, from the third on, one more waits
        waiting.append(asyncio.create_task(talk.take_turn(session, Message(f"{FIRST[:-1]}{number}", "hi", None))))
        await asyncio.sleep(0.03)
    await asyncio.gather(*waiting)
    assert most == 1


async def test_conversations_do_not_wait_for_each_other(talk: Conversations, rasa: Rasa) -> None:
    both = asyncio.Barrier(2) if hasattr(asyncio, "Barrier") else None
    arrived = asyncio.Event()
    first, _ = await begin(talk)
    second, _ = await begin(talk)

    async def meet(message: UserMessage) -> None:
        if message.sender_id == first:
            await arrived.wait()
        else:
            arrived.set()
        await rasa.echo(message)

    assert both is None or both.parties == 2
    rasa.answer = meet
    await asyncio.gather(talk.take_turn(first, TEXT), talk.take_turn(second, TEXT))


async def test_a_turn_past_its_deadline_is_503_and_not_stored(talk: Conversations, rasa: Rasa) -> None:
    async def hang(message: UserMessage) -> None:
        await asyncio.Event().wait()

    session, _ = await begin(talk)
    rasa.answer = hang
    assert (await refused(talk.take_turn(session, TEXT))).status == 503
    assert await talk.repeated(session, FIRST) is None
    rasa.answer = rasa.echo
    assert (await talk.take_turn(session, TEXT))["replies"][0]["text"] == "You said what is MR?"


async def test_what_was_said_before_the_deadline_is_not_lost(talk: Conversations, rasa: Rasa) -> None:
    async def half(message: UserMessage) -> None:
        await message.output_channel.send_response(message.sender_id, {"text": "Call 501."})
        await asyncio.Event().wait()

    session, _ = await begin(talk)
    rasa.answer = half
    assert [reply["text"] for reply in (await talk.take_turn(session, TEXT))["replies"]] == ["Call 501."]


async def test_a_turn_that_fails_is_503_and_its_words_are_not_logged(
    talk: Conversations, rasa: Rasa, caplog: pytest.LogCaptureFixture
) -> None:
    async def crash(message: UserMessage) -> None:
        raise ValueError(f"cannot read {message.text!r} of patient Jane Roe")

    session, _ = await begin(talk)
    rasa.answer = crash
    with caplog.at_level(logging.DEBUG):
        assert (await refused(talk.take_turn(session, Message(FIRST, "jane's secret", None)))).status == 503
    assert "ValueError" in caplog.text
    assert "Jane" not in caplog.text
    assert "jane" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("message", [None, {}, {"text": ""}, {"text": "  "}, {"custom": {"kind": "answer"}}])
async def test_a_turn_without_words_is_503_never_an_empty_list(
    talk: Conversations, rasa: Rasa, message: dict[str, Any] | None
) -> None:
    async def silent(asked: UserMessage) -> None:
        if message is not None:
            await asked.output_channel.send_response(asked.sender_id, message)

    session, _ = await begin(talk)
    rasa.answer = silent
    assert (await refused(talk.take_turn(session, TEXT))).status == 503


async def test_an_emergency_turns_safety_to_act_and_keeps_it_in_the_repetition(talk: Conversations, rasa: Rasa) -> None:
    async def emergency(message: UserMessage) -> None:
        reply = {"text": "Call 911 now.", "custom": {"kind": "emergency"}}
        await message.output_channel.send_response(message.sender_id, reply)

    session, _ = await begin(talk)
    rasa.answer = emergency
    assert (await talk.take_turn(session, TEXT))["safety"] == "act"
    assert (await talk.take_turn(session, TEXT))["safety"] == "act"


async def test_a_button_says_its_title_to_the_patient_and_its_payload_to_rasa(talk: Conversations, rasa: Rasa) -> None:
    session, replies = await begin(talk)
    button = replies[0]["buttons"][0]["id"]
    await talk.take_turn(session, Message(FIRST, None, button))
    assert rasa.asked[0].text == "/ask_definition"
    assert "What is it?" in [entry.get("text") for entry in await talk.history(session)]


async def test_an_unknown_or_foreign_button_is_400_and_rasa_is_not_asked(talk: Conversations, rasa: Rasa) -> None:
    session, _ = await begin(talk)
    _, foreign = await begin(talk)
    for button in ("invented", foreign[0]["buttons"][0]["id"]):
        assert (await refused(talk.take_turn(session, Message(FIRST, None, button)))).status == 400
    assert rasa.asked == []


async def test_history_tells_each_message_and_reply_with_its_time(talk: Conversations) -> None:
    session, welcome = await begin(talk)
    turn = await talk.take_turn(session, TEXT)
    entries = await talk.history(session)
    assert [entry["from"] for entry in entries] == ["bot", "bot", "patient", "bot"]
    assert [entry["reply"] for entry in entries if entry["from"] == "bot"] == welcome + turn["replies"]
    assert set(entries[2]) == {"id", "from", "text", "at"}
    assert set(entries[3]) == {"id", "from", "reply", "at"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["at"]) for entry in entries)


async def test_feedback_and_events_belong_to_a_reply_of_the_same_conversation(talk: Conversations) -> None:
    session, welcome = await begin(talk)
    _, foreign = await begin(talk)
    await talk.add_feedback(session, Feedback(welcome[0]["id"], True, None))
    await talk.add_event(session, Event("phone_clicked", welcome[0]["id"], "tel:911"))
    await talk.add_event(session, Event("closed", None, None))
    assert (await refused(talk.add_feedback(session, Feedback(foreign[0]["id"], True, None)))).status == 404
    assert (await refused(talk.add_event(session, Event("closed", "invented", None)))).status == 404


async def test_a_deleted_conversation_ends_its_token_and_its_waiting_messages(talk: Conversations, rasa: Rasa) -> None:
    token, _ = await talk.start(Domain())
    session = await talk.session_of(token)
    running = asyncio.create_task(talk.take_turn(session, TEXT))
    await asyncio.sleep(0.005)
    deleting = asyncio.create_task(talk.delete(session, Agent()))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(talk.take_turn(session, Message(SECOND, "forget this", None)))
    assert (await running)["replies"]
    await deleting
    assert (await refused(waiting)).status == 401
    assert (await refused(talk.session_of(token))).status == 401
    assert await talk.history(session) == []
    assert "forget this" not in [message.text for message in rasa.asked]


@pytest.mark.parametrize(
    ("text", "kept"), [("how long?", False), ("how long do people stay in the hospital after it", True)]
)
async def test_a_short_message_is_parsed_again_in_its_context(
    talk: Conversations, rasa: Rasa, text: str, kept: bool
) -> None:
    session, _ = await begin(talk)
    parsed = {"intent": {"name": "ask_risks"}}
    await talk.take_turn(session, Message(FIRST, text, None), parsed)
    assert rasa.asked[0].parse_data == (parsed if kept else None)
