"""Where days, hours and sessions meet: each figure on the day, and in the conversation, that it belongs to."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from valve_clinic.insights.figures import load

from .conftest import ANSWER, CLARIFY, HANDOFF, Desk

HOURS = {"mon": ["08:00-16:30"], "fri": ["08:00-12:00", "13:00-16:00"], "sun": ["00:00-04:00"]}


def at(*utc: int) -> datetime:
    return datetime(*utc, tzinfo=timezone.utc)


def test_two_talks_a_minute_apart_at_midnight_are_of_two_days(desk: Desk) -> None:
    for moment in (at(2026, 11, 24, 5, 59), at(2026, 11, 24, 6, 0)):
        desk.visit(moment).say("why", ANSWER).rate(True).click()
    desk.update()
    for figure in ("conversations", "engaged", "outcome", "asked", "helpful", "phone_clicks", "messages", "response"):
        assert {day for day, name, _ in desk.daily() if name == figure} == {"2026-11-23", "2026-11-24"}
        assert sum(desk.counts(figure).values()) == 2
    first = load(desk.engine, date(2026, 11, 23), date(2026, 11, 23))
    assert (first.all.number("conversations"), first.all.number("outcome", "answered")) == (1, 1)


def test_a_hand_off_after_midnight_has_the_hours_of_its_own_moment_and_the_day_of_its_talk(desk: Desk) -> None:
    """The line opens at midnight on Sunday: the talk began on Saturday, when it was shut."""
    desk.clinic = desk.clinic.copy(update={"hours": HOURS})
    talk = desk.visit(at(2026, 11, 22, 5, 50)).say("why", ANSWER)
    desk.clock.pass_minutes(15)
    talk.say("a person", HANDOFF, "request_human")
    desk.update()
    assert {key: day for day, name, key in desk.daily() if name == "handed_off"} == {"request:in_hours": "2026-11-21"}
    assert desk.counts("handoff_hour") == {"sat-23": 1}, "the hour in which the talk began"


@pytest.mark.parametrize(
    ("utc", "state"),
    [
        ((2026, 3, 8, 7, 59), "in_hours"),  # 01:59, before the clocks go on
        ((2026, 3, 8, 8, 0), "in_hours"),  # 03:00
        ((2026, 3, 8, 9, 0), "out_of_hours"),  # 04:00: the night's four hours are three
        ((2026, 11, 1, 6, 30), "in_hours"),  # 01:30, the first one
        ((2026, 11, 1, 7, 30), "in_hours"),  # 01:30 again
        ((2026, 11, 1, 9, 59), "in_hours"),  # 03:59: five hours after midnight
        ((2026, 11, 1, 10, 0), "out_of_hours"),
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall_when_it_changes(desk: Desk, utc, state) -> None:
    desk.clinic = desk.clinic.copy(update={"hours": HOURS})
    desk.visit(at(*utc)).say("a person", HANDOFF, "request_human")
    desk.update()
    assert desk.counts("handed_off") == {f"request:{state}": 1}


def test_the_day_with_25_hours_is_one_day_and_the_week_has_all_of_it(desk: Desk) -> None:
    for hour in range(5, 30):  # from midnight to midnight in the clinic
        desk.visit(at(2026, 11, 1 + hour // 24, hour % 24, 10)).say("why", ANSWER)
    desk.visit(at(2026, 11, 2, 6, 10)).say("why", ANSWER)
    desk.update()
    days = {day: number for (day, name, _), number in desk.daily().items() if name == "conversations"}
    assert days == {"2026-11-01": 25, "2026-11-02": 1}
    hours = desk.counts("hour")
    assert (hours.pop("sun-01"), hours.pop("mon-00"), set(hours.values()), len(hours)) == (2, 1, {1}, 23)


def test_a_holiday_ends_at_the_clinics_midnight(desk: Desk) -> None:
    hours = {"fri": ["00:00-23:59"], "sat": ["00:00-23:59"]}
    desk.clinic = desk.clinic.copy(update={"hours": hours, "holidays": [date(2026, 12, 25)]})
    for moment in (at(2026, 12, 26, 5, 50), at(2026, 12, 26, 6, 0)):
        desk.visit(moment).say("a person", HANDOFF, "request_human")
    desk.update()
    found = {key: day for day, name, key in desk.daily() if name == "handed_off"}
    assert found == {"request:out_of_hours": "2026-12-25", "request:in_hours": "2026-12-26"}


def test_of_two_sessions_of_one_visitor_each_has_its_own_end(desk: Desk) -> None:
    """Who came back after a miss and was answered then is two conversations: the first stays unresolved."""
    desk.visit().say("hm", CLARIFY, "nlu_fallback")
    desk.clock.pass_minutes(31)
    desk.visit().say("why", ANSWER).rate(True)
    desk.update()
    assert desk.counts("outcome") == {"unresolved": 1, "answered": 1}
    assert (desk.counts("conversations"), desk.counts("helpful")) == ({"": 2}, {"ask_causes": 1})


@pytest.mark.parametrize("is_counted_before", [False, True])
def test_a_rating_after_the_hand_off_changes_no_end(desk: Desk, is_counted_before: bool) -> None:
    talk = desk.visit().say("why", ANSWER)
    answer = talk.last[0]
    talk.say("a person", HANDOFF, "request_human")
    if is_counted_before:
        desk.update()
    desk.store.add_feedback(talk.id, answer, True, None)
    talk.rate(False)
    desk.update()
    assert desk.counts("outcome") == {"handed_off": 1}
    assert desk.counts("handed_off") == {"request:hours_unknown": 1}
    assert (desk.counts("helpful"), desk.counts("unhelpful")) == ({"ask_causes": 1}, {"no_topic": 1})


def test_a_message_in_a_session_that_was_counted_is_found_by_its_time(desk: Desk) -> None:
    """The update does not look through turns: what is said within a session's life changes its last moment."""
    talk = desk.visit().say("why", ANSWER)
    desk.update()
    desk.clock.pass_minutes(29)
    talk.say("never answered", None)
    desk.clock.pass_minutes(61)
    desk.update()
    assert desk.counts("outcome") == {"unresolved": 1}
