"""A visit from its first greeting to its end: one turn at a time, each stored once."""

from __future__ import annotations

import asyncio
import datetime
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from rasa.core.channels.channel import UserMessage

from valve_clinic import said_before
from valve_clinic.channel import references, requests, translated, turns
from valve_clinic.channel.asking import STORE_SECONDS, Asking, Said
from valve_clinic.channel.errors import ApiError, notice
from valve_clinic.channel.replies import build_replies, from_response, public, safety_of
from valve_clinic.channel.secret import Tokens
from valve_clinic.channel.store import Answer, Received, WebsiteStore
from valve_clinic.channel.urgent import Look
from valve_clinic.content.schema import ENGLISH
from valve_clinic.handoff import code as codes
from valve_clinic.storage import turn as record
from valve_clinic.storage import worker
from valve_clinic.storage.errors import StorageError
from valve_clinic.storage.locks import Locks, shared_locks
from valve_clinic.storage.tracker_store import Reader

logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")

#: Domain responses that greet a new visitor, in order.
FIRST_RESPONSES = ("utter_welcome", "utter_privacy_notice")
_HOUR = datetime.timedelta(hours=1)
#: Seconds that a reference code may take; a hand-off that has none by then goes without.
_CODE_SECONDS = 2.0
#: Seconds that deleting waits for a turn that is under way.
_PATIENCE = 2.0


