"""Tables of an earlier release are brought up to date, and those of a later one are left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, inspect
from sqlalchemy.engine import Connection, Engine

from valve_clinic import paths, schema_version
from valve_clinic.channel.models import Base as WebsiteBase
from valve_clinic.content.models import Base as ContentBase
from valve_clinic.database import make_engine, read_in_snapshots

RELEASED = paths.ROOT / "tests" / "data"


def tables(extra: bool = False) -> MetaData:
    metadata = MetaData()
    columns = [Column("id", Integer, primary_key=True), Column("word", String)]
    Table("thing", metadata, *columns, *([Column("size", Integer)] if extra else []))
    return metadata


def add_size(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE thing ADD COLUMN size INTEGER")


@pytest.fixture(params=["plain", "snapshots"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    made = make_engine(f"sqlite:///{tmp_path}/test.db")
    yield read_in_snapshots(made) if request.param == "snapshots" else made
    made.dispose()


@pytest.fixture(autouse=True)
def _steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(schema_version.STEPS, "thing", ())


def version(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT version FROM schema_version WHERE name = 'thing'").scalar())


def columns(engine: Engine) -> set[str]:
    return {column["name"] for column in inspect(engine).get_columns("thing")}


def test_a_new_database_has_the_present_version_and_no_step_is_taken(engine, monkeypatch):
    monkeypatch.setitem(schema_version.STEPS, "thing", (add_size,))
    schema_version.prepare(engine, tables(extra=True), "thing")
    assert (version(engine), columns(engine)) == (2, {"id", "word", "size"})


def test_a_database_of_the_release_before_versions_is_upgraded_and_keeps_its_rows(engine, monkeypatch):
    with engine.begin() as connection:
        tables().create_all(connection)
        connection.exec_driver_sql("INSERT INTO thing (word) VALUES ('kept')")
    monkeypatch.setitem(schema_version.STEPS, "thing", (add_size,))
    schema_version.prepare(engine, tables(extra=True), "thing")
    assert (version(engine), columns(engine)) == (2, {"id", "word", "size"})
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT word, size FROM thing").fetchall() == [("kept", None)]


def test_each_step_is_taken_once_and_in_order(engine, monkeypatch):
    taken: list[int] = []
    schema_version.prepare(engine, tables(), "thing")
    steps = tuple(lambda _connection, number=number: taken.append(number) for number in (1, 2, 3))
    for known in (1, 3, 3):
        monkeypatch.setitem(schema_version.STEPS, "thing", steps[:known])
        schema_version.prepare(engine, tables(), "thing")
    assert (taken, version(engine)) == ([1, 2, 3], 4)


def test_a_newer_database_is_refused_and_stays_as_it_is(engine, monkeypatch):
    monkeypatch.setitem(schema_version.STEPS, "thing", (lambda _connection: None,) * 4)
    schema_version.prepare(engine, tables(), "thing")
    monkeypatch.setitem(schema_version.STEPS, "thing", ())
    with pytest.raises(schema_version.NewerDatabaseError, match="version 5; this one knows 1"):
        schema_version.prepare(engine, tables(extra=True), "thing")
    assert version(engine) == 5
    assert columns(engine) == {"id", "word"}


def test_a_step_that_fails_changes_nothing(engine, monkeypatch):
    schema_version.prepare(engine, tables(), "thing")

    def fail(connection: Connection) -> None:
        add_size(connection)
        raise RuntimeError("half way")

    monkeypatch.setitem(schema_version.STEPS, "thing", (fail,))
    with pytest.raises(RuntimeError, match="half way"):
        schema_version.prepare(engine, tables(extra=True), "thing")
    assert (version(engine), columns(engine)) == (1, {"id", "word"})


@pytest.mark.parametrize(("name", "base"), [("website", WebsiteBase), ("content", ContentBase)])
def test_a_database_of_release_0_1_gets_the_tables_of_a_new_one(tmp_path, name, base):
    """When this fails, tables were changed without a step in `schema_version.STEPS` or a migration."""
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript((RELEASED / f"{name}-0.1.0.sql").read_text(encoding="utf-8"))
    shapes = []
    for file in ("old.db", "new.db"):
        engine = make_engine(f"sqlite:///{tmp_path}/{file}")
        schema_version.prepare(engine, base.metadata, name)
        found = inspect(engine)
        shapes.append(
            {
                table: {
                    "columns": {(column["name"], str(column["type"])) for column in found.get_columns(table)},
                    "unique": {tuple(key["column_names"]) for key in found.get_unique_constraints(table)},
                    "indexes": {(index["name"], tuple(index["column_names"])) for index in found.get_indexes(table)},
                }
                for table in found.get_table_names()
            }
        )
        engine.dispose()
    assert shapes[0] == shapes[1]
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        tables = [row[0] for row in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {table: old.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    assert counts["website_turn" if name == "website" else "topic_revision"] > 0, "the rows are still there"
