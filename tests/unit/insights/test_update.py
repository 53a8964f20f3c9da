"""Counting again changes nothing, what comes late counts once, and what is deleted stays counted."""

from __future__ import annotations

import datetime

import pytest
from sqlalchemy import event, select, text

from valve_clinic.insights import reading, update
from valve_clinic.insights.models import CountedRow, ItemRow

from .conftest import ANSWER, CLARIFY, HANDOFF, Desk


def test_running_twice_changes_nothing(desk: Desk) -> None:
    desk.visit().say("why", ANSWER).rate(True)
    desk.visit().say("hm", CLARIFY, "nlu_fallback")
    first = desk.update()
    before = desk.daily()
    desk.clock.pass_minutes(24 * 60)
    assert (first.changed, first.items) == (2, 1)
    assert (desk.update().changed, desk.update().items) == (0, 0)
    assert desk.daily() == before


def test_a_rating_after_the_hand_off_moves_what_was_counted(desk: Desk) -> None:
    talk = desk.visit().say("why", ANSWER)
    desk.update()
    assert desk.counts("outcome") == {"answered": 1}
    talk.rate(False)
    desk.update()
    assert desk.counts("outcome") == {"doubted": 1}
    talk.say("a person", HANDOFF, "request_human").rate(True)
    desk.update()
    assert (desk.counts("outcome"), desk.counts("conversations")) == ({"handed_off": 1}, {"": 1})
    assert (desk.counts("helpful"), desk.counts("unhelpful")) == ({"no_topic": 1}, {"ask_causes": 1})


def test_what_comes_days_late_counts_once_and_on_its_own_day(desk: Desk) -> None:
    talk = desk.visit().say("why", ANSWER)
    desk.update()
    for _ in range(3):
        desk.clock.pass_minutes(24 * 60)
        desk.update()
    talk.click()
    desk.update()
    desk.update()
    assert desk.counts("phone_clicks") == {"clinic": 1}
    assert {day for day, _, _ in desk.daily()} == {"2026-11-23"}


def test_two_sessions_of_one_visitor_are_two_conversations(desk: Desk) -> None:
    desk.visit().say("why", ANSWER)
    desk.clock.pass_minutes(40)
    desk.visit().say("why", ANSWER)
    desk.update()
    assert desk.counts("engaged") == {"": 2}


def test_what_a_patient_deletes_stays_in_the_counts_and_nothing_leads_back(desk: Desk) -> None:
    talk = desk.visit().say("hm", CLARIFY, "nlu_fallback")
    desk.update()
    before = desk.daily()
    desk.store.delete(talk.id)
    with desk.engine.connect() as connection:
        assert connection.execute(select(CountedRow.session_id)).all() == []
        assert connection.execute(select(ItemRow.text)).all() == []
    desk.update()
    assert desk.daily() == before


def test_what_is_deleted_before_it_is_counted_is_not_counted(desk: Desk) -> None:
    desk.store.delete(desk.visit().say("why", ANSWER).id)
    desk.update()
    assert desk.daily() == {}


def test_a_conversation_that_retention_has_half_deleted_stays_as_it_was(desk: Desk) -> None:
    talk = desk.visit().say("why", ANSWER)
    desk.update()
    before = desk.daily()
    with desk.engine.begin() as connection:
        connection.execute(text("DELETE FROM website_turn WHERE client_id IS NULL"))
    talk.click()
    desk.update()
    assert desk.daily() == before


def test_many_conversations_are_counted_in_batches(desk: Desk) -> None:
    for _ in range(7):
        desk.visit().say("why", ANSWER)
    done = desk.update(batch=3)
    assert (done.seen, done.changed, desk.counts("conversations")) == (7, 7, {"": 7})


def test_an_update_that_was_cut_off_goes_on_where_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        desk.visit().say("why", ANSWER)
    read = reading.read
    calls = []

    def fail(connection, ids):
        calls.append(ids)
        if len(calls) == 2:
            raise RuntimeError("cut off")
        return read(connection, ids)

    monkeypatch.setattr(reading, "read", fail)
    with pytest.raises(RuntimeError):
        desk.update(batch=2)
    desk.clock.pass_minutes(24 * 60)
    desk.update(batch=2)
    assert desk.counts("conversations") == {"": 5}


def test_a_conversation_that_is_deleted_meanwhile_does_not_end_the_update(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = desk.visit().say("why", ANSWER), desk.visit().say("why", ANSWER)
    read, first = reading.read, []

    def read_and_delete(connection, ids):
        found = read(connection, ids)
        if not first:
            first.append(True)
            connection.execute(text("DELETE FROM website_turn WHERE session_id = :id"), {"id": gone.id})
            connection.execute(text("DELETE FROM website_button WHERE session_id = :id"), {"id": gone.id})
            connection.execute(text("DELETE FROM website_session WHERE id = :id"), {"id": gone.id})
        return found

    monkeypatch.setattr(reading, "read", read_and_delete)
    desk.update()
    assert desk.counts("conversations") == {"": 2}, "what was deleted came back with the transaction"
    with desk.engine.connect() as connection:
        assert stays.id in connection.execute(select(CountedRow.session_id)).scalars().all()


def test_events_that_cannot_be_read_do_not_end_the_update(desk: Desk) -> None:
    desk.visit().say("why", ANSWER)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE conversation_part SET events = 'no json'"))
    desk.update()
    assert desk.counts("outcome") == {"answered": 1}


def test_memory_does_not_grow_with_the_conversations(desk: Desk) -> None:
    """Each batch is a transaction of its own, and asks a number of statements that does not hang on its size."""
    for _ in range(6):
        desk.visit().say("why", ANSWER)
    statements: list[str] = []
    event.listen(desk.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    desk.update(batch=6)
    assert len(statements) < 25


def test_the_watermark_is_kept_with_its_zone(desk: Desk) -> None:
    desk.update()
    with desk.engine.connect() as connection:
        found = update._looked_until(connection)
    assert found == desk.clock.now - datetime.timedelta(hours=1)
