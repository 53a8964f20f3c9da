"""Tells a restore that a server uses a database file: SQLite itself knows that only while a query runs."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

#: Kept open while the process lives; the system gives the locks back however it ends.
_held: list[IO[str]] = []


class InUseError(RuntimeError):
    """The database is being put back, or a server uses it."""


def share(database: Path) -> None:
    """Say that this process uses the database; others may too. Raises `InUseError` during a restore."""
    _hold(database, fcntl.LOCK_SH, "is being put back")


def claim(database: Path) -> None:
    """Take the database for this process alone; raises `InUseError` when a server uses it."""
    _hold(database, fcntl.LOCK_EX, "is used by a server")


def release() -> None:
    """Give back all that this process holds."""
    while _held:
        _held.pop().close()


def lock_file(database: Path) -> Path:
    """Return the file that is locked in the database's stead; it stays when nobody uses the database."""
    return database.with_name(f"{database.name}.lock")


def _hold(database: Path, how: int, why: str) -> None:
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = lock_file(database).open("a", encoding="utf-8")
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise InUseError(f"{database} {why}") from None
    _held.append(file)
