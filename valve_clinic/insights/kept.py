"""Keeps the newest report for the console, and lets one at a time be made."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Connection, Engine

from valve_clinic.clock import utc_now
from valve_clinic.database import lock_for_writing
from valve_clinic.insights.models import ReportRow
from valve_clinic.insights.reading import aware

#: How long a report is kept: it has masked words of patients in it, which outlive their conversation no longer.
LIFE = datetime.timedelta(days=1)
#: Work that began longer ago was cut off, as far as others know, and does not keep them from beginning. Two at
#: a time do no harm: what they count, they count once.
GIVEN_UP = datetime.timedelta(minutes=30)
_NAME = "console"
_TABLE = ReportRow.__table__


@dataclass(frozen=True)
class State:
    """What there is of the report, without the report."""

    #: When it was made, for which days; None: there is none.
    made_at: datetime.datetime | None = None
    first: datetime.date | None = None
    last: datetime.date | None = None
    #: Since when another one is being made; None: nobody makes one.
    begun_at: datetime.datetime | None = None
    #: Why the last try made none.
    problem: str | None = None


class KeptReport:
    """The report of the console; all methods block."""

    def __init__(self, engine: Engine, now: Callable[[], datetime.datetime] = utc_now) -> None:
        """Use an engine whose tables are made (`insights.models.prepare`)."""
        self._engine = engine
        self._now = now

    def state(self) -> State:
        """Return when the report was made, and whether another one is being made."""
        with self._engine.connect() as connection:
            row = self._row(connection)
        if row is None:
            return State()
        begun_at = aware(row.begun_at) if self._is_under_way(row) else None
        if row.made_at is None or aware(row.expires_at) <= self._now():
            return State(begun_at=begun_at, problem=row.problem)
        return State(aware(row.made_at), row.first_day, row.last_day, begun_at, row.problem)

    def html(self) -> str | None:
        """Return the report's page, None when there is none or when it is too old."""
        query = select(_TABLE.c.html).where(_TABLE.c.name == _NAME, _TABLE.c.expires_at > self._now())
        with self._engine.connect() as connection:
            found: str | None = connection.execute(query).scalar_one_or_none()
        return found

    def begin(self) -> bool:
        """Say that a report is being made from now on; returns False when somebody makes one already."""
        with self._engine.connect() as connection, connection.begin():
            lock_for_writing(connection, "report")
            row = self._row(connection)
            if row is not None and self._is_under_way(row):
                return False
            values: dict[str, Any] = {"begun_at": self._now(), "problem": None}
            if row is None:
                values = {**values, "name": _NAME, "expires_at": self._now() + LIFE}
                connection.execute(_TABLE.insert().values(**values))
            else:
                connection.execute(update(_TABLE).where(_TABLE.c.name == _NAME).values(**values))
            return True

    def keep(self, html: str, days: tuple[datetime.date, datetime.date]) -> None:
        """Put the finished report in the place of the one before it."""
        now = self._now()
        values = {"name": _NAME, "begun_at": None, "problem": None, "html": html, "expires_at": now + LIFE}
        with self._engine.begin() as connection:
            connection.execute(delete(_TABLE).where(_TABLE.c.name == _NAME))
            connection.execute(_TABLE.insert().values(made_at=now, first_day=days[0], last_day=days[1], **values))

    def fail(self, problem: str) -> None:
        """Say why there is no new report; the one before it stays."""
        failed = update(_TABLE).where(_TABLE.c.name == _NAME).values(begun_at=None, problem=problem[:200])
        with self._engine.begin() as connection:
            connection.execute(failed)

    def _is_under_way(self, row: Any) -> bool:
        return row.begun_at is not None and aware(row.begun_at) > self._now() - GIVEN_UP

    @staticmethod
    def _row(connection: Connection) -> Any:
        columns = [column for column in _TABLE.columns if column.name != "html"]
        return connection.execute(select(*columns).where(_TABLE.c.name == _NAME)).one_or_none()
