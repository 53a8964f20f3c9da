"""What is said of the hours: the sentence for each state, and what to do when it cannot wait."""

from __future__ import annotations

from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

import pytest
import textstat
from hypothesis import given
from hypothesis import strategies as st

from valve_clinic.content.schema import Clinic
from valve_clinic.handoff import code, texts
from valve_clinic.handoff.hours import IN_HOURS, OUT_OF_HOURS, UNKNOWN
from valve_clinic.handoff.sentences import about_hours

WEEK = {day: ["08:00-16:30"] for day in ("mon", "tue", "wed", "thu")} | {"fri": ["08:00-12:00"]}
CANNOT_WAIT = (
    " If it cannot wait, call your care team. If their line is closed, call the after-hours number on your papers."
)
EMERGENCY = " In an emergency, call 911."
#: Thanksgiving and two more days, so that a line can be closed for a week.
HOLIDAYS = [date(2026, 11, 26), *(date(2026, 12, day) for day in (23, 24, 25, 28, 29, 30))]


def at(clinic: Clinic, *parts: int, hours: object = WEEK, holidays: object = HOLIDAYS) -> tuple[str, str]:
    known = Clinic.parse_obj({**clinic.dict(), "hours": hours, "holidays": holidays})
    return about_hours(known, datetime(*parts, tzinfo=ZoneInfo("America/Chicago")).astimezone(timezone.utc))


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        pytest.param((2026, 11, 23, 10, 0), "The line is open now, until 4:30 p.m. Central time.", id="open"),
        pytest.param((2026, 11, 27, 11, 0), "The line is open now, until noon Central time.", id="until noon"),
        pytest.param((2026, 11, 23, 16, 14), "The line is open now, until 4:30 p.m. Central time.", id="16 minutes"),
    ],
)
def test_an_open_line_is_said_to_be_open_and_nobody_is_sent_elsewhere(sample_clinic, parts, sentence) -> None:
    assert at(sample_clinic, *parts) == (sentence + EMERGENCY, IN_HOURS)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        pytest.param((2026, 11, 23, 7, 59), "It opens today at 8 a.m. Central time.", id="today"),
        pytest.param((2026, 11, 23, 16, 30), "It opens tomorrow, Tuesday, at 8 a.m. Central time.", id="tomorrow"),
        pytest.param((2026, 11, 27, 12, 0), "It opens on Monday at 8 a.m. Central time.", id="after the weekend"),
        pytest.param((2026, 12, 22, 17, 0), "It opens on Thursday, December 31, at 8 a.m. Central time.", id="later"),
    ],
)
def test_a_closed_line_is_said_to_open_and_what_cannot_wait_goes_elsewhere(sample_clinic, parts, sentence) -> None:
    assert at(sample_clinic, *parts) == (f"The line is closed now. {sentence}{CANNOT_WAIT}{EMERGENCY}", OUT_OF_HOURS)


def test_a_holiday_is_named(sample_clinic) -> None:
    said, state = at(sample_clinic, 2026, 11, 26, 10, 0)
    assert said.startswith(
        "The line is closed today, because it is a holiday. It opens tomorrow, Friday, at 8 a.m. Central time."
    )
    assert state == OUT_OF_HOURS


@pytest.mark.parametrize("minute", [15, 29])
def test_a_line_that_closes_within_minutes_says_so_and_what_to_do(sample_clinic, minute) -> None:
    said, state = at(sample_clinic, 2026, 11, 23, 16, minute)
    sentence = "The line is open now, but it closes soon, at 4:30 p.m. Central time."
    assert (said, state) == (sentence + CANNOT_WAIT + EMERGENCY, IN_HOURS)


def test_an_hour_between_two_changes_of_the_clock_is_no_minute(sample_clinic) -> None:
    """1:50 the first time and 2:00 are ten minutes apart on the clock, and seventy in truth."""
    said, _ = at(sample_clinic, 2026, 11, 1, 1, 50, hours={"sun": ["00:00-02:00"]})
    assert said == "The line is open now, until 2 a.m. Central time." + EMERGENCY


