"""Puts the report of a period together: counts, themes of what was missed, and content that is due for review."""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.engine import Engine

from valve_clinic.content.loader import Content
from valve_clinic.insights import candidates, counting, reading, themes
from valve_clinic.insights.figures import Figures, Rate, load
from valve_clinic.insights.local_time import LocalTime
from valve_clinic.insights.models import ItemRow, StateRow

#: Content whose review is due within so many days is named.
REVIEW_DAYS = 60
#: A theme has at least so many messages: one alone may be one person's story.
LEAST_OF_A_THEME = 2
MOST_THEMES, MOST_EXAMPLES = 12, 3
#: Reasons for which a message counts as one that nobody has answered.
UNANSWERED = (candidates.CLARIFIED, candidates.MISSED, candidates.UNANSWERED)


class PeriodError(ValueError):
    """The days make no period; the message says why."""


@dataclass(frozen=True)
class Theme:
    """Messages that are alike: how many, and some of them, masked."""

    number: int
    examples: Sequence[str]


@dataclass(frozen=True)
class Themes:
    """What nobody has answered yet; `problem` says why there is no grouping."""

    found: Sequence[Theme] = ()
    messages: int = 0
    alone: int = 0
    left_out: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class Due:
    """A topic whose text should be looked at again."""

    topic: str
    title: str
    due: datetime.date
    reviewed: str | None


@dataclass(frozen=True)
class Report:
    """All that the page shows."""

    clinic: str
    zone: str
    figures: Figures
    themes: Themes
    due: Sequence[Due]
    topics: int
    unreviewed: int
    titles: Mapping[str, str]
    counted_until: datetime.datetime | None
    written_at: datetime.datetime


def period(
    time: LocalTime, now: datetime.datetime, first: datetime.date | None, last: datetime.date | None, days: int = 30
) -> tuple[datetime.date, datetime.date]:
    """Return the days of a report: by default the last thirty, today with them; raises `PeriodError`."""
    last = last or time.day(now)
    first = first or last - datetime.timedelta(days=days - 1)
    if first > last:
        raise PeriodError(f"the period would end on {last}, before it begins on {first}")
    if (last - first).days > 3660:
        raise PeriodError("the period is longer than ten years")
    return first, last


def make(
    engine: Engine,
    content: Content,
    days: tuple[datetime.date, datetime.date],
    now: datetime.datetime,
    encode: themes.Encode | None,
) -> Report:
    """Return the report; `encode` None: there is no model, and messages are not grouped."""
    time, (first, last) = LocalTime.of(content.clinic), days
    with engine.connect() as connection:
        until = connection.execute(select(StateRow.at)).scalar_one_or_none()
    today = time.day(now)
    soon = today + datetime.timedelta(days=REVIEW_DAYS)
    due = [Due(topic.id, topic.title, topic.review_due, topic.signed_on) for topic in content.topics.values()]
    return Report(
        content.clinic.name,
        content.clinic.time_zone,
        load(engine, first, last),
        find_themes(engine, time, first, last, encode),
        sorted((item for item in due if item.due <= soon), key=lambda item: (item.due, item.topic)),
        len(due),
        sum(item.reviewed is None for item in due),
        {topic.id: topic.title for topic in content.topics.values()},
        time.at(reading.aware(until)) if until else None,
        time.at(now),
    )


def find_themes(
    engine: Engine, time: LocalTime, first: datetime.date, last: datetime.date, encode: themes.Encode | None
) -> Themes:
    """Return the themes of the messages that were missed in the period and that nobody has dismissed."""
    begin = datetime.datetime.combine(first, datetime.time(), time.zone)
    end = datetime.datetime.combine(last + datetime.timedelta(days=1), datetime.time(), time.zone)
    utc = datetime.timezone.utc
    # No reason is a part of another: they are found in their list by their name.
    missed = or_(*(ItemRow.reasons.contains(reason) for reason in UNANSWERED))
    chosen = and_(
        *(ItemRow.at >= begin.astimezone(utc), ItemRow.at < end.astimezone(utc)),
        *(ItemRow.status != "dismissed", missed),
    )
    newest = select(ItemRow.text).where(chosen).order_by(ItemRow.at.desc(), ItemRow.id.desc()).limit(themes.MOST)
    with engine.connect() as connection:
        number = connection.execute(select(func.count()).select_from(ItemRow).where(chosen)).scalar_one()
        taken = list(connection.execute(newest).scalars()) if number and encode is not None else []
    if not number:
        return Themes()
    if encode is None:
        return Themes(messages=number, problem="there is no trained model that could group them")
    groups = themes.group(taken, encode)
    large = [item for item in groups if len(item.rows) >= LEAST_OF_A_THEME]
    found = [Theme(len(item.rows), _examples([taken[row] for row in item.rows])) for item in large[:MOST_THEMES]]
    in_found = sum(theme.number for theme in found)
    return Themes(found, number, len(taken) - in_found, max(0, number - len(taken)))


def as_json(report: Report) -> str:
    """Return the report's figures as JSON."""
    figures = report.figures
    whole = figures.all
    rates = {
        "engaged": Rate(whole.number("engaged"), whole.number("conversations")),
        **{name: figures.outcome(name) for name in counting.OUTCOMES},
        "helpful": figures.helpful(),
    }
    names = sorted({figure for figure, _ in whole.counts})
    data: dict[str, Any] = {
        "from": figures.first.isoformat(),
        "to": figures.last.isoformat(),
        "time_zone": report.zone,
        "counted_until": report.counted_until.isoformat() if report.counted_until else None,
        "rates": {name: {"part": rate.part, "whole": rate.whole, "share": rate.share} for name, rate in rates.items()},
        "counts": {name: whole.by_key(name) for name in names},
        "response": {"median": figures.waited(0.5), "p95": figures.waited(0.95)},
        "themes": [{"messages": theme.number, "examples": list(theme.examples)} for theme in report.themes.found],
        "content_due": [
            {"topic": item.topic, "due": item.due.isoformat(), "reviewed": item.reviewed} for item in report.due
        ],
        "by_day": {
            day.isoformat(): [[figure, key, number] for (figure, key), number in sorted(counts.items())]
            for day, counts in sorted(figures.by_day.items())
        },
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def as_csv(report: Report) -> str:
    """Return the daily counts as CSV: day, figure, key, count. No text is in it."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(["day", "figure", "key", "count"])
    for day, counts in sorted(report.figures.by_day.items()):
        lines.writerows([day.isoformat(), figure, key, number] for (figure, key), number in sorted(counts.items()))
    return written.getvalue()


def _examples(texts: Sequence[str]) -> list[str]:
    """Return the most central texts, each once."""
    return list(dict.fromkeys(text.strip() for text in texts))[:MOST_EXAMPLES]
