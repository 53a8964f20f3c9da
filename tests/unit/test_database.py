"""Engines: where a SQLite file stands and how it is opened."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy
from sqlalchemy import text

from valve_clinic import database, paths
from valve_clinic.database import BUSY_TIMEOUT_MS, make_engine


def pragma(engine: sqlalchemy.engine.Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar_one()


def test_a_sqlite_file_is_opened_for_several_processes(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path}/some.db")
    assert pragma(engine, "journal_mode") == "wal"
    assert pragma(engine, "busy_timeout") == BUSY_TIMEOUT_MS
    assert pragma(engine, "foreign_keys") == 1
    engine.dispose()


def test_a_relative_sqlite_file_stands_in_the_checkout_whatever_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.chdir("/")
    engine = make_engine("sqlite:///var/deep/some.db")
    pragma(engine, "user_version")
    assert (tmp_path / "var" / "deep" / "some.db").is_file()
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_memory_database_makes_no_file(tmp_path, monkeypatch, url):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    engine = make_engine(url)
    pragma(engine, "user_version")
    assert list(tmp_path.iterdir()) == []
    engine.dispose()


def test_a_connection_may_be_used_in_another_thread_than_the_one_that_made_it(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path}/some.db")
    with engine.connect() as connection, ThreadPoolExecutor(1) as other:
        assert other.submit(lambda: connection.execute(text("SELECT 7")).scalar_one()).result() == 7
    engine.dispose()


def test_other_databases_are_left_as_their_url_says():
    engine = make_engine("postgresql+psycopg2://someone@db.example.org/answers")
    assert (engine.dialect.name, engine.url.database) == ("postgresql", "answers")
    assert engine.pool._pre_ping, "a connection that the server closed is replaced"


def test_a_url_that_is_none_is_refused():
    with pytest.raises(sqlalchemy.exc.ArgumentError):
        make_engine("not a url")


def test_a_new_file_that_another_process_writes_at_this_moment_is_waited_for(tmp_path):
    file = tmp_path / "new.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    threading.Timer(0.3, lambda: other.execute("COMMIT")).start()
    engine = make_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    engine.dispose()
    other.close()


def test_a_file_whose_mode_several_processes_change_at_once_is_tried_again(monkeypatch):
    """SQLite answers "locked" at once where waiting would be a deadlock; seen when six processes opened a new file."""
    tries: list[str] = []

    class Cursor:
        def execute(self, statement: str) -> None:
            tries.append(statement)
            if len(tries) < 3:
                raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(database.time, "sleep", lambda _seconds: None)
    database._into_wal(Cursor())
    assert tries == ["PRAGMA journal_mode=WAL"] * 3
