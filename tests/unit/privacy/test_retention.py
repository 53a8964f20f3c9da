"""Deleted is deleted: the rows, and the bytes in the file and its log."""

from __future__ import annotations

import datetime
import json

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, text

from valve_clinic import cli
from valve_clinic.channel.models import Base
from valve_clinic.channel.secret import Tokens
from valve_clinic.channel.store import WebsiteStore
from valve_clinic.database import make_engine
from valve_clinic.insights.models import Base as InsightsBase
from valve_clinic.insights.models import ItemRow
from valve_clinic.insights.models import prepare as prepare_insights
from valve_clinic.privacy import daily, places, retention
from valve_clinic.settings import SettingError
from valve_clinic.storage.models import Base as StoredBase
from valve_clinic.storage.models import QuarantineRow
from valve_clinic.storage.parts import Part
from valve_clinic.storage.window import Window

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.timezone.utc)
REPLY = [{"id": "r1", "text": "an answer"}]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WEBSITE_DATABASE_URL", f"sqlite:///{tmp_path}/website.db")
    monkeypatch.setattr(places, "EARLIER_FILE", tmp_path / "conversations.db")
    monkeypatch.setenv("WEBSITE_SECRET_FILE", str(tmp_path / "secret"))
    return tmp_path


def chat(session, words, days_ago=0):
    """Store a conversation in every table as the server does; the engine stays open, as a server's."""
    at = NOW - datetime.timedelta(days=days_ago)
    engine = make_engine(places.database_url())
    store = WebsiteStore(engine, lambda: at)
    store.start(session, REPLY, [])
    store.references.give(session)
    turn = f"id-{session}"[:36]
    store.receive(session, turn, words, None)
    window = Window(0, json.dumps({"last_topic": words}))
    part = Part(session, 0, turn, json.dumps([{"event": "user", "text": words}]), words, window, at.timestamp())
    store.answer(session, turn, REPLY, [], "none", part)
    store.add_feedback(session, f"r-{session}"[:32], True, words)
    with engine.begin() as connection:
        row = {"conversation": session, "position": 0, "at": at.timestamp(), "events": words, "reason": "broken"}
        connection.execute(insert(QuarantineRow).values(**row))
    return engine


def earlier(session, words, days_ago=0):
    """Store a conversation as Rasa's own tracker store did in earlier releases."""
    at = NOW - datetime.timedelta(days=days_ago)
    engine = make_engine(f"sqlite:///{places.EARLIER_FILE}")
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, sender_id TEXT, timestamp FLOAT, data TEXT)"
            )
        )
        connection.execute(
            text("INSERT INTO events (sender_id, timestamp, data) VALUES (:who, :at, :data)"),
            {"who": session, "at": at.timestamp(), "data": json.dumps({"event": "user", "text": words})},
        )
    engine.dispose()


def in_files(folder, words):
    return [path.name for path in folder.iterdir() if words.encode() in path.read_bytes()]


def test_a_purge_deletes_what_is_old_with_its_bytes_and_leaves_the_rest(folder):
    chat("a" * 40, "zanzibar-old " * 40, days_ago=31)
    chat("b" * 40, "zanzibar-new", days_ago=29)
    assert in_files(folder, "zanzibar-old"), "the test sees the bytes before"
    done = {item.table: item.rows for item in retention.purge(30, NOW)}
    assert done == {
        **{"website_turn": 2, "website_feedback": 1, "website_event": 0, "website_reference": 0, "website_session": 1},
        **{"conversation_part": 1, "conversation_window": 1, "conversation_quarantine": 1, "outbox": 1},
    }
    assert in_files(folder, "zanzibar-old") == []
    kept = retention.export("b" * 40)["tables"]
    assert kept["conversation_part"][0]["events"][0]["text"] == "zanzibar-new"
    assert len(kept["conversation_window"]) == len(kept["conversation_quarantine"]) == len(kept["outbox"]) == 1
    assert not places.EARLIER_FILE.exists(), "looking makes no file"
    with pytest.raises(retention.RetentionError, match="no such conversation"):
        retention.export("a" * 40)


def test_every_table_with_a_conversation_in_it_is_a_place():
    """When this fails, a table was added that purge, forget and export do not know."""
    bases = (Base, StoredBase, InsightsBase)
    columns = {table.name: set(table.columns.keys()) for base in bases for table in base.metadata.tables.values()}
    known = {place.table for database in places.DATABASES for place in database.places}
    named = {name for name, found in columns.items() if found & {"session_id", "conversation"}}
    # Buttons have no words of a patient; they go with their session.
    assert named - known == {"website_button"}


