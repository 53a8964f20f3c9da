"""An attempt to get a lock, of which a cancellation ends the wait and not the attempt: what it gets is not lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

_Held = TypeVar("_Held")


async def finish(attempt: Awaitable[_Held | None], give_back: Callable[[_Held], Awaitable[None]]) -> _Held | None:
    """Return what the attempt gets, None where it gets nothing; raises what it raises.

    When it is cancelled, the attempt goes on unheard, and what it gets then is given back.
    """
    started = asyncio.ensure_future(attempt)
    try:
        return await asyncio.shield(started)
    except asyncio.CancelledError:
        started.add_done_callback(lambda done: _return(done, give_back))
        raise


def _return(done: asyncio.Future[_Held | None], give_back: Callable[[_Held], Awaitable[None]]) -> None:
    if not done.cancelled() and done.exception() is None and (held := done.result()) is not None:
        asyncio.ensure_future(_quietly(give_back(held)))  # noqa: RUF006


async def _quietly(work: Awaitable[None]) -> None:
    # What cannot be given back is free when its life, or its connection, is over.
    with contextlib.suppress(Exception):
        await work
