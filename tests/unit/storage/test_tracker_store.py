"""A turn is stored once and in its place; reading is flat, and what cannot be read ends one conversation only."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from rasa.core.tracker_store import check_if_tracker_store_async
from rasa.shared.core.events import SlotSet, UserUttered
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from unit.storage.conftest import begin, say, talk, words_of
from valve_clinic.storage import worker
from valve_clinic.storage.errors import ConflictError, StorageError
from valve_clinic.storage.tracker_store import ConversationStore
from valve_clinic.storage.window import MOST_PARTS

Count = Callable[[str], int]


async def test_a_conversation_comes_back_as_it_was(trackers: ConversationStore) -> None:
    said = await talk(trackers, "ann", "what is it?", "and the risks?")
    found = await trackers.retrieve("ann")
    assert found is not None
    assert words_of(found) == ["what is it?", "and the risks?"]
    assert found.current_slot_values() == said.current_slot_values()
    assert found.latest_action_name == "action_listen"
    assert [event.type_name for event in found.events][:3] == ["action", "session_started", "action"]
    message = found.latest_message
    assert (message.intent["name"], message.message_id) == ("ask", "id of and the risks?")
    assert message.parse_data["text"] == "and the risks?"
    assert message.parse_data["safety"]["level"] == "none"
    assert abs(message.timestamp - time.time()) < 60


async def test_an_unknown_conversation_is_none_and_stores_nothing(trackers: ConversationStore, count: Count) -> None:
    assert await trackers.retrieve("nobody") is None
    await trackers.get_or_create_tracker("nobody", append_action_listen=False)
    assert count("conversation_part") == 0


@pytest.mark.parametrize("sender", ["\ud800", "a\x00b", "x" * 400])
async def test_an_id_that_no_database_takes_is_an_error_and_never_the_end(
    trackers: ConversationStore, sender: str
) -> None:
    for attempt in (trackers.retrieve(sender), talk(trackers, sender, "hello")):
        try:
            await attempt
        except (StorageError, UnicodeError, ValueError):
            continue
    assert words_of(await talk(trackers, "ann", "hello")) == ["hello"]


async def test_saving_again_stores_nothing_again(trackers: ConversationStore, count: Count) -> None:
    tracker = await talk(trackers, "ann", "hello")
    await trackers.save(tracker)
    await trackers.save(tracker)
    assert count("conversation_part") == 1
    say(tracker, "and more")
    await trackers.save(tracker)
    assert words_of(await trackers.retrieve("ann")) == ["hello", "and more"]


async def test_a_commit_of_which_nobody_heard_is_not_repeated(
    trackers: ConversationStore, engine: Engine, count: Count
) -> None:
    """The server commits, the connection breaks before it can say so, and the same turn is saved again."""
    tracker = await talk(trackers, "ann", "hello")
    say(tracker, "the second")
    write = trackers._write

    def commit_and_break(part: Any) -> None:
        write(part)
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    trackers._write = commit_and_break  # type: ignore[method-assign]
    with pytest.raises(StorageError):
        await trackers.save(tracker)
    trackers._write = write  # type: ignore[method-assign]
    await trackers.save(tracker)
    assert count("conversation_part") == 2
    assert words_of(await trackers.retrieve("ann")) == ["hello", "the second"]


async def test_of_two_that_go_on_from_the_same_point_one_fails_and_stores_nothing(trackers: ConversationStore) -> None:
    await talk(trackers, "ann", "hello")
    first, second = await trackers.retrieve("ann"), await trackers.retrieve("ann")
    assert first is not None
    assert second is not None
    say(first, "from the first process")
    say(second, "from the second process")
    await trackers.save(first)
    with pytest.raises(ConflictError):
        await trackers.save(second)
    assert words_of(await trackers.retrieve("ann")) == ["hello", "from the first process"]


async def test_two_that_begin_the_same_conversation_do_not_both_store(trackers: ConversationStore) -> None:
    both = [await trackers.get_or_create_tracker("ann", append_action_listen=False) for _ in range(2)]
    for number, tracker in enumerate(both):
        begin(tracker)
        say(tracker, f"process {number}")
    await trackers.save(both[1])
    with pytest.raises(ConflictError):
        await trackers.save(both[0])
    assert words_of(await trackers.retrieve("ann")) == ["process 1"]


async def test_a_long_conversation_costs_no_more_than_a_short_one(trackers: ConversationStore, engine: Engine) -> None:
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    costs, sizes = [], []
    for number in range(200):
        statements.clear()
        tracker = await talk(trackers, "ann", f"message {number}")
        costs.append(len([words for words in statements if not words.startswith("PRAGMA")]))
        sizes.append(len(tracker.events))
    assert max(costs) <= 4, "read, append, and now and then the window's two"
    assert sum(costs[100:]) <= 1.2 * sum(costs[:100])
    assert max(sizes[20:]) <= max(sizes[:20]), "events in memory"
    assert len(words_of(await trackers.retrieve_full_tracker("ann"))) == 200
    found = await trackers.retrieve("ann")
    assert len(words_of(found)) <= MOST_PARTS
    assert words_of(found)[-1] == "message 199"


async def test_slots_from_before_the_window_are_kept(trackers: ConversationStore) -> None:
    tracker = await talk(trackers, "ann", "hello")
    tracker.update(SlotSet("procedure", "mitraclip"))
    await trackers.save(tracker)
    found = await talk(trackers, "ann", *(f"message {number}" for number in range(40)))
    assert "hello" not in words_of(found)
    assert found.get_slot("procedure") == "mitraclip"
    assert found.get_slot("last_topic") == "ask_causes"


async def test_the_window_is_never_cut_where_a_danger_is_held(trackers: ConversationStore) -> None:
    await talk(trackers, "ann", "my chest hurts", level="act")
    await talk(trackers, "ann", *["hm"] * 30)
    assert words_of(await trackers.retrieve("ann"))[0] == "my chest hurts"


async def test_a_new_session_is_all_that_is_read(trackers: ConversationStore) -> None:
    tracker = await talk(trackers, "ann", "yesterday")
    begin(tracker)
    say(tracker, "today")
    await trackers.save(tracker)
    found = await trackers.retrieve("ann")
    assert words_of(found) == ["today"]
    assert words_of(await talk(trackers, "ann", "and on")) == ["today", "and on"]
    assert words_of(await trackers.retrieve_full_tracker("ann")) == ["yesterday", "today", "and on"]


@pytest.mark.parametrize(
    "damage", ["", "{", "null", "[1]", "[{}]", '[{"event": "unheard of"}]', '[{"event": "user"}]', "\ufffd"]
)
async def test_a_row_that_cannot_be_read_sets_one_conversation_aside(
    trackers: ConversationStore, engine: Engine, count: Count, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    await talk(trackers, "ann", "my secret", "another secret")
    await talk(trackers, "ben", "hello")
    with engine.begin() as connection:
        change = text("UPDATE conversation_part SET events = :new WHERE conversation = 'ann' AND position = 1")
        connection.execute(change, {"new": damage})
    with caplog.at_level(logging.DEBUG):
        assert await trackers.retrieve("ann") is None
    assert "ALERT quarantine" in caplog.text
    assert "secret" not in caplog.text
    assert count("conversation_quarantine") == 2
    assert words_of(await talk(trackers, "ann", "I begin anew")) == ["I begin anew"]
    assert words_of(await talk(trackers, "ben", "and I go on")) == ["hello", "and I go on"]


async def test_bytes_that_are_no_text_set_one_conversation_aside(
    sqlite: Engine, domain: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from valve_clinic.storage.models import Base

    Base.metadata.create_all(sqlite)
    trackers = ConversationStore(domain, engine=sqlite)
    await talk(trackers, "ann", "hello")
    with sqlite.begin() as connection:
        connection.exec_driver_sql("UPDATE conversation_part SET events = CAST(x'5bff80' AS TEXT)")
    assert await trackers.retrieve("ann") is None
    assert "ALERT quarantine" in caplog.text
    assert words_of(await talk(trackers, "ann", "I begin anew")) == ["I begin anew"]


async def test_a_database_that_fails_is_an_error_and_nothing_is_kept_in_memory(
    trackers: ConversationStore, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    await talk(trackers, "ann", "hello")
    tracker = await trackers.retrieve("ann")
    assert tracker is not None
    say(tracker, "my secret")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE conversation_part RENAME TO elsewhere"))
    with pytest.raises(StorageError):
        await trackers.retrieve("ann")
    with pytest.raises(StorageError):
        await trackers.save(tracker)
    assert "ALERT database" in caplog.text
    assert "secret" not in caplog.text
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO conversation_part"))
    assert words_of(await trackers.retrieve("ann")) == ["hello"]
    await trackers.save(tracker)
    assert words_of(await trackers.retrieve("ann")) == ["hello", "my secret"]


async def test_a_call_that_hangs_holds_up_nobody_else_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    hanging = asyncio.ensure_future(worker.run(lambda: release.wait(10), seconds=0.2))
    await asyncio.sleep(0)
    assert await worker.run(lambda: "answered") == "answered"
    with pytest.raises(StorageError):
        await hanging
    release.set()


async def test_a_turn_that_is_stored_has_few_bytes(trackers: ConversationStore, engine: Engine) -> None:
    await talk(trackers, "ann", *(f"what is the risk of number {number}?" for number in range(20)))
    with engine.connect() as connection:
        sizes = connection.execute(text("SELECT length(events) FROM conversation_part WHERE position > 0")).scalars()
        assert max(sizes) < 600


async def test_rasa_takes_the_store_as_an_asynchronous_one(trackers: ConversationStore) -> None:
    assert check_if_tracker_store_async(trackers)
    await talk(trackers, "ann", "hello")
    assert list(await trackers.keys()) == ["ann"]
    full = await trackers.retrieve_full_tracker("ann")
    assert full is not None
    assert isinstance(full.get_last_event_for(UserUttered), UserUttered)
