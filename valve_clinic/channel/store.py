"""Keeps the website's sessions and turns in a database. All methods block: call them off the event loop."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from valve_clinic import schema_version
from valve_clinic.channel import statements
from valve_clinic.channel.models import (
    SESSION_LIFE,
    Base,
    ButtonRow,
    EventRow,
    FeedbackRow,
    ReferenceRow,
    SessionRow,
    TurnRow,
)
from valve_clinic.channel.references import References
from valve_clinic.channel.statements import ANSWERED, RECEIVED
from valve_clinic.clock import utc_now
from valve_clinic.database import empty_log, make_engine
from valve_clinic.storage.parts import Part, insert_once
from valve_clinic.storage.quarantine import delete_conversation
from valve_clinic.storage.schema import prepare, shared_engine


@dataclass(frozen=True)
class Answer:
    """What was said to a message."""

    replies: list[dict[str, Any]]
    safety: str


@dataclass(frozen=True)
class Turn(Answer):
    """A stored turn."""

    client_id: str | None
    text: str | None
    at: datetime.datetime


@dataclass(frozen=True)
class Button:
    """What an opaque button id stands for."""

    id: str
    title: str
    payload: str


@dataclass(frozen=True)
class Received:
    """A message that is stored: its words, what Rasa gets, and the answer where it was given before."""

    words: str
    sent: str
    answer: Turn | None = None


class WebsiteStore:
    """Sessions, turns, buttons, feedback and events."""

    def __init__(self, engine: Engine, now: Callable[[], datetime.datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now
        prepare(engine)
        schema_version.prepare(engine, Base.metadata, "website")
        self.references = References(engine, now)

    def start(self, session_id: str, replies: list[dict[str, Any]], buttons: list[Button]) -> None:
        """Begin a session with the bot's first replies."""
        with Session(self._engine, future=True) as session, session.begin():
            session.add(SessionRow(id=session_id, started_at=self._now(), last_at=self._now()))
            session.flush()
            self._add_turn(session, session_id, None, None, replies, buttons, "none")

    def is_live(self, session_id: str) -> bool:
        """Return whether the session exists and had a message in the last 30 minutes."""
        with self._engine.connect() as connection:
            last_at = connection.execute(statements.LAST_AT, {"session": session_id}).scalar_one_or_none()
        return last_at is not None and self._lives(last_at)

    def find_turn(self, session_id: str, client_id: str) -> Turn | None:
        """Return the turn that was answered under the client's id, or None; raises `LookupError` as `is_live` says no.

        Both in one call: each costs a thread's waking.
        """
        with self._engine.connect() as connection:
            row = self._live(connection, session_id, client_id)
            if row is None:
                raise LookupError("the session has ended")
            return _turn(row) if row.state == ANSWERED else None

    def receive(self, session_id: str, client_id: str, text: str | None, button_id: str | None) -> Received | None:
        """Store a message before it is answered; again under the same id, the first one counts.

        Returns None when the session has ended; raises `LookupError` for a button that was not handed out in it.
        """
        with self._engine.begin() as connection:
            row = self._live(connection, session_id, client_id)
            if row is None:
                return None
            if row.state == ANSWERED:
                return Received(row.text, row.text, _turn(row))
            is_new = row.state is None
            words = sent = text if is_new or text is None else row.text
            if button_id is not None:
                button = _button(connection, session_id, button_id)
                words, sent = button.title, button.payload
            if is_new:
                values: dict[str, Any] = {
                    "session_id": session_id,
                    "client_id": client_id,
                    "text": words,
                    "state": RECEIVED,
                    "replies": [],
                    "safety": "none",
                    "at": self._now(),
                }
                insert_once(connection, TurnRow, values)
            return Received(str(words), str(sent))

    def answer(
        self,
        session_id: str,
        client_id: str,
        replies: list[dict[str, Any]],
        buttons: list[Button],
        safety: str,
        part: Part | None,
    ) -> Answer | None:
        """Store the replies, the buttons and Rasa's part of the turn in one commit; returns what is stored.

        That is an earlier answer where there is one, and None where the session was deleted meanwhile. Raises
        `ConflictError` when another turn has gone on with the conversation.
        """
        with self._engine.begin() as connection:
            key = {"session": session_id, "client": client_id}
            if connection.execute(statements.ANSWER, {**key, "said": replies, "level": safety}).rowcount == 1:
                connection.execute(statements.KEEP_ALIVE, {"session": session_id, "now": self._now()})
                if buttons:
                    connection.execute(statements.ADD_BUTTONS, [_values(session_id, button) for button in buttons])
                if part is not None:
                    part.write(connection)
                return Answer(replies, safety)
            row = _row(connection, session_id, client_id)
            return Answer(list(row.replies), row.safety) if row is not None else None

    def add_turn(
        self,
        session_id: str,
        client_id: str,
        text: str,
        replies: list[dict[str, Any]],
        buttons: list[Button],
        safety: str,
    ) -> None:
        """Store a turn with the buttons it handed out, and keep the session alive."""
        with Session(self._engine, future=True) as session, session.begin():
            row = session.get(SessionRow, session_id)
            if row is None:
                return
            row.last_at = self._now()
            self._add_turn(session, session_id, client_id, text, replies, buttons, safety)

    def turns(self, session_id: str) -> list[Turn]:
        """Return the session's turns in order."""
        with self._engine.connect() as connection:
            return [_turn(row) for row in connection.execute(statements.TURNS, {"session": session_id})]

    def find_button(self, session_id: str, button_id: str) -> Button | None:
        """Return the button if it was handed out in this session."""
        with self._engine.connect() as connection:
            try:
                return _button(connection, session_id, button_id)
            except LookupError:
                return None

    def has_reply(self, session_id: str, reply_id: str) -> bool:
        """Return whether the reply was given in this session."""
        return any(reply["id"] == reply_id for turn in self.turns(session_id) for reply in turn.replies)

    def add_feedback(self, session_id: str, reply_id: str, helpful: bool, comment: str | None) -> None:
        """Store whether the reply helped; a second opinion on the same reply replaces the first."""
        with Session(self._engine, future=True) as session, session.begin():
            row = FeedbackRow(
                reply_id=reply_id, session_id=session_id, helpful=helpful, comment=comment, at=self._now()
            )
            session.merge(row)

    def add_event(self, session_id: str, event: str, reply_id: str | None, target: str | None) -> None:
        """Store what the visitor did."""
        with Session(self._engine, future=True) as session, session.begin():
            session.add(EventRow(session_id=session_id, event=event, reply_id=reply_id, target=target, at=self._now()))

    def delete(self, session_id: str) -> None:
        """Remove the session and all that was said in it."""
        with Session(self._engine, future=True) as session, session.begin():
            for table in (TurnRow, ButtonRow, FeedbackRow, EventRow, ReferenceRow):
                session.execute(delete(table).where(table.session_id == session_id))
            session.execute(delete(SessionRow).where(SessionRow.id == session_id))
            delete_conversation(session, session_id)
        empty_log(self._engine)

    def check(self) -> None:
        """Raise SQLAlchemy's error when the database cannot be asked."""
        with self._engine.connect() as connection:
            connection.execute(select(SessionRow.id).limit(1))

    def close(self) -> None:
        """Give back the database connections."""
        self._engine.dispose()

    def _add_turn(
        self,
        session: Session,
        session_id: str,
        client_id: str | None,
        text: str | None,
        replies: list[dict[str, Any]],
        buttons: list[Button],
        safety: str,
    ) -> None:
        session.add(
            TurnRow(
                session_id=session_id, client_id=client_id, text=text, replies=replies, safety=safety, at=self._now()
            )
        )
        session.add_all(ButtonRow(**_values(session_id, button)) for button in buttons)

    def _live(self, connection: Any, session_id: str, client_id: str) -> Any:
        """Return the turn's columns, empty where there is no such turn; None where the session has ended."""
        found = {"session": session_id, "client": client_id}
        row = connection.execute(statements.SESSION_AND_TURN, found).one_or_none()
        return row if row is not None and self._lives(row.last_at) else None

    def _lives(self, last_at: datetime.datetime) -> bool:
        return _aware(last_at) + SESSION_LIFE > self._now()


def open_store(url: str | None = None) -> WebsiteStore:
    """Return the store at `url`, by default WEBSITE_DATABASE_URL or an SQLite file in `var/`."""
    return WebsiteStore(make_engine(url) if url else shared_engine())


def _row(connection: Any, session_id: str, client_id: str) -> Any:
    return connection.execute(statements.TURN, {"session": session_id, "client": client_id}).one_or_none()


def _button(connection: Any, session_id: str, button_id: str) -> Button:
    row = connection.execute(statements.BUTTON, {"session": session_id, "button": button_id}).one_or_none()
    if row is None:
        raise LookupError("no such button was handed out in this session")
    return Button(row.id, row.title, row.payload)


def _values(session_id: str, button: Button) -> dict[str, str]:
    return {"id": button.id, "session_id": session_id, "title": button.title, "payload": button.payload}


def _turn(row: Any) -> Turn:
    return Turn(list(row.replies), row.safety, row.client_id, row.text, _aware(row.at))


def _aware(moment: datetime.datetime) -> datetime.datetime:
    """SQLite forgets the zone; what is stored is always UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
