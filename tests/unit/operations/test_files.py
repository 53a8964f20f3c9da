"""The key, the databases and the folder of run-time files: who can read them, and whether they can be used."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from valve_clinic import paths
from valve_clinic.operations import files

KEY = secrets.token_urlsafe(48)


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(paths, "VAR", tmp_path)
    monkeypatch.delenv("WEBSITE_SECRET", raising=False)
    monkeypatch.delenv("WEBSITE_SECRET_FILE", raising=False)
    for name in ("CONTENT_DATABASE_URL", "WEBSITE_DATABASE_URL"):
        monkeypatch.setenv(name, f"sqlite:///{tmp_path}/{name[:7].lower()}.db")
    return tmp_path


def said(found: list) -> str:
    assert len(found) == 1
    assert "\n" not in str(found[0])
    return str(found[0])


def write_key(path: Path, key: str, mode: int = 0o600) -> None:
    path.write_text(key + "\n", encoding="utf-8")
    path.chmod(mode)


def test_a_default_key_that_is_not_there_yet_is_made_at_the_start() -> None:
    assert files.check_secret() == []


def test_a_good_key_is_right(place: Path) -> None:
    write_key(place / "secret", KEY)
    assert files.check_secret() == []


def test_a_named_key_that_is_missing_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SECRET_FILE", str(place / "nowhere"))
    assert f"openssl rand -base64 48 > {place / 'nowhere'}" in said(files.check_secret())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_found(place: Path, mode: int) -> None:
    write_key(place / "secret", KEY, mode)
    assert said(files.check_secret()).endswith(f"run: chmod 600 {place / 'secret'}")


@pytest.mark.parametrize("key", ["", "short", "x" * 64, "ab" * 40])
def test_a_weak_key_is_found_and_not_shown(place: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_key(place / "secret", key)
    assert "is weak" in said(files.check_secret())
    if key:
        assert key not in said(files.check_secret()).partition(";")[0].replace(str(place), "")
        monkeypatch.setenv("WEBSITE_SECRET", key)
        assert said(files.check_secret()).startswith("WEBSITE_SECRET is weak")


def test_a_key_from_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from valve_clinic.channel.secret import load_secret

    monkeypatch.setenv("WEBSITE_SECRET", KEY)
    assert files.check_secret() == []
    assert load_secret() == KEY


def test_a_key_that_is_no_text_or_no_file_is_found(place: Path) -> None:
    (place / "secret").write_bytes(b"\xff" * 60)
    (place / "secret").chmod(0o600)
    assert "cannot be read" in said(files.check_secret())
    (place / "secret").unlink()
    (place / "secret").mkdir()
    assert "is a folder" in said(files.check_secret())


@pytest.mark.parametrize("mode", [0o755, 0o701, 0o777])
def test_a_folder_that_everybody_can_read_is_found(place: Path, mode: int) -> None:
    place.chmod(mode)
    assert said(files.check_var()).endswith(f"chmod o-rwx {place}")


@pytest.mark.parametrize("mode", [0o700, 0o750])
def test_a_private_folder_is_right(place: Path, mode: int) -> None:
    place.chmod(mode)
    assert files.check_var() == []


def test_a_folder_in_which_nothing_can_be_written_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = place / "file"
    file.touch()
    for folder in (file, Path("/proc/self")):
        monkeypatch.setattr(paths, "VAR", folder)
        if folder == file:
            assert "nothing can be written" in said(files.check_var())
        else:
            monkeypatch.setattr(Path, "is_dir", lambda _path: False)
            assert "nothing can be written" in said(files.check_var())


@pytest.mark.parametrize("name", ["content.db", "website.db", "website.db-wal"])
def test_a_database_that_everybody_can_read_is_found(place: Path, name: str) -> None:
    with closing(sqlite3.connect(place / name.removesuffix("-wal"))) as database:
        database.execute("CREATE TABLE a (b)")
    (place / name.removesuffix("-wal")).chmod(0o600)
    (place / name).touch()
    (place / name).chmod(0o644)
    assert str(files.check_databases()[0]).endswith(f"chmod o-rwx {place / name}")


def test_a_file_that_is_no_database_is_found(place: Path) -> None:
    path = place / "website.db"
    path.write_bytes(b"garbage" * 1000)
    path.chmod(0o600)
    assert "valve-clinic restore" in said(files.check_databases())


def test_databases_that_are_not_there_yet_are_right() -> None:
    assert files.check_databases() == []


def test_new_databases_are_private(place: Path) -> None:
    from valve_clinic.database import make_engine

    engine = make_engine(f"sqlite:///{place}/new/website.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE a (b)")
        connection.exec_driver_sql("INSERT INTO a VALUES (1)")
        modes = {path.name: path.stat().st_mode & 0o777 for path in (place / "new").iterdir()}
    engine.dispose()
    assert set(modes.values()) == {0o600}, modes
