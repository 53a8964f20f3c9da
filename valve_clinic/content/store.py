"""The answers as the actions read them: from the tables, never from the files."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, inspect, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, selectinload

from valve_clinic import paths, settings
from valve_clinic.content import loader, schema
from valve_clinic.content.models import AnswerRow, Base, ParagraphRow, PublicationRow, SourceRow, TopicRow
from valve_clinic.database import make_engine, read_in_snapshots

DEFAULT_URL = "sqlite:///var/content.db"


@dataclass(frozen=True)
class SourceView:
    """A source as shown below an answer."""

    name: str
    url: str | None
    date: str
    from_clinic: bool


@dataclass(frozen=True)
class AnswerView:
    """An answer ready to be spoken: placeholders filled in, sources in reading order without doubles."""

    topic: str
    title: str
    kind: str
    variant: dict[str, str] | None
    text: str
    short: str
    sources: list[SourceView]
    reviewed: str | None
    followups: list[str]
    handoff: str | None
    link: str | None
    context: dict[str, str] = field(default_factory=dict)


class ContentStore:
    """Reads and replaces the answers in a database."""

    def __init__(self, engine: Engine) -> None:
        # An answer is read in several statements: all of them see the same publication.
        self._engine = read_in_snapshots(engine)
        Base.metadata.create_all(engine)

    def publish(self, content: loader.Content) -> bool:
        """Replace what is served by `content` in one transaction; returns False when it is served already."""
        if self.digest() == content.digest:
            return False
        with Session(self._engine, future=True) as session, session.begin():
            session.execute(delete(ParagraphRow))
            session.execute(delete(AnswerRow))
            session.execute(delete(TopicRow))
            session.execute(delete(SourceRow))
            session.add_all(_source_rows(content))
            session.add_all(_topic_row(position, topic) for position, topic in enumerate(content.topics.values()))
            session.add(
                PublicationRow(
                    digest=content.digest,
                    loaded_at=datetime.datetime.now(datetime.timezone.utc),
                    clinic=yaml_safe(content.clinic),
                )
            )
        return True

    def digest(self) -> str | None:
        """Return the digest of what is served, or None when nothing was loaded yet."""
        with Session(self._engine, future=True) as session:
            newest = select(PublicationRow.digest).order_by(PublicationRow.id.desc()).limit(1)
            digest: str | None = session.execute(newest).scalar_one_or_none()
            return digest

    def clinic(self) -> schema.Clinic:
        """Return the clinic's data as published; raises `LookupError` when nothing was loaded yet."""
        with Session(self._engine, future=True) as session:
            return _clinic(session)

    def answer(self, topic_id: str, wanted: dict[str, str] | None = None) -> AnswerView | None:
        """Return the published answer that fits `wanted` best, or None when the topic has none.

        `wanted` maps variant keys to values. A text fits when all its keys agree; among those the one with the most
        keys wins, and the default text fits always.
        """
        with Session(self._engine, future=True) as session:
            query = (
                select(TopicRow)
                .where(TopicRow.id == topic_id, TopicRow.status == "published")
                .options(selectinload(TopicRow.answers).selectinload(AnswerRow.paragraphs))
            )
            topic = session.execute(query).scalar_one_or_none()
            if topic is None:
                return None
            row = _best_answer(topic.answers, wanted or {})
            fact_ids = [source for paragraph in row.paragraphs for source in paragraph.sources]
            rows = session.execute(select(SourceRow).where(SourceRow.fact_id.in_(fact_ids))).scalars()
            return _view(topic, row, fact_ids, {source.fact_id: source for source in rows}, _clinic(session).phone)

    def titles(self) -> dict[str, str]:
        """Return the titles of the published topics by id, in the order of the files."""
        with Session(self._engine, future=True) as session:
            query = (
                select(TopicRow.id, TopicRow.title).where(TopicRow.status == "published").order_by(TopicRow.position)
            )
            return dict(session.execute(query).all())

    def variant_keys(self, topic_id: str) -> set[str]:
        """Return the keys on which the topic's texts depend, for example {"procedure"}."""
        with Session(self._engine, future=True) as session:
            query = select(AnswerRow.variant_values).where(AnswerRow.topic_id == topic_id)
            return {key for values in session.execute(query).scalars() for key in (values or {})}

    def count(self) -> int:
        """Return how many topics are published."""
        with Session(self._engine, future=True) as session:
            query = select(func.count()).select_from(TopicRow).where(TopicRow.status == "published")
            return int(session.execute(query).scalar_one())

    def close(self) -> None:
        """Give back the database connections."""
        self._engine.dispose()


