"""Reads the daily counts of a period and makes rates of them that never go without their numbers."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.engine import Engine

from valve_clinic.insights import counting, local_time
from valve_clinic.insights.models import DailyRow

#: A period of more days is shown by week.
MOST_DAYS_SHOWN = 45
#: A share of fewer is not written as a percentage: "1 of 1 (100 %)" would say more than is known.
LEAST_FOR_PERCENT = 10


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """The share, None of nothing."""
        return self.part / self.whole if self.whole else None

    def __str__(self) -> str:
        """Return the numbers, and the share behind them."""
        if not self.whole:
            return "none of 0"
        numbers = f"{self.part:,} of {self.whole:,}"
        return f"{numbers} ({self.percent})" if self.percent else numbers

    @property
    def percent(self) -> str | None:
        """The share as a whole percentage; None where there are too few for one."""
        if self.whole < LEAST_FOR_PERCENT:
            return None
        return f"{100 * self.part / self.whole:.0f}\u00a0%"  # never apart at the end of a line


@dataclass(frozen=True)
class Span:
    """Some days in a row, both ends in it, with their counts."""

    first: datetime.date
    last: datetime.date
    counts: Mapping[tuple[str, str], int]

    def number(self, figure: str, key: str = "") -> int:
        """Return one count; what never happened is 0."""
        return self.counts.get((figure, key), 0)

    def by_key(self, figure: str) -> dict[str, int]:
        """Return a figure's counts by key, the largest first."""
        found = {key: number for (name, key), number in self.counts.items() if name == figure and number}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def total(self, figure: str) -> int:
        """Return the sum over a figure's keys."""
        return sum(number for (name, _), number in self.counts.items() if name == figure)

    @property
    def label(self) -> str:
        """The day, or the days from and to."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Figures:
    """The counts of a period, by day."""

    first: datetime.date
    last: datetime.date
    by_day: Mapping[datetime.date, Mapping[tuple[str, str], int]]

    @cached_property
    def all(self) -> Span:
        """The whole period."""
        return self._span(self.first, self.last)

    @property
    def is_empty(self) -> bool:
        """Whether nobody opened the chat."""
        return not self.all.number("conversations")

    @property
    def is_weekly(self) -> bool:
        """Whether the period is shown by week."""
        return (self.last - self.first).days >= MOST_DAYS_SHOWN

    @cached_property
    def spans(self) -> list[Span]:
        """The days, or the weeks from Monday on of a long period; the first and the last may be shorter."""
        return list(self._weeks() if self.is_weekly else self._days())

    def outcome(self, name: str) -> Rate:
        """Return how many of the engaged conversations ended so."""
        return Rate(self.all.number("outcome", name), self.all.number("engaged"))

    def helpful(self, topic: str | None = None) -> Rate:
        """Return how many ratings say that it helped, of all or of one topic."""
        if topic is None:
            good, bad = self.all.total("helpful"), self.all.total("unhelpful")
        else:
            good, bad = self.all.number("helpful", topic), self.all.number("unhelpful", topic)
        return Rate(good, good + bad)

    def waited(self, share: float) -> str | None:
        """Return within which time so many answers were there ("at most 300 ms"); None without answers."""
        found, whole = 0, self.all.total("response")
        for end in counting.BINS:
            found += self.all.number("response", str(end))
            if whole and found >= share * whole:
                return f"at most {_time(end)}"
        return f"more than {_time(counting.BINS[-1])}" if whole else None

    def _days(self) -> Iterator[Span]:
        for day in local_time.days(self.first, self.last):
            yield self._span(day, day)

    def _weeks(self) -> Iterator[Span]:
        begin = self.first
        while begin <= self.last:
            end = min(begin + datetime.timedelta(days=6 - begin.weekday()), self.last)
            yield self._span(begin, end)
            begin = end + datetime.timedelta(days=1)

    def _span(self, first: datetime.date, last: datetime.date) -> Span:
        found: Counter[tuple[str, str]] = Counter()
        for day, counts in self.by_day.items():
            if first <= day <= last:
                found.update(counts)
        return Span(first, last, found)


def load(engine: Engine, first: datetime.date, last: datetime.date) -> Figures:
    """Return the counts from the first to the last day, both in it."""
    query = select(DailyRow.day, DailyRow.figure, DailyRow.key, DailyRow.count).where(
        DailyRow.day >= first, DailyRow.day <= last
    )
    by_day: dict[datetime.date, dict[tuple[str, str], int]] = defaultdict(dict)
    with engine.connect() as connection:
        for row in connection.execute(query.order_by(DailyRow.day, DailyRow.figure, DailyRow.key)):
            by_day[row.day][row.figure, row.key] = row.count
    return Figures(first, last, dict(by_day))


def _time(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:g} s"
