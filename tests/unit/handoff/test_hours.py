"""Whether the line is open, to the minute: midnight, holidays, and the nights on which the clocks change."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valve_clinic.content.opening import WEEKDAYS
from valve_clinic.handoff.hours import IN_HOURS, OUT_OF_HOURS, UNKNOWN, Hours

CHICAGO = ZoneInfo("America/Chicago")
WEEK = {"mon": ["08:00-16:30"], "tue": ["08:00-16:30"], "fri": ["08:00-12:00", "13:00-16:00"]}
CHRISTMAS = date(2026, 12, 25)  # a Friday
LINE = Hours(CHICAGO, WEEK, frozenset({CHRISTMAS}))
MINUTE = timedelta(minutes=1)


def local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=CHICAGO, fold=fold).astimezone(timezone.utc)


@pytest.mark.parametrize(
    ("at", "state", "changes"),
    [
        pytest.param(local(2026, 11, 23, 7, 59), OUT_OF_HOURS, (2026, 11, 23, 8, 0), id="a minute before it opens"),
        pytest.param(local(2026, 11, 23, 8, 0), IN_HOURS, (2026, 11, 23, 16, 30), id="the minute it opens"),
        pytest.param(local(2026, 11, 23, 16, 29), IN_HOURS, (2026, 11, 23, 16, 30), id="the last minute"),
        pytest.param(local(2026, 11, 23, 16, 30), OUT_OF_HOURS, (2026, 11, 24, 8, 0), id="the minute it closes"),
        pytest.param(local(2026, 11, 27, 12, 0), OUT_OF_HOURS, (2026, 11, 27, 13, 0), id="between two spans"),
        pytest.param(local(2026, 11, 24, 23, 59), OUT_OF_HOURS, (2026, 11, 27, 8, 0), id="before midnight"),
        pytest.param(local(2026, 11, 25, 0, 0), OUT_OF_HOURS, (2026, 11, 27, 8, 0), id="midnight"),
        pytest.param(local(2026, 11, 28, 10, 0), OUT_OF_HOURS, (2026, 11, 30, 8, 0), id="over the weekend"),
        pytest.param(local(2026, 12, 25, 9, 0), OUT_OF_HOURS, (2026, 12, 28, 8, 0), id="a holiday"),
        pytest.param(local(2026, 12, 24, 9, 0), OUT_OF_HOURS, (2026, 12, 28, 8, 0), id="the day before a holiday"),
        pytest.param(local(2026, 7, 20, 8, 0), IN_HOURS, (2026, 7, 20, 16, 30), id="in summer"),
    ],
)
def test_the_line_opens_and_closes_at_the_minute(at, state, changes) -> None:
    status = LINE.status(at)
    assert (status.state, status.changes) == (state, datetime(*changes, tzinfo=CHICAGO))
    assert LINE.state(at) == state


def test_a_holiday_is_said_to_be_one_on_its_day_alone() -> None:
    assert LINE.status(local(2026, 12, 25, 0, 0)).is_holiday
    assert LINE.status(local(2026, 12, 25, 23, 59)).is_holiday
    assert not LINE.status(local(2026, 12, 26, 0, 0)).is_holiday


def test_the_day_is_the_clinics_wherever_the_reader_is() -> None:
    tokyo = datetime(2026, 11, 24, 5, 0, tzinfo=ZoneInfo("Asia/Tokyo"))  # Monday afternoon in the clinic
    assert LINE.status(tokyo).state == IN_HOURS
    assert LINE.status(tokyo).now.date() == date(2026, 11, 23)


def test_unknown_hours_are_unknown_also_on_a_holiday() -> None:
    status = Hours(CHICAGO, None, frozenset({CHRISTMAS})).status(local(2026, 12, 25, 9, 0))
    assert (status.state, status.changes, status.is_holiday) == (UNKNOWN, None, False)


def test_a_line_that_never_closes_has_no_end_and_one_that_never_opens_no_beginning() -> None:
    always = Hours(CHICAGO, {day: ["00:00-24:00"] for day in WEEKDAYS}, frozenset())
    assert (always.status(local(2026, 11, 23, 0, 0)).state, always.status(local(2026, 3, 8, 3, 0)).changes) == (
        IN_HOURS,
        None,
    )
    never = Hours(CHICAGO, {"mon": []}, frozenset())
    assert (never.status(local(2026, 11, 23, 9, 0)).state, never.status(local(2026, 11, 23)).changes) == (
        OUT_OF_HOURS,
        None,
    )


def test_an_evening_up_to_midnight_goes_on_in_the_next_mornings_span() -> None:
    night = Hours(CHICAGO, {"mon": ["20:00-24:00"], "tue": ["00:00-02:15"]}, frozenset())
    assert night.status(local(2026, 11, 23, 23, 59)).changes == datetime(2026, 11, 24, 2, 15, tzinfo=CHICAGO)
    assert night.status(local(2026, 11, 24, 0, 0)).state == IN_HOURS
    closed = Hours(CHICAGO, night.week, frozenset({date(2026, 11, 24)}))
    assert closed.status(local(2026, 11, 23, 23, 59)).changes == datetime(2026, 11, 24, 0, 0, tzinfo=CHICAGO)


def test_the_opening_time_moves_with_the_clocks() -> None:
    """Sunday's change: what was 14:00 UTC on Friday is 13:00 UTC on Monday, and the other way round in autumn."""
    spring, autumn = LINE.status(local(2026, 3, 6, 17, 0)), LINE.status(local(2026, 10, 30, 17, 0))
    assert spring.changes is not None
    assert autumn.changes is not None
    assert spring.changes.astimezone(timezone.utc) == datetime(2026, 3, 9, 13, 0, tzinfo=timezone.utc)
    assert autumn.changes.astimezone(timezone.utc) == datetime(2026, 11, 2, 14, 0, tzinfo=timezone.utc)


