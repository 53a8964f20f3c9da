"""Database engines: an embedded SQLite file by default, any SQLAlchemy URL by environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine, make_url

from valve_clinic import paths

#: Milliseconds a writer waits for another before it gives up.
BUSY_TIMEOUT_MS = 3000


def make_engine(url: str) -> Engine:
    """Return an engine for `url`; SQLite files are relative to the checkout and written in WAL mode."""
    parsed = make_url(url)
    if not parsed.drivername.startswith("sqlite"):
        return create_engine(parsed, future=True, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        file = Path(parsed.database)
        if not file.is_absolute():
            file = paths.ROOT / file
        file.parent.mkdir(parents=True, exist_ok=True)
        parsed = parsed.set(database=str(file))
    engine = create_engine(parsed, future=True, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
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


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    # Python's driver begins transactions only before it writes.
    connection.isolation_level = None


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()