def open_empty_store(url: str | None = None) -> ContentStore:
    """Return the store at `url` (default: CONTENT_DATABASE_URL) as it is, even when nothing was loaded yet."""
    return ContentStore(make_engine(url or settings.get("CONTENT_DATABASE_URL") or DEFAULT_URL))


def open_store(url: str | None = None, folder: Path = paths.CONTENT) -> ContentStore:
    """Return the store at `url` (default: CONTENT_DATABASE_URL), loading the files into it when it is empty."""
    store = open_empty_store(url)
    if store.digest() is None:
        store.publish(loader.load_files(folder))
    return store


@lru_cache(maxsize=1)
def shared_store() -> ContentStore:
    """Return the store that the actions of this process share."""
    return open_store()


def has_tables(engine: Engine) -> bool:
    """Return whether the content's tables exist in the database."""
    return bool(inspect(engine).has_table("publication"))


def yaml_safe(clinic: schema.Clinic) -> dict[str, Any]:
    """Return the clinic's data with dates as text, as a JSON column holds it."""
    data: dict[str, Any] = clinic.dict()
    data["holidays"] = [day.isoformat() for day in clinic.holidays] if clinic.holidays is not None else None
    return data


def _clinic(session: Session) -> schema.Clinic:
    newest = select(PublicationRow.clinic).order_by(PublicationRow.id.desc()).limit(1)
    data = session.execute(newest).scalar_one_or_none()
    if data is None:
        raise LookupError("no content was loaded; run `valve-clinic content load`")
    return schema.Clinic.parse_obj(data)


def _source_rows(content: loader.Content) -> list[SourceRow]:
    return [
        SourceRow(
            fact_id=fact.id,
            name=fact.source.name,
            url=fact.source.url,
            date=fact.source.date,
            from_clinic=fact.from_clinic,
        )
        for fact in content.facts.values()
    ]


def _topic_row(position: int, topic: schema.Topic) -> TopicRow:
    answers = [
        AnswerRow(
            position=number,
            variant=schema.variant_key(answer.variant),
            variant_values=answer.variant,
            short=answer.short,
            paragraphs=[
                ParagraphRow(position=part, text=paragraph.text, sources=paragraph.sources)
                for part, paragraph in enumerate(answer.paragraphs)
            ],
        )
        for number, answer in enumerate(topic.answers)
    ]
    return TopicRow(
        id=topic.id,
        position=position,
        title=topic.title,
        status=topic.status,
        reviewed=topic.reviewed,
        review_due=topic.review_due.isoformat(),
        kind=topic.kind,
        handoff=topic.handoff,
        link=topic.link,
        context=topic.context,
        followups=topic.followups,
        answers=answers,
    )


def _best_answer(rows: list[AnswerRow], wanted: dict[str, str]) -> AnswerRow:
    def fits(row: AnswerRow) -> bool:
        return all(wanted.get(key) == value for key, value in (row.variant_values or {}).items())

    return max((row for row in rows if fits(row)), key=lambda row: len(row.variant_values or {}))


def _view(
    topic: TopicRow, row: AnswerRow, fact_ids: list[str], sources: dict[str, SourceRow], phone: str
) -> AnswerView:
    shown: dict[str, SourceView] = {}
    for fact_id in fact_ids:
        source = sources[fact_id]
        shown.setdefault(source.name, SourceView(source.name, source.url, source.date, source.from_clinic))
    return AnswerView(
        topic=topic.id,
        title=topic.title,
        kind=topic.kind,
        variant=row.variant_values,
        text="\n\n".join(paragraph.text for paragraph in row.paragraphs).replace("{phone}", phone),
        short=row.short.replace("{phone}", phone),
        sources=list(shown.values()),
        reviewed=topic.reviewed,
        followups=list(topic.followups),
        handoff=topic.handoff,
        link=topic.link,
        context=dict(topic.context),
    )