def test_what_opens_in_the_hour_that_is_left_out_opens_when_the_clock_is_past_it() -> None:
    line = Hours(CHICAGO, {"sun": ["02:10-05:00"]}, frozenset())
    assert line.status(local(2026, 3, 8, 1, 59)).changes == datetime(2026, 3, 8, 3, 0, tzinfo=CHICAGO)


def test_in_the_hour_that_comes_twice_both_are_open() -> None:
    line = Hours(CHICAGO, {"sun": ["01:10-01:40"]}, frozenset())
    first, second = local(2026, 11, 1, 1, 20), local(2026, 11, 1, 1, 20, fold=1)
    assert second - first == timedelta(hours=1)
    assert [line.state(at) for at in (first, first + 25 * MINUTE, second)] == [IN_HOURS, OUT_OF_HOURS, IN_HOURS]
    again = line.status(first + 25 * MINUTE).changes
    assert again is not None
    assert again.astimezone(timezone.utc) == local(2026, 11, 1, 1, 10, fold=1)


CLOCKS = st.integers(0, 24 * 60 - 1)


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, list[str]]:
    week = {}
    for day in draw(st.sets(st.sampled_from(WEEKDAYS))):
        ends = sorted(draw(st.sets(CLOCKS, min_size=2, max_size=4)))
        pairs = zip(ends[::2], ends[1::2], strict=False)
        week[day] = [f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs]
    return week


#: Around the change of clocks of two zones, one of which changes by half an hour, and on ordinary days.
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 3, 7), datetime(2026, 3, 9)),
    st.datetimes(datetime(2026, 10, 31), datetime(2026, 11, 2)),
    st.datetimes(datetime(2026, 10, 3), datetime(2026, 10, 5)),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
)


@given(
    weeks(),
    MOMENTS,
    st.sets(st.dates(date(2026, 3, 6), date(2026, 3, 10))),
    st.sampled_from(["America/Chicago", "Australia/Lord_Howe"]),
)
@settings(max_examples=150, deadline=None)
def test_until_the_change_that_is_told_every_minute_is_as_the_first_one(week, naive, holidays, zone) -> None:
    line = Hours(ZoneInfo(zone), week or None, frozenset(holidays))
    moment = naive.replace(tzinfo=timezone.utc)
    status = line.status(moment)
    end = status.changes or moment + timedelta(days=2)
    minute = (moment + MINUTE).replace(second=0, microsecond=0)
    while minute < min(end, moment + timedelta(days=2)):
        assert line.state(minute) == status.state
        minute += MINUTE
    if status.changes is not None:
        assert status.changes > moment
        assert {line.state(status.changes), status.state} == {IN_HOURS, OUT_OF_HOURS}
