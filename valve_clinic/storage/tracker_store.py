"""Rasa's tracker store: appends what is new, reads what is needed, and never ends the server."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import bindparam, func, null, select
from sqlalchemy.engine import Engine, Row
from sqlalchemy.exc import DBAPIError

from valve_clinic.storage import events as written
from valve_clinic.storage import parts, quarantine, turn, worker
from valve_clinic.storage.models import PartRow, WindowRow
from valve_clinic.storage.schema import shared_engine
from valve_clinic.storage.window import Loaded, opening

logger = logging.getLogger(__name__)
#: Reads a stored conversation, off the event loop; None where there is none yet.
Reader = Callable[[str], DialogueStateTracker | None]

_parts, _windows = PartRow.__table__, WindowRow.__table__
#: A conversation from its beginning, and from where its window begins with the slots at that point.
_ALL = (
    select(_parts.c.position, _parts.c.turn, _parts.c.events, null().label("slots"))
    .where(_parts.c.conversation == bindparam("conversation"))
    .order_by(_parts.c.position)
)
_WINDOW = (
    select(_parts.c.position, _parts.c.turn, _parts.c.events, _windows.c.slots)
    .outerjoin(_windows, _windows.c.conversation == _parts.c.conversation)
    .where(_parts.c.conversation == bindparam("conversation"))
    .where(_parts.c.position >= func.coalesce(_windows.c.first, 0))
    .order_by(_parts.c.position)
)


class ConversationStore(TrackerStore):
    """Conversations in the database of the website's turns.

    A turn of the website is written by the channel, together with its replies; anything else is written at once.
    All methods raise `StorageError` when the database cannot be used: nothing is kept in memory instead.
    """

    def __init__(
        self, domain: Domain | None = None, event_broker: Any = None, engine: Engine | None = None, **_kwargs: Any
    ) -> None:
        """Open the database; Rasa's own `host` and `event_broker` are not used (see `valve_clinic/settings.py`)."""
        super().__init__(domain, None)
        self._engine = engine if engine is not None else shared_engine()

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store what is new; nothing when the tracker's turn is under way, which stores it at its end."""
        under_way = turn.current(tracker.sender_id)
        if under_way is not None:
            under_way.tracker = tracker
            return
        new = [event for event in tracker.events if written.is_new(event)]
        # The key stays with the events: saving again after an unclear failure is the same part.
        key = getattr(tracker, "unclear", None) or uuid.uuid4().hex
        part = parts.part_of(tracker, key)
        if part is None:
            return
        tracker.unclear = key
        await worker.run(lambda: self._write(part))
        tracker.unclear = None
        parts.note_stored(tracker, new)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the conversation's last session, or the last turns of a long one, with its slots."""
        under_way = turn.current(sender_id)
        ahead = under_way.take_ahead() if under_way is not None else []
        tracker = ahead[0] if ahead else await worker.run(lambda: self.read(sender_id))
        if under_way is not None:
            under_way.tracker = tracker
        return tracker

    def read(self, conversation: str) -> DialogueStateTracker | None:
        """Return what `retrieve` does. It blocks: call it off the event loop."""
        return self._read(conversation, whole=False)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """Return the conversation with all its sessions."""
        return await worker.run(lambda: self._read(conversation_id, whole=True))

    async def keys(self) -> Iterable[str]:
        """Return the ids of all conversations."""

        def find() -> list[str]:
            with self._engine.connect() as connection:
                return list(connection.execute(select(PartRow.conversation).distinct()).scalars())

        return await worker.run(find)

    def init_tracker(self, sender_id: str) -> DialogueStateTracker:
        """Return an empty tracker that knows that nothing of its conversation is stored."""
        tracker = super().init_tracker(sender_id)
        tracker.loaded = Loaded()
        return tracker

    def _read(self, conversation: str, whole: bool) -> DialogueStateTracker | None:
        try:
            rows = self._rows(conversation, whole)
        except DBAPIError as error:
            if not quarantine.is_about_a_row(error):
                raise
            quarantine.set_aside(self._engine, conversation, worker.kind_of(error))
            return None
        try:
            return self._tracker(conversation, rows) if rows else None
        except Exception as error:
            # Whatever a damaged row leads to: it ends this conversation, not the server.
            quarantine.set_aside(self._engine, conversation, type(error).__name__)
            return None

    def _rows(self, conversation: str, whole: bool) -> list[Row]:
        with self._engine.connect() as connection:
            return list(connection.execute(_ALL if whole else _WINDOW, {"conversation": conversation}).all())

    def _tracker(self, conversation: str, rows: list[Row]) -> DialogueStateTracker:
        loaded = Loaded(next_position=rows[-1].position + 1)
        read: list[Event] = []
        for row in rows:
            events = written.read(row.events, row.turn)
            loaded.parts.append((row.position, len(events)))
            read += events
        slots = rows[0].slots
        if slots is not None and json.loads(slots):
            before = opening(slots, read[0].timestamp if read else time.time())
            loaded.opening = len(before)
            read = before + read
        tracker = DialogueStateTracker.from_events(conversation, read, self.domain.slots)
        tracker.loaded = loaded
        return tracker

    def _write(self, part: parts.Part) -> None:
        with self._engine.begin() as connection:
            part.write(connection)


def reader_of(agent: Any) -> Reader | None:
    """Return what reads the agent's conversations, to be called off the event loop; None for stores of other kinds."""
    store = getattr(agent, "tracker_store", None)
    return store.read if isinstance(store, ConversationStore) else None
