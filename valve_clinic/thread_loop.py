"""Runs a coroutine to its end in an event loop of the thread's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class _Own(threading.local):
    """The loop of each thread, made when it first asks."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()


_own = _Own()


def run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Return what the coroutine returns; raises what it raises.

    `asyncio.run` makes a loop for each call and closes it: 0.15 ms instead of 0.02, two or three times in a turn.
    """
    return _own.loop.run_until_complete(work)
