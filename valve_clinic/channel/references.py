"""Reference codes: what a patient names on the phone, so that staff see what the chat was about.

A code has eight of 22 signs, 5.5e10 codes, and is looked up by staff who are logged in, at a limited rate:
docs/console.md has the arithmetic. All methods block: call them off the event loop.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Boolean, column, delete, inspect, select, table, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from valve_clinic.channel.models import ReferenceRow, SessionRow
from valve_clinic.storage.parts import insert_once

#: Without look-alikes (0 O, 1 I L, 2 Z, 5 S, 8 B, U), and without vowels, so that no code is a word.
ALPHABET = "34679CDFGHJKMNPQRTVWXY"
_GROUP, _GROUPS = 4, 2
LENGTH = _GROUP * _GROUPS
#: A code ends this long after it was told last.
LIFE = datetime.timedelta(hours=24)
_TRIES = 5
#: The console's accounts lie in the same database. They are asked by name: the console uses this room, not the reverse.
_ACCOUNTS = table("console_account", column("enabled", Boolean))


@dataclass(frozen=True)
class Reference:
    """A live code and the conversation that it stands for."""

    code: str
    session: str
    shared: bool


class References:
    """The codes in the website's database."""

    def __init__(self, engine: Engine, now: Callable[[], datetime.datetime]) -> None:
        self._engine = engine
        self._now = now

    def give(self, session_id: str) -> str | None:
        """Return the conversation's code, made anew when it has none that lives; None for a deleted conversation.

        Telling it again lets it live for another 24 hours.
        """
        now = self._now()
        with Session(self._engine, future=True) as session, session.begin():
            session.execute(_quiet(delete(ReferenceRow).where(ReferenceRow.expires_at <= now)))
            mine = ReferenceRow.session_id == session_id
            session.execute(_quiet(update(ReferenceRow).where(mine).values(expires_at=now + LIFE)))
            for _ in range(_TRIES):
                found: str | None = session.execute(select(ReferenceRow.code).where(mine)).scalar_one_or_none()
                if found is not None:
                    return found
                if session.get(SessionRow, session_id) is None:
                    return None
                row = {"code": make(), "session_id": session_id, "expires_at": now + LIFE, "shared": False}
                insert_once(session, ReferenceRow, row)
        raise RuntimeError("no free code was found")

    def hand_out(self, session_id: str) -> str | None:
        """Return the conversation's code as `give` does; None also where nobody may log in to look it up."""
        return self.give(session_id) if self.has_readers() else None

    def has_readers(self) -> bool:
        """Return whether there is an account of the console that may look codes up."""
        with self._engine.connect() as connection:
            if not inspect(connection).has_table(_ACCOUNTS.name):
                return False
            return connection.execute(select(_ACCOUNTS).where(_ACCOUNTS.c.enabled).limit(1)).first() is not None

    def find(self, code: str) -> Reference | None:
        """Return what a code as somebody typed it stands for, or None."""
        wanted = read(code)
        if wanted is None:
            return None
        with Session(self._engine, future=True) as session:
            row = session.get(ReferenceRow, wanted)
            if row is None or _aware(row.expires_at) <= self._now():
                return None
            return Reference(row.code, row.session_id, row.shared)

    def share(self, session_id: str) -> bool:
        """Let whoever has the conversation's code read its words, too; returns False when it has no live code."""
        live = (ReferenceRow.session_id == session_id, ReferenceRow.expires_at > self._now())
        with Session(self._engine, future=True) as session, session.begin():
            return bool(session.execute(_quiet(update(ReferenceRow).where(*live).values(shared=True))).rowcount)


def make() -> str:
    """Return a random code, such as 4F7K-9QXM."""
    signs = [secrets.choice(ALPHABET) for _ in range(LENGTH)]
    return "-".join("".join(signs[start : start + _GROUP]) for start in range(0, LENGTH, _GROUP))


def read(typed: str) -> str | None:
    """Return the code that was typed, in whatever case, with blanks, dashes, commas and dots, or None for no code."""
    signs = "".join(sign for sign in typed[: 8 * LENGTH].upper() if not sign.isspace() and sign not in "-–,.")
    if len(signs) != LENGTH or set(signs) - set(ALPHABET):
        return None
    return "-".join(signs[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def _quiet(statement: object) -> object:
    return statement.execution_options(synchronize_session=False)  # type: ignore[attr-defined]


def _aware(moment: datetime.datetime) -> datetime.datetime:
    """SQLite forgets the zone; what is stored is always UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
