"""One turn of a conversation at a time: in this process always, and among several where LOCK_URL names a place."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Protocol
from weakref import WeakValueDictionary

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LockStore

from valve_clinic import settings
from valve_clinic.storage import turn
from valve_clinic.storage.errors import BusyError

logger = logging.getLogger(__name__)

#: Seconds that a message waits for the one before it.
WAIT_SECONDS = 5.0
#: Seconds for which a place that failed is not asked again.
_REST_SECONDS = 2.0


class SharedLock(Protocol):
    """A lock that several processes see."""

    async def acquire(self, conversation: str, seconds: float) -> Any:
        """Return a token, or None when another process held the lock for all that time; raises on failure."""

    async def release(self, token: Any) -> None:
        """Give the lock back; it may be lost already."""

    async def close(self) -> None:
        """Give back the connections."""


class Locks:
    """Locks by conversation.

    Where the shared place fails, this process's own lock is enough to go on: two processes that answer the same
    conversation at the same time cannot both store their part (`valve_clinic/storage/parts.py`).
    """

    def __init__(self, shared: SharedLock | None = None, seconds: float = WAIT_SECONDS) -> None:
        self._shared = shared
        self._seconds = seconds
        self._rests_until = 0.0
        #: A lock lives as long as somebody holds it or waits for it.
        self._own: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, conversation: str) -> AsyncIterator[None]:
        """Hold the conversation's lock; raises `BusyError` when it is not to be had in time."""
        until = time.monotonic() + self._seconds
        own = self._own.setdefault(conversation, asyncio.Lock())
        try:
            await asyncio.wait_for(own.acquire(), self._seconds)
        except asyncio.TimeoutError:
            raise BusyError("an earlier message takes too long") from None
        try:
            token = await self._acquire_shared(conversation, max(0.1, until - time.monotonic()))
            try:
                yield
            finally:
                if token is not None:
                    await self._quietly(self._shared.release(token))  # type: ignore[union-attr]
        finally:
            own.release()

    async def close(self) -> None:
        """Give back the connections."""
        if self._shared is not None:
            await self._quietly(self._shared.close())

    async def _acquire_shared(self, conversation: str, seconds: float) -> Any:
        if self._shared is None or time.monotonic() < self._rests_until:
            return None
        try:
            token = await self._shared.acquire(conversation, seconds)
        except Exception as error:
            self._rests_until = time.monotonic() + _REST_SECONDS
            logger.error("ALERT locks: the shared place failed (%s); this process locks alone", type(error).__name__)
            return None
        if token is None:
            raise BusyError("another process answers an earlier message")
        return token

    async def _quietly(self, work: Any) -> None:
        try:
            await work
        except Exception as error:
            logger.warning("a shared lock could not be given back: %s", type(error).__name__)


def make(url: str | None) -> Locks:
    """Return the locks for LOCK_URL; raises `SettingError` for a place that is none."""
    if not url:
        return Locks()
    scheme = url.partition(":")[0].partition("+")[0]
    if scheme in ("redis", "rediss", "unix"):
        from valve_clinic.storage.redis_lock import RedisLock

        return Locks(RedisLock(url))
    if scheme == "postgresql":
        from valve_clinic.storage.postgres_lock import PostgresLock

        return Locks(PostgresLock(url))
    raise settings.SettingError(f"LOCK_URL must begin with redis:// or postgresql://, not {scheme!r}")


@lru_cache(maxsize=1)
def shared_locks() -> Locks:
    """Return this process's locks."""
    return make(settings.get("LOCK_URL"))


class ConversationLockStore(LockStore):
    """Rasa's lock store on these locks; a turn of the website holds its conversation's lock already."""

    def __init__(self, endpoint_config: Any = None) -> None:
        """Use the locks that the channel uses; nothing is read from `endpoint_config`."""
        super().__init__()

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = 0.0, wait_time_in_seconds: float = 0.0
    ) -> AsyncIterator[TicketLock]:
        """Hold the lock; it is given back however the block ends."""
        if turn.current(conversation_id) is not None:
            yield TicketLock(conversation_id)
            return
        async with shared_locks().hold(conversation_id):
            yield TicketLock(conversation_id)
