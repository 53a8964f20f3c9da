"""The clinic's own days and hours: midnight, daylight saving, opening hours and holidays are those of its time zone."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from valve_clinic.content.opening import WEEKDAYS
from valve_clinic.content.schema import Clinic
from valve_clinic.handoff.hours import Hours

__all__ = ["WEEKDAYS", "LocalTime", "days"]


@dataclass(frozen=True)
class LocalTime:
    """Turns moments into the clinic's days."""

    hours: Hours

    @classmethod
    def of(cls, clinic: Clinic) -> LocalTime:
        """Return the clinic's time."""
        return cls(Hours.of(clinic))

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone."""
        return self.hours.zone

    def at(self, moment: datetime.datetime) -> datetime.datetime:
        """Return the moment (with its zone) as a clock in the clinic shows it."""
        return moment.astimezone(self.zone)

    def day(self, moment: datetime.datetime) -> datetime.date:
        """Return the day on which the moment falls in the clinic."""
        return self.at(moment).date()

    def state(self, moment: datetime.datetime) -> str:
        """Return whether the line is open at the moment, by the hours as they are known now."""
        return self.hours.state(moment)


def days(first: datetime.date, last: datetime.date) -> Iterator[datetime.date]:
    """Yield each day from the first to the last."""
    for number in range((last - first).days + 1):
        yield first + datetime.timedelta(days=number)
