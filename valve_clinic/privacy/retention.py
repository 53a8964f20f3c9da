"""Deletes what is too old or is to be forgotten, so that the bytes are gone, and exports what is kept."""

from __future__ import annotations

import datetime
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

from valve_clinic import settings
from valve_clinic.privacy.places import DATABASES, Database, Ending, Place

MOST_DAYS = 3650
#: Beyond the deadline of a turn: what a turn that was under way may still write.
_MARGIN_SECONDS = 1.0
_TRIES = 5
#: A PostgreSQL table of up to so many bytes is written anew, which its patients wait for: about a second at this size.
_REWRITE_BYTES = 64 << 20
_MAINTENANCE = ("SET statement_timeout = 0", "SET lock_timeout = '1s'")
_BUSY = "the rows are deleted, but the database is busy and its file still holds their bytes; try again"


class RetentionError(RuntimeError):
    """Something could not be deleted or found; the message says what to do."""


@dataclass(frozen=True)
class Deleted:
    """Rows deleted from one table."""

    table: str
    rows: int


def days() -> int:
    """Return for how many days text is kept; raises `SettingError` naming RETENTION_DAYS."""
    value = settings.get_int("RETENTION_DAYS")
    if not 1 <= value <= MOST_DAYS:
        raise settings.SettingError(f"RETENTION_DAYS must be between 1 and {MOST_DAYS}, not {value}")
    return value


def purge(
    older_than: int, now: datetime.datetime | None = None, databases: Sequence[Database] = DATABASES
) -> list[Deleted]:
    """Delete everything that is older than so many days, and what has ended by itself.

    Raises `RetentionError` when bytes may be left.
    """
    now = now or datetime.datetime.now(datetime.timezone.utc)
    moment = now - datetime.timedelta(days=older_than)
    return _each(
        databases,
        lambda place, connection: int(place.older(connection, moment)),
        lambda ending, connection: ending.over(connection, now),
    )


def forget(
    conversation: str, databases: Sequence[Database] = DATABASES, wait: Callable[[float], None] = time.sleep
) -> list[Deleted]:
    """Delete a conversation everywhere, and what may have some of its words among others.

    Raises `RetentionError` when there is no such conversation, or when bytes may be left.
    A turn that is under way may write once more: no new one can begin, because the session is gone; so the same is
    done again after the deadline of a turn.
    """
    first = _each(databases, lambda place, connection: int(place.of(connection, conversation)))
    if not any(deleted.rows for deleted in first):
        raise RetentionError("there is no such conversation")
    wait(settings.get_int("WEBSITE_TURN_SECONDS") + _MARGIN_SECONDS)
    second = _each(
        databases,
        lambda place, connection: int(place.of(connection, conversation)),
        lambda ending, connection: ending.words(connection),
    )
    rows: Counter[str] = Counter()
    for deleted in (*first, *second):
        rows[deleted.table] += deleted.rows
    return [Deleted(table, number) for table, number in rows.items()]


def export(conversation: str, databases: Sequence[Database] = DATABASES) -> dict[str, Any]:
    """Return everything that is kept of a conversation, by table; raises `RetentionError` when there is nothing."""
    found: dict[str, Any] = {}
    for engine, places, _ in _opened(databases):
        with engine.connect() as connection:
            for place in places:
                found[place.table] = [_plain(row) for row in place.rows(connection, conversation)]
    if not any(found.values()):
        raise RetentionError("there is no such conversation")
    return {"conversation": conversation, "tables": found}


def _each(
    databases: Sequence[Database],
    work: Callable[[Place, Connection], int],
    end: Callable[[Ending, Connection], int] = lambda _ending, _connection: 0,
) -> list[Deleted]:
    done = []
    for engine, places, endings in _opened(databases):
        with engine.begin() as connection:
            done += [Deleted(place.table, work(place, connection)) for place in places]
            done += [Deleted(ending.table, end(ending, connection)) for ending in endings]
        scrub(engine, [place.table for place in places] + [ending.table for ending in endings])
    return done


def _opened(databases: Sequence[Database]) -> Iterator[tuple[Engine, list[Place], list[Ending]]]:
    """Yield an engine of each database that is there, with what it has of the tables; it is closed before the next."""
    for database in filter(Database.exists, databases):
        engine = database.open()
        try:
            yield (
                engine,
                [place for place in database.places if place.exists(engine)],
                [ending for ending in database.endings if ending.exists(engine)],
            )
        finally:
            engine.dispose()


def scrub(engine: Engine, tables: Sequence[str]) -> None:
    """Make sure that what was deleted is not in the files any more; raises `RetentionError` when it may be.

    SQLite: the file is written anew and the write-ahead log emptied. PostgreSQL: a table of usual size is written anew,
    too; in a large one the space is given free for new rows, which write over it. PostgreSQL's own log and backups are
    the administrator's (docs/privacy.md).
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            _rewrite_tables(connection, tables)
        elif engine.dialect.name == "sqlite":
            _rewrite(connection)


def _rewrite_tables(connection: Any, tables: Sequence[str]) -> None:
    """Write PostgreSQL's tables anew, with the statistics of their columns, which quote them."""
    for setting in _MAINTENANCE:
        connection.exec_driver_sql(setting)
    _await_older(connection)
    for table in tables:
        size = connection.exec_driver_sql("SELECT pg_total_relation_size(%s::regclass)", (table,)).scalar_one()
        options = "FULL, ANALYZE" if size <= _REWRITE_BYTES else "ANALYZE"
        for attempt in range(_TRIES):
            try:
                connection.exec_driver_sql(f'VACUUM ({options}) "{table}"')
                break
            except OperationalError:  # somebody has the table for longer than we let others wait
                time.sleep(0.2 * (attempt + 1))
        else:
            raise RetentionError(_BUSY)


def _await_older(connection: Any) -> None:
    """Wait until no transaction of others is older than the deletion: as long as one may read a row, it is kept."""
    begun = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    older = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_xmin IS NOT NULL AND xact_start < %s"
    )
    for attempt in range(_TRIES):
        if not connection.exec_driver_sql(older, (begun,)).scalar_one():
            return
        time.sleep(0.2 * (attempt + 1))
    raise RetentionError(_BUSY)


def _rewrite(connection: Any) -> None:
    for attempt in range(_TRIES):
        try:
            connection.exec_driver_sql("VACUUM")
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
        except OperationalError:
            busy = 1
        if not busy:
            return
        time.sleep(0.2 * (attempt + 1))
    raise RetentionError(_BUSY)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON can hold it; Rasa's own JSON is shown as what it is."""
    plain: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, datetime.datetime):
            plain[key] = value.isoformat()
        elif key in ("data", "events") and isinstance(value, str):
            try:
                plain[key] = json.loads(value)
            except ValueError:
                plain[key] = value
        else:
            plain[key] = value
    return plain
