"""The website's Rasa channel: `/webhooks/website/`, as docs/website-api.md says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic
from sanic.exceptions import MethodNotSupported, NotFound, PayloadTooLarge, SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json

from valve_clinic import rasa_patches, settings
from valve_clinic.channel import pages, requests
from valve_clinic.channel.conversation import Conversations
from valve_clinic.channel.cors import add_headers
from valve_clinic.channel.errors import ApiError, error_response, notice_clinic
from valve_clinic.channel.health import Health
from valve_clinic.channel.limiter import Limiter
from valve_clinic.channel.replies import URGENT_KINDS
from valve_clinic.channel.secret import Tokens, load_secret
from valve_clinic.channel.store import open_store
from valve_clinic.channel.urgent import PATIENCE, Look, fixed_turn, look

logger = logging.getLogger(__name__)
rasa_patches.apply()

#: Bodies above this are refused by the server itself; the contract's limit is `requests.MAX_BODY`.
_SERVER_MAX_BODY = 4 * requests.MAX_BODY


class WebsiteInput(InputChannel):
    """The channel behind the website's widget."""

    def __init__(self, credentials: dict[str, Any]) -> None:
        """Read the limits; environment variables win over `credentials.yml`. Raises `SettingError`."""
        get_int = settings.get_int
        self._limiter = Limiter(
            per_session=get_int("WEBSITE_MESSAGES_PER_MINUTE", int(credentials.get("messages_per_minute", 20))),
            per_address=get_int("WEBSITE_REQUESTS_PER_MINUTE", int(credentials.get("requests_per_minute", 120))),
        )
        self._turn_seconds = get_int("WEBSITE_TURN_SECONDS", int(credentials.get("turn_seconds", 5)))
        named = settings.get("WEBSITE_ORIGINS")
        self._origins = frozenset(named.split(",") if named else credentials.get("origins") or [])

    @classmethod
    def name(cls) -> str:
        """Return the name under which Rasa mounts and stores the channel."""
        return "website"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WebsiteInput:
        """Make the channel from its part of `credentials.yml`."""
        return cls(credentials or {})

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes of the contract."""
        blueprint = Blueprint("website")
        notice_clinic()
        conversations = Conversations(open_store(), Tokens(load_secret()), on_new_message, self._turn_seconds)
        health = Health()
        limiter = self._limiter

        async def explain(request: Request, error: Exception) -> HTTPResponse:
            return error_response(_as_api_error(error), getattr(request.app.ctx, "agent", None))

        @blueprint.listener("before_server_start")
        async def prepare(app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            app.config.REQUEST_MAX_SIZE = _SERVER_MAX_BODY
            # For the whole application: an address without a route belongs to no blueprint.
            app.error_handler.add(Exception, explain)
            add_headers(app, f"/webhooks/{self.name()}/", self._origins)

        @blueprint.listener("after_server_stop")
        async def close(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            conversations.close()

        async def session_of(request: Request) -> str:
            limiter.check_address(requests.address_of(request))
            return await conversations.session_of(requests.bearer_token(request))

        @blueprint.post("/session")
        async def start_session(request: Request) -> HTTPResponse:
            limiter.check_address(requests.address_of(request))
            requests.check_empty_or_json(request)
            token, replies = await conversations.start(request.app.ctx.agent.domain)
            return json({"session": token, "replies": replies}, status=201)

        async def look_at(request: Request) -> Look | None:
            """Look for danger in a visitor's words; None where there are none, or no visitor of this server."""
            text = requests.text_of(request)
            try:
                visitor = conversations.was_issued(requests.bearer_token(request))
            except ApiError:
                visitor = False
            address = requests.address_of(request)
            if text is None or not visitor or not (limiter.has_room(address) or limiter.may_be_urgent(address)):
                return None
            return await look(getattr(request.app.ctx, "agent", None), text)

        async def answer_of(request: Request, seen: Look | None) -> dict[str, Any]:
            message = requests.read_message(request)
            session = await session_of(request)
            repeated = await conversations.repeated(session, message.client_id)
            if repeated is not None:
                return repeated
            limiter.check_session(session)
            return await conversations.take_turn(session, message, seen.parse if seen else None)

        async def answer_urgently(request: Request, seen: Look) -> dict[str, Any]:
            """Answer as usual where that goes well and fast; else the fixed text goes out, and the turn goes on."""
            turn = asyncio.ensure_future(answer_of(request, seen))
            turn.add_done_callback(_forget_refusal)
            try:
                answer = await asyncio.wait_for(asyncio.shield(turn), PATIENCE)
            except Exception:
                answer = None
            spoken = answer is not None and any(reply["kind"] in URGENT_KINDS for reply in answer["replies"])
            return answer if answer is not None and spoken else fixed_turn(request.app.ctx.agent, seen.assessment)

        @blueprint.post("/messages")
        async def send_message(request: Request) -> HTTPResponse:
            seen = await look_at(request)
            if seen is not None and seen.is_urgent:
                return json(await answer_urgently(request, seen))
            return json(await answer_of(request, seen))

        @blueprint.get("/history")
        async def get_history(request: Request) -> HTTPResponse:
            return json({"turns": await conversations.history(await session_of(request))})

        @blueprint.post("/feedback")
        async def give_feedback(request: Request) -> HTTPResponse:
            feedback = requests.read_feedback(request)
            await conversations.add_feedback(await session_of(request), feedback)
            return empty()

        @blueprint.post("/events")
        async def report_event(request: Request) -> HTTPResponse:
            event = requests.read_event(request)
            await conversations.add_event(await session_of(request), event)
            return empty()

        @blueprint.delete("/conversation")
        async def delete_conversation(request: Request) -> HTTPResponse:
            await conversations.delete(await session_of(request), request.app.ctx.agent)
            return empty()

        @blueprint.get("/health")
        async def get_health(_request: Request) -> HTTPResponse:
            return json({"status": "ok", "checks": {"server": "ok"}})

        @blueprint.get("/ready")
        async def get_ready(request: Request) -> HTTPResponse:
            status, body = await health.ready(getattr(request.app.ctx, "agent", None))
            return json(body, status=status)

        pages.add_widget_routes(blueprint)
        return blueprint


def _forget_refusal(turn: asyncio.Future[Any]) -> None:
    """Take the outcome of a turn that nobody waits for; a failure was answered with the fixed text."""
    if not turn.cancelled() and turn.exception() is not None:
        logger.info("an urgent turn was answered with the fixed text: %s", type(turn.exception()).__name__)


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, PayloadTooLarge):
        return ApiError.too_large()
    if isinstance(error, NotFound):
        return ApiError(404, "not_found", "There is nothing here.")
    if isinstance(error, MethodNotSupported):
        return ApiError(405, "bad_method", "This cannot be done here.", headers=error.headers)
    if isinstance(error, SanicException) and 400 <= getattr(error, "status_code", 500) < 500:
        return ApiError(error.status_code, "bad_request", "The request cannot be used.")
    # The error's text may quote what a patient typed: its type is logged, its words are not.
    logger.error("website channel failed: %s", type(error).__name__)
    return ApiError.unavailable()
