"""What was said is kept once, in order, for its own session only, until it is deleted."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from unit.channel.conftest import Clock
from valve_clinic.channel.replies import build_replies
from valve_clinic.channel.store import Button, WebsiteStore

ANN, BEN = "a" * 40, "b" * 40
FIRST, SECOND = "3f2b8c1e-5d4a-4f6b-9a7c-000000000001", "3f2b8c1e-5d4a-4f6b-9a7c-000000000002"


def reply(reply_id: str, text: str = "An answer.") -> dict[str, Any]:
    (made,), _ = build_replies([{"text": text, "custom": {"kind": "answer", "variant": {"procedure": "mitraclip"}}}])
    return {**made, "id": reply_id}


def greet(store: WebsiteStore, session: str) -> None:
    store.start(session, [reply(f"hello-{session[0]}")], [Button(f"button-{session[0]}", "How is it treated?", "/t")])


def rows(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_session_lives_for_30_minutes_after_its_last_message(store: WebsiteStore, clock: Clock) -> None:
    greet(store, ANN)
    clock.pass_minutes(29)
    assert store.is_live(ANN)
    store.add_turn(ANN, FIRST, "hello", [reply("r1")], [], "none")
    clock.pass_minutes(29)
    assert store.is_live(ANN)
    clock.pass_minutes(1)
    assert not store.is_live(ANN)


def test_a_session_that_never_began_is_not_live(store: WebsiteStore) -> None:
    assert not store.is_live(ANN)
    assert not store.is_live("")


def test_turns_come_back_as_they_were_said_in_their_order(store: WebsiteStore, clock: Clock) -> None:
    greet(store, ANN)
    clock.pass_minutes(1)
    store.add_turn(ANN, FIRST, "¿qué es MR? 💔", [reply("r1", "é💔"), reply("r2")], [], "check")
    welcome, turn = store.turns(ANN)
    assert (welcome.client_id, welcome.text, welcome.replies) == (None, None, [reply("hello-a")])
    assert (turn.client_id, turn.text, turn.safety) == (FIRST, "¿qué es MR? 💔", "check")
    assert turn.replies == [reply("r1", "é💔"), reply("r2")]
    assert turn.at == clock.now
    assert turn.at.utcoffset() is not None


def test_a_turn_is_found_by_the_clients_id_in_its_own_session_only(store: WebsiteStore) -> None:
    greet(store, ANN)
    greet(store, BEN)
    store.add_turn(ANN, FIRST, "hello", [reply("r1")], [], "none")
    found = store.find_turn(ANN, FIRST)
    assert found is not None
    assert found.text == "hello"
    assert store.find_turn(BEN, FIRST) is None
    assert store.find_turn(ANN, SECOND) is None


def test_two_sessions_may_use_the_same_client_id_but_one_session_only_once(store: WebsiteStore) -> None:
    greet(store, ANN)
    greet(store, BEN)
    store.add_turn(ANN, FIRST, "hello", [reply("r1")], [], "none")
    store.add_turn(BEN, FIRST, "hi", [reply("r2")], [], "none")
    with pytest.raises(IntegrityError):
        store.add_turn(ANN, FIRST, "hello again", [reply("r3")], [], "none")
    assert [turn.text for turn in store.turns(ANN)] == [None, "hello"]


def test_a_turn_that_cannot_be_stored_leaves_nothing_behind(store: WebsiteStore, engine: Engine) -> None:
    greet(store, ANN)
    taken = [Button("button-a", "x", "/x")]
    with pytest.raises(IntegrityError):
        store.add_turn(ANN, FIRST, "hello", [reply("r1")], taken, "none")
    assert store.find_turn(ANN, FIRST) is None
    assert rows(engine, "website_turn") == 1


def test_a_button_is_known_in_the_session_it_was_given_to_only(store: WebsiteStore) -> None:
    greet(store, ANN)
    greet(store, BEN)
    assert store.find_button(ANN, "button-a") == Button("button-a", "How is it treated?", "/t")
    assert store.find_button(BEN, "button-a") is None
    assert store.find_button(ANN, "/t") is None


def test_a_reply_is_known_in_its_own_session_only(store: WebsiteStore) -> None:
    greet(store, ANN)
    greet(store, BEN)
    store.add_turn(ANN, FIRST, "hello", [reply("r1")], [], "none")
    assert store.has_reply(ANN, "r1")
    assert store.has_reply(ANN, "hello-a")
    assert not store.has_reply(BEN, "r1")


def test_a_second_opinion_on_a_reply_replaces_the_first(store: WebsiteStore, engine: Engine) -> None:
    greet(store, ANN)
    store.add_feedback(ANN, "hello-a", True, None)
    store.add_feedback(ANN, "hello-a", False, "too long")
    with engine.connect() as connection:
        found = connection.execute(text("SELECT helpful, comment FROM website_feedback")).all()
    assert [(bool(helpful), comment) for helpful, comment in found] == [(False, "too long")]


def test_every_event_is_kept(store: WebsiteStore, engine: Engine) -> None:
    greet(store, ANN)
    store.add_event(ANN, "phone_clicked", "hello-a", "tel:+15015523400")
    store.add_event(ANN, "phone_clicked", "hello-a", "tel:+15015523400")
    store.add_event(ANN, "closed", None, None)
    assert rows(engine, "website_event") == 3


def test_deleting_a_session_leaves_nothing_of_it_and_all_of_the_others(store: WebsiteStore, engine: Engine) -> None:
    for session in (ANN, BEN):
        greet(store, session)
        store.add_turn(session, FIRST, "private words", [reply(f"r-{session[0]}")], [], "none")
        store.add_feedback(session, f"r-{session[0]}", True, "private words")
        store.add_event(session, "closed", None, None)
    store.delete(ANN)
    assert not store.is_live(ANN)
    assert store.turns(ANN) == []
    counts = {name: rows(engine, f"website_{name}") for name in ("session", "turn", "button", "feedback", "event")}
    assert counts == {"session": 1, "turn": 2, "button": 1, "feedback": 1, "event": 1}
    assert store.is_live(BEN)
    store.delete(ANN)


def test_a_turn_that_ends_after_its_session_was_deleted_is_not_stored(store: WebsiteStore, engine: Engine) -> None:
    greet(store, ANN)
    store.delete(ANN)
    store.add_turn(ANN, FIRST, "private words", [reply("r1")], [], "none")
    assert rows(engine, "website_turn") == 0


def test_what_was_said_survives_a_restart(store: WebsiteStore, engine: Engine, clock: Clock) -> None:
    greet(store, ANN)
    store.add_turn(ANN, FIRST, "hello", [reply("r1")], [], "none")
    again = WebsiteStore(engine, clock)
    assert again.is_live(ANN)
    assert [turn.text for turn in again.turns(ANN)] == [None, "hello"]


def test_sessions_that_write_at_the_same_time_do_not_lose_turns(store: WebsiteStore) -> None:
    sessions = [letter * 40 for letter in "cdefgh"]
    failures: list[Exception] = []

    def visit(session: str) -> None:
        try:
            greet(store, session)
            for number in range(10):
                store.add_turn(
                    session, f"{FIRST[:-2]}{number:02}", "hello", [reply(f"{session[0]}{number}")], [], "none"
                )
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=visit, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert all(len(store.turns(session)) == 11 for session in sessions)
