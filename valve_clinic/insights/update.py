"""Brings the daily counts and the review inbox up to date: again changes nothing, and what comes late counts once."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from valve_clinic.clock import utc_now
from valve_clinic.content.schema import Clinic
from valve_clinic.insights import candidates, counting, reading
from valve_clinic.insights.local_time import LocalTime
from valve_clinic.insights.models import CountedRow, DailyRow, ItemRow, StateRow

#: Conversations of one transaction: few enough that a server that writes meanwhile waits no noticeable time.
BATCH = 500
#: Looked at again, for what was committed late and for clocks that differ.
OVERLAP = datetime.timedelta(hours=1)
_STATE = "counted until"
_TRIES = 3
Key = tuple[datetime.date, str, str]


@dataclass(frozen=True)
class Done:
    """What an update did: conversations looked at, those whose counts changed, and messages for the inbox."""

    seen: int
    changed: int
    items: int


def update(engine: Engine, clinic: Clinic, now: Callable[[], datetime.datetime] = utc_now, batch: int = BATCH) -> Done:
    """Count what is new, in the clinic's days; raises SQLAlchemy's errors, after which it can be run again."""
    begun, time = now(), LocalTime.of(clinic)
    phone = clinic.phone.replace(".", "")
    with engine.connect() as connection:
        since = _looked_until(connection)
    seen = changed = items = 0
    behind = ""
    while True:
        with engine.connect() as connection:
            ids = reading.next_ids(connection, behind, since, batch)
        if not ids:
            break
        done = _retried(lambda ids=ids: _count(engine, ids, time, phone, begun))  # type: ignore[misc]
        seen, changed, items = seen + len(ids), changed + done.changed, items + done.items
        behind = ids[-1]
    with engine.begin() as connection:
        connection.execute(delete(StateRow).where(StateRow.name == _STATE))
        connection.execute(StateRow.__table__.insert().values(name=_STATE, at=begun))
    return Done(seen, changed, items)


def _retried(work: Callable[[], Done]) -> Done:
    """A conversation that is deleted meanwhile breaks the foreign key; the next look does not find it."""
    for _ in range(_TRIES - 1):
        try:
            return work()
        except IntegrityError:
            continue
    return work()


def _count(engine: Engine, ids: Sequence[str], time: LocalTime, phone: str, now: datetime.datetime) -> Done:
    with engine.connect() as connection:
        # What retention has begun to delete stays counted as it was when it was whole.
        talks = [talk for talk in reading.read(connection, ids) if talk.is_whole]
    counted = {talk.id: _keyed(time.day(talk.started_at), counting.count(talk, time, phone)) for talk in talks}
    found = [item for talk in talks for item in candidates.find(talk)]
    # Patients wait while SQLite is written: everything is worked out before.
    with engine.connect() as connection, connection.begin():
        _lock(connection)
        before = _contributions(connection, ids)
        changed = {name: own for name, own in counted.items() if before.get(name) != own}
        change: Counter[Key] = Counter()
        for name, own in changed.items():
            change.update(own)
            change.subtract(before.get(name, {}))
        _add(connection, change)
        if changed:
            rows = [{"session_id": name, "at": now, "counts": _written(own)} for name, own in changed.items()]
            connection.execute(delete(CountedRow).where(CountedRow.session_id.in_(list(changed))))
            connection.execute(CountedRow.__table__.insert(), rows)
        return Done(len(ids), len(changed), _collect(connection, found))


def _collect(connection: Connection, found: Sequence[candidates.Candidate]) -> int:
    """Put new messages into the inbox, and new reasons to those that are there; returns how many are new."""
    if not found:
        return 0
    sessions = {item.session_id for item in found}
    query = select(ItemRow.session_id, ItemRow.client_id, ItemRow.reasons).where(ItemRow.session_id.in_(sessions))
    there = {(row.session_id, row.client_id): row.reasons for row in connection.execute(query)}
    new = [item for item in found if item.key not in there]
    if new:
        connection.execute(ItemRow.__table__.insert(), [item.row() for item in new])
    for item in found:
        if item.key in there and there[item.key] != item.reasons:
            mine = (ItemRow.session_id == item.session_id) & (ItemRow.client_id == item.client_id)
            connection.execute(ItemRow.__table__.update().where(mine).values(reasons=item.reasons))
    return len(new)


def _looked_until(connection: Connection) -> datetime.datetime | None:
    """Return from when on things may not have been seen by the update before this one."""
    found = connection.execute(select(StateRow.at).where(StateRow.name == _STATE)).scalar_one_or_none()
    return reading.aware(found) - OVERLAP if found is not None else None


def _contributions(connection: Connection, ids: Sequence[str]) -> dict[str, Counter[Key]]:
    query = select(CountedRow.session_id, CountedRow.counts).where(CountedRow.session_id.in_(ids))
    return {row.session_id: _read(row.counts) for row in connection.execute(query)}


def _keyed(day: datetime.date, counts: counting.Counts) -> Counter[Key]:
    return Counter({(day, figure, key): number for (figure, key), number in counts.items()})


def _written(counts: Counter[Key]) -> list[list[str | int]]:
    return [[day.isoformat(), figure, key, number] for (day, figure, key), number in sorted(counts.items())]


def _read(counts: list[list[str | int]]) -> Counter[Key]:
    return Counter(
        {
            (datetime.date.fromisoformat(str(day)), str(figure), str(key)): int(number)
            for day, figure, key, number in counts
        }
    )


def _add(connection: Connection, change: Counter[Key]) -> None:
    rows = [
        {"day": day, "figure": figure, "key": key, "count": number}
        for (day, figure, key), number in sorted(change.items())
        if number
    ]
    if not rows:
        return
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(DailyRow.__table__)
    added = statement.on_conflict_do_update(
        index_elements=["day", "figure", "key"],
        set_={"count": DailyRow.__table__.c.count + statement.excluded.count},
    )
    connection.execute(added, rows)
    connection.execute(delete(DailyRow).where(DailyRow.count == 0))


def _lock(connection: Connection) -> None:
    """Let no other update add meanwhile: what a conversation has added is read and written in one transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('valve-clinic insights'))")
    elif connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
