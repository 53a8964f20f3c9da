"""The databases that the settings name, and what can be said of an SQLite file without SQLAlchemy."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from valve_clinic import paths, settings

#: Setting of each database's URL, by the name that the database has in a backup.
_CONFIGURED = {"content": "CONTENT_DATABASE_URL", "website": "WEBSITE_DATABASE_URL"}


@dataclass(frozen=True)
class Database:
    """One database: its name here, and its SQLAlchemy URL."""

    name: str
    url: str

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None for another kind of database and for one in memory."""
        scheme, _, rest = self.url.partition("://")
        name = unquote(rest.partition("?")[0].removeprefix("/"))
        if not scheme.startswith("sqlite") or name in ("", ":memory:"):
            return None
        return paths.ROOT / name

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL."""
        return self.url.startswith(("postgresql", "postgres:"))


def configured() -> list[Database]:
    """Return the databases that the server would use."""
    return [Database(name, settings.value(setting)) for name, setting in _CONFIGURED.items()]


def files_of(database: Path) -> list[Path]:
    """Return the files of an SQLite database that exist: itself, its log and the log's index."""
    return [path for path in (database, *(Path(f"{database}-{end}") for end in ("wal", "shm"))) if path.exists()]


def quick_check(database: Path) -> str | None:
    """Return why the file is no sound SQLite database, or None when it is one or is empty."""
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return None


def query(database: Path, statement: str) -> list[tuple[object, ...]]:
    """Return the rows of a statement that only reads; nothing when the file or the table is missing."""
    if not database.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            return connection.execute(statement).fetchall()
    except sqlite3.Error:
        return []
