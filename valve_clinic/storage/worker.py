"""Runs database calls off the event loop, and does not wait for them for ever."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from valve_clinic.storage.errors import StorageError

logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")

#: Seconds after which a call counts as failed although its thread may still wait for the database.
CALL_SECONDS = 3.0
#: A call that failed sooner than this is tried once more: the connection may have been an old one.
_RETRY_WITHIN = 0.5
#: Calls that may wait at the same time.
_THREADS = 32


async def run(work: Callable[[], _Result], seconds: float = CALL_SECONDS) -> _Result:
    """Return what `work` returns; raises `StorageError` when the database fails or takes too long.

    `work` must be a whole transaction that may be done twice: it is repeated once after a lost connection.
    """
    started = asyncio.get_running_loop().run_in_executor(_threads(), lambda: _twice(work))
    # A deadline cancels the wait, not the thread: its outcome is taken, so that nobody logs it.
    started.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        return await asyncio.wait_for(asyncio.shield(started), seconds)
    except asyncio.TimeoutError:
        logger.error("ALERT database: no answer within %g seconds", seconds)
        raise StorageError("the database did not answer in time") from None
    except SQLAlchemyError as error:
        # An error of a database quotes the row: its kind is logged, its words are not.
        logger.error("ALERT database: a call failed: %s", kind_of(error))
        raise StorageError(f"the database failed ({kind_of(error)})") from None


def kind_of(error: Exception) -> str:
    """Return the names of the error's classes: they say what happened and quote nothing."""
    cause = getattr(error, "orig", None)
    return type(error).__name__ + (f", {type(cause).__name__}" if cause is not None else "")


def _twice(work: Callable[[], _Result]) -> _Result:
    begun = time.monotonic()
    try:
        return work()
    except DBAPIError as error:
        lost = error.connection_invalidated or type(error).__name__ in ("OperationalError", "InterfaceError")
        if not lost or time.monotonic() - begun > _RETRY_WITHIN:
            raise
        logger.warning("a database call is repeated: %s", kind_of(error))
        return work()


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="database")
