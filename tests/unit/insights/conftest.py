"""Conversations made by hand in each database, so that the right number of every figure is known."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from unit.channel.conftest import Clock, postgresql, sqlite
from valve_clinic.channel.store import WebsiteStore
from valve_clinic.content.schema import Clinic
from valve_clinic.insights import update
from valve_clinic.insights.models import DailyRow, prepare
from valve_clinic.storage.parts import Part

__all__ = ["Clock", "postgresql", "sqlite"]
CLINIC_PHONE = "tel:+15550100199"  # the sample clinic's


def reply(kind: str, topic: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "topic": topic, "text": "words"}


ANSWER = [reply("answer", "ask_causes")]
CLARIFY = [reply("clarify")]
HANDOFF = [reply("handoff")]


@dataclass
class Talk:
    """One session that a test talks in."""

    id: str
    store: WebsiteStore
    clock: Clock
    turns: int = 0
    last: list[str] = field(default_factory=list)

    def say(
        self,
        text: str,
        replies: list[dict[str, Any]] | None = None,
        intent: str = "ask_causes",
        confidence: float = 0.95,
        said: str | None = None,
        seconds: float = 0.2,
    ) -> Talk:
        """One turn as the channel stores it; `replies` None: the message got no answer."""
        client_id = f"{self.id[:20]}-{self.turns}"
        self.turns += 1
        self.store.receive(self.id, client_id, text.lstrip("/"), None)
        if replies is None:
            return self
        numbered = [{**item, "id": f"{client_id}.{place}"} for place, item in enumerate(replies)]
        self.last = [item["id"] for item in numbered]
        parse = {"intent": {"name": intent, "confidence": confidence}}
        events: list[dict[str, Any]] = [{"event": "user", "text": text, "parse_data": parse}]
        events += [{"event": "bot", "metadata": {"utter_action": said}}] if said else []
        written = self.clock.now.timestamp() + seconds
        part = Part(self.id, self.turns, client_id, json.dumps(events), None, None, written)
        assert self.store.answer(self.id, client_id, numbered, [], "none", part)
        return self

    def rate(self, helpful: bool, place: int = 0) -> Talk:
        self.store.add_feedback(self.id, self.last[place], helpful, None)
        return self

    def click(self, target: str = CLINIC_PHONE) -> Talk:
        self.store.add_event(self.id, "phone_clicked", None, target)
        return self


@dataclass
class Desk:
    """A database with conversations, and its counts."""

    engine: Engine
    store: WebsiteStore
    clock: Clock
    clinic: Clinic
    talks: int = 0

    def visit(self, at: datetime | None = None) -> Talk:
        if at is not None:
            self.clock.now = at
        self.talks += 1
        name = f"{self.talks:04}".ljust(40, "x")
        self.store.start(name, [{**reply("notice"), "id": f"hello-{name[:4]}"}], [])
        return Talk(name, self.store, self.clock)

    def update(self, **options: Any) -> update.Done:
        return update.update(self.engine, self.clinic, self.clock, **options)

    def daily(self) -> dict[tuple[str, str, str], int]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(DailyRow.day, DailyRow.figure, DailyRow.key, DailyRow.count)).all()
        return {(row.day.isoformat(), row.figure, row.key): row.count for row in rows}

    def counts(self, figure: str) -> dict[str, int]:
        """Return a figure's counts of all days together, by key."""
        found: dict[str, int] = {}
        for (_, name, key), number in self.daily().items():
            if name == figure:
                found[key] = found.get(key, 0) + number
        return found


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 23, 18, tzinfo=timezone.utc))  # a Monday, noon in the clinic


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return prepare(request.getfixturevalue(request.param))


@pytest.fixture
def desk(engine: Engine, clock: Clock, sample_clinic: Clinic) -> Desk:
    return Desk(engine, WebsiteStore(engine, clock), clock, sample_clinic)
