"""Backups with PostgreSQL's own tools, against a real server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from support import postgres_database

from tests.unit.conftest import missing_service
from valve_clinic.operations import backup, postgresql
from valve_clinic.operations.backup import BackupError

SERVER = "postgresql://postgres@127.0.0.1:5432"


def run(url: str, *statements: str) -> list[tuple[object, ...]]:
    engine = create_engine(url, future=True, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    rows: list[tuple[object, ...]] = []
    with engine.connect() as connection:
        for statement in statements:
            result = connection.exec_driver_sql(statement)
            rows = [tuple(row) for row in result] if result.returns_rows else []
    return rows


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A database of its own, in which the website's turns are."""
    if not shutil.which("pg_dump"):
        missing_service("pg_dump is missing")
    with postgres_database("vc_backup") as url:
        monkeypatch.setenv("WEBSITE_DATABASE_URL", url)
        monkeypatch.setenv("CONTENT_DATABASE_URL", f"sqlite:///{tmp_path}/content.db")
        yield url


def test_a_copy_comes_back_whole(url: str, tmp_path: Path) -> None:
    run(url, "CREATE TABLE said (word TEXT)", "INSERT INTO said VALUES ('first')")
    file = tmp_path / "copy.tar.gz"
    assert backup.save(file) == ["website"]
    run(url, "INSERT INTO said VALUES ('later')")
    with pytest.raises(BackupError, match="--force overwrites it"):
        backup.restore(file)
    assert backup.restore(file, force=True) == ["website"]
    assert run(url, "SELECT word FROM said") == [("first",)]
    run(url, "DROP TABLE said")
    backup.restore(file)
    assert run(url, "SELECT word FROM said") == [("first",)]


def test_nothing_is_put_back_under_another_session(url: str, tmp_path: Path) -> None:
    run(url, "CREATE TABLE said (word TEXT)")
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    engine = create_engine(url, future=True, poolclass=NullPool)
    with engine.connect(), pytest.raises(BackupError, match="open in another program; stop the server first"):
        backup.restore(file, force=True)


def test_a_copy_of_newer_tables_is_refused(url: str, tmp_path: Path) -> None:
    run(
        url,
        "CREATE TABLE schema_version (name VARCHAR(40) PRIMARY KEY, version INTEGER)",
        "INSERT INTO schema_version VALUES ('website', 9)",
    )
    file = tmp_path / "copy.tar.gz"
    backup.save(file)
    with pytest.raises(BackupError, match="newer release"):
        backup.restore(file, force=True)


def test_tables_are_made_and_upgraded_there_too(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy import MetaData, Table

    from valve_clinic import schema_version
    from valve_clinic.database import make_engine

    monkeypatch.setitem(schema_version.STEPS, "thing", ())
    engine = make_engine(url)
    metadata = MetaData()
    from sqlalchemy import Column, Integer

    Table("thing", metadata, Column("id", Integer, primary_key=True))
    schema_version.prepare(engine, metadata, "thing")
    step = "ALTER TABLE thing ADD COLUMN size INTEGER"
    monkeypatch.setitem(schema_version.STEPS, "thing", (lambda connection: connection.exec_driver_sql(step),))
    schema_version.prepare(engine, metadata, "thing")
    schema_version.prepare(engine, metadata, "thing")
    engine.dispose()
    assert run(url, "SELECT version FROM schema_version") == [(2,)]
    assert run(url, "SELECT size FROM thing") == []


def test_a_server_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONTENT_DATABASE_URL", "postgresql://nobody:hunter2@127.0.0.1:1/none")
    monkeypatch.setenv("WEBSITE_DATABASE_URL", f"sqlite:///{tmp_path}/website.db")
    with pytest.raises(BackupError, match="does not answer") as raised:
        backup.save(tmp_path / "copy.tar.gz")
    assert "hunter2" not in str(raised.value)


def test_a_missing_tool_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(postgresql.PostgreSQLError, match="pg_dump is missing; on Debian run"):
        postgresql.dump(f"{SERVER}/postgres", tmp_path / "x")
