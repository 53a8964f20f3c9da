"""Carries the outbox to the event broker: in order, each row until it is confirmed, without the chat noticing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

import aio_pika
from sqlalchemy.engine import Engine

from valve_clinic import settings
from valve_clinic.storage import worker
from valve_clinic.storage.outbox import LEASE_SECONDS, Outbox
from valve_clinic.storage.schema import shared_engine

logger = logging.getLogger(__name__)

#: Seconds between two looks at an empty outbox, and the longest rest after a failure.
LOOK_SECONDS = 0.5
_LONGEST_REST = 5.0
#: Seconds that the broker may take to connect or to confirm one message.
_BROKER_SECONDS = 5.0


class Relay:
    """Drains the outbox into one durable queue of RabbitMQ with publisher confirms.

    A row that the broker confirmed and that could not be deleted before a crash is sent again: its messages have the
    same `message_id`.
    """

    def __init__(self, engine: Engine, url: str, queue: str) -> None:
        self._outbox = Outbox(engine)
        self._url = url
        self._queue = queue
        self._task: asyncio.Task[None] | None = None
        self._connection: Any = None

    def start(self) -> None:
        """Begin in the running event loop."""
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End; what waits stays in the outbox."""
        while self._task is not None and not self._task.done():
            # Python 3.10's wait_for may swallow a cancellation that comes just when its work is done.
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=0.1)
        await self._disconnect()
        with contextlib.suppress(Exception):
            await worker.run(self._outbox.give_lease_back, 1.0)

    async def _run(self) -> None:
        rest = LOOK_SECONDS
        while True:
            try:
                drained = await self._drain()
                rest = 0.0 if drained else LOOK_SECONDS
            except asyncio.CancelledError:
                raise
            except Exception as error:
                await self._disconnect()
                rest = min(_LONGEST_REST, max(LOOK_SECONDS, rest) * 2)
                logger.warning("the event broker cannot be reached (%s); the outbox waits", type(error).__name__)
            await asyncio.sleep(rest)

    async def _drain(self) -> int:
        """Send a batch; returns how many rows are gone."""
        if not await worker.run(self._outbox.take_lease):
            return 0
        entries = await worker.run(self._outbox.waiting)
        if not entries:
            return 0
        until = asyncio.get_running_loop().time() + LEASE_SECONDS / 2
        exchange = await self._exchange()
        done = 0
        for entry in entries:
            if asyncio.get_running_loop().time() > until:
                break
            for message_id, event in entry.messages:
                await asyncio.wait_for(
                    exchange.publish(_message(message_id, event), self._queue, timeout=_BROKER_SECONDS),
                    _BROKER_SECONDS,
                )
            if not entry.messages:
                logger.error("ALERT outbox: a row could not be read and was left out")
            await worker.run(lambda entry=entry: self._outbox.delete(entry))  # type: ignore[misc]
            done += 1
        return done

    async def _exchange(self) -> Any:
        if self._connection is None or self._connection.is_closed:
            self._connection = await asyncio.wait_for(
                aio_pika.connect(self._url, timeout=_BROKER_SECONDS), _BROKER_SECONDS
            )
            self._channel = await self._connection.channel(publisher_confirms=True)
            await self._channel.declare_queue(self._queue, durable=True)
        return self._channel.default_exchange

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(connection.close(), 1.0)


def open_relay() -> Relay | None:
    """Return the relay for EVENT_BROKER_URL, or None where no broker is named: then the outbox is not filled."""
    url = settings.get("EVENT_BROKER_URL")
    if url is None:
        return None
    return Relay(shared_engine(), url, settings.value("EVENT_BROKER_QUEUE"))


def _message(message_id: str, event: dict[str, Any]) -> aio_pika.Message:
    return aio_pika.Message(
        json.dumps(event, ensure_ascii=False).encode("utf-8", "replace"),
        content_type="application/json",
        message_id=message_id,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
