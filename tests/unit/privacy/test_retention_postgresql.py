"""Deleted is deleted in a real PostgreSQL, too: the rows, the tables' files, and the statistics that quote them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool
from support import postgres_database

from tests.unit.privacy.test_retention import NOW, chat
from valve_clinic.privacy import places, retention

OLD, NEW = "zanzibar-old " * 40, "tangerine-new " * 40
FILES = """
SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 't', 'i') AND nspname IN ('public', 'pg_toast')
AND position(convert_to(:words, 'UTF8') IN pg_read_binary_file(pg_relation_filepath(pg_class.oid))) > 0
"""
STATISTICS = "SELECT count(*) FROM pg_stats WHERE schemaname = 'public' AND CAST(pg_stats AS TEXT) LIKE :words"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Engine]:
    """A database of its own with an old and a new conversation; the servers' connections stay open."""
    with postgres_database("vc_retention") as url:
        monkeypatch.setenv("WEBSITE_DATABASE_URL", url)
        monkeypatch.setattr(places, "EARLIER_FILE", tmp_path / "conversations.db")
        servers = [chat("a" * 40, OLD, days_ago=31), chat("b" * 40, NEW, days_ago=29)]
        yield create_engine(url, future=True, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        for server in servers:
            server.dispose()


def tables_with(engine: Engine, words: str) -> list[str]:
    """Return the tables and indices whose file on disk holds the words."""
    with engine.connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
        return sorted(connection.execute(text(FILES), {"words": words}).scalars())


def quoted(engine: Engine, words: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(STATISTICS), {"words": f"%{words}%"}).scalar_one())


def test_what_is_too_old_is_in_no_table_no_file_and_no_statistics(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    assert {"website_turn", "conversation_part", "outbox"} <= set(tables_with(engine, "zanzibar"))
    assert quoted(engine, "zanzibar"), "the test sees the words before"
    done = {item.table: item.rows for item in retention.purge(30, NOW)}
    assert (done["website_turn"], done["conversation_part"], done["outbox"]) == (2, 1, 1)
    assert tables_with(engine, "zanzibar") == []
    assert quoted(engine, "zanzibar") == 0
    assert {"website_turn", "conversation_part", "outbox"} <= set(tables_with(engine, "tangerine")), "the rest stays"
    assert len(retention.export("b" * 40)["tables"]["website_turn"]) == 2


def test_a_forgotten_conversation_is_in_no_file(engine: Engine) -> None:
    retention.forget("b" * 40, wait=lambda _: None)
    assert tables_with(engine, "tangerine") == []
    assert "website_turn" in tables_with(engine, "zanzibar")


def test_a_transaction_that_may_still_read_a_row_is_reported(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention.time, "sleep", lambda _: None)
    reader = create_engine(engine.url, future=True, poolclass=NullPool, isolation_level="REPEATABLE READ")
    with reader.connect() as connection:
        connection.exec_driver_sql("SELECT 1 FROM website_session")
        with pytest.raises(retention.RetentionError, match="busy"):
            retention.purge(30, NOW)
    assert "website_turn" in tables_with(engine, "zanzibar"), "the test sees why it is reported"
    retention.purge(30, NOW)
    assert tables_with(engine, "zanzibar") == []


def test_a_table_that_is_too_large_to_be_written_anew_gives_its_space_free(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_REWRITE_BYTES", 0)

    def file_of_turns() -> str:
        with engine.connect() as connection:
            return str(connection.exec_driver_sql("SELECT pg_relation_filepath('website_turn')").scalar_one())

    before = file_of_turns()
    assert retention.purge(30, NOW)
    assert file_of_turns() == before, "nobody waits for a large table"
