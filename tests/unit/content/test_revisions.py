"""Revisions: one per distinct content, restored without being undone by accident; on each database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from valve_clinic.content import canonical, schema
from valve_clinic.content.publishing import Author, RestoredError, RevisionError
from valve_clinic.content.store import ContentStore
from valve_clinic.database import make_engine

from ..conftest import changed, sample_answer, sample_topic
from .test_store import empty, publications, served, url

__all__ = ["empty", "served", "url"]
ANN, BOB = Author("Ann", "first texts"), Author("Bob", "a better text")


@pytest.fixture
def edited(sample_content):
    """The sample with another text for one topic."""
    text = sample_topic("ask_causes", sample_answer("Other causes of it."))
    return changed(sample_content, "second", ask_causes=text)


@pytest.fixture
def restored(empty, sample_content, edited):
    """Two loads, and then the first text again."""
    empty.publish(sample_content, ANN)
    empty.publish(edited, BOB)
    (second, first) = empty.history.of_topic("ask_causes")
    assert empty.publisher.restore(first.id, Author("Cem", "the new one was wrong"))
    return empty, first, second


def numbers(store: ContentStore, topic: str) -> list[int]:
    return [revision.id for revision in store.history.of_topic(topic)]


def test_a_topic_that_did_not_change_gets_no_new_revision(empty, sample_content, edited):
    first = empty.publish(sample_content, ANN)
    assert set(first.new) == set(sample_content.topics)
    second = empty.publish(edited, BOB)
    assert list(second.new) == ["ask_causes"]
    again = empty.publish(sample_content, ANN)
    assert again.new == {}, "an older content has its revision already"
    assert len(numbers(empty, "ask_causes")) == 2
    assert len(numbers(empty, "ask_mitraclip")) == 1


def test_history_says_who_when_why_and_what_is_served(empty, sample_content, edited):
    empty.publish(sample_content, ANN)
    empty.publish(edited, BOB)
    newer, older = empty.history.of_topic("ask_causes")
    assert (newer.by, newer.reason, newer.is_served) == ("Bob", "a better text", True)
    assert (older.by, older.reason, older.is_served) == ("Ann", "first texts", False)
    assert newer.at >= older.at
    assert older.hash == canonical.hash_of(older.content)
    assert schema.Topic.parse_obj(older.content) == sample_content.topics["ask_causes"]
    now = empty.history.served()
    assert (now.by, now.reason, now.digest, now.publications) == ("Bob", "a better text", "second", 2)
    assert [revision.topic for revision in now.revisions] == list(edited.topics)


def test_drafts_have_revisions_too(served):
    (draft,) = served.history.of_topic("ask_results")
    assert draft.content["status"] == "draft"


def test_an_answer_names_the_revision_it_is_of(restored):
    store, first, _ = restored
    assert store.answer("ask_causes").revision == first.id


def test_a_restored_revision_is_served_and_the_history_says_so(restored):
    store, first, second = restored
    assert store.answer("ask_causes").text == "Causes of it."
    assert store.history.revision(first.id).is_restored
    assert not store.history.revision(second.id).is_served
    now = store.history.served()
    assert (now.by, now.digest) == ("Cem", "second")
    assert now.reason == f"revision {first.id} restored: the new one was wrong"
    assert store.answer("ask_mitraclip").text == "The text of ask mitraclip.", "the others stay"


def test_loading_a_file_that_would_undo_a_restore_is_refused_and_changes_nothing(restored, edited):
    store, first, _ = restored
    other = changed(edited, "third", ask_mitraclip=sample_topic("ask_mitraclip", sample_answer("Another text.")))
    with pytest.raises(RestoredError, match=rf"restore {first.id} --write.*--undo-restore ask_causes"):
        store.publish(other)
    assert store.answer("ask_mitraclip").text == "The text of ask mitraclip."
    assert publications(store) == 3


def test_also_a_file_that_is_gone_or_says_a_third_thing_would_undo_it(restored, edited):
    store, _, _ = restored
    for text in (None, sample_topic("ask_causes", sample_answer("A third text."))):
        with pytest.raises(RestoredError):
            store.publish(changed(edited, "third", ask_causes=text))


def test_a_restore_is_undone_when_the_topic_is_named(restored, edited):
    store, _, second = restored
    assert store.publish(edited, BOB, undo=frozenset({"ask_causes"}))
    assert store.answer("ask_causes").revision == second.id
    assert store.publish(edited) is None, "it is no longer restored"


def test_a_file_that_says_the_same_ends_the_restored_state(restored, sample_content, edited):
    store, first, _ = restored
    assert store.publish(changed(sample_content, "third"))
    assert not store.history.revision(first.id).is_restored
    assert store.publish(edited), "the next edit loads as ever"


def test_a_start_keeps_what_was_restored_and_takes_the_rest(restored, edited):
    store, first, _ = restored
    other = changed(edited, "third", ask_mitraclip=sample_topic("ask_mitraclip", sample_answer("Another text.")))
    made = store.publish(other, keep_restored=True)
    assert [entry.topic for entry in made.kept] == ["ask_causes"]
    assert store.answer("ask_mitraclip").text == "Another text."
    assert store.answer("ask_causes").revision == first.id
    again = store.publish(other, keep_restored=True)
    assert (again.id, again.new, again.kept) == (made.id, {}, made.kept), "a second start changes nothing and says so"


def test_a_kept_revision_keeps_its_topic_and_its_sources_when_the_files_lose_them(restored, edited):
    store, first, _ = restored
    fewer = changed(edited, "third", ask_causes=None)
    fewer = fewer.__class__(fewer.clinic, {"clinic-01": fewer.facts["clinic-01"]}, fewer.topics, "third")
    store.publish(fewer, keep_restored=True)
    answer = store.answer("ask_causes")
    assert answer.revision == first.id
    assert [source.name for source in answer.sources] == ["The clinic's page", "Heart Group", "Lung Group"]


def test_restoring_what_is_served_changes_nothing(served):
    (number,) = numbers(served, "ask_causes")
    assert served.publisher.restore(number, ANN) is None
    assert publications(served) == 1


def test_a_topic_that_left_the_files_can_be_restored(served, sample_content):
    served.publish(changed(sample_content, "second", ask_causes=None))
    assert served.answer("ask_causes") is None
    assert served.publisher.restore(numbers(served, "ask_causes")[0], ANN)
    assert served.answer("ask_causes").text == "Causes of it."


def test_a_revision_that_cannot_be_served_is_refused_with_the_reason(served, sample_content):
    with pytest.raises(RevisionError, match="no revision 999"):
        served.publisher.restore(999, ANN)
    number = numbers(served, "ask_causes")[0]
    facts = {name: fact for name, fact in sample_content.facts.items() if name not in ("heart-01", "lung-01")}
    topics = {"ask_mitraclip": sample_content.topics["ask_mitraclip"]}
    served.publish(sample_content.__class__(sample_content.clinic, facts, topics, "fewer"))
    with pytest.raises(RevisionError, match=r"has no longer: heart-01, lung-01"):
        served.publisher.restore(number, ANN)
    assert publications(served) == 2


@pytest.mark.parametrize("url", ["file", "postgresql"], indirect=True)
def test_many_processes_may_load_the_same_at_once(url, sample_content):
    def start(_number: int) -> bool:
        store = ContentStore(make_engine(url))
        made = store.publish(sample_content, ANN)
        store.close()
        return made is not None

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(start, range(6))) == [False] * 5 + [True]
    store = ContentStore(make_engine(url))
    assert (publications(store), len(numbers(store, "ask_causes"))) == (1, 1)
    store.close()


def test_every_real_topic_is_the_same_after_it_was_a_revision(real_content):
    for topic in real_content.topics.values():
        assert schema.Topic.parse_obj(canonical.content_of(topic)) == topic


def test_the_form_of_a_topic_has_nothing_that_says_nothing():
    form = canonical.content_of(sample_topic("ask_causes"))
    assert set(form) == {"id", "title", "status", "review_due", "followups", "answers"}


def test_a_revision_that_does_not_fit_the_release_is_left_to_the_phone_line(served, caplog):
    with served._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE topic_revision SET content = '{}' WHERE topic_id = 'ask_causes'")
    served._kept = None
    assert served.answer("ask_causes") is None
    assert "ask_causes" not in served.titles()
    assert "does not fit this release" in caplog.text
    with pytest.raises(RevisionError, match="no topic of this release"):
        served.publisher.restore(numbers(served, "ask_causes")[0], ANN)
