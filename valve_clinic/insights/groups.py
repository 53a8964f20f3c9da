"""Remembers which messages of the inbox are alike, so that whoever shows them needs no model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import delete, select
from sqlalchemy.engine import Engine

from valve_clinic.insights import themes
from valve_clinic.insights.inbox import Inbox, Item, grouped
from valve_clinic.insights.models import GroupRow, ItemRow

_TABLE = GroupRow.__table__


def remember(engine: Engine, box: Inbox, encode: themes.Encode | None) -> int:
    """Put the newest open messages together and keep the groups instead of earlier ones; returns how many there are.

    Without a model (`encode` None) no two are together.
    """
    found = [group for group in grouped(box.items(), encode) if len(group) > 1]
    rows = [
        {"item_id": item.id, "number": number, "place": place}
        for number, group in enumerate(found)
        for place, item in enumerate(group)
    ]
    with engine.begin() as connection:
        connection.execute(delete(_TABLE))
        # A message may have been deleted meanwhile, with its conversation.
        there = set(
            connection.execute(select(ItemRow.id).where(ItemRow.id.in_([row["item_id"] for row in rows]))).scalars()
        )
        rows = [row for row in rows if row["item_id"] in there]
        if rows:
            connection.execute(_TABLE.insert(), rows)
    return len(found)


def together(engine: Engine, items: Sequence[Item]) -> list[list[Item]]:
    """Return the items in the groups that are remembered, the largest first; what is in none stands alone behind."""
    with engine.connect() as connection:
        places = {row.item_id: (row.number, row.place) for row in connection.execute(select(_TABLE))}
    known = sorted((item for item in items if item.id in places), key=lambda item: places[item.id])
    found = [list(group) for _, group in groupby(known, key=lambda item: places[item.id][0])]
    found += [[item] for item in items if item.id not in places]
    return sorted(found, key=lambda group: -len(group))
