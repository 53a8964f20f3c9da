"""Says in plain words how it stands with the line, and what to do when the matter cannot wait for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from valve_clinic.content.opening import WEEKDAYS
from valve_clinic.content.schema import ENGLISH, Clinic
from valve_clinic.handoff import texts
from valve_clinic.handoff.hours import IN_HOURS, UNKNOWN, Hours, Status
from valve_clinic.handoff.texts import Texts

#: A line that closes within this time is said to close, rather than to be open: somebody may have to wait on it.
CLOSING = timedelta(minutes=15)
_WEEK = 7


def about_hours(clinic: Clinic, moment: datetime, language: str = ENGLISH) -> tuple[str, str]:
    """Return the sentences on the line's hours at a moment (with its zone), and the state that they say."""
    hours, words = Hours.of(clinic), texts.read(language)
    status = hours.status(moment)
    said = [_state(status, words)]
    if hours.week is not None and hours.holidays is None:
        said.append(words.hours.holidays_unknown)
    if status.state != IN_HOURS or _is_closing(status):
        said.append(words.cannot_wait)
    return " ".join([*said, words.emergency]), status.state


def _state(status: Status, words: Texts) -> str:
    if status.state == UNKNOWN:
        return words.hours.unknown
    if status.state == IN_HOURS:
        if status.changes is None:
            return words.hours.open_always
        text = words.hours.closing if _is_closing(status) else words.hours.open
        return text.format(time=_closes(status.changes, status.now, words))
    if status.changes is None:
        return words.hours.closed_for_long
    text = words.hours.closed_holiday if status.is_holiday else words.hours.closed
    return text.format(time=_when(status.changes, status.now, words))


def _is_closing(status: Status) -> bool:
    # Within one zone Python subtracts what the clocks show: where they change meanwhile, that is not the time between.
    return status.changes is not None and status.changes.timestamp() - status.now.timestamp() <= CLOSING.total_seconds()


def _closes(moment: datetime, now: datetime, words: Texts) -> str:
    """Return the time alone where it is today's, midnight's among them."""
    is_today = (moment - timedelta(microseconds=1)).date() == now.date()
    return _said(words.when.closes_today if is_today else words.when.closes_later, moment, words)


def _when(moment: datetime, now: datetime, words: Texts) -> str:
    days, when = (moment.date() - now.date()).days, words.when
    near = {0: when.today, 1: when.tomorrow}
    return _said(near.get(days, when.this_week if days < _WEEK else when.later), moment, words)


def _said(text: str, moment: datetime, words: Texts) -> str:
    return text.format(
        clock=_clock(moment, words),
        zone=_zone(moment, words),
        day=words.days[WEEKDAYS[moment.weekday()]],
        month=words.months[moment.month - 1],
        date=moment.day,
    )


def _clock(moment: datetime, words: Texts) -> str:
    hour, minute = moment.hour, moment.minute
    if minute == 0 and hour in (0, 12):
        return words.clock.noon if hour else words.clock.midnight
    shown = f"{hour % 12 or 12}" + (f":{minute:02}" if minute else "")
    return (words.clock.morning if hour < 12 else words.clock.afternoon).format(time=shown)


def _zone(moment: datetime, words: Texts) -> str:
    name = str(moment.tzinfo)
    return words.zones.get(name) or words.other_zone.format(city=name.rpartition("/")[2].replace("_", " "))
