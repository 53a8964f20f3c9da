"""A talk with an action: slots and events are kept from turn to turn, as Rasa keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

Action = Callable[..., list[dict[str, Any]]]


@dataclass
class Talk:
    slots: dict[str, Any] = field(
        default_factory=lambda: {
            "procedure": None,
            "severity": None,
            "last_topic": None,
            "answered_topics": None,
            "turns_since_mention": 0.0,
            "misses": 0.0,
        }
    )
    events: list[dict[str, Any]] = field(default_factory=list)

    def hear(
        self, intent: str, text: str = "", values: dict[str, str] | None = None, ranking: dict[str, float] | None = None
    ) -> None:
        """Take a message as the model would have read it; `values` are found where `text` has them in brackets."""
        entities = []
        for entity, value in (values or {}).items():
            start, end = text.index("["), text.index("]") - 1
            text = text.replace("[", "", 1).replace("]", "", 1)
            entities.append({"entity": entity, "value": value, "start": start, "end": end})
        ranked = [{"name": name, "confidence": confidence} for name, confidence in (ranking or {intent: 1.0}).items()]
        parsed = {
            "text": text,
            "intent": {"name": intent, "confidence": 1.0},
            "entities": entities,
            "intent_ranking": ranked,
        }
        self.events.append({"event": "user", "text": text, "parse_data": parsed})
        self.slots.update(values or {})

    def run(self, action: Action, *arguments: Any) -> list[dict[str, Any]]:
        """Run the action and return its messages; slots are set as it says."""
        dispatcher = CollectingDispatcher()
        latest = self.events[-1]["parse_data"] if self.events else {}
        tracker = Tracker("someone", dict(self.slots), latest, list(self.events), False, None, {}, None)
        for event in action(dispatcher, tracker, *arguments):
            assert event["event"] == "slot"
            self.slots[event["name"]] = event["value"]
        return dispatcher.messages


@pytest.fixture
def talk() -> Talk:
    return Talk()
