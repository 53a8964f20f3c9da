"""Which version of its tables a database has, and how an older one is brought up to date.

The answers' tables have Alembic's migrations: what is in them is rearranged from version to version, and each of those
steps is a script of its own, and a test compares what they make with the models. The conversations' two sets of tables
have their steps by hand: in all it is one statement so far, and moving them to Alembic would touch databases with
patients' words in them that need no change.

The table `schema_version` has the version of all three, whoever makes the steps. It is what an earlier release, a
backup and the check before the start read, none of which knows Alembic. Steps and version change in one transaction,
which SQLite and PostgreSQL have for tables too, and behind a lock, so that several servers may start at once. The
migrations lie inside the package: a start needs no folder of scripts and no ini file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from valve_clinic import migrations

if TYPE_CHECKING:
    from sqlalchemy import MetaData
    from sqlalchemy.engine import Connection, Engine

TABLE = "schema_version"


def _received_turns(connection: Connection) -> None:
    """Version 2: a message is stored before it is answered; all that are there have their answers."""
    connection.exec_driver_sql("ALTER TABLE website_turn ADD COLUMN state VARCHAR(8) DEFAULT 'answered' NOT NULL")


def _packed_replies(connection: Connection) -> None:
    """Version 3: long replies are packed. Those that are there can be read as they are; earlier releases cannot."""


#: The folders of Alembic's migrations; version 2 of the tables is revision 0002.
MIGRATIONS = {"content": Path(__file__).parent / "content" / "migrations"}

#: What brings each other database from one version to the next: the first step makes version 2 of version 1. A step
#: gets a connection within a transaction. A new table needs no step, a changed one does.
STEPS: dict[str, tuple[Callable[[Connection], None], ...]] = {
    "website": (_received_turns, _packed_replies),
    "conversations": (),
    "insights": (),
    "console": (),
}


class NewerDatabaseError(RuntimeError):
    """The database was written by a newer release, whose tables this one does not know."""

    def __init__(self, name: str, found: int, known: int) -> None:
        super().__init__(
            f"the {name} database is of a newer release (version {found}; this one knows {known}); "
            "install that release, or put back a backup that this one made"
        )


def known_version(name: str) -> int:
    """Return the version that this release reads and writes; 0 for tables that it does not know."""
    if name in MIGRATIONS:
        return migrations.count(MIGRATIONS[name])
    return 1 + len(STEPS[name]) if name in STEPS else 0


def prepare(engine: Engine, metadata: MetaData, name: str) -> None:
    """Create or upgrade the tables of `name`; raises `NewerDatabaseError` and changes nothing then.

    Tables without a version are of the release before versions, which is version 1.
    """
    from sqlalchemy import inspect

    from valve_clinic.database import lock_for_writing

    with engine.connect() as connection, connection.begin():
        lock_for_writing(connection, "schema")
        tables = set(inspect(connection).get_table_names())
        version = _read(connection, name) if TABLE in tables else None
        known = known_version(name)
        if version is None:
            version = 1 if tables & set(metadata.tables) else 0
        if version > known:
            raise NewerDatabaseError(name, version, known)
        if name in MIGRATIONS:
            if version < known:
                migrations.upgrade(connection, MIGRATIONS[name], version, f"{name}_migration")
        else:
            for step in STEPS[name][version - 1 :] if version else ():
                step(connection)
            metadata.create_all(connection)
        if version < known:
            _write(connection, name, known)


def _read(connection: Connection, name: str) -> int | None:
    from sqlalchemy import text

    return connection.execute(text(f"SELECT version FROM {TABLE} WHERE name = :name"), {"name": name}).scalar()  # noqa: S608


def _write(connection: Connection, name: str, version: int) -> None:
    from sqlalchemy import text

    connection.exec_driver_sql(
        f"CREATE TABLE IF NOT EXISTS {TABLE} (name VARCHAR(40) PRIMARY KEY, version INTEGER NOT NULL)"
    )
    values = {"name": name, "version": version}
    connection.execute(text(f"DELETE FROM {TABLE} WHERE name = :name"), values)  # noqa: S608
    connection.execute(text(f"INSERT INTO {TABLE} (name, version) VALUES (:name, :version)"), values)  # noqa: S608
