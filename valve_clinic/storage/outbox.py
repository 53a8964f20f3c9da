"""The events that the broker has not confirmed yet. All methods block: call them off the event loop."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Engine

from valve_clinic.storage.models import LeaseRow, OutboxRow
from valve_clinic.storage.parts import insert_once

_LEASE = "outbox"
#: Seconds for which one process may drain before it must ask again.
LEASE_SECONDS = 10.0
#: Rows that are read at once.
BATCH = 50


@dataclass(frozen=True)
class Entry:
    """A stored part: its events as the broker gets them, each with an id that is the same in every attempt."""

    id: int
    messages: list[tuple[str, dict[str, Any]]]


class Outbox:
    """Reads in the order of storing; what was confirmed is deleted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._owner = secrets.token_hex(16)

    def take_lease(self) -> bool:
        """Return whether this process may drain for the next seconds: only one may, or the order would be lost."""
        now = time.time()
        mine = {"owner": self._owner, "until": now + LEASE_SECONDS}
        with self._engine.begin() as connection:
            free = (LeaseRow.owner == self._owner) | (LeaseRow.until < now)
            taken = connection.execute(update(LeaseRow).where(LeaseRow.name == _LEASE, free).values(**mine))
            return bool(taken.rowcount == 1) or insert_once(connection, LeaseRow, {"name": _LEASE, **mine})

    def give_lease_back(self) -> None:
        """Let another process drain at once."""
        with self._engine.begin() as connection:
            connection.execute(delete(LeaseRow).where(LeaseRow.name == _LEASE, LeaseRow.owner == self._owner))

    def waiting(self) -> list[Entry]:
        """Return the oldest rows; one that cannot be read has no messages."""
        query = select(OutboxRow).order_by(OutboxRow.id).limit(BATCH)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query).all()]

    def delete(self, entry: Entry) -> None:
        """Remove a row whose messages the broker has confirmed."""
        with self._engine.begin() as connection:
            connection.execute(delete(OutboxRow).where(OutboxRow.id == entry.id))


def _entry(row: Any) -> Entry:
    try:
        events = json.loads(row.events)
        name = f"{row.conversation}/{row.position}"
        return Entry(row.id, [(f"{name}/{index}", dict(event)) for index, event in enumerate(events)])
    except (ValueError, TypeError):
        return Entry(row.id, [])
