"""The store: all or nothing, the right variant, sources in order; on every database it may stand in."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import event

from valve_clinic.content import loader, schema, store
from valve_clinic.content.problems import ContentError
from valve_clinic.content.store import AnswerView, ContentStore, SourceView
from valve_clinic.database import make_engine

from ..conftest import SAMPLE_PHONE, changed, missing_service, sample_answer, sample_topic

POSTGRES = "postgresql+psycopg2://postgres@127.0.0.1:5432/test"


def scratch_schema() -> Iterator[str]:
    """The URL of an empty PostgreSQL schema that is dropped afterwards."""
    engine = make_engine(POSTGRES)
    name = f"unit_{uuid.uuid4().hex}"
    try:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(f"CREATE SCHEMA {name}"))
    except sqlalchemy.exc.OperationalError:
        missing_service("PostgreSQL at 127.0.0.1:5432 (user postgres, database test) cannot be reached")
    try:
        yield f"{POSTGRES}?options=-csearch_path%3D{name}"
    finally:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()


@pytest.fixture(params=["file", "memory", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the database is: the embedded ones, and PostgreSQL where there is one."""
    if request.param == "postgresql":
        yield from scratch_schema()
    else:
        yield "sqlite:///:memory:" if request.param == "memory" else f"sqlite:///{tmp_path}/content.db"


@pytest.fixture
def empty(url: str) -> Iterator[ContentStore]:
    opened = ContentStore(make_engine(url))
    yield opened
    opened.close()


@pytest.fixture
def served(empty: ContentStore, sample_content: loader.Content) -> ContentStore:
    assert empty.publish(sample_content)
    return empty


def answer_of(served: ContentStore, topic: str, **wanted: str) -> AnswerView:
    answer = served.answer(topic, wanted)
    assert answer is not None
    return answer


def publications(served: ContentStore) -> int:
    with served._engine.connect() as connection:
        return int(connection.execute(sqlalchemy.text("SELECT count(*) FROM publication")).scalar_one())


def test_an_empty_database_serves_nothing(empty):
    assert (empty.digest(), empty.count(), empty.titles(), empty.answer("ask_causes")) == (None, 0, {}, None)
    with pytest.raises(LookupError, match="valve-clinic content load"):
        empty.clinic()


def test_what_is_published_is_served(served, sample_content):
    assert served.digest() == "first"
    assert served.count() == 6
    assert served.clinic() == sample_content.clinic
    assert list(served.titles()) == [name for name in sample_content.topics if name != "ask_results"]
    assert store.has_tables(served._engine)


def test_what_is_served_already_is_not_published_again(served, sample_content):
    assert not served.publish(sample_content)
    assert publications(served) == 1


def test_a_release_with_another_form_of_the_same_files_publishes_them_again(served, sample_content):
    """The digest is that of the files; the schema may have changed beside it."""
    assert served.publish(changed(sample_content, "first", ask_causes=sample_topic("ask_causes", title="Another form")))
    assert served.titles()["ask_causes"] == "Another form"


def test_a_new_digest_replaces_everything(served, sample_content):
    content = changed(
        sample_content, "second", ask_causes=None, ask_new=sample_topic("ask_new", sample_answer("New.      text"))
    )
    assert served.publish(content)
    assert served.digest() == "second"
    assert served.answer("ask_causes") is None
    assert answer_of(served, "ask_new").text == "New.      text"
    assert served.publish(sample_content), "an older content can be published again"
    assert served.answer("ask_new") is None


@pytest.mark.parametrize("table", ["source", "topic_revision", "publication_revision", "publication", "COMMIT"])
def test_a_failing_publication_changes_nothing(served, sample_content, table):
    before = [served.answer(topic) for topic in served.titles()]

    def fail(_connection, _cursor, statement, *_rest):
        if statement.startswith(f"INSERT INTO {table} "):
            raise RuntimeError("the disk is full")

    def fail_commit(_connection):
        raise RuntimeError("the disk is full")

    name, hook = ("commit", fail_commit) if table == "COMMIT" else ("before_cursor_execute", fail)
    event.listen(served._engine, name, hook)
    content = changed(sample_content, "second", ask_causes=None, ask_risks=sample_topic("ask_risks"))
    with pytest.raises(RuntimeError, match="disk is full"):
        served.publish(content)
    event.remove(served._engine, name, hook)
    assert served.digest() == "first"
    assert [served.answer(topic) for topic in served.titles()] == before
    assert served.publish(content), "the next attempt works"


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({}, "Recovery in general."),
        ({"procedure": "mitraclip"}, "Recovery after the clip."),
        ({"procedure": "surgery"}, "Recovery after surgery."),
        ({"procedure": "surgery", "severity": "mild"}, "Recovery after surgery."),
        ({"procedure": "surgery", "severity": "severe"}, "Recovery after surgery when it was severe."),
        ({"procedure": "mitraclip", "severity": "severe"}, "Recovery after the clip."),
        ({"severity": "severe"}, "Recovery in general."),
        ({"procedure": "tavr"}, "Recovery in general."),
    ],
)
def test_the_text_whose_keys_all_agree_and_are_most_is_chosen(sample_store, wanted, text):
    assert sample_store.answer("ask_recovery_time", wanted).text == text


