"""The migrated tables are those of the models, on each database; what was served before goes on to be served."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.engine import Engine

from valve_clinic import paths, schema_version
from valve_clinic.content import canonical
from valve_clinic.content.models import Base
from valve_clinic.content.store import ContentStore
from valve_clinic.database import make_engine

from .test_store import scratch_schema

OLD = paths.ROOT / "tests" / "data" / "content-0.1.0.sql"


@pytest.fixture(params=["file", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    places = scratch_schema() if request.param == "postgresql" else iter([f"sqlite:///{tmp_path}/content.db"])
    made = make_engine(next(places))
    yield made
    made.dispose()
    next(places, None)


def fill_as_release_0_1(engine: Engine) -> None:
    """The script is SQLite's; PostgreSQL has other names for two types."""
    lines = [
        line for line in OLD.read_text(encoding="utf-8").split(";\n") if "BEGIN" not in line and "COMMIT" not in line
    ]
    order = ["CREATE TABLE topic", "CREATE TABLE answer", "CREATE TABLE", "CREATE", 'INTO "topic"', 'INTO "answer"', ""]
    lines.sort(key=lambda line: next(place for place, part in enumerate(order) if part in line))
    with engine.begin() as connection:
        for line in lines:
            if line.strip():
                connection.exec_driver_sql(line if engine.dialect.name == "sqlite" else as_postgresql(line))
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT setval(pg_get_serial_sequence('publication', 'id'), 1)")


def as_postgresql(line: str) -> str:
    return line.replace("DATETIME", "TIMESTAMPTZ").replace("\tid INTEGER", "\tid SERIAL")


def differences(engine: Engine) -> list[object]:
    def ours(item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return kind != "table" or name not in (schema_version.TABLE, "content_migration")

    options = {"compare_type": True, "compare_server_default": True, "include_object": ours}
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


@pytest.mark.parametrize("is_old", [False, True], ids=["new", "of 0.1.0"])
def test_the_migrated_tables_are_those_of_the_models(engine: Engine, is_old: bool) -> None:
    if is_old:
        fill_as_release_0_1(engine)
    schema_version.prepare(engine, Base.metadata, "content")
    assert differences(engine) == []


def test_a_change_of_the_models_without_a_migration_is_seen(engine: Engine) -> None:
    schema_version.prepare(engine, Base.metadata, "content")
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE publication ADD COLUMN colour VARCHAR(3)")
    assert [item[0] for item in differences(engine)] == ["remove_column"]  # type: ignore[index]


def test_what_release_0_1_served_is_a_revision_that_is_served(engine: Engine) -> None:
    fill_as_release_0_1(engine)
    store = ContentStore(engine)
    (revision,) = store.history.of_topic("ask_causes")
    assert (revision.is_served, revision.by, revision.reason) == (True, "unknown", "not given")
    assert revision.content == {
        "id": "ask_causes",
        "title": "Causes",
        "status": "published",
        "review_due": "2027-05-23",
        "answers": [{"paragraphs": [{"text": "An invented text.", "sources": []}], "short": "In short."}],
    }
    assert revision.hash == canonical.hash_of(revision.content)
    assert store.history.served().digest == "first"


def test_a_topic_of_0_1_and_the_same_from_its_file_are_one_revision(engine: Engine, sample_content) -> None:
    topic = sample_content.topics["ask_causes"]
    part = topic.answers[0].paragraphs[0]
    fill_as_release_0_1(engine)
    with engine.begin() as connection:
        values = {"title": topic.title, "followups": json.dumps(topic.followups)}
        connection.execute(text("UPDATE topic SET title = :title, followups = :followups"), values)
        connection.execute(text("UPDATE answer SET short = :short"), {"short": topic.answers[0].short})
        said = {"said": part.text, "sources": json.dumps(part.sources)}
        connection.execute(text("UPDATE paragraph SET text = :said, sources = :sources"), said)
    store = ContentStore(engine)
    assert "ask_causes" not in store.publish(sample_content).new


def test_many_starts_at_once_migrate_once(engine: Engine) -> None:
    fill_as_release_0_1(engine)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(schema_version.prepare, engine, Base.metadata, "content") for _ in range(4)]:
            done.result()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM topic_revision")).scalar() == 1
        assert connection.execute(text("SELECT version_num FROM content_migration")).scalars().all() == ["0002"]
        assert connection.execute(text("SELECT name, version FROM schema_version")).all() == [("content", 2)]


def test_a_migration_that_fails_leaves_the_database_as_it_was(engine: Engine) -> None:
    fill_as_release_0_1(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE publication_revision (id INTEGER)")  # in the way
    with pytest.raises(Exception, match="already exists"):
        schema_version.prepare(engine, Base.metadata, "content")
    tables = set(inspect(engine).get_table_names())
    assert {"topic", "answer", "paragraph"} <= tables
    assert not {"topic_revision", "content_migration", "schema_version"} & tables


def test_a_newer_content_database_is_refused_and_stays_as_it_is(engine: Engine) -> None:
    schema_version.prepare(engine, Base.metadata, "content")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE schema_version SET version = 3")
    with pytest.raises(schema_version.NewerDatabaseError, match="version 3; this one knows 2"):
        ContentStore(engine)


def test_the_migrations_are_counted_without_being_run() -> None:
    folder = schema_version.MIGRATIONS["content"] / "versions"
    names = sorted(path.name for path in folder.glob("v*.py"))
    assert [name[:5] for name in names] == [f"v{number:04}" for number in range(1, len(names) + 1)]
    assert schema_version.known_version("content") == len(names)


def test_an_old_file_of_sqlite_is_upgraded_in_place(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript(OLD.read_text(encoding="utf-8"))
    store = ContentStore(make_engine(f"sqlite:///{tmp_path}/old.db"))
    assert store.history.topics() == ["ask_causes"]
    store.close()
