"""A code is handed out only where somebody can look it up."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Engine

from unit.channel.conftest import Clock
from valve_clinic.channel import references
from valve_clinic.channel.store import WebsiteStore
from valve_clinic.console.store import ConsoleStore

PASSWORD = "copper lantern walks sideways"
REPLY: list[dict[str, Any]] = [{"id": "r1", "kind": "notice", "text": "Hello."}]


def test_there_is_no_code_without_an_account_that_may_log_in(store: WebsiteStore, engine: Engine, clock: Clock) -> None:
    store.start("visit", REPLY, [])
    assert store.references.hand_out("visit") is None, "without the console's tables"
    console = ConsoleStore(engine, clock)
    assert store.references.hand_out("visit") is None, "without an account"
    console.add_account("nurse.one", "agent", PASSWORD)
    code = store.references.hand_out("visit")
    assert code is not None
    assert references.read(code) == code
    console.disable_account("nurse.one")
    assert store.references.hand_out("visit") is None, "with an account that is shut"
    assert store.references.find(code) is not None, "what was told is not taken back"


def test_a_session_keeps_its_code_for_a_day_after_it_was_told_last(store, engine, clock: Clock) -> None:
    ConsoleStore(engine, clock).add_account("nurse.one", "agent", PASSWORD)
    store.start("visit", REPLY, [])
    code = store.references.hand_out("visit")
    clock.pass_minutes(23 * 60)
    assert store.references.hand_out("visit") == code
    clock.pass_minutes(23 * 60)
    assert store.references.find(str(code)) is not None
    clock.pass_minutes(60)
    assert store.references.find(str(code)) is None
    assert store.references.hand_out("visit") not in (None, code)


def test_a_conversation_that_is_deleted_is_given_none(store, engine, clock) -> None:
    ConsoleStore(engine, clock).add_account("nurse.one", "agent", PASSWORD)
    assert store.references.hand_out("nobody") is None