@pytest.mark.parametrize("hours", [None, {}])
def test_unknown_hours_are_said_to_be_unknown_with_what_to_do(sample_clinic, hours) -> None:
    unknown = "I do not know the hours of the line." + CANNOT_WAIT + EMERGENCY
    assert at(sample_clinic, 2026, 11, 26, 10, 0, hours=hours) == (unknown, UNKNOWN)


def test_known_hours_with_unknown_holidays_say_that_a_holiday_may_differ(sample_clinic) -> None:
    said, _ = at(sample_clinic, 2026, 11, 26, 10, 0, holidays=None)
    assert "It may be closed on a holiday." in said


def test_a_line_that_never_closes_or_never_opens_promises_no_time(sample_clinic) -> None:
    always = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    said, _ = at(sample_clinic, 2026, 11, 23, 10, 0, hours=always, holidays=[])
    assert said == "The line is open now. It is open day and night." + EMERGENCY
    said, _ = at(sample_clinic, 2026, 11, 23, 10, 0, hours={"mon": []})
    assert said == "The line is closed now. I do not know when it opens next." + CANNOT_WAIT + EMERGENCY


def test_midnight_belongs_to_the_evening_that_it_ends(sample_clinic) -> None:
    said, _ = at(sample_clinic, 2026, 11, 23, 22, 0, hours={"mon": ["20:00-24:00"]})
    assert said == "The line is open now, until midnight Central time." + EMERGENCY


def test_a_line_that_stays_open_for_days_names_the_day_on_which_it_closes(sample_clinic) -> None:
    hours = {"mon": ["08:00-24:00"], "tue": ["00:00-24:00"], "wed": ["00:00-12:30"]}
    said, _ = at(sample_clinic, 2026, 11, 23, 22, 0, hours=hours)
    assert said == "The line is open now, until Wednesday, November 25, at 12:30 p.m. Central time." + EMERGENCY


def test_a_zone_without_a_name_of_its_own_is_said_as_its_city(sample_clinic) -> None:
    said, _ = at(sample_clinic.copy(update={"time_zone": "America/New_York"}), 2026, 11, 23, 10, 0)
    assert "New York time" in said


def test_the_shipped_clinic_knows_no_hours_and_says_so(real_content) -> None:
    said, state = about_hours(real_content.clinic, datetime(2026, 11, 23, 18, tzinfo=timezone.utc))
    assert (said.partition(".")[0], state) == ("I do not know the hours of the line", UNKNOWN)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))
def test_every_sentence_is_whole_ends_with_911_and_reads_at_the_sixth_grade(naive: datetime) -> None:
    clinic = Clinic.construct(time_zone="America/Chicago", hours=WEEK, holidays=HOLIDAYS)
    said, state = about_hours(clinic, naive.replace(tzinfo=timezone.utc))
    assert said.endswith(EMERGENCY)
    assert not set("{}") & set(said)
    assert "  " not in said
    assert textstat.flesch_kincaid_grade(said) <= 6
    assert (state == IN_HOURS) == said.startswith("The line is open now")


def test_the_sentences_with_the_code_read_at_the_sixth_grade() -> None:
    told = texts.read().code.format(code="4F7K-9QXM", spelled="4 F 7 K, 9 Q X M", hours=24)
    assert textstat.flesch_kincaid_grade(told) <= 6


def test_a_spanish_hand_off_says_the_hours_in_spanish(sample_clinic) -> None:
    clinic = sample_clinic.copy(update={"hours": {"thu": ["08:00-16:00"], "fri": ["09:00-12:00"]}, "holidays": []})
    evening = datetime(2026, 11, 26, 18, tzinfo=ZoneInfo("America/Chicago"))
    said, state = about_hours(clinic, evening, "es")
    assert state == "out_of_hours"
    assert said.startswith(
        "La línea está cerrada ahora. Abre mañana, viernes, a las 9 a. m., hora del Centro. Si no puede"
    )
    assert said.endswith("En una emergencia, llame al 911.")


def test_a_spanish_reply_tells_its_code_in_spanish() -> None:
    (told,) = code.tell([{"kind": "handoff", "text": "Llame.", "language": "es"}], "4F7K-9QXM", 24)
    assert "Su código para este chat es 4F7K-9QXM. Dígalo cuando llame: 4 F 7 K, 9 Q X M." in told["text"]
