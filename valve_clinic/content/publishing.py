"""Puts revisions in service: a folder that was loaded, or an earlier revision of a topic that is restored."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection, Engine

from valve_clinic.content import canonical, loader, schema
from valve_clinic.content.edition import WORDS
from valve_clinic.content.models import PublicationRevisionRow, PublicationRow, RevisionRow, SourceRow
from valve_clinic.database import lock_for_writing


@dataclass(frozen=True)
class Author:
    """Who puts something in service, and why."""

    name: str = "unknown"
    reason: str = "not given"


@dataclass(frozen=True)
class Entry:
    """A revision of a publication; `restored`: it is served in place of what the topic's file says."""

    topic: str
    revision: int
    restored: bool = False
    hash: str = ""


@dataclass(frozen=True)
class Publication:
    """What was put in service: `new` revisions by topic, and restored ones that were `kept` against their files."""

    id: int
    entries: list[Entry]
    new: dict[str, int] = field(default_factory=dict)
    kept: list[Entry] = field(default_factory=list)


class RestoredError(RuntimeError):
    """Loading would undo restored revisions; `entries` are those."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return what is wrong and how to go on, a line for each topic."""
        return [
            f"{entry.topic}: revision {entry.revision} was restored and is served; its file says something else, and "
            f"loading it would undo that. Bring the file in line: valve-clinic content restore {entry.revision} "
            f"--write. Or serve the file: valve-clinic content load --undo-restore {entry.topic}"
            for entry in self.entries
        ]


class RevisionError(RuntimeError):
    """A revision cannot be served again; the message says why."""


class Publisher:
    """Writes publications, one at a time among all processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(
        self,
        content: loader.Content,
        author: Author,
        undo: frozenset[str] = frozenset(),
        keep_restored: bool = False,
    ) -> Publication | None:
        """Put the content in service in one transaction; returns None when it is served already.

        A topic whose restored revision is served, and whose file says something else, is a `RestoredError` and
        nothing changes, unless it is in `undo`: then the file is served. With `keep_restored` the revision stays
        and stands in `kept`, also when nothing changed.
        """
        with self._writing() as connection:
            before = newest(connection)
            restored = {entry.topic: entry for entry in before.entries if entry.restored} if before else {}
            wanted: list[Entry | dict[str, Any]] = []
            kept = []
            for key, topic in content.everything.items():
                form = canonical.content_of(topic)
                entry = restored.pop(key, None)
                if entry is None or entry.hash == canonical.hash_of(form) or key in undo:
                    wanted.append(form)
                else:
                    kept.append(entry)
                    wanted.append(entry)
            # What is left has no file any more.
            gone = [entry for entry in restored.values() if entry.topic not in undo]
            kept, wanted = [*kept, *gone], [*wanted, *gone]
            if kept and not keep_restored:
                raise RestoredError(kept)
            new: dict[str, int] = {}
            entries = _keep(connection, wanted, author, new)
            clinic, sources = stored_clinic(content), _sources(connection, content, kept)
            now = (content.digest, clinic, entries, sources)
            if before and (before.digest, before.clinic, before.entries, _stored_sources(connection)) == now:
                # Whoever starts a server is told each time that a file is not what is served.
                return Publication(before.id, entries, {}, kept) if kept else None
            connection.execute(delete(SourceRow))
            connection.execute(insert(SourceRow), sources)
            return Publication(_publish(connection, content.digest, clinic, entries, author), entries, new, kept)

    def restore(self, revision: int, author: Author) -> Publication | None:
        """Serve an earlier revision of its topic again; returns None when it is served already.

        Raises `RevisionError`: nothing is changed then.
        """
        with self._writing() as connection:
            row = find(connection, revision)
            before = newest(connection)
            if row is None or before is None:
                raise RevisionError(f"there is no revision {revision}; see valve-clinic content history TOPIC")
            topic = parse(row.id, row.content)
            cited = [part.sources for answer in topic.answers for part in answer.paragraphs]
            cited += [row.sources for answer in topic.answers for row in (answer.table.rows if answer.table else ())]
            facts = {fact_id for sources in cited for fact_id in sources}
            known = {source["fact_id"] for source in _stored_sources(connection)}
            if facts - known:
                missing = ", ".join(sorted(facts - known))
                raise RevisionError(f"revision {revision} rests on facts that facts.yml has no longer: {missing}")
            mine = Entry(row.topic_id, row.id, True, row.hash)
            if any(entry.revision == revision for entry in before.entries):
                return None
            entries = [mine if entry.topic == mine.topic else entry for entry in before.entries]
            if mine not in entries:
                entries.append(mine)
            why = f"revision {revision} restored: {author.reason}"
            number = _publish(connection, before.digest, before.clinic, entries, Author(author.name, why))
            return Publication(number, entries)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                # In a snapshot, what another publisher wrote while this one waited would not be seen.
                connection = connection.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                lock_for_writing(connection, "content")
                yield connection


@dataclass(frozen=True)
class Newest:
    """The publication that is served."""

    id: int
    digest: str
    clinic: dict[str, Any]
    entries: list[Entry]


def newest(connection: Connection) -> Newest | None:
    """Return the publication that is served, or None when nothing was loaded yet."""
    row = connection.execute(select(PublicationRow.__table__).order_by(PublicationRow.id.desc()).limit(1)).first()
    if row is None:
        return None
    query = (
        select(RevisionRow.topic_id, RevisionRow.id, PublicationRevisionRow.restored, RevisionRow.hash)
        .join(PublicationRevisionRow, PublicationRevisionRow.revision_id == RevisionRow.id)
        .where(PublicationRevisionRow.publication_id == row.id)
        .order_by(PublicationRevisionRow.position)
    )
    return Newest(row.id, row.digest, row.clinic, [Entry(*entry) for entry in connection.execute(query)])


def find(connection: Connection, revision: int) -> Any:
    """Return the revision's row, or None."""
    return connection.execute(select(RevisionRow.__table__).where(RevisionRow.id == revision)).first()


