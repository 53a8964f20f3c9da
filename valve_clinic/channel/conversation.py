"""A visit from its first greeting to its end: one turn at a time, each stored once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from rasa.core.channels.channel import UserMessage

from valve_clinic.channel import requests
from valve_clinic.channel.errors import ApiError
from valve_clinic.channel.replies import ReplyCollector, build_replies, from_response, safety_of
from valve_clinic.channel.secret import Tokens
from valve_clinic.channel.store import WebsiteStore
from valve_clinic.nlu import follow_ups

logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")

#: Domain responses that greet a new visitor, in order.
FIRST_RESPONSES = ("utter_welcome", "utter_privacy_notice")


class Conversations:
    """Starts, continues, replays and deletes conversations."""

    def __init__(
        self,
        store: WebsiteStore,
        tokens: Tokens,
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
        turn_seconds: float,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._on_new_message = on_new_message
        self._turn_seconds = turn_seconds
        #: A lock lives as long as somebody holds it or waits for it.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def start(self, domain: Any) -> tuple[str, list[dict[str, Any]]]:
        """Begin a session; returns its token and the first replies."""
        messages = [from_response(domain.responses[name]) for name in FIRST_RESPONSES]
        replies, buttons = build_replies(messages)
        session, token = self._tokens.make()
        await _off_loop(lambda: self._store.start(session, replies, buttons))
        return token, replies

    def was_issued(self, token: str) -> bool:
        """Return whether the token is one of this server's, without asking the database."""
        return self._tokens.read(token) is not None

    async def session_of(self, token: str) -> str:
        """Return the live session of a token; raises 401."""
        session = self._tokens.read(token)
        if session is None:
            raise ApiError.unauthorized()
        await self._check_live(session)
        return session

    async def repeated(self, session: str, client_id: str) -> dict[str, Any] | None:
        """Return the answer that was given under this id before, or None."""
        turn = await _off_loop(lambda: self._store.find_turn(session, client_id))
        return {"replies": turn.replies, "safety": turn.safety} if turn else None

    async def take_turn(
        self, session: str, message: requests.Message, parse: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Answer a message and store the turn; raises 400 for an unknown button and 503 when there is no answer.

        `parse` is Rasa's parse of the text, where it was made already; a short message is parsed again in its context.
        """
        async with self._one_at_a_time(session):
            repeated = await self.repeated(session, message.client_id)
            if repeated is not None:
                return repeated
            await self._check_live(session)  # it may have been deleted while this message waited
            return await self._answer(session, message, parse)

    async def history(self, session: str) -> list[dict[str, Any]]:
        """Return what was said, one entry for each message and each reply."""
        entries: list[dict[str, Any]] = []
        for turn in await _off_loop(lambda: self._store.turns(session)):
            at = turn.at.isoformat(timespec="seconds").replace("+00:00", "Z")
            if turn.text is not None:
                entries.append({"id": turn.client_id, "from": "patient", "text": turn.text, "at": at})
            entries += [{"id": reply["id"], "from": "bot", "reply": reply, "at": at} for reply in turn.replies]
        return entries

    async def add_feedback(self, session: str, feedback: requests.Feedback) -> None:
        """Store feedback; raises 404 for a reply that was not given in this session."""
        await self._check_reply(session, feedback.reply)
        await _off_loop(lambda: self._store.add_feedback(session, feedback.reply, feedback.helpful, feedback.comment))

    async def add_event(self, session: str, event: requests.Event) -> None:
        """Store an event; raises 404 for a reply that was not given in this session."""
        if event.reply is not None:
            await self._check_reply(session, event.reply)
        await _off_loop(lambda: self._store.add_event(session, event.event, event.reply, event.target))

    async def delete(self, session: str, agent: Any) -> None:
        """Remove the conversation's text here and in Rasa's tracker store, after a turn that is under way."""
        async with self._one_at_a_time(session):
            await _off_loop(lambda: self._store.delete(session))
            await _off_loop(lambda: _delete_tracker(agent.tracker_store, session))

    def close(self) -> None:
        """Give back the database connections."""
        self._store.close()

    def _one_at_a_time(self, session: str) -> asyncio.Lock:
        return self._locks.setdefault(session, asyncio.Lock())

    async def _check_live(self, session: str) -> None:
        if not await _off_loop(lambda: self._store.is_live(session)):
            raise ApiError.unauthorized()

    async def _check_reply(self, session: str, reply: str) -> None:
        if not await _off_loop(lambda: self._store.has_reply(session, reply)):
            raise ApiError(404, "unknown_reply", "There is no such reply in this conversation.")

    async def _answer(self, session: str, message: requests.Message, parse: dict[str, Any] | None) -> dict[str, Any]:
        shown, sent = await self._words_of(session, message)
        collector = ReplyCollector()
        user_message = UserMessage(
            sent,
            output_channel=collector,
            sender_id=session,
            input_channel=ReplyCollector.name(),
            message_id=message.client_id,
            parse_data=parse if message.text is not None and not follow_ups.leans(message.text) else None,
        )
        try:
            await asyncio.wait_for(self._on_new_message(user_message), self._turn_seconds)
        except asyncio.TimeoutError:
            logger.error("a turn took more than %s seconds", self._turn_seconds)
        except Exception as error:
            # The error's text may quote what a patient typed: its type is logged, its words are not.
            logger.error("a turn failed: %s", type(error).__name__)
        replies, buttons = build_replies(collector.messages)
        if not replies:
            raise ApiError.unavailable()
        safety = safety_of(replies)
        await _off_loop(lambda: self._store.add_turn(session, message.client_id, shown, replies, buttons, safety))
        return {"replies": replies, "safety": safety}

    async def _words_of(self, session: str, message: requests.Message) -> tuple[str, str]:
        """Return what the patient sees as their words, and what Rasa gets."""
        if message.text is not None:
            return message.text, message.text
        button = await _off_loop(lambda: self._store.find_button(session, str(message.button)))
        if button is None:
            raise ApiError.bad_request("There is no such button in this conversation.")
        return button.title, button.payload


async def _off_loop(work: Callable[[], _Result]) -> _Result:
    """Run blocking work in a thread, so that a slow database holds up nobody else."""
    return await asyncio.get_running_loop().run_in_executor(None, work)


def _delete_tracker(tracker_store: Any, session: str) -> None:
    """Delete the conversation's events from a SQL tracker store; others keep nothing on disk."""
    from rasa.core.tracker_store import SQLTrackerStore

    inner = getattr(tracker_store, "_tracker_store", tracker_store)
    if isinstance(inner, SQLTrackerStore):
        with inner.session_scope() as database:
            database.query(inner.SQLEvent).filter_by(sender_id=session).delete()
            database.commit()