def test_a_message_of_the_inbox_goes_with_its_conversation(folder):
    for session, words, age in (("a" * 40, "zanzibar-old " * 40, 31), ("b" * 40, "zanzibar-new", 29)):
        at = NOW - datetime.timedelta(days=age)
        engine = prepare_insights(chat(session, words, age))
        with engine.begin() as connection:
            row = {"session_id": session, "client_id": "t", "at": at, "text": words, "note": words, "status": "open"}
            connection.execute(insert(ItemRow).values(reasons="missed", **row))
            connection.execute(
                text("INSERT INTO insights_counted (session_id, at, counts) VALUES (:id, :at, '[]')"),
                {"id": session, "at": at},
            )
    done = {item.table: item.rows for item in retention.purge(30, NOW)}
    assert (done["insights_item"], in_files(folder, "zanzibar-old")) == (1, [])
    kept = retention.export("b" * 40)["tables"]
    assert (kept["insights_item"][0]["text"], len(kept["insights_counted"])) == ("zanzibar-new", 1)
    done = {item.table: item.rows for item in retention.forget("b" * 40, wait=lambda _: None)}
    assert (done["insights_item"], in_files(folder, "zanzibar-new")) == (1, [])


def test_what_an_earlier_release_kept_gets_too_old_as_well(folder):
    earlier("a" * 40, "zanzibar-old", days_ago=31)
    earlier("b" * 40, "zanzibar-new", days_ago=29)
    assert [item.rows for item in retention.purge(30, NOW) if item.table == "events"] == [1]
    assert in_files(folder, "zanzibar-old") == []
    assert retention.export("b" * 40)["tables"]["events"][0]["data"]["text"] == "zanzibar-new"
    retention.forget("b" * 40, wait=lambda _: None)
    assert in_files(folder, "zanzibar-new") == []


def test_one_conversation_is_forgotten_and_a_late_turn_with_it(folder):
    engine = chat("a" * 40, "zanzibar-gone")
    chat("b" * 40, "zanzibar-stays")

    def a_turn_ends(_seconds):
        store = WebsiteStore(engine)
        part = Part("a" * 40, 1, "late", json.dumps(["zanzibar-gone too"]), None, None, 1.0)
        assert store.answer("a" * 40, "late", REPLY, [], "none", part) is None
        with engine.begin() as connection:
            part.write(connection)

    retention.forget("a" * 40, wait=a_turn_ends)
    assert in_files(folder, "zanzibar-gone") == []
    assert len(retention.export("b" * 40)["tables"]["website_turn"]) == 2


def test_what_is_not_there_cannot_be_forgotten(folder):
    chat("a" * 40, "words")
    with pytest.raises(retention.RetentionError, match="no such conversation"):
        retention.forget("c" * 40, wait=lambda _: None)


def test_a_reader_that_does_not_end_is_reported(folder, monkeypatch):
    engine = chat("a" * 40, "words", days_ago=40)
    monkeypatch.setattr(retention.time, "sleep", lambda _: None)
    monkeypatch.setattr("valve_clinic.database.BUSY_TIMEOUT_MS", 50)
    with engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM website_turn").fetchone()
        with pytest.raises(retention.RetentionError, match="busy"):
            retention.purge(30, NOW)


def test_the_commands_take_the_browsers_token(folder, monkeypatch):
    from valve_clinic.channel.secret import load_secret

    session, token = Tokens(load_secret()).make()
    chat(session, "zanzibar")
    monkeypatch.setattr(retention.time, "sleep", lambda _: None)
    shown = CliRunner().invoke(cli.main, ["privacy", "export", token])
    assert "zanzibar" in json.loads(shown.stdout)["tables"]["website_turn"][1]["text"]
    done = CliRunner().invoke(cli.main, ["privacy", "forget", session])
    assert (done.exit_code, "website_turn: 2 rows deleted" in done.stdout) == (0, True)
    again = CliRunner().invoke(cli.main, ["privacy", "forget", token])
    assert (again.exit_code, again.output) == (1, "Error: there is no such conversation\n")
    forged = CliRunner().invoke(cli.main, ["privacy", "export", token[:-3] + "abc"])
    assert "not made by this server" in forged.output