def test_a_topic_without_variants_answers_whatever_is_wanted(served):
    assert answer_of(served, "ask_causes", procedure="surgery").variant is None
    assert served.answer("ask_causes").text == "Causes of it."


def test_the_keys_on_which_a_topic_depends_are_known(served):
    assert served.variant_keys("ask_recovery_time") == {"procedure", "severity"}
    assert served.variant_keys("ask_causes") == served.variant_keys("no_such_topic") == set()


def test_drafts_are_not_served(served, sample_content):
    assert served.answer("ask_results") is None
    assert "ask_results" not in served.titles()
    served.publish(changed(sample_content, "second", ask_results=sample_topic("ask_results")))
    assert answer_of(served, "ask_results").text == "The text of ask results."


def test_sources_stand_in_reading_order_without_doubles(served):
    assert answer_of(served, "ask_causes").sources == [
        SourceView("The clinic's page", None, "2026-01-02", from_clinic=True),
        SourceView("Heart Group", "https://example.org/heart", "2026-01-02", from_clinic=False),
        SourceView("Lung Group", "https://example.org/lung", "2026-01-02", from_clinic=False),
    ]


def test_the_phone_number_is_filled_in(served):
    answer = answer_of(served, "book_appointment")
    assert answer.text == f"Call {SAMPLE_PHONE} for a visit."
    assert answer.short == f"In short: Call {SAMPLE_PHONE} for a visit."


def test_an_answer_carries_what_the_topic_says(served):
    answer = answer_of(served, "book_appointment")
    assert (answer.handoff, answer.link, answer.kind, answer.reviewed) == ("appointment", "known", "answer", None)
    assert answer.followups == ["ask_causes", "book_appointment"]
    assert answer_of(served, "ask_mitraclip").context == {"procedure": "mitraclip"}
    assert answer_of(served, "ask_personal_advice").kind == "advice_declined"


def test_hours_and_holidays_survive_the_database(empty, sample_content, sample_clinic):
    clinic = schema.Clinic.parse_obj(
        {**store.yaml_safe(sample_clinic), "hours": {"mon": ["08:00-16:30"], "sun": []}, "holidays": ["2026-12-25"]}
    )
    empty.publish(loader.Content(clinic, sample_content.facts, sample_content.topics, "hours"))
    assert empty.clinic() == clinic


@pytest.mark.parametrize("topic", ["ask_causes", "ask_mitraclip"])
@pytest.mark.parametrize("url", ["file", "postgresql"], indirect=True)
def test_a_reader_sees_the_old_or_the_new_answer_never_half_of_each(served, url, sample_content, topic):
    """While an answer is read, another process publishes other texts: one topic is new, the other is gone."""
    new = sample_topic("ask_causes", sample_answer("The new text."), title="The new title")
    later = changed(sample_content, "second", ask_causes=new, ask_mitraclip=None)
    publisher = ContentStore(make_engine(url))
    old = served.answer(topic)
    served._kept = None  # a process that has not read this publication yet

    def publish_in_between(_connection, _cursor, statement, *_rest):
        if "FROM publication" in statement or "FROM topic_revision" in statement:
            publisher.publish(later)

    event.listen(served._engine, "after_cursor_execute", publish_in_between)
    try:
        seen = served.answer(topic)
        title = served.titles().get(topic)
    finally:
        event.remove(served._engine, "after_cursor_execute", publish_in_between)
        new = publisher.answer(topic)
        publisher.close()
    assert seen in (old, new)
    assert title == (new.title if new else None), "the next reading is of the new publication"


@pytest.mark.usefixtures("quick_reading")
def test_open_store_loads_the_files_into_an_empty_database_only(url, real_content, sample_content):
    first = store.open_store(url)
    assert first.digest() == real_content.digest
    if ":memory:" not in url:
        first.publish(sample_content)
        second = store.open_store(url)
        assert second.digest() == "first"
        second.close()
    first.close()


def test_open_store_with_broken_files_serves_nothing(tmp_path):
    with pytest.raises(ContentError):
        store.open_store(f"sqlite:///{tmp_path}/content.db", tmp_path)


@pytest.mark.usefixtures("quick_reading")
def test_the_actions_share_one_store_at_the_address_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("CONTENT_DATABASE_URL", f"sqlite:///{tmp_path}/shared.db")
    store.shared_store.cache_clear()
    try:
        shared = store.shared_store()
        assert shared is store.shared_store()
        assert (tmp_path / "shared.db").is_file()
        shared.close()
    finally:
        store.shared_store.cache_clear()


def test_a_database_without_tables_is_told_from_one_with_them(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path}/bare.db")
    assert not store.has_tables(engine)
    engine.dispose()
