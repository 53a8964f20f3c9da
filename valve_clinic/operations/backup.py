"""One file with a copy of every database, made while the server runs, and how to put it back."""

from __future__ import annotations

import datetime
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from valve_clinic import __version__, settings
from valve_clinic.channel import secret
from valve_clinic.operations import databases, in_use, manifest, postgresql, versions
from valve_clinic.operations.databases import Database

FORMAT = 1
_CONTENTS = "backup.json"
_SECRET = "secret"  # noqa: S105


class BackupError(RuntimeError):
    """A copy cannot be made or put back; the message says why and what to do."""


def save(target: Path, with_secret: bool = False, force: bool = False) -> list[str]:
    """Write a copy of each database to `target` (mode 600, a tar file); returns their names.

    Each database is copied as of one moment; the copies are made one after another. Raises `BackupError`.
    """
    if target.exists() and not force:
        raise BackupError(f"{target} is there already; name another file or use --force")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as name:
        folder = Path(name)
        entries = [entry for database in _once(databases.configured()) if (entry := _copy(database, folder))]
        if with_secret:
            entries.append(_copy_secret(folder))
        contents = {
            "format": FORMAT,
            "release": __version__,
            "made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "entries": entries,
        }
        packed = folder / "packed"
        descriptor = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            text = json.dumps(contents, indent=1).encode()
            head = tarfile.TarInfo(_CONTENTS)
            head.size = len(text)
            archive.addfile(head, io.BytesIO(text))
            for entry in entries:
                archive.add(folder / entry["file"], entry["file"])
            archive.close()
            file.flush()
            os.fsync(file.fileno())
        packed.replace(target)
    return [str(entry["name"]) for entry in entries]


def restore(source: Path, force: bool = False) -> list[str]:
    """Put back what is in the file, after all of it was checked; returns the names. Raises `BackupError`.

    Nothing is changed when a copy is damaged, is of a newer release, would overwrite something without `force`, or
    when a program has a database open.
    """
    with tempfile.TemporaryDirectory(prefix="valve-clinic-restore-") as name:
        folder = Path(name)
        entries = _unpack(source, folder)
        wanted = {database.name: database for database in databases.configured()}
        try:
            for entry in entries:
                _check_copy(entry, folder)
                _check_target(entry, wanted, force)
            for entry in entries:
                _put_back(entry, wanted, folder)
        except in_use.InUseError as error:
            raise BackupError(f"{error}; stop the server first. Nothing was changed") from None
        finally:
            in_use.release()
    return [str(entry["name"]) for entry in entries]


def _once(configured: list[Database]) -> list[Database]:
    """Leave out databases that live in the same place as an earlier one."""
    first: dict[str, Database] = {}
    for database in configured:
        first.setdefault(database.url, database)
    return list(first.values())


def _copy(database: Database, folder: Path) -> dict[str, Any] | None:
    if database.is_postgresql:
        copy, kind = folder / f"{database.name}.pgdump", "postgresql"
        try:
            of_tables = postgresql.versions(database.url)
            postgresql.dump(database.url, copy)
        except postgresql.PostgreSQLError as error:
            raise BackupError(f"the {database.name} database was not copied: {error}") from None
    elif database.file is not None:
        if not database.file.is_file():
            return None
        copy, kind = folder / f"{database.name}.db", "sqlite"
        _copy_sqlite(database.file, copy)
        of_tables = versions.of_file(copy)
    else:
        raise BackupError(f"the {database.name} database is neither SQLite nor PostgreSQL: copy it with its own tools")
    return {**_entry(database.name, kind, copy), "versions": of_tables}


def _copy_sqlite(source: Path, copy: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=10)) as live,
            closing(sqlite3.connect(copy)) as target,
        ):
            live.backup(target)
            # One file, whole by itself: the copy of a database in WAL mode would want its log beside it.
            target.execute("PRAGMA journal_mode=DELETE")
            damage = target.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied: {error}") from None
    if damage != "ok":
        raise BackupError(f"{source} is damaged ({damage}); nothing was saved")


def _copy_secret(folder: Path) -> dict[str, Any]:
    if settings.get("WEBSITE_SECRET") is not None:
        raise BackupError("the secret is in the environment (WEBSITE_SECRET), not in a file; keep it where you set it")
    copy = folder / _SECRET
    try:
        copy.write_bytes(secret.secret_file().read_bytes())
    except OSError as error:
        raise BackupError(f"the secret cannot be read: {error.strerror}") from None
    return _entry("secret", "secret", copy)


