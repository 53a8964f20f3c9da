"""What one turn adds to a conversation, and how it is stored: once, in its place, or not at all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from valve_clinic import settings
from valve_clinic.storage import events as written
from valve_clinic.storage.errors import ConflictError
from valve_clinic.storage.models import OutboxRow, PartRow, WindowRow
from valve_clinic.storage.window import Loaded, Window, moved

_windows = WindowRow.__table__
_MOVE = update(_windows).where(_windows.c.conversation == bindparam("moved"))


@dataclass(frozen=True)
class Part:
    """A part that is ready to be written; `position` is None where it goes behind whatever is there."""

    conversation: str
    position: int | None
    turn: str
    events: str
    published: str | None
    window: Window | None
    at: float

    def write(self, connection: Any) -> None:
        """Write the part into the connection's transaction; a second time changes nothing.

        Raises `ConflictError` when another turn's part is in its place.
        """
        position = self._next(connection) if self.position is None else self.position
        row = {
            "conversation": self.conversation,
            "position": position,
            "turn": self.turn,
            "at": self.at,
            "events": self.events,
        }
        if not insert_once(connection, PartRow, row):
            there = select(PartRow.turn).where(PartRow.conversation == self.conversation, PartRow.position == position)
            if connection.execute(there).scalar_one_or_none() != self.turn:
                raise ConflictError("another turn has gone on with the conversation")
            return
        if self.window is not None:
            _move_window(connection, self.conversation, self.window)
        if self.published is not None:
            entry = {"conversation": self.conversation, "position": position, "at": self.at, "events": self.published}
            connection.execute(insert(OutboxRow).values(**entry))

    def _next(self, connection: Any) -> int:
        newest = select(func.max(PartRow.position)).where(PartRow.conversation == self.conversation)
        found = connection.execute(newest).scalar_one_or_none()
        return 0 if found is None else int(found) + 1


def part_of(tracker: DialogueStateTracker, turn: str, keep_bot_text: bool = True) -> Part | None:
    """Return what the tracker has beyond what is stored, or None when that is nothing."""
    stored = [event for event in tracker.events if not written.is_new(event)]
    new = [event for event in tracker.events if written.is_new(event)]
    if not new:
        return None
    loaded: Loaded | None = getattr(tracker, "loaded", None)
    kept = written.without_idle_slots(stored, new)
    return Part(
        tracker.sender_id,
        loaded.next_position if loaded else None,
        turn,
        written.write(kept, turn, keep_bot_text),
        written.write_whole(new, tracker.sender_id) if settings.get("EVENT_BROKER_URL") else None,
        moved(loaded, stored, new) if loaded else None,
        time.time(),
    )


def finish(tracker: DialogueStateTracker) -> None:
    """End a turn that was cut off where it stands, so that the next one begins as after any other."""
    new = [event for event in tracker.events if written.is_new(event)]
    done = [event for event in new if isinstance(event, UserUttered | ActionExecuted)]
    if done and getattr(done[-1], "action_name", None) != ACTION_LISTEN_NAME:
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))


def note_stored(tracker: DialogueStateTracker, new: Sequence[Event]) -> None:
    """Note on the tracker that its new events are stored as one part."""
    written.mark_stored(new)
    loaded: Loaded | None = getattr(tracker, "loaded", None)
    if loaded is not None:
        loaded.parts.append((loaded.next_position, len(new)))
        loaded.next_position += 1


def insert_once(connection: Any, table: Any, row: dict[str, Any]) -> bool:
    """Insert the row unless its key is there already; returns whether it was inserted."""
    dialect = connection.get_bind().dialect.name if hasattr(connection, "get_bind") else connection.dialect.name
    return bool(connection.execute(_insertion(table, dialect, tuple(row)), row).rowcount == 1)


@lru_cache(maxsize=16)
def _insertion(table: Any, dialect: str, columns: tuple[str, ...]) -> Any:
    """Return the statement as a text with its columns' types: SQLAlchemy compiles a conflict clause anew each time."""
    written_in = postgresql if dialect == "postgresql" else sqlite
    there = table.__table__
    statement = written_in.insert(there).on_conflict_do_nothing()
    words = statement.compile(dialect=written_in.dialect(paramstyle="named"), column_keys=columns)
    return text(str(words)).bindparams(*(bindparam(name, type_=there.c[name].type) for name in columns))


def _move_window(connection: Any, conversation: str, window: Window) -> None:
    values = {"first": window.first, "slots": window.slots}
    if connection.execute(_MOVE, {"moved": conversation, **values}).rowcount == 0:
        connection.execute(insert(_windows), {"conversation": conversation, **values})
