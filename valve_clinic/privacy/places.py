"""Every place that holds what patients typed: a new table is one entry here, and purge, forget and export know it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table, delete, exists, func, inspect, select
from sqlalchemy.engine import Connection, Engine

from valve_clinic import paths
from valve_clinic.database import make_engine
from valve_clinic.storage.schema import database_url

#: Deleting is not a turn: a large table may take longer than a patient waits.
_STATEMENT_SECONDS = 60.0

#: Where releases before 0.2 kept Rasa's conversations; nothing is written to it any more, and what it has gets too old.
EARLIER_FILE = paths.VAR / "conversations.db"


@dataclass(frozen=True)
class Place:
    """A table with rows of conversations."""

    table: str
    #: The column with the conversation's id.
    conversation: str
    #: The column with the time, and whether it is seconds since 1970 instead of a moment. A table without a time is
    #: kept as long as the conversation has rows in another, `beside`.
    at: str | None
    seconds: bool = False
    beside: str | None = None

    def exists(self, engine: Engine) -> bool:
        """Return whether the database has the table."""
        return bool(inspect(engine).has_table(self.table))

    def older(self, connection: Connection, moment: datetime.datetime) -> int:
        """Delete the rows from before `moment` (with its zone); returns how many."""
        table = self._load(connection)
        if self.at is None:
            return self._without_others(connection, table)
        column = table.c[self.at]
        limit: Any = moment.timestamp() if self.seconds else moment
        return int(connection.execute(delete(table).where(column < limit)).rowcount)

    def of(self, connection: Connection, conversation: str) -> int:
        """Delete a conversation's rows; returns how many."""
        table = self._load(connection)
        return int(connection.execute(delete(table).where(table.c[self.conversation] == conversation)).rowcount)

    def count(self, connection: Connection, conversation: str) -> int:
        """Return how many rows a conversation has."""
        table = self._load(connection)
        query = select(func.count()).select_from(table).where(table.c[self.conversation] == conversation)
        return int(connection.execute(query).scalar_one())

    def rows(self, connection: Connection, conversation: str) -> list[dict[str, Any]]:
        """Return a conversation's rows in order."""
        table = self._load(connection)
        query = select(table).where(table.c[self.conversation] == conversation).order_by(*table.primary_key.columns)
        return [dict(row._mapping) for row in connection.execute(query)]

    def _without_others(self, connection: Connection, table: Table) -> int:
        other = Table(str(self.beside), MetaData(), autoload_with=connection)
        left = exists().where(other.c[self.conversation] == table.c[self.conversation])
        return int(connection.execute(delete(table).where(~left)).rowcount)

    def _load(self, connection: Connection) -> Table:
        return Table(self.table, MetaData(), autoload_with=connection)


@dataclass(frozen=True)
class Ending:
    """A table whose rows belong to no conversation, and say themselves when they end."""

    table: str
    #: The column with the moment.
    at: str = "expires_at"
    #: Whether words of patients are among others in it: then all of it goes when one conversation is to be forgotten.
    has_words: bool = False

    def exists(self, engine: Engine) -> bool:
        """Return whether the database has the table."""
        return bool(inspect(engine).has_table(self.table))

    def over(self, connection: Connection, now: datetime.datetime) -> int:
        """Delete the rows that have ended; returns how many."""
        table = Table(self.table, MetaData(), autoload_with=connection)
        return int(connection.execute(delete(table).where(table.c[self.at] <= now)).rowcount)

    def words(self, connection: Connection) -> int:
        """Delete all rows where there may be words of patients among them; returns how many."""
        if not self.has_words:
            return 0
        return int(connection.execute(delete(Table(self.table, MetaData(), autoload_with=connection))).rowcount)


@dataclass(frozen=True)
class Database:
    """A database and its places; those that others point at come last."""

    name: str
    url: Callable[[], str]
    places: Sequence[Place]
    #: A file that is looked into only while it is there.
    file: Callable[[], Path] | None = None
    endings: Sequence[Ending] = ()

    def exists(self) -> bool:
        """Return whether there is something to look into."""
        return self.file is None or self.file().is_file()

    def open(self) -> Engine:
        """Return an engine that overwrites what it deletes; the caller disposes of it."""
        return make_engine(self.url(), _STATEMENT_SECONDS)


DATABASES: tuple[Database, ...] = (
    Database(
        "website",
        database_url,
        (
            Place("insights_item", "session_id", "at"),
            Place("website_turn", "session_id", "at"),
            Place("website_feedback", "session_id", "at"),
            Place("website_event", "session_id", "at"),
            Place("website_reference", "session_id", "expires_at"),
            Place("website_session", "id", "last_at"),
            Place("insights_counted", "session_id", None, beside="website_turn"),
            Place("conversation_part", "conversation", "at", seconds=True),
            Place("conversation_window", "conversation", None, beside="conversation_part"),
            Place("conversation_quarantine", "conversation", "at", seconds=True),
            Place("outbox", "conversation", "at", seconds=True),
        ),
        endings=(
            Ending("insights_report", has_words=True),
            Ending("console_session"),
            Ending("console_attempt"),
            Ending("console_audit"),
        ),
    ),
    Database(
        "conversations of earlier releases",
        lambda: f"sqlite:///{EARLIER_FILE}",
        (Place("events", "sender_id", "timestamp", seconds=True),),
        lambda: EARLIER_FILE,
    ),
)
