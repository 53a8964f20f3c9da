"""The answers as the actions read them: from the tables, never from the files."""

from __future__ import annotations

import datetime
import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import inspect, select
from sqlalchemy.engine import Connection, Engine

from valve_clinic import paths, schema_version, settings
from valve_clinic.content import loader, schema
from valve_clinic.content.edition import AnswerView, Edition, ServedTopic, SourceView
from valve_clinic.content.history import History
from valve_clinic.content.models import Base, PublicationRevisionRow, PublicationRow, RevisionRow, SourceRow
from valve_clinic.content.policy import Policy, Translations, from_settings, translations_from_settings
from valve_clinic.content.publishing import Author, Publication, Publisher, RestoredError, yaml_safe
from valve_clinic.database import make_engine, read_in_snapshots

__all__ = ["AnswerView", "ContentStore", "RestoredError", "SourceView", "yaml_safe"]
logger = logging.getLogger(__name__)

_publications = PublicationRow.__table__
_NEWEST = select(_publications.c.id, _publications.c.loaded_at).order_by(_publications.c.id.desc()).limit(1)


class ContentStore:
    """Reads and replaces the answers in a database.

    What one publication says is kept in memory; each reading asks the database which publication is the newest, one
    statement, so that a new one is served at once by every process. Use `current()` for several readings of one answer.
    """

    def __init__(
        self, engine: Engine, policy: Policy = Policy.ALL, translations: Translations = Translations.PUBLISHED
    ) -> None:
        # A publication is read in several statements: all of them see the same one.
        self._engine = read_in_snapshots(engine)
        self._policy = policy
        self._translations = translations
        self._kept: tuple[tuple[int, datetime.datetime], Edition] | None = None
        schema_version.prepare(engine, Base.metadata, "content")

    @property
    def publisher(self) -> Publisher:
        """What writes to the database."""
        return Publisher(self._engine)

    def publish(
        self,
        content: loader.Content,
        author: Author | None = None,
        undo: frozenset[str] = frozenset(),
        keep_restored: bool = False,
    ) -> Publication | None:
        """Put `content` in service in one transaction; see `Publisher.load`."""
        return self.publisher.load(content, author or Author(), undo, keep_restored)

    def current(self) -> Edition:
        """Return what is served now; an empty one when nothing was loaded yet."""
        with self._engine.connect() as connection, connection.begin():
            row = connection.execute(_NEWEST).first()
            if row is None:
                return Edition([], {}, None, None)
            kept, key = self._kept, (row.id, row.loaded_at)
            if kept is not None and kept[0] == key:
                return kept[1]
            edition = _read(connection, row.id, self._policy, self._translations)
        self._kept = key, edition
        return edition

    @property
    def history(self) -> History:
        """What was in service, when, by whom and why."""
        return History(self._engine)

    def digest(self) -> str | None:
        """Return the digest of the files that were loaded last, or None when nothing was loaded yet."""
        return self.current().digest

    def clinic(self) -> schema.Clinic:
        """Return the clinic's data as published; raises `LookupError` when nothing was loaded yet."""
        return self.current().clinic()

    def answer(self, topic_id: str, wanted: dict[str, str] | None = None) -> AnswerView | None:
        """Return the published answer that fits `wanted` best, or None when the topic has none."""
        return self.current().answer(topic_id, wanted)

    def published(self) -> list[AnswerView]:
        """Return every text of every published topic, in the order of the files and of the texts within them."""
        return self.current().published()

    def titles(self, wanted: dict[str, str] | None = None) -> dict[str, str]:
        """Return the titles of the topics that have an answer, by id, in the order of the files."""
        return self.current().titles(wanted)

    def variant_keys(self, topic_id: str) -> set[str]:
        """Return the keys on which the topic's texts depend, for example {"procedure"}."""
        return self.current().variant_keys(topic_id)

    def count(self) -> int:
        """Return how many topics have an answer."""
        return self.current().count()

    def close(self) -> None:
        """Give back the database connections."""
        self._engine.dispose()


def open_empty_store(url: str | None = None) -> ContentStore:
    """Return the store at `url` (default: CONTENT_DATABASE_URL) as it is, even when nothing was loaded yet.

    It serves by CONTENT_POLICY and CONTENT_TRANSLATIONS; raises `SettingError` for an unknown value.
    """
    policy, translations = from_settings(), translations_from_settings()
    return ContentStore(make_engine(url or settings.value("CONTENT_DATABASE_URL")), policy, translations)


def open_store(url: str | None = None, folder: Path = paths.CONTENT) -> ContentStore:
    """Return the store at `url` (default: CONTENT_DATABASE_URL), loading the files into it when it is empty."""
    store = open_empty_store(url)
    if store.digest() is None:
        store.publish(loader.load_files(folder), keep_restored=True)
    return store


@lru_cache(maxsize=1)
def shared_store() -> ContentStore:
    """Return the store that the actions of this process share."""
    return open_store()


def has_tables(engine: Engine) -> bool:
    """Return whether the content's tables exist in the database."""
    return bool(inspect(engine).has_table("publication"))


def _read(connection: Connection, publication: int, policy: Policy, translations: Translations) -> Edition:
    entries = (
        select(RevisionRow.id, RevisionRow.topic_id, RevisionRow.content)
        .join(PublicationRevisionRow, PublicationRevisionRow.revision_id == RevisionRow.id)
        .where(PublicationRevisionRow.publication_id == publication)
        .order_by(PublicationRevisionRow.position)
    )
    topics = [topic for row in connection.execute(entries) if (topic := _topic(row)) is not None]
    sources = {
        row.fact_id: SourceView(row.name, row.url, row.date, row.from_clinic)
        for row in connection.execute(select(SourceRow.__table__))
    }
    head = select(PublicationRow.clinic, PublicationRow.digest).where(PublicationRow.id == publication)
    clinic, digest = connection.execute(head).one()
    return Edition(topics, sources, clinic, digest, policy, translations)


def _topic(row: Any) -> ServedTopic | None:
    try:
        return ServedTopic(schema.Topic.parse_obj(row.content), row.id)
    except ValidationError:
        # Written by an earlier release, and not loaded again since: the phone line answers for it.
        logger.error("revision %s of %s does not fit this release; load the answers again", row.id, row.topic_id)
        return None
