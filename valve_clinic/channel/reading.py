"""Has Rasa read a message in a thread of its own, so that the event loop serves others meanwhile.

One message is read at a time (`rasa_patches` holds the lock), and the encoder lets go of the interpreter while it
computes: on a second core, the next turn goes on beside it.
"""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from valve_clinic import thread_loop


async def read(agent: Any, text: str, seconds: float) -> dict[str, Any]:
    """Return Rasa's parse of the text; raises what it raises, and `asyncio.TimeoutError` after so many seconds.

    What is given up while it waits is never read. A reading that has begun goes on in its thread, and the next one
    waits for it.
    """
    context = contextvars.copy_context()
    started = asyncio.get_running_loop().run_in_executor(_thread(), context.run, _read, agent, text, seconds)
    return await asyncio.wait_for(started, seconds)


def _read(agent: Any, text: str, seconds: float) -> dict[str, Any]:
    # A parse that waits for something, rather than computes, is ended here too: it would hold the thread.
    parsed: dict[str, Any] = thread_loop.run(asyncio.wait_for(agent.parse_message(text), seconds))
    return parsed


@lru_cache(maxsize=1)
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="reading")