def test_the_commands_take_the_reference_code_and_leave_other_chats(folder, monkeypatch):
    engine, other = chat("a" * 40, "zanzibar", days_ago=0), chat("b" * 40, "marmalade", days_ago=0)
    now = datetime.datetime.now(datetime.timezone.utc)
    code = WebsiteStore(engine, lambda: now).references.give("a" * 40)
    monkeypatch.setattr(retention.time, "sleep", lambda _: None)
    shown = CliRunner().invoke(cli.main, ["privacy", "export", f" {code.lower().replace('-', ' ')}"])
    assert "zanzibar" in shown.stdout
    engine.dispose()
    other.dispose()
    done = CliRunner().invoke(cli.main, ["privacy", "forget", code])
    assert (done.exit_code, "website_turn: 2 rows deleted" in done.stdout) == (0, True)
    kept = (folder / "website.db").read_bytes()
    assert b"zanzibar" not in kept
    assert b"marmalade" in kept
    again = CliRunner().invoke(cli.main, ["privacy", "forget", code])
    assert (again.exit_code, again.output) == (
        1,
        "Error: there is no such code, or it has ended: a code works for 24 hours\n",
    )


def test_a_code_that_cannot_be_looked_up_says_so_and_quotes_nothing(folder, monkeypatch):
    (folder / "website.db").write_bytes(b"garbage" * 2000)
    broken = CliRunner().invoke(cli.main, ["privacy", "forget", "4F7K-9QXM"])
    assert (broken.exit_code, broken.output) == (1, "Error: the code cannot be looked up (DatabaseError)\n")


@pytest.mark.parametrize("value", ["0", "4000", "soon"])
def test_a_wrong_number_of_days_is_named(monkeypatch, value):
    monkeypatch.setenv("RETENTION_DAYS", value)
    with pytest.raises(SettingError, match="RETENTION_DAYS"):
        retention.days()
    result = CliRunner().invoke(cli.main, ["privacy", "purge"])
    assert (result.exit_code, "RETENTION_DAYS" in result.output) == (1, True)


async def test_the_daily_purge_tries_again_after_a_failure(monkeypatch, caplog):
    calls = []
    import asyncio

    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def purge(days):
        calls.append(days)
        if len(calls) == 1:
            raise ValueError("zanzibar")
        loop.call_soon_threadsafe(done.set)

    monkeypatch.setattr(retention, "purge", purge)
    task = asyncio.ensure_future(daily.run(first=0, between=3600, again=0))
    await asyncio.wait_for(done.wait(), 10)
    task.cancel()
    assert calls == [30, 30]
    assert "zanzibar" not in caplog.text
    assert "the daily purge failed: ValueError" in caplog.text


def test_the_purge_takes_what_the_console_keeps_when_it_has_ended(folder):
    from valve_clinic.console.store import ConsoleStore

    engine = prepare_insights(chat("a" * 40, "words"))
    for days_ago in (366, 364):
        store = ConsoleStore(engine, lambda age=days_ago: NOW - datetime.timedelta(days=age))
        with engine.begin() as connection:
            values = {"name": f"nurse{days_ago}", "at": store.now()}
            connection.execute(text("INSERT INTO console_account VALUES (:name, 'agent', 'x', true, :at)"), values)
        assert store.log_in(f"nurse{days_ago}")
        store.count_attempt("key", datetime.timedelta(minutes=15))
        store.audit("nurse", "login", None, "ok")
    done = {item.table: item.rows for item in retention.purge(30, NOW)}
    # The older session and try went when the next were written; the older line has ended since.
    assert (done["console_session"], done["console_attempt"], done["console_audit"]) == (1, 1, 1)
    assert [entry.at.date().isoformat() for entry in store.audit_log()] == ["2025-11-24"]
    assert {item.table: item.rows for item in retention.purge(30, NOW + datetime.timedelta(days=2))}[
        "console_audit"
    ] == 1
    assert len(store.accounts()) == 2, "the audit log may name them elsewhere"


def test_a_kept_report_ends_after_a_day_and_when_a_conversation_is_forgotten(folder):
    from valve_clinic.insights.kept import KeptReport

    engine = prepare_insights(chat("a" * 40, "words"))
    days = (NOW.date(), NOW.date())
    kept = KeptReport(engine, lambda: NOW)
    for end in (
        lambda: retention.purge(30, NOW + datetime.timedelta(days=1)),
        lambda: retention.forget("a" * 40, wait=lambda _: None),
    ):
        kept.keep("<p>zanzibar</p>" * 100, days)
        retention.purge(30, NOW + datetime.timedelta(hours=23))
        assert kept.html() is not None
        assert {item.table: item.rows for item in end()}["insights_report"] == 1
        assert (kept.html(), in_files(folder, "zanzibar")) == (None, [])
