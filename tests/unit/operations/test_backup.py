"""Copies are whole while somebody writes, and putting them back never leaves less than there was."""

from __future__ import annotations

import json
import sqlite3
import tarfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from valve_clinic import paths, schema_version
from valve_clinic.operations import backup, in_use
from valve_clinic.operations.backup import BackupError


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Two databases with a row each, and a key."""
    monkeypatch.delenv("WEBSITE_SECRET", raising=False)
    live = tmp_path / "live"
    live.mkdir()
    point_to(live, monkeypatch)
    for name in ("content", "website"):
        with closing(sqlite3.connect(live / f"{name}.db")) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("CREATE TABLE said (word TEXT)")
            database.execute("INSERT INTO said VALUES (?)", (name,))
            database.commit()
    (live / "secret").write_text("k" * 64)
    return live


def point_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENT_DATABASE_URL", f"sqlite:///{folder}/content.db")
    monkeypatch.setenv("WEBSITE_DATABASE_URL", f"sqlite:///{folder}/website.db")
    monkeypatch.setenv("WEBSITE_SECRET_FILE", f"{folder}/secret")


def words(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return [row[0] for row in database.execute("SELECT word FROM said ORDER BY rowid")]


def change(file: Path, word: str) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute("INSERT INTO said VALUES (?)", (word,))
        database.commit()


def repack(file: Path, **changes: bytes) -> None:
    """Write the archive again with other members."""
    with tarfile.open(file) as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    members.update({name.replace("_", "."): data for name, data in changes.items()})
    folder = file.parent / "repack"
    folder.mkdir()
    with tarfile.open(file, "w:gz") as archive:
        for name, data in members.items():
            (folder / name).write_bytes(data)
            archive.add(folder / name, name)


def test_a_copy_comes_back_in_an_empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "copy.tar.gz"
    assert backup.save(file) == ["content", "website"]
    assert file.stat().st_mode & 0o777 == 0o600
    point_to(tmp_path / "new", monkeypatch)
    assert backup.restore(file) == ["content", "website"]
    for name in ("content", "website"):
        assert words(tmp_path / "new" / f"{name}.db") == [name]
        assert (tmp_path / "new" / f"{name}.db").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "new" / "secret").exists()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".backup")] == []


def test_the_key_is_copied_only_when_asked_for(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    with tarfile.open(file) as archive:
        assert "secret" not in archive.getnames()
    backup.save(file, with_secret=True, force=True)
    point_to(tmp_path / "new", monkeypatch)
    backup.restore(file)
    assert (tmp_path / "new" / "secret").read_text() == "k" * 64
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600


def test_a_key_in_the_environment_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SECRET", "k" * 64)
    with pytest.raises(BackupError, match="in the environment"):
        backup.save(tmp_path / "copy.tar.gz", with_secret=True)


def test_a_copy_is_not_overwritten_without_force(tmp_path: Path) -> None:
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    with pytest.raises(BackupError, match="is there already"):
        backup.save(file)


def test_databases_are_not_overwritten_without_force(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    change(place / "website.db", "later")
    with pytest.raises(BackupError, match="--force overwrites it. Nothing was changed"):
        backup.restore(file)
    assert words(place / "website.db") == ["website", "later"]
    backup.restore(file, force=True)
    assert words(place / "website.db") == ["website"]


def test_what_was_written_last_is_not_replayed_into_the_copy(place: Path, tmp_path: Path) -> None:
    """A log that a killed server left behind belongs to the old file."""
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    with closing(sqlite3.connect(place / "website.db")) as killed:
        killed.execute("INSERT INTO said VALUES ('later')")
        killed.commit()
        left = (place / "website.db-wal").read_bytes()
        whole = (place / "website.db").read_bytes()
    (place / "website.db").write_bytes(whole)
    (place / "website.db-wal").write_bytes(left)
    assert words(place / "website.db") == ["website", "later"]
    backup.restore(file, force=True)
    assert words(place / "website.db") == ["website"]


@pytest.mark.parametrize("name", ["content", "website"])
def test_nothing_is_put_back_under_a_server(place: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    change(place / "content.db", "later")
    in_use.share(place / f"{name}.db")
    try:
        # The same process cannot claim what it shares: the lock belongs to the open file.
        with pytest.raises(BackupError, match="stop the server first. Nothing was changed"):
            backup.restore(file, force=True)
    finally:
        in_use.release()
    assert words(place / "content.db") == ["content", "later"]
    backup.restore(file, force=True)


def test_nothing_is_put_back_under_another_program(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    with closing(sqlite3.connect(place / "website.db")) as other:
        other.execute("SELECT * FROM said").fetchall()
        with pytest.raises(BackupError, match="stop the server first"):
            backup.restore(file, force=True)


def test_a_copy_is_of_one_moment_while_somebody_writes(place: Path, tmp_path: Path) -> None:
    """Two tables that change together agree in every copy."""
    path = place / "website.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE twin (word TEXT)")
        database.execute("INSERT INTO twin VALUES ('website')")
        database.commit()
    stop, written = threading.Event(), []

    def write() -> None:
        with closing(sqlite3.connect(path, timeout=10)) as database:
            while not stop.is_set():
                word = f"{len(written)}" + "x" * 3000
                with database:
                    database.execute("INSERT INTO said VALUES (?)", (word,))
                    database.execute("INSERT INTO twin VALUES (?)", (word,))
                written.append(word)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            until = time.monotonic() + 20
            while len(written) < 20 * (number + 1) and time.monotonic() < until:
                time.sleep(0.005)
            before = len(written)
            file = tmp_path / f"copy{number}.tar.gz"
            backup.save(file)
            with tarfile.open(file) as archive, closing(sqlite3.connect(tmp_path / f"{number}.db")) as copy:
                (tmp_path / f"{number}.db").write_bytes(archive.extractfile("website.db").read())  # type: ignore[union-attr]
                said = copy.execute("SELECT word FROM said ORDER BY rowid").fetchall()
                assert said == copy.execute("SELECT word FROM twin ORDER BY rowid").fetchall()
                assert len(said) - 1 >= before
    finally:
        stop.set()
        writer.join()


def test_a_damaged_database_is_not_saved(place: Path, tmp_path: Path) -> None:
    (place / "website.db").write_bytes(b"garbage" * 999)
    for leftover in ("website.db-wal", "website.db-shm"):
        (place / leftover).unlink(missing_ok=True)
    with pytest.raises(BackupError, match=r"website.db cannot be copied"):
        backup.save(tmp_path / "copy.tar.gz")
    assert not (tmp_path / "copy.tar.gz").exists()


def test_a_missing_database_is_left_out(place: Path, tmp_path: Path) -> None:
    (place / "website.db").unlink()
    assert backup.save(tmp_path / "copy.tar.gz") == ["content"]


def test_a_damaged_backup_changes_nothing(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    whole = file.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"no archive"):
        file.write_bytes(damaged)
        with pytest.raises(BackupError, match="no whole backup"):
            backup.restore(file, force=True)
    file.write_bytes(whole)
    repack(file, website_db=b"another file")
    with pytest.raises(BackupError, match="copy of website is damaged: its hash differs"):
        backup.restore(file, force=True)
    with pytest.raises(BackupError, match="there is no"):
        backup.restore(tmp_path / "nowhere")
    assert words(place / "content.db") == ["content"]


def test_a_backup_of_a_newer_release_changes_nothing(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(place / "website.db")) as database:
        database.execute("CREATE TABLE schema_version (name TEXT, version INTEGER)")
        database.execute("INSERT INTO schema_version VALUES ('website', 7)")
        database.commit()
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    change(place / "content.db", "later")
    known = schema_version.known_version("website")
    with pytest.raises(BackupError, match=rf"newer release \(version 7, this one knows {known}\); nothing was changed"):
        backup.restore(file, force=True)
    assert words(place / "content.db") == ["content", "later"]
    monkeypatch.setitem(schema_version.STEPS, "website", (lambda _connection: None,) * 6)
    backup.restore(file, force=True)


def test_a_later_format_and_a_strange_name_are_refused(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    with tarfile.open(file) as archive:
        contents = json.loads(archive.extractfile("backup.json").read())  # type: ignore[union-attr]
    contents["format"] = 2
    repack(file, backup_json=json.dumps(contents).encode())
    with pytest.raises(BackupError, match="made by a newer release"):
        backup.restore(file, force=True)


def test_a_path_in_the_archive_leads_nowhere(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    with tarfile.open(file) as archive:
        contents = json.loads(archive.extractfile("backup.json").read())  # type: ignore[union-attr]
        data = archive.extractfile("website.db").read()  # type: ignore[union-attr]
    contents["entries"][1]["file"] = "../../escaped.db"
    (tmp_path / "b.json").write_text(json.dumps(contents))
    (tmp_path / "w.db").write_bytes(data)
    with tarfile.open(file, "w:gz") as archive:
        archive.add(tmp_path / "b.json", "backup.json")
        archive.add(tmp_path / "w.db", "../../escaped.db")
    with pytest.raises(BackupError, match="no whole backup"):
        backup.restore(file, force=True)
    assert not list(tmp_path.parent.glob("**/escaped.db"))


def test_the_default_places_are_the_servers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from valve_clinic.operations import databases

    for name in ("CONTENT_DATABASE_URL", "WEBSITE_DATABASE_URL"):
        monkeypatch.delenv(name)
    assert {database.name: database.file for database in databases.configured()} == {
        name: paths.VAR / f"{name}.db" for name in ("content", "website")
    }
    monkeypatch.setenv("WEBSITE_DATABASE_URL", "postgresql://bot@db/talks")
    assert databases.configured()[1].is_postgresql
    assert databases.configured()[1].file is None
