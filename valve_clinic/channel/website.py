"""The website's Rasa channel: `/webhooks/website/`, as docs/website-api.md says."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic
from sanic.exceptions import MethodNotSupported, NotFound, PayloadTooLarge, SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json

from valve_clinic import rasa_patches, said_before, settings
from valve_clinic.channel import pages, requests, stopping
from valve_clinic.channel.conversation import Conversations
from valve_clinic.channel.cors import add_headers, read_origins
from valve_clinic.channel.errors import ApiError, error_response, notice_clinic
from valve_clinic.channel.health import Health
from valve_clinic.channel.limiter import Limiter
from valve_clinic.channel.replies import URGENT_KINDS
from valve_clinic.channel.secret import Tokens, load_secret
from valve_clinic.channel.store import open_store
from valve_clinic.channel.urgent import PATIENCE, Look, fixed_turn, look
from valve_clinic.operations.turns import Turns as WatchedTurns
from valve_clinic.privacy import logs, names
from valve_clinic.privacy.daily import Daily
from valve_clinic.storage.errors import StorageError
from valve_clinic.storage.relay import open_relay
from valve_clinic.storage.tracker_store import reader_of

logger = logging.getLogger(__name__)
rasa_patches.apply()

#: Sanic's name for the method of what it could not read as a request (sanic/http.py, create_empty_request).
_NO_REQUEST = "NONE"
#: Seconds beyond a turn's deadline after which a request that does not come in, or is not answered, is cut off.
_SLOW_SECONDS = 3
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
        if self._turn_seconds < 1:
            raise settings.SettingError("WEBSITE_TURN_SECONDS must be at least 1")
        self._trusted_proxies = get_int("WEBSITE_TRUSTED_PROXIES", int(credentials.get("trusted_proxies", 0)))
        named = settings.get("WEBSITE_ORIGINS")
        self._origins = read_origins(named.split(",") if named else credentials.get("origins") or [])

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
        store = open_store()
        conversations = Conversations(store, Tokens(load_secret()), on_new_message, self._turn_seconds)
        health = Health(store)
        names.shared()  # read before the first visitor waits for it
        limiter, turns, watch = self._limiter, conversations.turns, WatchedTurns()

        async def explain(request: Request, error: Exception) -> HTTPResponse:
            if request.method == _NO_REQUEST:
                error = ApiError.bad_request("This is not HTTP.")
            return error_response(_as_api_error(error), agent_of(request))

        @blueprint.listener("before_server_start")
        async def prepare(app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            logs.keep_text_out()
            app.config.REQUEST_MAX_SIZE = _SERVER_MAX_BODY
            slow = self._turn_seconds + _SLOW_SECONDS
            app.config.REQUEST_TIMEOUT = settings.get_int("SANIC_REQUEST_TIMEOUT", slow)
            app.config.RESPONSE_TIMEOUT = settings.get_int("SANIC_RESPONSE_TIMEOUT", slow)
            app.config.PROXIES_COUNT = self._trusted_proxies or None
            app.config.REAL_IP_HEADER = app.config.FORWARDED_SECRET = None
            # For the whole application: an address without a route belongs to no blueprint.
            app.error_handler.add(Exception, explain)
            add_headers(app, f"/webhooks/{self.name()}/", self._origins)
            stopping.watch(app)

        @blueprint.listener("before_server_stop")
        async def finish(app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            await stopping.finish(app, watch, conversations.turns)

        daily = Daily()
        blueprint.listener("after_server_start")(daily.start)
        blueprint.listener("before_server_stop")(daily.stop)

        relay = open_relay()

        @blueprint.listener("after_server_start")
        async def begin(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            # Model and libraries stay until the end: the collector need not go through them again and again.
            gc.collect()
            gc.freeze()
            if relay is not None:
                relay.start()

        @blueprint.listener("after_server_stop")
        async def close(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            if relay is not None:
                await relay.stop()
            await conversations.close()

        def count(request: Request) -> None:
            limiter.check_address(requests.address_of(request))

        async def session_of(request: Request) -> str:
            request.ctx.conversation = await conversations.session_of(requests.bearer_token(request))
            return str(request.ctx.conversation)

        async def look_at(request: Request) -> Look | None:
            """Look for danger in a visitor's words; None where there are none, or no visitor of this server."""
            text = requests.text_of(request)
            try:
                visitor = conversations.visitor_of(requests.bearer_token(request))
            except ApiError:
                visitor = None
            if text is None or visitor is None:
                return None
            address = requests.address_of(request)
            # Understanding costs what answering costs: who is far too fast is judged by the signs alone.
            patient = limiter.has_room(address) or limiter.may_be_urgent(address)
            return await look(agent_of(request) if patient else None, text, said_before.of(visitor))

        async def answer_of(request: Request, looking: Awaitable[Look | None], deadline: float) -> dict[str, Any]:
            count(request)  # before it is read: a message that is refused is looked at, too
            message = requests.read_message(request)
            session = request.ctx.conversation = conversations.named_by(requests.bearer_token(request))
            try:
                limiter.check_session(session)
            except ApiError:
                # What was answered is told again however fast it is asked for; the database is asked twice here only.
                repeated = await conversations.repeated(session, message.client_id)
                if repeated is None:
                    raise
                return repeated
            return await conversations.take_turn(session, message, looking, deadline, reader_of(agent_of(request)))

        async def answer_urgently(
            request: Request, seen: Look, answering: asyncio.Task[dict[str, Any]]
        ) -> dict[str, Any]:
            """Answer as usual where that goes well and fast; else the fixed text goes out, and the turn goes on."""
            patience = turns.now() + PATIENCE
            try:
                answer = await turns.by(patience, answering)
            except Exception:
                answer = None
            spoken = answer is not None and any(reply["kind"] in URGENT_KINDS for reply in answer["replies"])
            return answer if answer is not None and spoken else fixed_turn(agent_of(request), seen.assessment)

        @blueprint.post("/session")
        async def start_session(request: Request) -> HTTPResponse:
            count(request)
            language = requests.read_start(request)
            token, replies = await turns.by(turns.deadline(), conversations.start(agent_of(request).domain, language))
            return json({"session": token, "replies": replies}, status=201)

        @blueprint.post("/messages")
        @watch.watched
        async def send_message(request: Request) -> HTTPResponse:
            deadline = turns.deadline()
            # The look begins first, and nothing that becomes of the turn is said before it has ended. Storing the
            # message and reading the conversation go on beside it.
            looking = turns.begin(look_at(request))
            answering = turns.begin(answer_of(request, looking, deadline))
            seen = await asyncio.shield(looking)
            if seen is not None and seen.is_urgent:
                return json(await answer_urgently(request, seen, answering))
            return json(await turns.by(deadline, answering))

        @blueprint.get("/history")
        async def get_history(request: Request) -> HTTPResponse:
            count(request)

            async def read() -> list[dict[str, Any]]:
                return await conversations.history(await session_of(request))

            return json({"turns": await turns.by(turns.deadline(), read())})

        @blueprint.post("/feedback")
        async def give_feedback(request: Request) -> HTTPResponse:
            count(request)
            feedback = requests.read_feedback(request)

            async def give() -> None:
                await conversations.add_feedback(await session_of(request), feedback)

            await turns.by(turns.deadline(), give())
            return empty()

        @blueprint.post("/share")
        async def share_words(request: Request) -> HTTPResponse:
            count(request)
            reply = requests.read_share(request)

            async def share() -> None:
                await conversations.share(await session_of(request), reply)

            await turns.by(turns.deadline(), share())
            return empty()

        @blueprint.post("/events")
        async def report_event(request: Request) -> HTTPResponse:
            count(request)
            event = requests.read_event(request)

            async def report() -> None:
                await conversations.add_event(await session_of(request), event)

            await turns.by(turns.deadline(), report())
            return empty()

        @blueprint.delete("/conversation")
        async def delete_conversation(request: Request) -> HTTPResponse:
            count(request)

            async def forget() -> None:
                await conversations.delete(await session_of(request))

            await turns.by(turns.deadline(), forget())
            return empty()

        @blueprint.route("/health", methods=pages.READING)
        async def get_health(_request: Request) -> HTTPResponse:
            return json({"status": "ok", "checks": {"server": "ok"}})

        @blueprint.route("/ready", methods=pages.READING)
        async def get_ready(request: Request) -> HTTPResponse:
            status, body = await health.ready(agent_of(request))
            return json(body, status=status)

        pages.add_widget_routes(blueprint)
        return blueprint


def agent_of(request: Request) -> Any:
    """Return Rasa's agent, or None while there is none."""
    return getattr(request.app.ctx, "agent", None)


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, StorageError):
        return ApiError.unavailable()
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
