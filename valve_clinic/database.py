"""Database engines: an embedded SQLite file by default, any SQLAlchemy URL by environment."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.pool import QueuePool

from valve_clinic import paths, postgres_deadline

#: Milliseconds a writer waits for another before it gives up: less than a turn's own deadline.
BUSY_TIMEOUT_MS = 2000
#: Seconds that PostgreSQL may take for one statement.
STATEMENT_SECONDS = 2.0
#: Connections that stay open, and those that may be opened beside them.
POOL = {"pool_size": 8, "max_overflow": 24, "pool_timeout": 2}


def make_engine(url: str, statement_seconds: float = STATEMENT_SECONDS) -> Engine:
    """Return an engine for `url`; SQLite files are relative to the checkout and written in WAL mode.

    A PostgreSQL statement that takes more than `statement_seconds` is an `OperationalError`, also when the server has
    stopped answering.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed, statement_seconds)
    if not parsed.drivername.startswith("sqlite"):
        return create_engine(parsed, future=True, pool_pre_ping=True, json_serializer=as_json)
    if parsed.database and parsed.database != ":memory:":
        file = Path(parsed.database)
        if not file.is_absolute():
            file = paths.ROOT / file
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(file)
        parsed = parsed.set(database=str(file))
    in_memory = parsed.database in (None, "", ":memory:")
    pool = {} if in_memory else {"poolclass": QueuePool, **POOL}
    engine = create_engine(
        parsed, future=True, connect_args={"check_same_thread": False}, json_serializer=as_json, **pool
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def as_json(value: Any) -> str:
    """Return JSON without blanks and with letters as they are: what is stored is read by machines."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def make_private(file: Path) -> None:
    """Make the file of a new database such that nobody else can read it; SQLite gives its log the same mode."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def empty_log(engine: Engine) -> None:
    """Move SQLite's write-ahead log into the file and cut it to nothing, unless somebody reads from it just now."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _postgresql(url: URL, statement_seconds: float) -> Engine:
    given = {"pool_pre_ping": True, "connect_args": postgres_deadline.connect_args(statement_seconds), **POOL}
    engine = create_engine(url, future=True, json_serializer=as_json, **given)

    def prepare(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            for name in ("statement_timeout", "lock_timeout"):
                cursor.execute(f"SET {name} = {int(statement_seconds * 1000)}")
            cursor.execute("SET idle_in_transaction_session_timeout = 30000")
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def read_in_snapshots(engine: Engine) -> Engine:
    """Return the engine such that all that one transaction reads is of one moment.

    For stores that read much and write in transactions that begin with a write: with SQLite, a transaction that has
    read cannot write after another one did.
    """
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ")
    if engine.dialect.name == "sqlite" and not event.contains(engine, "begin", _begin_sqlite):
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def lock_for_writing(connection: Any, purpose: str) -> None:
    """Let nobody else write for the same purpose until the transaction ends; its first statement, before any reading.

    With PostgreSQL the transaction must be READ COMMITTED, so that it sees what the one before it wrote.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"valve-clinic {purpose}",))
    elif connection.dialect.name == "sqlite":
        if connection.connection.in_transaction:
            connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    # Python's driver begins transactions only before it writes.
    connection.isolation_level = None


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")


def _into_wal(cursor: Any) -> None:
    """Switch the file to WAL mode, waiting for others that do the same: SQLite's busy timeout does not hold for it."""
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.05)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    # What is deleted is written over with zeros.
    cursor.execute("PRAGMA secure_delete=ON")
    _into_wal(cursor)
    # A turn that was answered is on the disk, whatever happens to the machine.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
