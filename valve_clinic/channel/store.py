"""Keeps the website's sessions and turns in a database. All methods block: call them off the event loop."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from valve_clinic import settings
from valve_clinic.channel.models import Base, ButtonRow, EventRow, FeedbackRow, SessionRow, TurnRow
from valve_clinic.database import make_engine

DEFAULT_URL = "sqlite:///var/website.db"
#: A session lives this long after its last message.
SESSION_LIFE = datetime.timedelta(minutes=30)


def utc_now() -> datetime.datetime:
    """Return the time, with its zone."""
    return datetime.datetime.now(datetime.timezone.utc)


@dataclass(frozen=True)
class Turn:
    """A stored turn."""

    client_id: str | None
    text: str | None
    replies: list[dict[str, Any]]
    safety: str
    at: datetime.datetime


@dataclass(frozen=True)
class Button:
    """What an opaque button id stands for."""

    id: str
    title: str
    payload: str


class WebsiteStore:
    """Sessions, turns, buttons, feedback and events."""

    def __init__(self, engine: Engine, now: Callable[[], datetime.datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now
        Base.metadata.create_all(engine)

    def start(self, session_id: str, replies: list[dict[str, Any]], buttons: list[Button]) -> None:
        """Begin a session with the bot's first replies."""
        with Session(self._engine, future=True) as session, session.begin():
            session.add(SessionRow(id=session_id, started_at=self._now(), last_at=self._now()))
            session.flush()
            self._add_turn(session, session_id, None, None, replies, buttons, "none")

    def is_live(self, session_id: str) -> bool:
        """Return whether the session exists and had a message in the last 30 minutes."""
        with Session(self._engine, future=True) as session:
            row = session.get(SessionRow, session_id)
            return row is not None and _aware(row.last_at) + SESSION_LIFE > self._now()

    def find_turn(self, session_id: str, client_id: str) -> Turn | None:
        """Return the turn that the client sent under this id, or None."""
        with Session(self._engine, future=True) as session:
            query = select(TurnRow).where(TurnRow.session_id == session_id, TurnRow.client_id == client_id)
            row = session.execute(query).scalar_one_or_none()
            return _turn(row) if row is not None else None

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
        with Session(self._engine, future=True) as session:
            query = select(TurnRow).where(TurnRow.session_id == session_id).order_by(TurnRow.id)
            return [_turn(row) for row in session.execute(query).scalars()]

    def find_button(self, session_id: str, button_id: str) -> Button | None:
        """Return the button if it was handed out in this session."""
        with Session(self._engine, future=True) as session:
            query = select(ButtonRow).where(ButtonRow.id == button_id, ButtonRow.session_id == session_id)
            row = session.execute(query).scalar_one_or_none()
            return Button(row.id, row.title, row.payload) if row is not None else None

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
            for table in (TurnRow, ButtonRow, FeedbackRow, EventRow):
                session.execute(delete(table).where(table.session_id == session_id))
            session.execute(delete(SessionRow).where(SessionRow.id == session_id))

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
        session.add_all(
            ButtonRow(id=button.id, session_id=session_id, title=button.title, payload=button.payload)
            for button in buttons
        )


def open_store(url: str | None = None) -> WebsiteStore:
    """Return the store at `url`, by default WEBSITE_DATABASE_URL or an SQLite file in `var/`."""
    return WebsiteStore(make_engine(url or settings.get("WEBSITE_DATABASE_URL") or DEFAULT_URL))


def _turn(row: TurnRow) -> Turn:
    return Turn(row.client_id, row.text, list(row.replies), row.safety, _aware(row.at))


def _aware(moment: datetime.datetime) -> datetime.datetime:
    """SQLite forgets the zone; what is stored is always UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
