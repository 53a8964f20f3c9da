"""Whether the server is able to answer a question, not merely alive."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from valve_clinic.channel import reading
from valve_clinic.channel.store import WebsiteStore
from valve_clinic.content.store import shared_store
from valve_clinic.operations import metrics
from valve_clinic.storage import worker

CANARY = "what is a leaky mitral valve"
#: Seconds for which an answer to "are you ready" holds.
CACHE_SECONDS = 5.0
_CANARY_SECONDS = 3.0


class Health:
    """Asks a canary question of the model and of the content; stores and counts nothing."""

    def __init__(self, store: WebsiteStore | None = None) -> None:
        self._store = store
        self._until = 0.0
        self._last: tuple[int, dict[str, Any]] = (503, {})
        self._asking = asyncio.Lock()

    async def ready(self, agent: Any) -> tuple[int, dict[str, Any]]:
        """Return 200 or 503 and the body that names each check."""
        async with self._asking:  # who asks meanwhile gets the same answer
            if time.monotonic() >= self._until:
                checks = {"model": await _check_model(agent), "content": await _check_content()}
                if self._store is not None:
                    checks["conversations"] = await _check_conversations(self._store)
                fine = all(result == "ok" for result in checks.values())
                metrics.ready.set(fine)
                self._last = (200 if fine else 503, {"status": "ok" if fine else "unavailable", "checks": checks})
                self._until = time.monotonic() + CACHE_SECONDS
            return self._last


async def _check_model(agent: Any) -> str:
    if agent is None or not agent.is_ready():
        return "no model is loaded"
    try:
        parsed = await reading.read(agent, CANARY, _CANARY_SECONDS)
    except Exception as error:
        return f"the canary question failed ({type(error).__name__})"
    return "ok" if parsed["intent"]["name"] == "ask_definition" else "the canary question was not understood"


async def _check_conversations(store: WebsiteStore) -> str:
    try:
        await worker.run(store.check)
    except Exception as error:
        return f"the database cannot be used ({type(error).__name__})"
    return "ok"


async def _check_content() -> str:
    try:
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(None, lambda: shared_store().answer("ask_definition"))
    except Exception as error:
        return f"the content cannot be read ({type(error).__name__})"
    return "ok" if answer is not None else "the canary's answer is missing"
