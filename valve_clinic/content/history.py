"""Reads what was in service, when, by whom and why."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Engine

from valve_clinic.content import publishing
from valve_clinic.content.models import PublicationRow, RevisionRow, SourceRow


@dataclass(frozen=True)
class Revision:
    """A topic as it was loaded once; `content` is its JSON, `hash` the SHA-256 of that."""

    id: int
    topic: str
    hash: str
    content: dict[str, Any]
    at: datetime.datetime
    by: str
    reason: str
    is_served: bool = False
    is_restored: bool = False


@dataclass(frozen=True)
class Served:
    """The publication that is served, with its revisions in order, the clinic's data and the sources by fact id."""

    publication: int
    at: datetime.datetime
    by: str
    reason: str
    digest: str
    publications: int
    revisions: list[Revision]
    clinic: dict[str, Any]
    sources: dict[str, dict[str, Any]]


class History:
    """Revisions and publications of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_topic(self, topic: str) -> list[Revision]:
        """Return the topic's revisions, newest first."""
        with self._reading() as connection:
            query = select(RevisionRow.__table__).where(RevisionRow.topic_id == topic).order_by(RevisionRow.id.desc())
            return _revisions(connection, connection.execute(query).all())

    def topics(self) -> list[str]:
        """Return the topics that have a revision."""
        with self._reading() as connection:
            return list(
                connection.execute(select(RevisionRow.topic_id).distinct().order_by(RevisionRow.topic_id)).scalars()
            )

    def revision(self, number: int) -> Revision | None:
        """Return the revision of that id, or None."""
        with self._reading() as connection:
            row = publishing.find(connection, number)
            return _revisions(connection, [row])[0] if row is not None else None

    def served(self) -> Served | None:
        """Return what is served, or None when nothing was loaded yet."""
        with self._reading() as connection:
            newest = publishing.newest(connection)
            if newest is None:
                return None
            head = connection.execute(select(PublicationRow.__table__).where(PublicationRow.id == newest.id)).one()
            ids = [entry.revision for entry in newest.entries]
            rows = connection.execute(select(RevisionRow.__table__).where(RevisionRow.id.in_(ids))).all()
            by_id = {revision.id: revision for revision in _revisions(connection, rows)}
            sources = connection.execute(select(SourceRow.__table__)).mappings()
            return Served(
                publication=newest.id,
                at=head.loaded_at,
                by=head.loaded_by,
                reason=head.reason,
                digest=head.digest,
                publications=connection.execute(select(func.count()).select_from(PublicationRow)).scalar_one(),
                revisions=[by_id[number] for number in ids],
                clinic=newest.clinic,
                sources={str(row["fact_id"]): dict(row) for row in sources},
            )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection


def _revisions(connection: Connection, rows: list[Any]) -> list[Revision]:
    newest = publishing.newest(connection)
    entries = {entry.revision: entry for entry in newest.entries} if newest else {}
    return [
        Revision(
            id=row.id,
            topic=row.topic_id,
            hash=row.hash,
            content=row.content,
            at=row.made_at,
            by=row.made_by,
            reason=row.reason,
            is_served=row.id in entries,
            is_restored=row.id in entries and entries[row.id].restored,
        )
        for row in rows
    ]