class Conversations:
    """Starts, continues, replays and deletes conversations."""

    def __init__(
        self,
        store: WebsiteStore,
        tokens: Tokens,
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
        turn_seconds: float,
        locks: Locks | None = None,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self.turns = turns.Turns(turn_seconds)
        self._locks = locks or shared_locks()
        self._asking = Asking(on_new_message, self.turns)

    async def start(self, domain: Any, language: str = ENGLISH) -> tuple[str, list[dict[str, Any]]]:
        """Begin a session; returns its token and the first replies, in the language where they are served in it."""
        messages = [from_response(domain.responses[name], name) for name in FIRST_RESPONSES]
        messages = translated.all_of(messages, language)
        replies, buttons = build_replies(messages)
        session, token = self._tokens.make()
        await _off_loop(lambda: self._store.start(session, replies, buttons))
        return token, replies

    def visitor_of(self, token: str) -> str | None:
        """Return the session of a token that is one of this server's, without asking the database."""
        return self._tokens.read(token)

    def named_by(self, token: str) -> str:
        """Return the session of a token, which may have ended; raises 401 where it is none of this server's."""
        session = self.visitor_of(token)
        if session is None:
            raise ApiError.unauthorized()
        return session

    async def session_of(self, token: str) -> str:
        """Return the live session of a token; raises 401."""
        session = self.named_by(token)
        await self._check_live(session)
        return session

    async def repeated(self, session: str, client_id: str) -> dict[str, Any] | None:
        """Return the answer that was given under this id before, or None; raises 401 where the session has ended."""
        try:
            turn = await _off_loop(lambda: self._store.find_turn(session, client_id))
        except LookupError:
            raise ApiError.unauthorized() from None
        return _as_answer(turn) if turn else None

    async def take_turn(
        self,
        session: str,
        message: requests.Message,
        looking: Awaitable[Look | None] | None = None,
        deadline: float = math.inf,
        read: Reader | None = None,
    ) -> dict[str, Any]:
        """Answer a message and store the turn; raises 400 for an unknown button and 503 when there is no answer.

        `looking` gives Rasa's parse of the text, and goes on while the message is stored and the conversation read by
        `read`. At the `deadline` a turn is answered with what was said so far; one without a word is waited for, so
        that it is stored once and the same id finds it.
        """
        async with self._one_at_a_time(session):
            with record.under_way(session, message.client_id) as recorded:
                received = await self._receive(recorded, message, read)
                if received.answer is not None:
                    return _as_answer(received.answer)
                seen = await asyncio.shield(looking) if looking is not None else None
                # Under a repeated id the first words count, and a parse of others is not theirs.
                known = seen if received.sent == message.text else None
                said = await self._asking.ask(session, received.sent, message, known, deadline)
            return await self._answer(recorded, message, said, deadline)

    async def history(self, session: str) -> list[dict[str, Any]]:
        """Return what was said, one entry for each message and each reply."""
        entries: list[dict[str, Any]] = []
        for turn in await _off_loop(lambda: self._store.turns(session)):
            at = turn.at.isoformat(timespec="seconds").replace("+00:00", "Z")
            if turn.text is not None:
                entries.append({"id": turn.client_id, "from": "patient", "text": turn.text, "at": at})
            entries += [{"id": reply["id"], "from": "bot", "reply": reply, "at": at} for reply in public(turn.replies)]
        return entries

    async def add_feedback(self, session: str, feedback: requests.Feedback) -> None:
        """Store feedback; raises 404 for a reply that was not given in this session."""
        await self._check_reply(session, feedback.reply)
        await _off_loop(lambda: self._store.add_feedback(session, feedback.reply, feedback.helpful, feedback.comment))

    async def share(self, session: str, reply: str) -> None:
        """Let staff who have the conversation's code read its words.

        Raises 404 for a reply that was not given in this session, and where it has no code that works.
        """
        await self._check_reply(session, reply)
        if not await _off_loop(lambda: self._store.references.share(session)):
            raise ApiError.no_code()

    async def add_event(self, session: str, event: requests.Event) -> None:
        """Store an event; raises 404 for a reply that was not given in this session."""
        if event.reply is not None:
            await self._check_reply(session, event.reply)
        await _off_loop(lambda: self._store.add_event(session, event.event, event.reply, event.target))

    async def delete(self, session: str) -> None:
        """Remove the conversation with what Rasa remembers of it; a turn that does not end is given up."""
        self._asking.give_up_after(session, _PATIENCE)
        async with self._one_at_a_time(session):
            await self._asking.give_up(session)
            await _off_loop(lambda: self._store.delete(session))
            said_before.forget(session)

    async def close(self) -> None:
        """End what is under way, and give back the connections."""
        await self.turns.close()
        await self._locks.close()
        self._store.close()

    async def _check_live(self, session: str) -> None:
        if not await _off_loop(lambda: self._store.is_live(session)):
            raise ApiError.unauthorized()

    async def _check_reply(self, session: str, reply: str) -> None:
        if not await _off_loop(lambda: self._store.has_reply(session, reply)):
            raise ApiError(404, "unknown_reply", "There is no such reply in this conversation.")

    @asynccontextmanager
    async def _one_at_a_time(self, session: str) -> AsyncIterator[None]:
        """Hold the session's lock, among all processes; raises 503 when it is not to be had in time."""
        try:
            async with self._locks.hold(session):
                yield
        except StorageError:
            raise ApiError.unavailable() from None

    async def _receive(self, turn: record.TurnRecord, message: requests.Message, read: Reader | None) -> Received:
        """Store the message before anything is made of it: a server that is killed now can answer it later.

        The conversation is read in the same call: each wakes a thread.
        """
        session = turn.conversation

        def receive() -> Received | None:
            try:
                received = self._store.receive(session, message.client_id, message.text, message.button)
            except LookupError:
                raise ApiError.unknown_button() from None
            if received is not None and received.answer is None and read is not None:
                turn.read_ahead(read(session))
            return received

        received = await _off_loop(receive)
        if received is None:  # it may have been deleted while this message waited
            raise ApiError.unauthorized()
        return received

    async def _answer(
        self, turn: record.TurnRecord, message: requests.Message, said: Said, deadline: float
    ) -> dict[str, Any]:
        """Store what was said, and return it."""
        session, client_id = turn.conversation, message.client_id
        replies, buttons = build_replies(translated.all_of(said.messages, message.language, message.button is not None))
        if not replies:
            raise ApiError.unavailable()
        if not said.is_whole:
            replies.append(notice(ApiError.unavailable().notice))
        replies = await self._with_code(session, replies, deadline)
        safety, part = safety_of(replies), turn.part()
        stored = await _off_loop(lambda: self._store.answer(session, client_id, replies, buttons, safety, part))
        if stored is None:
            raise ApiError.unauthorized()
        return _as_answer(stored)

    async def _with_code(self, session: str, replies: list[dict[str, Any]], deadline: float) -> list[dict[str, Any]]:
        """Tell the conversation's reference code where the turn hands off, somebody can look it up, and there is time.

        The code is stored in a commit of its own: without it the reply, with the number to call, is whole.
        """
        seconds = min(_CODE_SECONDS, deadline - asyncio.get_running_loop().time() - STORE_SECONDS)
        if not codes.is_due(replies) or seconds <= 0:
            return replies
        try:
            code = await worker.run(lambda: self._store.references.hand_out(session), seconds)
            return codes.tell(replies, code, references.LIFE // _HOUR) if code else replies
        except Exception as error:
            # Whatever it is must not cost the reply; its text may quote a row.
            logger.error("a hand-off goes without a reference code: %s", type(error).__name__)
            return replies


async def _off_loop(work: Callable[[], _Result]) -> _Result:
    """Run blocking work in a thread, so that a slow database holds up nobody else; raises 503 when it fails."""
    try:
        return await worker.run(work)
    except StorageError:
        raise ApiError.unavailable() from None


def _as_answer(given: Answer) -> dict[str, Any]:
    return {"replies": public(given.replies), "safety": given.safety}
