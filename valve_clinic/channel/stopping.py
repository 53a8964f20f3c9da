"""A server that is told to stop: it ends the turns under way, and says so to whoever comes meanwhile."""

from __future__ import annotations

import json as plain_json
import time
from typing import Any

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json

from valve_clinic.channel import requests
from valve_clinic.channel.errors import ApiError, error_response
from valve_clinic.channel.turns import Turns
from valve_clinic.channel.urgent import fixed_turn, look
from valve_clinic.operations import metrics
from valve_clinic.operations.turns import Turns as WatchedTurns

_CLOSE = {"Connection": "close"}


def watch(app: Sanic) -> None:
    """Refuse requests while the server stops, and count every error that is answered."""
    app.ctx.stopping = False
    app.register_middleware(_refuse_while_stopping, "request")
    app.register_middleware(_count_error, "response")


async def finish(app: Sanic, watched: WatchedTurns, turns: Turns) -> None:
    """Let the turns under way end; what time that takes is not granted again to other requests.

    First those that somebody waits for, then for a moment those that nobody waits for any more: they are stored.
    """
    app.ctx.stopping = True
    started = time.monotonic()
    await watched.ended(app.config.RESPONSE_TIMEOUT)
    await turns.close()
    left = app.config.GRACEFUL_SHUTDOWN_TIMEOUT - (time.monotonic() - started)
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = max(left, 0.0)


async def _refuse_while_stopping(request: Request) -> HTTPResponse | None:
    if not request.app.ctx.stopping or request.path.endswith("/health"):
        return None
    if request.path.endswith("/ready"):
        body = {"status": "unavailable", "checks": {"server": "stopping"}}
        return json(body, status=503, headers=_CLOSE)
    agent = getattr(request.app.ctx, "agent", None)
    if request.path.endswith("/messages"):
        # Danger is answered to the last moment.
        await request.receive_body()
        text = requests.text_of(request)
        seen = await look(agent, text) if text is not None else None
        if seen is not None and seen.is_urgent:
            return json(fixed_turn(agent, seen.assessment), headers=_CLOSE)
    response = error_response(ApiError.unavailable(), agent)
    response.headers.update(_CLOSE)
    return response


async def _count_error(request: Request, response: HTTPResponse) -> None:
    if response.status >= 500 and request.stream is not None and getattr(request.stream, "request_body", None):
        # Sanic answers a body that stalls and then waits for the rest of it without end (sanic/http.py, http1).
        request.stream.keep_alive = False
        request.stream.request_body = None
    if response.status >= 400:
        metrics.errors.labels(metrics.bounded(_code_of(response.body), metrics.CODES)).inc()


def _code_of(body: Any) -> str | None:
    try:
        code = plain_json.loads(body)["error"]["code"]
    except (ValueError, LookupError, TypeError):
        return None
    return str(code)
