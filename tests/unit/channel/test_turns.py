"""A message is stored before it is answered, and its answer with all that belongs to it in one commit."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain as RasaDomain
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from unit.channel.conftest import Clock
from unit.channel.test_conversation import Domain
from unit.channel.test_store import ANN, BEN, FIRST, SECOND, greet, reply, rows
from unit.storage.conftest import begin, domain, say
from valve_clinic.channel.conversation import Conversations
from valve_clinic.channel.errors import ApiError
from valve_clinic.channel.requests import Message
from valve_clinic.channel.secret import Tokens
from valve_clinic.channel.store import Button, WebsiteStore
from valve_clinic.channel.urgent import Look
from valve_clinic.clock import utc_now
from valve_clinic.storage.errors import ConflictError
from valve_clinic.storage.locks import Locks
from valve_clinic.storage.parts import Part
from valve_clinic.storage.tracker_store import ConversationStore, reader_of

__all__ = ["domain"]


def part(turn: str = FIRST, position: int = 0, conversation: str = ANN) -> Part:
    return Part(conversation, position, turn, "[]", None, None, 0.0)


def test_a_message_is_stored_before_it_is_answered(store: WebsiteStore, engine: Engine) -> None:
    greet(store, ANN)
    received = store.receive(ANN, FIRST, "hello", None)
    assert received is not None
    assert (received.words, received.sent, received.answer) == ("hello", "hello", None)
    assert store.find_turn(ANN, FIRST) is None, "it has no answer yet"
    assert [turn.text for turn in store.turns(ANN)] == [None, "hello"]
    store.receive(ANN, FIRST, "hello", None)
    assert rows(engine, "website_turn") == 2


def test_sent_again_the_first_words_count(store: WebsiteStore) -> None:
    greet(store, ANN)
    store.receive(ANN, FIRST, "hello", None)
    again = store.receive(ANN, FIRST, "other words", None)
    assert again is not None
    assert again.sent == "hello"


def test_a_button_is_its_title_and_its_payload_and_an_unknown_one_stores_nothing(store: WebsiteStore) -> None:
    greet(store, ANN)
    greet(store, BEN)
    received = store.receive(ANN, FIRST, None, "button-a")
    assert received is not None
    assert (received.words, received.sent) == ("How is it treated?", "/t")
    for button in ("button-b", "invented"):
        with pytest.raises(LookupError):
            store.receive(ANN, SECOND, None, button)
    assert len(store.turns(ANN)) == 2


def test_a_session_that_has_ended_takes_no_message(store: WebsiteStore, clock: Clock, engine: Engine) -> None:
    greet(store, ANN)
    clock.pass_minutes(31)
    assert store.receive(ANN, FIRST, "hello", None) is None
    assert store.receive(BEN, FIRST, "hello", None) is None
    assert rows(engine, "website_turn") == 1


def test_the_answer_comes_with_its_buttons_and_rasas_part(store: WebsiteStore, engine: Engine, clock: Clock) -> None:
    greet(store, ANN)
    store.receive(ANN, FIRST, "hello", None)
    clock.pass_minutes(29)
    given = store.answer(ANN, FIRST, [reply("r1")], [Button("new", "More", "/more")], "check", part())
    turn = store.find_turn(ANN, FIRST)
    assert given is not None
    assert turn is not None
    assert (turn.text, turn.replies, turn.safety) == ("hello", given.replies, given.safety)
    assert (given.replies, given.safety) == ([reply("r1")], "check")
    assert store.find_button(ANN, "new") is not None
    assert rows(engine, "conversation_part") == 1
    clock.pass_minutes(29)
    assert store.is_live(ANN)


def test_no_turn_is_found_in_a_session_that_has_ended(store: WebsiteStore, clock: Clock) -> None:
    greet(store, ANN)
    clock.pass_minutes(31)
    for session in (ANN, BEN):
        with pytest.raises(LookupError):
            store.find_turn(session, FIRST)


def test_a_second_answer_changes_nothing_and_gets_the_first(store: WebsiteStore, engine: Engine) -> None:
    greet(store, ANN)
    store.receive(ANN, FIRST, "hello", None)
    store.answer(ANN, FIRST, [reply("r1")], [], "none", part())
    again = store.answer(ANN, FIRST, [reply("r2")], [], "none", part(position=1))
    assert again is not None
    assert again.replies == [reply("r1")]
    assert rows(engine, "conversation_part") == 1
    received = store.receive(ANN, FIRST, "hello", None)
    assert received is not None
    assert received.answer is not None
    assert received.answer.replies == [reply("r1")]


def test_an_answer_that_does_not_follow_what_is_there_stores_nothing(store: WebsiteStore, engine: Engine) -> None:
    greet(store, ANN)
    for turn in (FIRST, SECOND):
        store.receive(ANN, turn, "hello", None)
    store.answer(ANN, FIRST, [reply("r1")], [], "none", part(FIRST, 0))
    with pytest.raises(ConflictError):
        store.answer(ANN, SECOND, [reply("r2")], [Button("new", "More", "/more")], "none", part(SECOND, 0))
    assert store.find_turn(ANN, SECOND) is None
    assert store.find_button(ANN, "new") is None
    assert rows(engine, "conversation_part") == 1


def test_an_answer_after_the_conversation_was_deleted_is_none(store: WebsiteStore, engine: Engine) -> None:
    greet(store, ANN)
    store.receive(ANN, FIRST, "hello", None)
    store.answer(ANN, FIRST, [reply("r1")], [], "none", part())
    store.receive(ANN, SECOND, "hello", None)
    store.delete(ANN)
    assert store.answer(ANN, SECOND, [reply("r2")], [], "none", part(SECOND, 1)) is None
    assert rows(engine, "conversation_part") == 0
    assert rows(engine, "website_turn") == 0


def test_a_database_of_the_release_before_is_brought_up_to_date(sqlite: Engine) -> None:
    with sqlite.begin() as connection:
        connection.execute(text("CREATE TABLE website_session (id VARCHAR(64) PRIMARY KEY, started_at, last_at)"))
        columns = "id INTEGER PRIMARY KEY, session_id, client_id, text, replies JSON, safety, at DATETIME"
        connection.execute(text(f"CREATE TABLE website_turn ({columns})"))
        values = f"1, '{ANN}', '{FIRST}', 'old words', '[]', 'none', '2026-11-23 12:00:00.000000'"
        connection.execute(text(f"INSERT INTO website_turn VALUES ({values})"))
        lately = f"{utc_now():%Y-%m-%d %H:%M:%S.%f}"
        connection.execute(text(f"INSERT INTO website_session VALUES ('{ANN}', '{lately}', '{lately}')"))
    for _ in range(2):
        store = WebsiteStore(sqlite)
    found = store.find_turn(ANN, FIRST)
    assert found is not None
    assert found.text == "old words"


@pytest.fixture
def talk(sqlite: Engine, domain: Any) -> tuple[Conversations, ConversationStore]:
    """Conversations with a Rasa that reads and saves its tracker and takes its time."""
    store = WebsiteStore(sqlite)
    trackers = ConversationStore(domain, engine=sqlite)

    async def answer(message: UserMessage) -> None:
        tracker = await trackers.get_or_create_tracker(message.sender_id, append_action_listen=False)
        if not tracker.events:
            begin(tracker)
        await asyncio.sleep(0.02)
        say(tracker, message.text)
        await message.output_channel.send_response(message.sender_id, {"text": f"You said {message.text}"})
        await trackers.save(tracker)

    return Conversations(store, Tokens("k" * 40), answer, 2.0, Locks()), trackers


async def visit(conversations: Conversations) -> str:
    """Begin a session and return it."""
    return await conversations.session_of((await conversations.start(Domain()))[0])


@pytest.fixture
def statements(sqlite: Engine) -> list[str]:
    """What the database is asked from now on, in order."""
    asked: list[str] = []
    event.listen(sqlite, "before_cursor_execute", lambda *call: asked.append(call[2]))
    return asked


async def test_a_turn_has_two_commits_and_few_statements(
    talk: tuple[Conversations, ConversationStore], sqlite: Engine, statements: list[str]
) -> None:
    conversations, _ = talk
    session = await visit(conversations)
    commits: list[Any] = []
    event.listen(sqlite, "commit", commits.append)
    for number in range(30):
        commits.clear()
        statements.clear()
        await conversations.take_turn(session, Message(f"{FIRST[:-2]}{number:02}", f"message {number}", None))
        assert len(commits) == 2
        assert len(statements) <= 10, statements


async def test_what_was_read_beside_the_look_is_what_rasa_goes_on_with(
    talk: tuple[Conversations, ConversationStore], statements: list[str]
) -> None:
    conversations, trackers = talk
    session = await visit(conversations)
    reads: list[str] = []
    reader = threading.Event()

    def read(conversation: str) -> Any:
        reader.set()
        reads.append(conversation)
        return trackers.read(conversation)

    for number in range(3):
        looking: asyncio.Future[Look | None] = asyncio.get_running_loop().create_future()
        message = Message(f"{FIRST[:-2]}{number:02}", f"message {number}", None)
        turn = asyncio.create_task(conversations.take_turn(session, message, looking, read=read))
        assert await asyncio.to_thread(reader.wait, 5)
        reader.clear()
        looking.set_result(None)
        await turn
    assert reads == [session] * 3
    windows = [statement for statement in statements if "conversation_window" in statement and "SELECT" in statement]
    assert len(windows) == 3, "and it is not read again"
    tracker = await trackers.retrieve(session)
    assert tracker is not None
    said = [event.text for event in tracker.events if event.type_name == "user"]
    assert said == ["message 0", "message 1", "message 2"]


async def test_a_message_that_was_answered_before_reads_no_conversation(
    talk: tuple[Conversations, ConversationStore],
) -> None:
    conversations, _ = talk
    session = await visit(conversations)
    message = Message(FIRST, "hello", None)
    first = await conversations.take_turn(session, message)

    def read(_conversation: str) -> Any:
        raise AssertionError("nothing is to be read")

    assert await conversations.take_turn(session, message, read=read) == first


@pytest.mark.parametrize("store", [None, InMemoryTrackerStore(RasaDomain.empty())])
def test_only_our_own_tracker_store_is_read_ahead(store: Any) -> None:
    assert reader_of(None) is None
    assert reader_of(SimpleNamespace(tracker_store=store)) is None


async def ask_and_go_away(conversations: Conversations) -> str:
    """Say hello in a new session and end the connection at once; returns the session."""
    session = await visit(conversations)
    work = conversations.take_turn(session, Message(FIRST, "hello", None))
    turn = asyncio.ensure_future(conversations.turns.by(conversations.turns.deadline(), work))
    await asyncio.sleep(0.01)
    turn.cancel()
    return session


async def test_a_patient_who_goes_away_leaves_a_turn_that_ends(talk: tuple[Conversations, ConversationStore]) -> None:
    conversations, trackers = talk
    session = await ask_and_go_away(conversations)
    answer = await conversations.take_turn(session, Message(FIRST, "hello", None))
    assert answer["replies"][0]["text"] == "You said hello"
    tracker = await trackers.retrieve(session)
    assert tracker is not None
    assert [event.text for event in tracker.events if event.type_name == "user"] == ["hello"]


async def test_stopping_waits_for_turns_that_are_under_way(talk: tuple[Conversations, ConversationStore]) -> None:
    conversations, _ = talk
    session = await ask_and_go_away(conversations)
    await conversations.turns.close()
    repeated = await conversations.repeated(session, FIRST)
    assert repeated is not None


async def test_a_turn_that_is_cut_off_is_stored_with_what_rasa_had_made_of_it(sqlite: Engine, domain: Any) -> None:
    trackers = ConversationStore(domain, engine=sqlite)

    async def half(message: UserMessage) -> None:
        tracker = await trackers.get_or_create_tracker(message.sender_id, append_action_listen=False)
        begin(tracker)
        say(tracker, message.text)
        await message.output_channel.send_response(message.sender_id, {"text": "Call 501."})
        await asyncio.Event().wait()

    conversations = Conversations(WebsiteStore(sqlite), Tokens("k" * 40), half, 1.0, Locks())
    session = await visit(conversations)
    deadline = conversations.turns.now() + 0.4
    answer = await conversations.take_turn(session, Message(FIRST, "hello", None), None, deadline)
    assert [reply["kind"] for reply in answer["replies"]][1:] == ["notice"]
    assert not conversations.turns._running, "what nobody needs any more is ended"
    tracker = await trackers.retrieve(session)
    assert tracker is not None
    assert [event.text for event in tracker.events if event.type_name == "user"] == ["hello"]


async def test_a_turn_without_a_word_is_stored_late_with_all_that_rasa_made_of_it(sqlite: Engine, domain: Any) -> None:
    trackers = ConversationStore(domain, engine=sqlite)
    go_on = asyncio.Event()

    async def slow(message: UserMessage) -> None:
        tracker = await trackers.get_or_create_tracker(message.sender_id, append_action_listen=False)
        begin(tracker)
        say(tracker, message.text)
        await go_on.wait()
        await message.output_channel.send_response(message.sender_id, {"text": "Late."})
        await trackers.save(tracker)

    conversations = Conversations(WebsiteStore(sqlite), Tokens("k" * 40), slow, 0.3, Locks())
    session = await visit(conversations)
    deadline = conversations.turns.deadline()
    work = conversations.take_turn(session, Message(FIRST, "hello", None), None, deadline)
    with pytest.raises(ApiError):
        await conversations.turns.by(deadline, work)
    assert await trackers.retrieve(session) is None, "nothing is stored before the answer"
    go_on.set()
    again = await conversations.take_turn(session, Message(FIRST, "hello", None))
    assert [reply["text"] for reply in again["replies"]] == ["Late."]
    tracker = await trackers.retrieve(session)
    assert tracker is not None
    assert [event.text for event in tracker.events if event.type_name == "user"] == ["hello"]
