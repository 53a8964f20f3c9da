"""Purges once a day in the serving process, off the event loop."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from valve_clinic.privacy import retention

logger = logging.getLogger(__name__)

#: Seconds after the start of the first purge, and between two.
FIRST, BETWEEN = 60.0, 24 * 60 * 60.0
#: Seconds until the next try after a purge that failed.
AGAIN = 15 * 60.0


async def run(first: float = FIRST, between: float = BETWEEN, again: float = AGAIN) -> None:
    """Purge until cancelled; a failure is logged by its type and tried again."""
    pause = first
    while True:
        await asyncio.sleep(pause)
        try:
            await asyncio.get_running_loop().run_in_executor(None, lambda: retention.purge(retention.days()))
            pause = between
        except Exception as error:
            # The error's text may quote a row.
            logger.error("the daily purge failed: %s", type(error).__name__)
            pause = again


class Daily:
    """The purge as listeners of the server."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def start(self, _app: Any, _loop: Any) -> None:
        """Begin; raises `SettingError` for a wrong RETENTION_DAYS, so that the server does not get ready."""
        retention.days()
        self._task = asyncio.ensure_future(run())

    async def stop(self, _app: Any, _loop: Any) -> None:
        """End; a purge that runs in its thread finishes."""
        if self._task is not None:
            self._task.cancel()
