"""Lets work go on to its end whoever waits for it: in order, in time for the patient, late rather than lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from valve_clinic.channel.errors import ApiError
from valve_clinic.operations import metrics

logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")

#: Seconds after which a turn that does not end is given up; until then it may still be stored.
LATE_SECONDS = 20.0
#: Seconds that a server which is stopped waits for turns that nobody waits for any more.
_FAREWELL_SECONDS = 2.0


class Turns:
    """Keeps the turns that are under way; a patient waits for one at most until its deadline."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: set[asyncio.Task[Any]] = set()
        self._unattended: set[asyncio.Task[Any]] = set()

    def deadline(self) -> float:
        """Return the moment, in the event loop's time, until which what begins now must be answered."""
        return self.now() + self._seconds

    def now(self) -> float:
        """Return the event loop's time."""
        return asyncio.get_running_loop().time()

    async def by(self, deadline: float, work: Coroutine[Any, Any, _Result] | asyncio.Task[_Result]) -> _Result:
        """Return what the work gives until the deadline; raises 503 when it passes, and the work goes on.

        It goes on as well when the patient's connection ends. The work may have begun.
        """
        task = work if isinstance(work, asyncio.Task) else self.begin(work)
        try:
            return await asyncio.wait_for(asyncio.shield(task), deadline - self.now())
        except asyncio.TimeoutError:
            metrics.deadlines.inc()
            logger.error("an answer was not ready in time")
            raise ApiError.unavailable() from None
        finally:
            if not task.done():
                self._unattended.add(task)

    def begin(self, work: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
        """Start the work, and hold on to it until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Wait a moment for what is under way, and end the rest."""
        running = set(self._running)
        if not running:
            return
        _, left = await asyncio.wait(running, timeout=_FAREWELL_SECONDS)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=_FAREWELL_SECONDS)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if task in self._unattended and error is not None and not isinstance(error, ApiError):
            # The error's text may quote what a patient typed: its type is logged, its words are not.
            logger.error("a late turn failed: %s", type(error).__name__)
        self._unattended.discard(task)
