"""A turn is answered once, stored once, in time or with an apology; Rasa is a stand-in here."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest
from rasa.core.channels.channel import UserMessage
from sqlalchemy.engine import Engine
from support import assert_notice

from valve_clinic import said_before
from valve_clinic.channel import conversation, turns
from valve_clinic.channel.conversation import Conversations
from valve_clinic.channel.errors import ApiError
from valve_clinic.channel.requests import Event, Feedback, Message
from valve_clinic.channel.secret import Tokens
from valve_clinic.channel.store import WebsiteStore
from valve_clinic.channel.urgent import Look
from valve_clinic.console.store import ConsoleStore
from valve_clinic.rasa_patches import ParsedMessage
from valve_clinic.safety.levels import Assessment, Level
from valve_clinic.storage.locks import Locks

FIRST, SECOND = "3f2b8c1e-5d4a-4f6b-9a7c-000000000001", "3f2b8c1e-5d4a-4f6b-9a7c-000000000002"
TEXT = Message(FIRST, "what is MR?", None)
TURN_SECONDS = 0.5
Answer = Callable[[UserMessage], Awaitable[None]]


class Domain:
    responses: ClassVar[dict[str, Any]] = {
        "utter_welcome": [{"text": "Hello.", "buttons": [{"title": "What is it?", "payload": "/ask_definition"}]}],
        "utter_privacy_notice": [{"text": "I am a machine."}],
    }


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
    return Conversations(WebsiteStore(sqlite), Tokens("k" * 40), rasa, TURN_SECONDS, Locks())


async def begin(talk: Conversations) -> tuple[str, list[dict[str, Any]]]:
    token, replies = await talk.start(Domain())
    return await talk.session_of(token), replies


async def ask(talk: Conversations, session: str, message: Message = TEXT) -> dict[str, Any]:
    """Send a message as the website does: with a deadline, whatever becomes of the turn."""
    deadline = talk.turns.deadline()
    return await talk.turns.by(deadline, talk.take_turn(session, message, None, deadline))


async def looked(seen: Look) -> Look:
    """Be a look that has ended."""
    return seen


async def settle(talk: Conversations) -> None:
    """Wait for what is under way."""
    while talk.turns._running:
        await asyncio.wait(set(talk.turns._running))


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
    assert talk.visitor_of(token) is None


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


async def test_a_turn_past_its_deadline_is_503_and_stored_once_when_it_ends(talk: Conversations, rasa: Rasa) -> None:
    go_on = asyncio.Event()

    async def slow(message: UserMessage) -> None:
        await go_on.wait()
        await rasa.echo(message)

    session, _ = await begin(talk)
    rasa.answer = slow
    begun = asyncio.get_running_loop().time()
    assert (await refused(ask(talk, session))).status == 503
    assert asyncio.get_running_loop().time() - begun < TURN_SECONDS + 0.3
    assert await talk.repeated(session, FIRST) is None
    again = asyncio.create_task(ask(talk, session))
    await asyncio.sleep(0)
    go_on.set()
    assert (await again)["replies"][0]["text"] == "You said what is MR?"
    await settle(talk)
    assert await ask(talk, session) == await again
    assert [entry["id"] for entry in await talk.history(session)].count(FIRST) == 1
    assert len(rasa.asked) == 1


async def test_a_turn_without_end_is_given_up_and_the_next_is_answered(
    talk: Conversations, rasa: Rasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(message: UserMessage) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(turns, "LATE_SECONDS", TURN_SECONDS + 0.1)
    session, _ = await begin(talk)
    rasa.answer = hang
    assert (await refused(ask(talk, session))).status == 503
    rasa.answer = rasa.echo
    assert (await ask(talk, session, Message(SECOND, "hi", None)))["replies"][0]["text"] == "You said hi"
    assert await talk.repeated(session, FIRST) is None


async def test_a_message_behind_a_late_one_has_a_deadline_of_its_own(
    talk: Conversations, rasa: Rasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(message: UserMessage) -> None:
        await asyncio.Event().wait()

    session, _ = await begin(talk)
    rasa.answer = hang
    first = asyncio.create_task(refused(ask(talk, session)))
    second = asyncio.create_task(refused(ask(talk, session, Message(SECOND, "hello?", None))))
    done, _ = await asyncio.wait({first, second}, timeout=TURN_SECONDS + 0.4)
    assert [task.result().status for task in done] == [503, 503]
    monkeypatch.setattr(turns, "_FAREWELL_SECONDS", 0.01)
    await talk.close()


async def test_a_turn_goes_on_when_the_connection_ends(talk: Conversations, rasa: Rasa) -> None:
    session, _ = await begin(talk)
    asked = asyncio.Event()

    async def slow(message: UserMessage) -> None:
        asked.set()
        await asyncio.sleep(0.05)
        await rasa.echo(message)

    rasa.answer = slow
    request = asyncio.create_task(ask(talk, session))
    await asked.wait()
    request.cancel()
    await asyncio.wait({request})
    await settle(talk)
    assert (await ask(talk, session))["replies"][0]["text"] == "You said what is MR?"
    assert len(rasa.asked) == 1


async def test_what_was_said_before_the_deadline_is_sent_with_a_notice_and_what_comes_later_is_not(
    talk: Conversations, rasa: Rasa
) -> None:
    go_on = asyncio.Event()

    async def half(message: UserMessage) -> None:
        await message.output_channel.send_response(message.sender_id, {"text": "Call 501."})
        await go_on.wait()
        await message.output_channel.send_response(message.sender_id, {"text": "Too late."})

    session, _ = await begin(talk)
    rasa.answer = half
    answer = await ask(talk, session)
    first, last = answer["replies"]
    assert first["text"] == "Call 501."
    assert_notice(last)
    go_on.set()
    await settle(talk)
    assert await ask(talk, session) == answer
    assert "Too late." not in str(await talk.history(session))


async def test_the_line_on_danger_alone_is_no_answer(talk: Conversations, rasa: Rasa) -> None:
    async def only_check(message: UserMessage) -> None:
        line = {
            "text": "If this is happening now, call 911.",
            "custom": {"kind": "check"},
            "utter_action": "utter_check",
        }
        await message.output_channel.send_response(message.sender_id, line)

    session, _ = await begin(talk)
    rasa.answer = only_check
    answer = await ask(talk, session)
    assert answer["safety"] == "check"
    assert [reply["kind"] for reply in answer["replies"]] == ["check", "notice"]
    assert_notice(answer["replies"][1])


async def test_the_same_message_in_two_processes_gives_one_turn(
    sqlite: Engine, talk: Conversations, rasa: Rasa
) -> None:
    other = Conversations(WebsiteStore(sqlite), Tokens("k" * 40), rasa, TURN_SECONDS, Locks())
    session, _ = await begin(talk)
    here, there = await asyncio.gather(ask(talk, session), ask(other, session))
    assert here == there
    assert len(rasa.asked) == 2, "no lock is shared: the database alone makes it one"
    assert [entry["id"] for entry in await talk.history(session)].count(FIRST) == 1


async def test_after_a_restart_the_same_id_gives_the_same_replies(
    sqlite: Engine, talk: Conversations, rasa: Rasa
) -> None:
    token, _ = await talk.start(Domain())
    first = await ask(talk, await talk.session_of(token))
    again = Conversations(WebsiteStore(sqlite), Tokens("k" * 40), rasa, TURN_SECONDS)
    assert await ask(again, await again.session_of(token)) == first
    assert len(rasa.asked) == 1


async def test_what_is_under_way_ends_before_the_server_does(talk: Conversations, rasa: Rasa) -> None:
    session, _ = await begin(talk)
    request = asyncio.create_task(ask(talk, session))
    await asyncio.sleep(0)
    await talk.close()
    assert (await request)["replies"]


async def test_a_turn_that_fails_is_503_and_its_words_are_not_logged(
    talk: Conversations, rasa: Rasa, caplog: pytest.LogCaptureFixture
) -> None:
    async def crash(message: UserMessage) -> None:
        raise ValueError(f"cannot read {message.text!r} of patient Jane Roe")

    session, _ = await begin(talk)
    rasa.answer = crash
    with caplog.at_level(logging.DEBUG):
        assert (await refused(ask(talk, session, Message(FIRST, "jane's secret", None)))).status == 503
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
        error = await refused(ask(talk, session, Message(FIRST, None, button)))
        assert (error.status, error.code) == (400, "unknown_button")
        assert error.notice == "That button cannot be used any more. Please type your question."
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
    deleting = asyncio.create_task(talk.delete(session))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(talk.take_turn(session, Message(SECOND, "forget this", None)))
    assert (await running)["replies"]
    await deleting
    assert (await refused(waiting)).status == 401
    assert (await refused(talk.session_of(token))).status == 401
    assert await talk.history(session) == []
    assert "forget this" not in [message.text for message in rasa.asked]


async def test_deleting_does_not_wait_for_a_turn_without_end_and_leaves_nothing_of_it(
    talk: Conversations, rasa: Rasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(message: UserMessage) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(conversation, "_PATIENCE", 0.05)
    session, _ = await begin(talk)
    rasa.answer = hang
    waiting = asyncio.create_task(refused(ask(talk, session)))
    await asyncio.sleep(0.05)
    await asyncio.wait_for(talk.delete(session), 0.4)
    assert (await waiting).status == 503
    assert await talk.history(session) == []


async def test_deleting_forgets_what_the_next_message_may_lean_on(talk: Conversations) -> None:
    session, _ = await begin(talk)
    said_before.note(session, "what is the MitraClip")
    await talk.delete(session)
    assert said_before.of(session) is None


async def test_the_parse_that_was_made_already_goes_with_the_message(talk: Conversations, rasa: Rasa) -> None:
    session, _ = await begin(talk)
    parsed = {"intent": {"name": "ask_risks"}}
    seen = Look(Assessment(Level.NONE), parsed, "what is the MitraClip")
    await talk.take_turn(session, Message(FIRST, "how long?", None), looked(seen))
    (message,) = rasa.asked
    assert isinstance(message, ParsedMessage)
    assert (message.parsed, message.parsed_behind) == (parsed, "what is the MitraClip")
    assert message.parse_data is None, "whether it may be used is decided where the earlier words are known"


async def test_a_message_is_stored_while_it_is_looked_at_and_rasa_waits_for_the_look(
    talk: Conversations, rasa: Rasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = await begin(talk)
    receive, stored = talk._store.receive, threading.Event()

    def receive_and_tell(*arguments: Any) -> Any:
        try:
            return receive(*arguments)
        finally:
            stored.set()

    monkeypatch.setattr(talk._store, "receive", receive_and_tell)
    looking: asyncio.Future[Look | None] = asyncio.get_running_loop().create_future()
    turn = asyncio.create_task(talk.take_turn(session, TEXT, looking))
    assert await asyncio.to_thread(stored.wait, 5)
    assert [entry["text"] for entry in await talk.history(session) if entry["from"] == "patient"] == ["what is MR?"]
    assert not rasa.asked
    parsed = {"intent": {"name": "ask_definition"}}
    looking.set_result(Look(Assessment(Level.NONE), parsed))
    assert (await turn)["replies"][0]["text"] == "You said what is MR?"
    assert isinstance(rasa.asked[0], ParsedMessage)
    assert rasa.asked[0].parsed == parsed


async def test_a_turn_that_is_given_up_leaves_the_look_to_those_who_wait_for_it(talk: Conversations) -> None:
    session, _ = await begin(talk)
    looking: asyncio.Future[Look | None] = asyncio.get_running_loop().create_future()
    turn = asyncio.create_task(talk.take_turn(session, TEXT, looking))
    await asyncio.sleep(0.05)
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert not looking.cancelled()


async def test_a_message_that_cannot_have_its_turn_in_time_is_503_and_sent_again_it_is_answered(
    sqlite: Engine, rasa: Rasa
) -> None:
    talk = Conversations(WebsiteStore(sqlite), Tokens("k" * 40), rasa, TURN_SECONDS, Locks(seconds=0.05))
    go_on = asyncio.Event()

    async def slow(message: UserMessage) -> None:
        await go_on.wait()
        await rasa.echo(message)

    session, _ = await begin(talk)
    rasa.answer = slow
    first = asyncio.create_task(ask(talk, session))
    await asyncio.sleep(0.02)
    assert (await refused(ask(talk, session, Message(SECOND, "hi", None)))).status == 503
    go_on.set()
    assert (await first)["replies"]
    assert (await ask(talk, session, Message(SECOND, "hi", None)))["replies"][0]["text"] == "You said hi"


async def test_a_parse_of_other_words_is_not_used_for_those_that_count(talk: Conversations, rasa: Rasa) -> None:
    async def silent(message: UserMessage) -> None:
        return None

    session, _ = await begin(talk)
    rasa.answer = silent
    assert (await refused(ask(talk, session))).status == 503
    rasa.answer = rasa.echo
    seen = Look(Assessment(Level.NONE), {"intent": {"name": "ask_risks"}})
    await talk.take_turn(session, Message(FIRST, "other words", None), looked(seen))
    assert rasa.asked[-1].text == "what is MR?"
    assert isinstance(rasa.asked[-1], ParsedMessage)
    assert rasa.asked[-1].parsed is None


async def test_the_stored_turn_names_the_revision_and_no_reply_or_history_does(talk: Conversations, rasa: Rasa) -> None:
    async def answer(message: UserMessage) -> None:
        said = {"text": "An answer.", "custom": {"kind": "answer", "topic": "ask_causes", "revision": 12}}
        await message.output_channel.send_response(message.sender_id, said)

    session, _ = await begin(talk)
    rasa.answer = answer
    given = await talk.take_turn(session, TEXT)
    again = await talk.take_turn(session, TEXT)
    shown = [*given["replies"], *again["replies"], *[e["reply"] for e in await talk.history(session) if "reply" in e]]
    assert all("revision" not in reply for reply in shown)
    assert [reply.get("revision") for reply in talk._store.turns(session)[-1].replies] == [12]


HAND_OFF = {"text": "Call 501.", "custom": {"kind": "handoff"}}
PASSWORD = "copper lantern walks sideways"


async def hand_off(message: UserMessage) -> None:
    await message.output_channel.send_response(message.sender_id, {"text": "Sorry."})
    await message.output_channel.send_response(message.sender_id, dict(HAND_OFF))
    await message.output_channel.send_response(message.sender_id, dict(HAND_OFF))


@pytest.fixture
def staffed(talk: Conversations, sqlite: Engine, rasa: Rasa) -> Conversations:
    """Somebody can look codes up, and Rasa hands off."""
    ConsoleStore(sqlite).add_account("nurse.one", "agent", PASSWORD)
    rasa.answer = hand_off
    return talk


async def test_a_hand_off_tells_a_code_once_and_the_session_keeps_it(staffed: Conversations) -> None:
    session, _ = await begin(staffed)
    first = await ask(staffed, session)
    codes = [reply["reference"] for reply in first["replies"]]
    assert codes[:2] == [None, None]
    found = staffed._store.references.find(codes[2])
    assert found is not None
    assert (found.session, found.shared) == (session, False)
    assert codes[2] in first["replies"][2]["text"]
    assert await ask(staffed, session) == first, "the same id gives the same code"
    second = await ask(staffed, session, Message(SECOND, "a person", None))
    assert second["replies"][2]["reference"] == codes[2]
    history = await staffed.history(session)
    assert [entry["reply"]["reference"] for entry in history if "reply" in entry].count(codes[2]) == 2


async def test_two_sessions_have_two_codes(staffed: Conversations) -> None:
    told = [await ask(staffed, (await begin(staffed))[0]) for _ in range(2)]
    assert len({answer["replies"][2]["reference"] for answer in told}) == 2


async def test_no_other_reply_and_nobody_who_cannot_be_helped_by_it_gets_a_code(
    talk: Conversations, rasa: Rasa, sqlite: Engine
) -> None:
    session, _ = await begin(talk)
    rasa.answer = hand_off
    assert [reply["reference"] for reply in (await ask(talk, session))["replies"]] == [None] * 3
    ConsoleStore(sqlite).add_account("nurse.one", "agent", PASSWORD)
    rasa.answer = rasa.echo
    (reply,) = (await ask(talk, session, Message(SECOND, "hi", None)))["replies"]
    assert reply["reference"] is None


async def test_a_code_that_fails_costs_nothing_of_the_reply(
    staffed: Conversations, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("words of a patient")

    monkeypatch.setattr(staffed._store.references, "hand_out", fail)
    session, _ = await begin(staffed)
    answer = await ask(staffed, session)
    assert [reply["text"] for reply in answer["replies"]] == ["Sorry.", "Call 501.", "Call 501."]
    assert "RuntimeError" in caplog.text
    assert "words of a patient" not in caplog.text


async def test_a_code_that_takes_too_long_is_left_out_and_the_deadline_holds(
    staffed: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def wait(_: str) -> str:
        go_on.wait(10)
        return "4F7K-9QXM"

    monkeypatch.setattr(staffed._store.references, "hand_out", wait)
    session, _ = await begin(staffed)
    begun = asyncio.get_running_loop().time()
    answer = await ask(staffed, session)
    assert asyncio.get_running_loop().time() - begun < TURN_SECONDS
    assert [reply["reference"] for reply in answer["replies"]] == [None] * 3
    go_on.set()


async def test_words_are_shared_only_from_a_reply_of_the_chat_that_has_a_code(staffed: Conversations) -> None:
    session, welcome = await begin(staffed)
    stranger, _ = await begin(staffed)
    assert (await refused(staffed.share(session, welcome[0]["id"]))).code == "no_code"
    told = (await ask(staffed, session))["replies"][2]
    error = await refused(staffed.share(stranger, told["id"]))
    assert (error.status, error.code) == (404, "unknown_reply")
    found = staffed._store.references.find(told["reference"])
    assert found is not None
    assert not found.shared
    for _ in range(2):
        await staffed.share(session, told["id"])
    found = staffed._store.references.find(told["reference"])
    assert found is not None
    assert found.shared
