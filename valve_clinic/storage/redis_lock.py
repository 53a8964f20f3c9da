"""Locks in Redis: taken in one step, with a token and an expiry, and given back by who has the token."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from valve_clinic.storage import attempts

#: Milliseconds after which the lock of a holder that was killed is free.
LIFE_MS = 3000
#: A holder that lives says so this often.
_RENEW_SECONDS = LIFE_MS / 3000
_POLL_SECONDS = 0.03
#: Seconds that Redis may take for one command.
_COMMAND_SECONDS = 0.5
_PREFIX = "valve-clinic:turn:"
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"
_RENEW = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end"
)


@dataclass(frozen=True)
class _Held:
    key: str
    token: str
    renewal: asyncio.Task[None]


class RedisLock:
    """`SET key token NX PX` with renewal while it is held."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=_COMMAND_SECONDS, socket_connect_timeout=_COMMAND_SECONDS
        )

    async def acquire(self, conversation: str, seconds: float) -> _Held | None:
        """Return a token, or None when the lock was held for all that time; raises `RedisError`."""
        key, token = _PREFIX + conversation, secrets.token_hex(16)
        until = time.monotonic() + seconds
        # A command of redis-py takes a cancellation for its own timeout now and then, and goes on: it is not told.
        while not await attempts.finish(self._try(key, token), lambda held: self._delete(key, held)):
            if time.monotonic() > until:
                return None
            await asyncio.sleep(_POLL_SECONDS)
        return _Held(key, token, asyncio.ensure_future(self._renew(key, token)))

    async def release(self, token: _Held) -> None:
        """Delete the key if it is still this holder's."""
        token.renewal.cancel()
        await self._delete(token.key, token.token)

    async def close(self) -> None:
        """Give back the connections."""
        await self._redis.close(close_connection_pool=True)

    async def _try(self, key: str, token: str) -> str | None:
        return token if await self._redis.set(key, token, nx=True, px=LIFE_MS) else None

    async def _delete(self, key: str, token: str) -> None:
        await self._redis.eval(_RELEASE, 1, key, token)

    async def _renew(self, key: str, token: str) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            # Redis may be away for a moment; a lost lock cannot lose a turn.
            with contextlib.suppress(RedisError, OSError):
                if not await self._redis.eval(_RENEW, 1, key, token, LIFE_MS):
                    return
