"""Sets a conversation aside that cannot be read, so that it begins anew and the others notice nothing."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import Any

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from valve_clinic.storage.models import OutboxRow, PartRow, QuarantineRow, WindowRow

logger = logging.getLogger(__name__)

#: How SQLite and PostgreSQL say that one row's text is none.
_ROW_TROUBLE = ("could not decode to utf-8", "invalid byte sequence")


def is_about_a_row(error: DBAPIError) -> bool:
    """Return whether the database works and only a row's text is damaged."""
    words = str(error.orig).lower()
    return any(trouble in words for trouble in _ROW_TROUBLE)


def set_aside(engine: Engine, conversation: str, reason: str) -> None:
    """Move the conversation's parts out of the way as they are, without reading them."""
    with engine.begin() as connection:
        moved = select(
            PartRow.conversation,
            PartRow.position,
            literal(time.time()),
            PartRow.events,
            literal(reason[:64]),
        ).where(PartRow.conversation == conversation)
        into = ["conversation", "position", "at", "events", "reason"]
        connection.execute(insert(QuarantineRow).from_select(into, moved))
        for table in (PartRow, WindowRow):
            _delete(connection, table, conversation)
    logger.error("ALERT quarantine: conversation %s could not be read (%s) and began anew", tag(conversation), reason)


def delete_conversation(connection: Any, conversation: str) -> None:
    """Delete all that is stored of what Rasa remembers: also what was set aside or waits for the broker."""
    for table in (PartRow, WindowRow, QuarantineRow, OutboxRow):
        _delete(connection, table, conversation)


def _delete(connection: Any, table: Any, conversation: str) -> None:
    rows = delete(table).where(table.conversation == conversation)
    connection.execute(rows.execution_options(synchronize_session=False))


def tag(conversation: str) -> str:
    """Return a short name for logs from which nobody can get the conversation's id."""
    return hashlib.sha256(conversation.encode("utf-8", "surrogatepass")).hexdigest()[:12]
