"""Events for the broker are stored with the turn and sent once, in order; without a broker there are none."""

from __future__ import annotations

import asyncio
import json
import socket
import uuid
from collections.abc import Callable
from typing import Any

import aio_pika
import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine
from support import missing_service

from unit.storage.conftest import say, talk
from valve_clinic.storage import relay as module
from valve_clinic.storage.errors import StorageError
from valve_clinic.storage.outbox import Outbox
from valve_clinic.storage.relay import Relay
from valve_clinic.storage.tracker_store import ConversationStore

Count = Callable[[str], int]
BROKER = "amqp://guest:guest@127.0.0.1:5672/"


@pytest.fixture
def published(trackers: ConversationStore, monkeypatch: pytest.MonkeyPatch) -> ConversationStore:
    """A store with a broker behind it."""
    monkeypatch.setenv("EVENT_BROKER_URL", BROKER)
    return trackers


async def test_without_a_broker_nothing_waits(trackers: ConversationStore, count: Count) -> None:
    await talk(trackers, "ann", "hello")
    assert count("outbox") == 0


async def test_events_wait_whole_and_in_order_with_ids_that_stay(published: ConversationStore, engine: Engine) -> None:
    await talk(published, "ann", "hello", "and more")
    entries = Outbox(engine).waiting()
    assert [message_id for message_id, _ in entries[0].messages][:2] == ["ann/0/0", "ann/0/1"]
    said = [event for entry in entries for _, event in entry.messages if event["event"] == "user"]
    assert [event["text"] for event in said] == ["hello", "and more"]
    assert said[0]["sender_id"] == "ann"
    assert said[0]["parse_data"]["intent_ranking"]
    assert Outbox(engine).waiting() == entries


async def test_a_turn_that_is_not_stored_is_not_published(published: ConversationStore, count: Count) -> None:
    await talk(published, "ann", "hello")
    first, second = await published.retrieve("ann"), await published.retrieve("ann")
    for tracker in (first, second):
        say(tracker, "more")
    await published.save(first)
    with pytest.raises(StorageError):
        await published.save(second)
    assert count("outbox") == 2


def test_only_one_process_drains_at_a_time(tables: Engine) -> None:
    first, second = Outbox(tables), Outbox(tables)
    assert first.take_lease()
    assert first.take_lease()
    assert not second.take_lease()
    with tables.begin() as connection:
        connection.execute(text("UPDATE lease SET until = 0"))  # the first was killed a while ago
    assert second.take_lease()
    assert not first.take_lease()
    second.give_lease_back()
    assert first.take_lease()


async def test_a_row_that_cannot_be_read_does_not_stop_the_others(
    published: ConversationStore, engine: Engine, count: Count, broker: str, caplog: pytest.LogCaptureFixture
) -> None:
    await talk(published, "ann", "hello", "and more")
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET events = '{half' WHERE position = 0"))
    relay = Relay(engine, BROKER, broker)
    assert await relay._drain() == 2
    await relay.stop()
    assert count("outbox") == 0
    assert "ALERT outbox" in caplog.text
    assert [event["text"] for _, event in await take(broker) if event["event"] == "user"] == ["and more"]


@pytest.fixture
def broker() -> str:
    """The name of a queue of one's own."""
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex(("127.0.0.1", 5672)):
            missing_service("no RabbitMQ listens on 127.0.0.1:5672")
    return f"test-{uuid.uuid4().hex}"


async def take(queue: str) -> list[tuple[str, dict[str, Any]]]:
    connection = await aio_pika.connect(BROKER)
    async with connection:
        declared = await (await connection.channel()).declare_queue(queue, durable=True)
        found = []
        while (message := await declared.get(fail=False)) is not None:
            await message.ack()
            found.append((str(message.message_id), json.loads(message.body)))
        await declared.delete(if_unused=False, if_empty=False)
    return found


async def test_the_outbox_is_drained_once_and_in_order(
    published: ConversationStore, engine: Engine, count: Count, broker: str
) -> None:
    words = [f"message {number}" for number in range(70)]
    await talk(published, "ann", *words)
    relay = Relay(engine, BROKER, broker)
    relay.start()
    for _ in range(200):
        if not count("outbox"):
            break
        await asyncio.sleep(0.05)
    await relay.stop()
    found = await take(broker)
    assert [event["text"] for _, event in found if event["event"] == "user"] == words
    assert len({message_id for message_id, _ in found}) == len(found)
    assert count("lease") == 0


async def test_a_broker_that_cannot_be_reached_leaves_the_outbox_as_it_is(
    published: ConversationStore, engine: Engine, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    await talk(published, "ann", "hello")
    relay = Relay(engine, "amqp://guest:guest@127.0.0.1:9/", "none")
    relay.start()
    await asyncio.sleep(0.2)
    await talk(published, "ann", "the chat goes on")
    await relay.stop()
    assert count("outbox") == 2
