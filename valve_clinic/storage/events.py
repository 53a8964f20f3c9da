"""Writes Rasa's events down, small, and reads them again.

What Rasa needs later stays: words, intent, entities, what safety saw, slots. What it can make again or never reads
goes: the ranking of all intents, tokens, the model's id in each event, slots that were set to what they were.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rasa.shared.core.events import BotUttered, Event, Restarted, SessionStarted, SlotSet, UserUttered

from valve_clinic.database import as_json
from valve_clinic.safety.levels import SAFETY, Assessment, Level

#: Parts of a parse that are derived from the rest or read in the same turn only.
_DERIVED = frozenset({"text", "intent_ranking", "text_tokens", "response_selector", "message_id", "metadata"})
#: What Rasa adds to the metadata of each event.
_REPEATED = frozenset({"model_id", "assistant_id"})
#: What safety says of an ordinary message; it is put back when a message is read.
_CALM = Assessment(Level.NONE).as_dict()
#: Seconds within which an event counts as of the same time as the one before it.
_SAME_TIME = 1.0
_ACTION_DETAILS = frozenset({"policy", "confidence", "action_text", "hide_rule_turn"})


def is_new(event: Event) -> bool:
    """Return whether the event has not been stored yet."""
    return not getattr(event, "is_stored", False)


def mark_stored(events: Iterable[Event]) -> None:
    """Note on each event that it is stored: the event itself knows, however many others there are."""
    for event in events:
        event.is_stored = True


def write(events: Iterable[Event], turn: str, keep_bot_text: bool) -> str:
    """Return the events of a turn as JSON; `keep_bot_text` is False where the replies are stored with the turn."""
    found: list[dict[str, Any]] = []
    before = 0.0
    for event in events:
        data = _compact(event, turn, keep_bot_text)
        if event.timestamp - before > _SAME_TIME or isinstance(event, UserUttered):
            before = data["timestamp"] = round(event.timestamp, 3)
        found.append(data)
    return as_json(found)


def write_whole(events: Iterable[Event], conversation: str) -> str:
    """Return the events as a broker gets them: as Rasa's own brokers publish them."""
    found = [{"sender_id": conversation, **event.as_dict()} for event in events]
    return as_json(found)


def read(text: str, turn: str) -> list[Event]:
    """Return the events of a turn; raises whatever a text that is none leads to."""
    found = []
    at = 0.0
    for data in json.loads(text):
        at = data.setdefault("timestamp", at)
        if data["event"] == UserUttered.type_name:
            _complete(data, turn)
        event = _kind(data["event"])._from_parameters(data)
        if event is None:
            raise ValueError("an event that says nothing")
        found.append(event)
    mark_stored(found)
    return found


@lru_cache(maxsize=64)
def _kind(name: str) -> type[Event]:
    """Return the class of an event; raises ValueError for an unknown one. Rasa lists all its classes for each event."""
    found = Event.resolve_by_type(name)
    if found is None:
        raise ValueError("an event of an unknown kind")
    return found


def without_idle_slots(before: Iterable[Event], events: Iterable[Event]) -> list[Event]:
    """Return the events without slots that are set to the value they had."""
    values = slots_after(before)
    kept = []
    for event in events:
        if isinstance(event, SlotSet) and event.key in values and values[event.key] == event.value:
            continue
        _apply(event, values)
        kept.append(event)
    return kept


def slots_after(events: Iterable[Event]) -> dict[str, Any]:
    """Return the values that the events gave to slots."""
    values: dict[str, Any] = {}
    for event in events:
        _apply(event, values)
    return values


def _apply(event: Event, values: dict[str, Any]) -> None:
    if isinstance(event, SlotSet):
        values[event.key] = event.value
    elif isinstance(event, SessionStarted | Restarted):
        values.clear()


def _compact(event: Event, turn: str, keep_bot_text: bool) -> dict[str, Any]:
    data = {key: value for key, value in event.as_dict().items() if value is not None and key != "timestamp"}
    metadata = {key: value for key, value in (data.pop("metadata", None) or {}).items() if key not in _REPEATED}
    if metadata:
        data["metadata"] = metadata
    if isinstance(event, UserUttered):
        parse = {key: value for key, value in event.parse_data.items() if key not in _DERIVED and value}
        if parse.get(SAFETY) == _CALM:
            del parse[SAFETY]
        parse["entities"] = [_without_nothing(entity) for entity in parse.get("entities") or []]
        data["parse_data"] = parse
        if data.get("message_id") == turn:
            del data["message_id"]
    elif isinstance(event, BotUttered):
        said = {key: value for key, value in (event.data or {}).items() if value}
        if not keep_bot_text:
            data.pop("text", None)
            # What the turn does not have: which revision of an answer was spoken.
            revision = (said.get("custom") or {}).get("revision")
            said = {"custom": {"revision": revision}} if revision else {}
        data["data"] = said
    elif data["event"] == "action":
        data = {key: value for key, value in data.items() if key not in _ACTION_DETAILS or value is True}
    return data


def _complete(data: dict[str, Any], turn: str) -> None:
    """Put back what the event's own fields say, as it was before it was stored."""
    data.setdefault("message_id", turn)
    parse = data["parse_data"]
    parse.setdefault(SAFETY, dict(_CALM))
    parse.update(text=data["text"], message_id=data["message_id"], metadata=data.get("metadata") or {})


def _without_nothing(entity: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entity.items() if value is not None and key != "processors"}
