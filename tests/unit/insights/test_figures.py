"""Rates with their numbers, spans of days and weeks, and times from bins."""

from __future__ import annotations

from datetime import date

import pytest

from valve_clinic.insights.figures import Figures, Rate, load

from .conftest import ANSWER, Desk

MONDAY = date(2026, 11, 23)


def of(first: date, last: date, **days: dict[tuple[str, str], int]) -> Figures:
    return Figures(first, last, {date.fromisoformat(name[1:].replace("_", "-")): c for name, c in days.items()})


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (Rate(0, 0), "none of 0"),
        (Rate(1, 1), "1 of 1"),
        (Rate(9, 9), "9 of 9"),
        (Rate(1, 10), "1 of 10 (10\u00a0%)"),
        (Rate(1234, 2000), "1,234 of 2,000 (62\u00a0%)"),
    ],
)
def test_a_rate_shows_its_numbers_and_a_percentage_of_enough_only(rate: Rate, words: str) -> None:
    assert str(rate) == words


def test_nothing_has_no_share() -> None:
    assert Rate(0, 0).share is None


def test_a_short_period_is_shown_by_day_and_empty_days_are_days() -> None:
    figures = of(date(2026, 11, 20), MONDAY, d2026_11_21={("conversations", ""): 2})
    assert [span.number("conversations") for span in figures.spans] == [0, 2, 0, 0]
    assert figures.spans[0].label == "2026-11-20"


def test_a_long_period_is_shown_by_weeks_from_monday_and_none_of_it_is_lost() -> None:
    counts = {("conversations", ""): 1}
    figures = of(date(2026, 9, 30), MONDAY, d2026_09_30=counts, d2026_10_04=counts, d2026_10_05=counts)
    spans = figures.spans
    assert [span.number("conversations") for span in spans[:2]] == [2, 1]
    assert spans[0].label == "2026-09-30 to 2026-10-04"
    assert (spans[-1].first, spans[-1].last) == (MONDAY, MONDAY)
    assert sum(span.number("conversations") for span in spans) == figures.all.number("conversations") == 3


def test_times_are_the_ends_of_the_bins_that_hold_them() -> None:
    counts = {("response", "50"): 50, ("response", "300"): 45, ("response", "more"): 5}
    figures = of(MONDAY, MONDAY, d2026_11_23=counts)
    assert (figures.waited(0.5), figures.waited(0.51)) == ("at most 50 ms", "at most 300 ms")
    assert (figures.waited(0.95), figures.waited(0.96)) == ("at most 300 ms", "more than 5 s")
    assert of(MONDAY, MONDAY).waited(0.5) is None


def test_the_helpful_rate_is_of_those_who_rated() -> None:
    counts = {("helpful", "ask_causes"): 2, ("unhelpful", "ask_causes"): 1, ("unhelpful", "no_topic"): 1}
    figures = of(MONDAY, MONDAY, d2026_11_23=counts)
    assert figures.helpful() == Rate(2, 4)
    assert figures.helpful("ask_causes") == Rate(2, 3)
    assert figures.helpful("ask_risks") == Rate(0, 0)


def test_only_the_days_of_the_period_are_read(desk: Desk) -> None:
    desk.visit().say("why", ANSWER)
    desk.clock.pass_minutes(24 * 60)
    desk.visit().say("why", ANSWER)
    desk.update()
    assert load(desk.engine, MONDAY, MONDAY).all.number("conversations") == 1
    assert load(desk.engine, MONDAY, date(2026, 11, 24)).all.number("conversations") == 2
    assert load(desk.engine, date(2026, 11, 25), date(2026, 11, 30)).is_empty