def parse(revision: int, content: dict[str, Any]) -> schema.Topic:
    """Return the revision's topic; raises `RevisionError` when this release has another idea of a topic."""
    try:
        return schema.Topic.parse_obj(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RevisionError(f"revision {revision} is no topic of this release: {where}: {first['msg']}") from None


def yaml_safe(clinic: schema.Clinic) -> dict[str, Any]:
    """Return the clinic's data with dates as text, as a JSON column holds it."""
    data: dict[str, Any] = clinic.dict()
    data["holidays"] = [day.isoformat() for day in clinic.holidays] if clinic.holidays is not None else None
    return data


def stored_clinic(content: loader.Content) -> dict[str, Any]:
    """Return the clinic's data with its words in other languages, as a publication keeps them."""
    words = {language: json.loads(item.json()) for language, item in content.words.items()}
    return {**yaml_safe(content.clinic), **({WORDS: words} if words else {})}


def _keep(
    connection: Connection, wanted: list[Entry | dict[str, Any]], author: Author, new: dict[str, int]
) -> list[Entry]:
    """Return an entry for each topic's content, storing those that are new; `new` gets them."""
    known = {
        (row.topic_id, row.hash): row.id
        for row in connection.execute(select(RevisionRow.topic_id, RevisionRow.hash, RevisionRow.id))
    }
    entries = []
    for item in wanted:
        if isinstance(item, Entry):
            entries.append(item)
            continue
        topic = schema.key_of(str(item["id"]), str(item.get("language", schema.ENGLISH)))
        digest = canonical.hash_of(item)
        number = known.get((topic, digest))
        if number is None:
            row = {"topic_id": topic, "hash": digest, "content": item, "made_at": _now()}
            made = insert(RevisionRow).values(**row, made_by=author.name, reason=author.reason)
            number = new[topic] = connection.execute(made).inserted_primary_key[0]
        entries.append(Entry(topic, number, False, digest))
    return entries


def _sources(connection: Connection, content: loader.Content, kept: list[Entry]) -> list[dict[str, Any]]:
    """Return the rows of the content's facts, and of facts that only a revision which is kept still rests on."""
    rows = {
        fact.id: {
            "fact_id": fact.id,
            "name": fact.source.name,
            "url": fact.source.url,
            "date": fact.source.date,
            "from_clinic": fact.from_clinic,
        }
        for fact in content.facts.values()
    }
    for row in _stored_sources(connection) if kept else ():
        rows.setdefault(row["fact_id"], row)
    return sorted(rows.values(), key=lambda row: str(row["fact_id"]))


def _stored_sources(connection: Connection) -> list[dict[str, Any]]:
    rows = connection.execute(select(SourceRow.__table__)).mappings()
    return sorted((dict(row) for row in rows), key=lambda row: str(row["fact_id"]))


def _publish(connection: Connection, digest: str, clinic: dict[str, Any], entries: list[Entry], author: Author) -> int:
    row = {"digest": digest, "loaded_at": _now(), "clinic": clinic, "loaded_by": author.name, "reason": author.reason}
    number: int = connection.execute(insert(PublicationRow).values(**row)).inserted_primary_key[0]
    rows = [
        {"publication_id": number, "revision_id": entry.revision, "position": position, "restored": entry.restored}
        for position, entry in enumerate(entries)
    ]
    if rows:
        connection.execute(insert(PublicationRevisionRow), rows)
    return number


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)
