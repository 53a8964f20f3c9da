"""What may stand in `clinic.yml` on the line's hours: days, spans of a day, holidays and the time zone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

#: In the order of `datetime.weekday()`.
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_SPAN = re.compile(rf"^({_CLOCK})-({_CLOCK}|24:00)$")


def read_span(text: str) -> tuple[str, str]:
    """Return the two ends of a span as "HH:MM", in order; raises `ValueError`. An end may be 24:00, midnight."""
    found = _SPAN.match(text)
    if found is None or found[1] >= found[2]:
        raise ValueError(
            f'{text!r} is not a span such as "08:00-16:30"; a night is two spans, up to 24:00 and from 00:00'
        )
    return found[1], found[2]


def check_hours(hours: dict[str, list[str]]) -> None:
    """Raise `ValueError` for an unknown day, a span that is none, and two of one day that overlap."""
    for day, spans in hours.items():
        if day not in WEEKDAYS:
            raise ValueError(f"unknown day {day!r}; use {', '.join(WEEKDAYS)}")
        before = ("", "")
        for span in sorted(spans):
            try:
                ends = read_span(span)
            except ValueError as error:
                raise ValueError(f"{day}: {error}") from None
            if ends[0] < before[1]:
                raise ValueError(f"{day}: {'-'.join(before)} and {span} overlap; make one span of them")
            before = ends


def check_holidays(holidays: Iterable[date]) -> None:
    """Raise `ValueError` for a day that stands twice: one of the two was meant to be another day."""
    seen: set[date] = set()
    for day in holidays:
        if day in seen:
            raise ValueError(f"{day} stands twice; take one out, or correct it")
        seen.add(day)


def check_zone(name: str) -> None:
    """Raise `ValueError` for a time zone that the machine does not know."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'unknown time zone {name!r}; write one such as "America/Chicago"') from None
