"""Advisory locks of PostgreSQL: they belong to a connection, so that a process that was killed holds none."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Engine

from valve_clinic.database import make_engine
from valve_clinic.storage import attempts, worker
from valve_clinic.storage.errors import StorageError

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class _Held:
    key: int
    connection: Any


class PostgresLock:
    """`pg_try_advisory_lock` on a connection of its own; needs a direct connection, no pooler between."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = make_engine(url).execution_options(isolation_level="AUTOCOMMIT")

    async def acquire(self, conversation: str, seconds: float) -> _Held | None:
        """Return a token, or None when the lock was held for all that time; raises `StorageError`."""
        key = int.from_bytes(hashlib.blake2b(conversation.encode(), digest_size=8).digest(), "big", signed=True)
        until = time.monotonic() + seconds
        while True:
            # The thread may get the lock after the wait for it was cancelled.
            held = await attempts.finish(worker.run(lambda: self._try(key)), self.release)
            if held is not None or time.monotonic() > until:
                return held
            await asyncio.sleep(_POLL_SECONDS)

    async def release(self, token: _Held) -> None:
        """Unlock; a connection that cannot is closed, which unlocks too."""
        await worker.run(lambda: _unlock(token))

    async def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    def _try(self, key: int) -> _Held | None:
        begun = time.monotonic()
        connection = self._engine.connect()
        try:
            if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one():
                if time.monotonic() - begun > worker.CALL_SECONDS:
                    raise StorageError("the lock came too late")  # nobody waits for it any more
                return _Held(key, connection)
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        connection.close()
        return None


def _unlock(token: _Held) -> None:
    try:
        token.connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": token.key})
    except Exception:
        token.connection.invalidate()
    finally:
        token.connection.close()
