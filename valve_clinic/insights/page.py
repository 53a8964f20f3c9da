"""Writes the report as one HTML page that needs nothing else: style, pictures and tables are in it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from valve_clinic.handoff.hours import UNKNOWN
from valve_clinic.insights import counting, pictures, policy, words
from valve_clinic.insights.figures import Figures, Rate, Span
from valve_clinic.insights.local_time import WEEKDAYS
from valve_clinic.insights.report import REVIEW_DAYS, Report
from valve_clinic.privacy import retention
from valve_clinic.settings import SettingError

_FOLDER = Path(__file__).parent / "templates"
Rows = list[list[Any]]


@lru_cache(maxsize=1)
def _style() -> str:
    return (_FOLDER / "report.css").read_text(encoding="utf-8")


def content_security_policy() -> str:
    """Return the policy under which the page works."""
    return policy.of_style(_style())


def render(report: Report) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    figures = report.figures
    known: dict[str, Any] = {
        "clinic": report.clinic,
        "period": figures.all.label,
        "days": (figures.last - figures.first).days + 1,
        "zone": report.zone,
        "counted": f"{report.counted_until:%Y-%m-%d %H:%M}" if report.counted_until else None,
        "written": f"{report.written_at:%Y-%m-%d %H:%M}",
        "style": Markup(_style()),  # a file of the project's own
        "empty": figures.is_empty,
        "due": [[item.title, item.due.isoformat(), item.reviewed or "never"] for item in report.due],
        "unreviewed": report.unreviewed,
        "topic_count": report.topics,
        "review_days": REVIEW_DAYS,
    }
    if not figures.is_empty:
        known.update(_known(report))
    return environment.get_template("report.html").render(known)


def _known(report: Report) -> dict[str, Any]:
    figures, whole = report.figures, report.figures.all
    topics = whole.by_key("asked")
    outcomes = {name: whole.number("outcome", name) for name in counting.OUTCOMES if whole.number("outcome", name)}
    handoffs = whole.by_key("handed_off")
    return {
        "cards": _cards(figures),
        "pictures": {
            "outcomes": pictures.bars(_sorted(outcomes), words.OUTCOME_SHORT.__getitem__, "conversations"),
            "trend": pictures.trend(figures),
            "topics": pictures.bars(topics, _topic_names(report), "answers") if topics else "",
            "week": pictures.week(whole.by_key("hour"), "conversations"),
            "response": pictures.response_times(figures),
        },
        "outcomes": [[words.OUTCOME[name], figures.outcome(name)] for name in _sorted(outcomes)],
        "step": "week" if figures.is_weekly else "day",
        "trend": [_trend_row(span) for span in figures.spans],
        "topics": [
            [_topic_names(report)(name), f"{number:,}", figures.helpful(name)] for name, number in topics.items()
        ],
        "missed": [[words.MISSED[name], f"{number:,}"] for name, number in whole.by_key("missed").items()],
        **_handoffs(handoffs),
        "calls": _calls(whole),
        "answered_then_phone": Rate(whole.number("answered_then_phone"), whole.number("outcome", counting.ANSWERED)),
        "themes": report.themes,
        "theme_rows": [[t.examples[0], t.number, "; ".join(t.examples[1:]) or "–"] for t in report.themes.found],
        "retention": _retention_days(),
        "safety": _safety(whole),
        "peaks": pictures.peak(whole.by_key("hour")),
        "handoff_peaks": pictures.peak(whole.by_key("handoff_hour")),
        "hours": [f"{hour:02}" for hour in range(24)],
        "week": _week(whole.by_key("hour")),
        "response": _response(figures),
    }


def _cards(figures: Figures) -> list[dict[str, str]]:
    whole = figures.all
    engaged = Rate(whole.number("engaged"), whole.number("conversations"))
    safety = whole.number("safety_conversations", "any")
    found = [
        ("Conversations", f"{whole.number('conversations'):,}", "the chat was opened"),
        _card("Engaged", engaged, "said or pressed something"),
        _card("Answered in chat", figures.outcome(counting.ANSWERED), "of the engaged"),
        _card("Handed off", figures.outcome(counting.HANDED_OFF), "of the engaged"),
        _card("Unresolved", figures.outcome(counting.UNRESOLVED), "of the engaged"),
        _card("Rated helpful", figures.helpful(), "ratings"),
        ("Clicks on the clinic's number", f"{whole.number('phone_clicks', counting.CLINIC):,}", ""),
        ("Sent to 911 or 988", f"{safety:,}", "conversations"),
    ]
    return [{"name": name, "value": value, "detail": detail} for name, value, detail in found]


def _card(name: str, rate: Rate, of: str) -> tuple[str, str, str]:
    numbers = f"{rate.part:,} of {rate.whole:,}"
    return (name, rate.percent, f"{numbers} {of}") if rate.percent else (name, numbers, of)


def _trend_row(span: Span) -> list[Any]:
    ratings = Rate(span.total("helpful"), span.total("helpful") + span.total("unhelpful"))
    numbers = [span.number("conversations"), span.number("engaged")]
    numbers += [span.number("outcome", name) for name in (counting.ANSWERED, counting.HANDED_OFF, counting.UNRESOLVED)]
    numbers.append(span.number("safety_conversations", "any"))
    return [span.label, *(f"{number:,}" for number in numbers), f"{ratings.part} of {ratings.whole}"]


def _handoffs(counts: dict[str, int]) -> dict[str, Any]:
    by_reason: dict[str, dict[str, int]] = {}
    for key, number in counts.items():
        reason, _, state = key.partition(":")
        by_reason.setdefault(reason, {})[state] = number
    states = [name for name in words.HOURS if any(name in found for found in by_reason.values())]
    order = sorted(by_reason, key=lambda reason: -sum(by_reason[reason].values()))
    rows: Rows = [
        [words.HANDOFF.get(r, r), *(by_reason[r].get(s, 0) for s in states), sum(by_reason[r].values())] for r in order
    ]
    return {
        "handoffs": rows,
        "hour_names": [words.HOURS[state] for state in states],
        "hours_unknown": UNKNOWN in states,
    }


def _calls(span: Span) -> Rows:
    return [
        [words.NUMBER.get(key, key), f"{number:,}", f"{span.number('phone_conversations', key):,}"]
        for key, number in span.by_key("phone_clicks").items()
    ]


def _safety(span: Span) -> Rows:
    return [
        [name, f"{span.number('safety', key):,}", f"{span.number('safety_conversations', key):,}"]
        for key, name in words.SAFETY.items()
    ]


def _week(counts: dict[str, int]) -> Rows:
    return [[words.WEEKDAY[d], *(counts.get(f"{d}-{hour:02}", 0) for hour in range(24))] for d in WEEKDAYS]


def _response(figures: Figures) -> dict[str, Any] | None:
    counts = figures.all.by_key("response")
    if not counts:
        return None
    bins = [*map(str, counting.BINS), counting.OPEN_BIN]
    rows = [[pictures.end_of(name), f"{counts[name]:,}"] for name in bins if name in counts]
    numbers = {"median": figures.waited(0.5), "p95": figures.waited(0.95), "number": f"{sum(counts.values()):,}"}
    return {**numbers, "rows": rows}


def _sorted(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def _topic_names(report: Report) -> Any:
    return lambda name: report.titles.get(name, name.replace("_", " "))


def _retention_days() -> int | str:
    try:
        return retention.days()
    except SettingError:
        return "the set number of"
