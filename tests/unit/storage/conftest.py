"""A tracker store in each database, and talks that need no model."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import text
from sqlalchemy.engine import Engine

from unit.channel.conftest import Clock, clock, engine, postgresql, sqlite, store
from valve_clinic.safety.levels import SAFETY
from valve_clinic.storage.models import Base
from valve_clinic.storage.tracker_store import ConversationStore

__all__ = ["Clock", "clock", "engine", "postgresql", "sqlite", "store"]
DOMAIN = """
version: "3.1"
intents: [ask, tell]
entities: [procedure]
slots:
  last_topic: {type: any, mappings: [{type: custom}]}
  procedure: {type: any, mappings: [{type: custom}]}
actions: [action_answer]
"""


@pytest.fixture(scope="session")
def domain() -> Domain:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Domain.from_yaml(DOMAIN)


@pytest.fixture
def tables(engine: Engine) -> Engine:
    Base.metadata.create_all(engine)
    return engine


@pytest.fixture
def trackers(tables: Engine, domain: Domain, monkeypatch: pytest.MonkeyPatch) -> ConversationStore:
    monkeypatch.delenv("EVENT_BROKER_URL", raising=False)
    return ConversationStore(domain, engine=tables)


@pytest.fixture
def count(engine: Engine) -> Callable[[str], int]:
    def rows(table: str) -> int:
        with engine.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    return rows


def begin(tracker: DialogueStateTracker) -> None:
    for event in (ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")):
        tracker.update(event)


def say(tracker: DialogueStateTracker, words: str, level: str = "none", topic: str = "ask_causes") -> None:
    """One turn as Rasa makes it."""
    calm = {"says": None, "signs": [], "language": "en", "safe": False, "happening": False, "same_day": False}
    parse = {
        "intent": {"name": "ask", "confidence": 0.9},
        "entities": [],
        "intent_ranking": [{"name": f"ask_{number}", "confidence": 0.01} for number in range(30)],
        "text_tokens": [[0, 2]] * 20,
        SAFETY: {**calm, "level": level, "says": "utter_emergency" if level == "act" else None},
    }
    tracker.update(UserUttered(words, parse["intent"], [], parse, message_id=f"id of {words}"))
    tracker.update(ActionExecuted("action_answer", "SafetyFirstRulePolicy", 1.0))
    tracker.update(BotUttered(f"An answer to {words}", {"custom": {"kind": "answer"}, "buttons": []}))
    tracker.update(SlotSet("last_topic", topic))
    tracker.update(ActionExecuted("action_listen", "SafetyFirstRulePolicy", 1.0))


async def talk(trackers: ConversationStore, sender: str, *words: str, level: str = "none") -> DialogueStateTracker:
    """Turns as Rasa stores them: read, go on, save."""
    tracker = None
    for word in words:
        tracker = await trackers.get_or_create_tracker(sender, append_action_listen=False)
        if not tracker.events:
            begin(tracker)
        say(tracker, word, level)
        await trackers.save(tracker)
    assert tracker is not None
    return tracker


def words_of(tracker: DialogueStateTracker | None) -> list[str]:
    assert tracker is not None
    return [event.text for event in tracker.events if isinstance(event, UserUttered)]
