"""Opening hours: whether the line is open at a moment and when that changes, by the clock that the clinic shows.

The line is open while the wall clock of the clinic's time zone stands within a span of the day. Of the hour that an
autumn night has twice, both are open or neither; in the hour that a spring night leaves out nothing opens or closes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from valve_clinic.content.opening import WEEKDAYS, read_span
from valve_clinic.content.schema import Clinic

IN_HOURS, OUT_OF_HOURS, UNKNOWN = STATES = ("in_hours", "out_of_hours", "hours_unknown")
#: A change that is further away than so many days is not looked for.
_DAYS_AHEAD = 31
#: All zones change their clocks at a quarter of an hour of UTC.
_QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Status:
    """How it stands with the line at a moment; both times are the clinic's.

    `changes` is when it closes or opens next: None where the hours are unknown, or when nothing changes in a month.
    """

    state: str
    now: datetime
    changes: datetime | None = None
    is_holiday: bool = False


@dataclass(frozen=True)
class Hours:
    """The line's week; `week` None: the hours are unknown, `holidays` None: the holidays are."""

    zone: ZoneInfo
    week: dict[str, list[str]] | None = None
    holidays: frozenset[date] | None = None

    @classmethod
    def of(cls, clinic: Clinic) -> Hours:
        """Return the hours of the clinic's data; a day that is not named is closed."""
        holidays = frozenset(clinic.holidays) if clinic.holidays is not None else None
        return cls(ZoneInfo(clinic.time_zone), clinic.hours or None, holidays)

    def state(self, moment: datetime) -> str:
        """Return whether the line is open at the moment (with its zone): one of `STATES`."""
        if self.week is None:
            return UNKNOWN
        return IN_HOURS if self._is_open(moment) else OUT_OF_HOURS

    def status(self, moment: datetime) -> Status:
        """Return whether the line is open at the moment (with its zone), and when that changes."""
        now = moment.astimezone(self.zone)
        if self.week is None:
            return Status(UNKNOWN, now)
        is_open = self._is_open(moment)
        later = (edge for edge in self._edges(now.date()) if edge > moment)
        change = next((edge.astimezone(self.zone) for edge in later if self._is_open(edge) != is_open), None)
        return Status(IN_HOURS if is_open else OUT_OF_HOURS, now, change, self._is_holiday(now.date()))

    def _is_open(self, moment: datetime) -> bool:
        local = moment.astimezone(self.zone)
        clock = f"{local:%H:%M}"
        return any(begin <= clock < end for begin, end in self._spans(local.date()))

    def _spans(self, day: date) -> list[tuple[str, str]]:
        if self._is_holiday(day):
            return []
        return [read_span(span) for span in (self.week or {}).get(WEEKDAYS[day.weekday()], ())]

    def _is_holiday(self, day: date) -> bool:
        return day in (self.holidays or ())

    def _edges(self, first: date) -> Iterator[datetime]:
        """Yield in order, from the first day on, each moment at which the line may open or close."""
        for number in range(_DAYS_AHEAD + 1):
            day = first + number * _DAY
            begin, end = self._instant(day, time()), self._instant(day + _DAY, time())
            clocks = {clock for span in self._spans(day) for clock in span} - {"24:00"}
            times = [time(int(clock[:2]), int(clock[3:])) for clock in sorted(clocks)]
            if end - begin == _DAY:
                yield begin
                yield from (begin + timedelta(hours=at.hour, minutes=at.minute) for at in times)
                continue
            # The clocks change on this day: a time may come twice, or be left out by a step at a quarter of an hour.
            steps = {begin + count * _QUARTER for count in range((end - begin) // _QUARTER)}
            yield from sorted(steps | {self._instant(day, at.replace(fold=fold)) for at in times for fold in (0, 1)})

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(timezone.utc)
