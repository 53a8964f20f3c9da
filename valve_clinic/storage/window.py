"""How much of a conversation is read for its next turn: enough for its context and its safety, never all of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet

from valve_clinic.database import as_json
from valve_clinic.safety import turn
from valve_clinic.storage import events as written

#: A window that has grown to this many parts is cut, ...
MOST_PARTS = 10
#: ... and these stay. Context fades after three answers (valve_clinic/dialogue/context.py); slots are kept beside.
KEPT_PARTS = 7


@dataclass
class Loaded:
    """What a tracker has of its conversation's stored parts."""

    next_position: int = 0
    #: Position and number of events of each part, in order.
    parts: list[tuple[int, int]] = field(default_factory=list)
    #: Events that stand for what lies before the window.
    opening: int = 0


@dataclass(frozen=True)
class Window:
    """Where reading begins from now on, and the slots at that point."""

    first: int
    slots: str


def opening(slots: str, at: float) -> list[Event]:
    """Return the events that stand for everything before the window."""
    found = [
        ActionExecuted(ACTION_SESSION_START_NAME, timestamp=at),
        SessionStarted(timestamp=at),
        *(SlotSet(key, value, timestamp=at) for key, value in json.loads(slots).items()),
        ActionExecuted(ACTION_LISTEN_NAME, timestamp=at),
    ]
    written.mark_stored(found)
    return found


def moved(loaded: Loaded, stored: Sequence[Event], new: Sequence[Event]) -> Window | None:
    """Return where the window begins once `new` is stored as the next part; None when it stays.

    It begins at a new session, or behind old parts. It is never cut where a danger is held or a question about one is
    open: the safety policy reads the messages since then.
    """
    if any(isinstance(event, SessionStarted) for event in new):
        return Window(loaded.next_position, "{}")
    count = len(loaded.parts) + 1
    if count <= MOST_PARTS:
        return None
    for cut in range(count - KEPT_PARTS, 0, -1):
        before = stored[: loaded.opening + sum(size for _, size in loaded.parts[:cut])]
        state = turn.state_after(turn.messages_of(before))
        if not state.held and not state.checked:
            return Window(loaded.parts[cut][0], _dump(written.slots_after(before)))
    return None


def _dump(values: dict[str, Any]) -> str:
    kept = {key: value for key, value in values.items() if value is not None}
    return as_json(kept)
