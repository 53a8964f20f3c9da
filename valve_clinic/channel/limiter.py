"""How fast a session and an address may be."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from valve_clinic.channel.errors import ApiError


class Limiter:
    """Counts in a moving window of a minute; a limit of 0 is no limit."""

    def __init__(self, per_session: int, per_address: int) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._per_session = RateLimitItemPerMinute(per_session, namespace="session") if per_session else None
        self._refused = RateLimitItemPerMinute(per_session, namespace="refused") if per_session else None
        self._per_address = RateLimitItemPerMinute(per_address, namespace="address") if per_address else None

    def check_session(self, session: str) -> None:
        """Count a message of the session; raises 429 with the seconds to wait."""
        self._check(self._per_session, session)

    def check_address(self, address: str) -> None:
        """Count a request of the address; raises 429 with the seconds to wait."""
        self._check(self._per_address, address)

    def has_room(self, address: str) -> bool:
        """Return whether a request of the address would be let through, without counting one."""
        return self._per_address is None or self._window.test(self._per_address, address)

    def may_be_urgent(self, address: str) -> bool:
        """Count a refused message that may be an emergency; False when the address has sent so many of them.

        Looking at a message costs what answering it costs, so that this must not be a way round the limits.
        """
        return self._refused is None or self._window.hit(self._refused, address)

    def _check(self, limit: RateLimitItemPerMinute | None, key: str) -> None:
        if limit is None or self._window.hit(limit, key):
            return
        reset = self._window.get_window_stats(limit, key).reset_time
        raise ApiError.too_many(max(1, math.ceil(reset - time.time())))
