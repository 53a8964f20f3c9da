"""Watches turns from outside: counts them, times them, writes their log line, and lets them end before a stop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from valve_clinic.operations import logs, metrics

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
Handler = Callable[..., Awaitable[Any]]


class Turns:
    """The turns of one server."""

    def __init__(self) -> None:
        self.under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def watched(self, handler: Handler) -> Handler:
        """Wrap the handler that takes a turn; it leaves the session in `request.ctx.conversation`."""

        @functools.wraps(handler)
        async def watch(request: Any, *args: Any, **kwargs: Any) -> Any:
            started = time.monotonic()
            self.under_way += 1
            self._idle.clear()
            metrics.in_flight.inc()
            outcome: dict[str, Any] = {"status": 503, "code": "abandoned"}
            try:
                response = await handler(request, *args, **kwargs)
                outcome = {"status": response.status, **_seen(response.body)}
                return response
            except Exception as error:
                outcome = {"status": getattr(error, "status", 503), "code": getattr(error, "code", "unavailable")}
                raise
            finally:
                self.under_way -= 1
                if not self.under_way:
                    self._idle.set()
                metrics.in_flight.dec()
                _record(request, time.monotonic() - started, outcome)

        return watch

    async def ended(self, seconds: float) -> None:
        """Wait until no turn is under way, `seconds` at the most."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)


def _record(request: Any, seconds: float, outcome: dict[str, Any]) -> None:
    if outcome["status"] == 200:
        metrics.turn_seconds.observe(seconds)
        metrics.turns.labels(
            metrics.bounded(outcome.get("kind"), metrics.KINDS), metrics.bounded(outcome.get("safety"), metrics.SAFETY)
        ).inc()
    elif outcome["code"] == "abandoned":  # the others are counted where their answer is made
        metrics.errors.labels("abandoned").inc()
    conversation = getattr(request.ctx, "conversation", None)
    logs.turn(
        conversation=logs.conversation_hash(conversation) if conversation else None,
        turn=_turn_id(request),
        duration=round(seconds, 4),
        **outcome,
    )


def _seen(body: bytes | None) -> dict[str, Any]:
    """Return kind and level of an answer, as the contract writes them."""
    try:
        answer = json.loads(body or b"")
        return {"kind": answer["replies"][0]["kind"], "safety": answer["safety"]}
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}


def _turn_id(request: Any) -> str | None:
    try:
        found = json.loads(request.body or b"").get("id")
    except (ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str) and _UUID.fullmatch(found) else None