def _entry(name: str, kind: str, copy: Path) -> dict[str, Any]:
    return {"name": name, "kind": kind, "file": copy.name, "sha256": manifest.sha256(copy)}


def _unpack(source: Path, folder: Path) -> list[dict[str, Any]]:
    try:
        with tarfile.open(source, "r:gz") as archive:
            contents = json.loads(_bytes_of(archive, _CONTENTS))
            if contents["format"] > FORMAT:
                raise BackupError(f"{source} was made by a newer release ({contents['release']}); install that one")
            entries: list[dict[str, Any]] = contents["entries"]
            for entry in entries:
                # By its own name: whatever path an archive names, nothing is written outside the folder.
                copy = folder / Path(str(entry["file"])).name
                member = archive.extractfile(str(entry["file"]))
                if member is None:
                    raise KeyError(entry["file"])
                with copy.open("wb") as file:
                    shutil.copyfileobj(member, file)
    except FileNotFoundError:
        raise BackupError(f"there is no {source}") from None
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{source} is no whole backup ({type(error).__name__}); nothing was changed") from None
    return entries


def _bytes_of(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    if member is None:
        raise KeyError(name)
    return member.read()


def _check_copy(entry: dict[str, Any], folder: Path) -> None:
    copy = folder / Path(str(entry["file"])).name
    if manifest.sha256(copy) != entry["sha256"]:
        raise BackupError(f"the copy of {entry['name']} is damaged: its hash differs; nothing was changed")
    if entry["kind"] == "postgresql":
        try:
            postgresql.check(copy)
        except postgresql.PostgreSQLError as error:
            raise BackupError(f"the copy of {entry['name']} is damaged: {error}; nothing was changed") from None
    if entry["kind"] == "sqlite":
        try:
            with closing(sqlite3.connect(copy)) as connection:
                damage = connection.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.Error as error:
            damage = str(error)
        if damage != "ok":
            raise BackupError(f"the copy of {entry['name']} is damaged ({damage}); nothing was changed")
    newer = versions.check(str(entry["name"]), entry.get("versions", {}))
    if newer:
        raise BackupError(f"{newer[0].reason}; nothing was changed")


def _check_target(entry: dict[str, Any], wanted: dict[str, Database], force: bool) -> None:
    name, kind = str(entry["name"]), entry["kind"]
    if kind == "secret":
        there: str | None = str(secret.secret_file()) if secret.secret_file().exists() else None
    elif name not in wanted:
        raise BackupError(f"the backup holds {name}, which this release does not know; nothing was changed")
    elif kind == "sqlite":
        file = wanted[name].file
        if file is None:
            raise BackupError(f"{name} is SQLite in the backup and something else in the settings; nothing was changed")
        in_use.claim(file)
        there = str(file) if file.exists() else None
        if there and _is_open(file):
            raise BackupError(f"{file} is open in another program; stop the server first. Nothing was changed")
    else:
        if not wanted[name].is_postgresql:
            raise BackupError(f"{name} is PostgreSQL in the backup and not in the settings; nothing was changed")
        there = _check_postgresql(wanted[name])
    if there and not force:
        raise BackupError(f"{there} is there already; --force overwrites it. Nothing was changed")


def _check_postgresql(database: Database) -> str | None:
    """Return what would be overwritten."""
    try:
        if postgresql.is_open(database.url):
            raise BackupError(
                f"the {database.name} database is open in another program; stop the server first. Nothing was changed"
            )
        return f"the {database.name} database" if postgresql.has_tables(database.url) else None
    except postgresql.PostgreSQLError as error:
        raise BackupError(f"{database.name}: {error}; nothing was changed") from None


def _is_open(file: Path) -> bool:
    """Return whether another program has the database open: leaving the WAL mode needs it alone."""
    try:
        with closing(sqlite3.connect(file, timeout=0.2)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            return str(connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]).lower() != "delete"
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.DatabaseError:
        return False  # a damaged file is what one puts a backup over


def _put_back(entry: dict[str, Any], wanted: dict[str, Database], folder: Path) -> None:
    copy = folder / Path(str(entry["file"])).name
    if entry["kind"] == "postgresql":
        try:
            postgresql.restore(wanted[str(entry["name"])].url, copy)
        except postgresql.PostgreSQLError as error:
            raise BackupError(f"{entry['name']} was not put back: {error}") from None
        return
    database = wanted[str(entry["name"])].file if entry["kind"] == "sqlite" else None
    target = database or secret.secret_file()
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.restored")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(copy.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    # The old log would be replayed into the new file.
    for leftover in databases.files_of(target)[1:] if database else []:
        leftover.unlink()
    fresh.replace(target)
