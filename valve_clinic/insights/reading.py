"""Reads conversations from the tables of the website and of Rasa's memory, some at a time."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.engine import Connection

from valve_clinic.channel.models import SESSION_LIFE, EventRow, FeedbackRow, SessionRow, TurnRow
from valve_clinic.insights.conversation import ANSWERED, Conversation, Rating, Turn, understood
from valve_clinic.insights.models import CountedRow
from valve_clinic.storage.models import PartRow


def next_ids(connection: Connection, behind: str, since: datetime.datetime | None, most: int) -> list[str]:
    """Return the ids behind `behind`, in order, of at most so many sessions that may have something new.

    That is every session that was not counted yet, and those in which something was stored `since`. The turns are not
    looked through, because a message comes only into a session that is live: within `SESSION_LIFE` of its last answer.
    """
    # Both sides begin behind the same id: a database walks along the two keys, and a batch costs what is in it.
    counted = and_(CountedRow.session_id == SessionRow.id, CountedRow.session_id > behind)
    new: Any = CountedRow.session_id.is_(None)
    if since is not None:
        beside = [select(table.session_id).where(table.at >= since) for table in (FeedbackRow, EventRow)]
        later = [SessionRow.id.in_(sessions) for sessions in beside]
        new = or_(new, SessionRow.last_at >= since - SESSION_LIFE, *later)
    query = select(SessionRow.id).outerjoin(CountedRow, counted).where(SessionRow.id > behind, new)
    return list(connection.execute(query.order_by(SessionRow.id).limit(most)).scalars())


def read(connection: Connection, ids: Sequence[str]) -> list[Conversation]:
    """Return the conversations of these ids that are still there."""
    turns, ratings, calls = _turns(connection, ids), _ratings(connection, ids), _calls(connection, ids)
    query = select(SessionRow.id, SessionRow.started_at).where(SessionRow.id.in_(ids)).order_by(SessionRow.id)
    return [
        Conversation(row.id, aware(row.started_at), turns[row.id], ratings[row.id], calls[row.id])
        for row in connection.execute(query)
    ]


def aware(moment: datetime.datetime) -> datetime.datetime:
    """Return the moment with its zone, which SQLite does not keep: everything is stored in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


def _turns(connection: Connection, ids: Sequence[str]) -> dict[str, list[Turn]]:
    made = and_(PartRow.conversation == TurnRow.session_id, PartRow.turn == TurnRow.client_id)
    query = (
        select(
            *(TurnRow.session_id, TurnRow.client_id, TurnRow.text, TurnRow.state, TurnRow.replies, TurnRow.at),
            *(PartRow.events, PartRow.at.label("written")),
        )
        .outerjoin(PartRow, made)
        .where(TurnRow.session_id.in_(ids))
        .order_by(TurnRow.id)
    )
    found: dict[str, list[Turn]] = defaultdict(list)
    for row in connection.execute(query):
        turn = Turn(
            *(row.client_id, row.text, row.state == ANSWERED, row.replies or [], aware(row.at)),
            understood(row.events, row.written),
        )
        found[row.session_id].append(turn)
    return found


def _ratings(connection: Connection, ids: Sequence[str]) -> dict[str, list[Rating]]:
    query: Any = select(FeedbackRow.session_id, FeedbackRow.reply_id, FeedbackRow.helpful)
    found: dict[str, list[Rating]] = defaultdict(list)
    for row in connection.execute(query.where(FeedbackRow.session_id.in_(ids)).order_by(FeedbackRow.reply_id)):
        found[row.session_id].append(Rating(row.reply_id, bool(row.helpful)))
    return found


def _calls(connection: Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    query = select(EventRow.session_id, EventRow.target).where(
        EventRow.session_id.in_(ids), EventRow.event == "phone_clicked"
    )
    found: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(query.order_by(EventRow.id)):
        found[row.session_id].append(row.target or "")
    return found
