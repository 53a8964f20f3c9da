"""The report of hand-made conversations: what it says, what it keeps to itself, and when there is nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timezone
from html.parser import HTMLParser

import numpy as np
import pytest

from valve_clinic.content import loader
from valve_clinic.insights import page, report
from valve_clinic.insights.local_time import LocalTime

from .conftest import ANSWER, CLARIFY, HANDOFF, Desk, reply

DAY = date(2026, 11, 23)
DECLINE = {"replies": [reply("chitchat")], "intent": "out_of_scope", "said": "utter_decline_out_of_scope"}


def by_first_letter(texts: Sequence[str]) -> np.ndarray:
    """Vectors in which texts with the same first letter are alike."""
    found = np.zeros((len(texts), 26), dtype=np.float32)
    for row, text in enumerate(texts):
        found[row, ord(text[0].lower()) - 97] = 1.0
    return found


@pytest.fixture
def content(sample_content: loader.Content, desk: Desk) -> loader.Content:
    return replace(sample_content, clinic=desk.clinic)


def make(desk: Desk, content: loader.Content, first: date = DAY, last: date = DAY, encode=by_first_letter):
    desk.update()
    return report.make(desk.engine, content, (first, last), desk.clock.now, encode)


def text_of(html: str) -> str:
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            found.append(data)

    Reader().feed(html[html.index("<body>") :])
    return re.sub(r"\s+", " ", " ".join(found))


def test_the_page_says_the_figures_with_their_numbers(desk: Desk, content: loader.Content) -> None:
    for _ in range(6):
        desk.visit().say("why", ANSWER).rate(True)
    for _ in range(3):
        desk.visit().say("person", HANDOFF, "request_human").click()
    desk.visit().say("hm", CLARIFY, "nlu_fallback")
    desk.visit()
    words = text_of(page.render(make(desk, content)))
    for said in ("91 % 10 of 11", "60 % 6 of 10", "30 % 3 of 10", "10 % 1 of 10", "6 of 6 ratings"):
        assert said in words
    assert "asked for a person 3 3" in words
    assert "the clinic's number 3 3" in words
    assert "hours of the line are not known" in words


def test_an_empty_period_says_so(desk: Desk, content: loader.Content) -> None:
    words = text_of(page.render(make(desk, content)))
    assert "Nobody opened the chat in this period" in words
    assert "Content due for review" in words


def test_a_report_before_any_count_says_what_to_run(desk: Desk, content: loader.Content) -> None:
    made = report.make(desk.engine, content, (DAY, DAY), desk.clock.now, None)
    assert "valve-clinic insights update" in page.render(made)


def test_the_page_needs_nothing_from_elsewhere(desk: Desk, content: loader.Content) -> None:
    desk.visit().say("why", ANSWER)
    html = page.render(make(desk, content))
    assert "<script" not in html
    assert not re.search(r'(src|href)="(?!data:image/svg)', html)
    assert len(re.findall(r"<img ", html)) == len(re.findall(r'<img [^>]*alt="[^"]{20,}"', html)) == 5
    style = re.search(r"<style>(.*)</style>", html, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert " style=" not in html, "the policy of the page would forbid it"


def test_what_patients_typed_cannot_become_markup(desk: Desk, content: loader.Content) -> None:
    for _ in range(2):
        desk.visit().say("x<img src=x onerror=alert(1)>", **DECLINE)
    html = page.render(make(desk, content))
    assert "<img src=x" not in html
    assert "x&lt;img src=x" in html


def test_the_same_figures_give_the_same_page(desk: Desk, content: loader.Content) -> None:
    desk.visit().say("why", ANSWER)
    assert page.render(make(desk, content)) == page.render(make(desk, content))


def test_themes_are_of_two_messages_at_least_and_only_of_what_was_missed(desk: Desk, content: loader.Content) -> None:
    for text in ("bus", "bicycle", "boat"):
        desk.visit().say(text, **DECLINE)
    desk.visit().say("a story of one person", CLARIFY, "nlu_fallback")
    desk.visit().say("cost", ANSWER).rate(False)
    made = make(desk, content)
    assert [(theme.number, set(theme.examples)) for theme in made.themes.found] == [(3, {"bus", "bicycle", "boat"})]
    assert (made.themes.messages, made.themes.alone) == (4, 1)
    assert "a story of one person" not in page.render(made) + report.as_json(made)


def test_themes_are_of_the_period_and_without_what_was_dismissed(desk: Desk, content: loader.Content) -> None:
    for at in (datetime(2026, 11, 23, 5, 59), datetime(2026, 11, 23, 6, 0), datetime(2026, 11, 24, 5, 59)):
        desk.visit(at.replace(tzinfo=timezone.utc)).say("bus", **DECLINE)
    made = make(desk, content)
    assert made.themes.messages == 2
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE insights_item SET status = 'dismissed'")
    assert make(desk, content).themes.messages == 0


def test_without_a_model_the_report_says_why_there_are_no_themes(desk: Desk, content: loader.Content) -> None:
    desk.visit().say("bus", **DECLINE)
    assert "no trained model" in text_of(page.render(make(desk, content, encode=None)))


def test_masked_words_stay_masked_in_every_format(desk: Desk, content: loader.Content) -> None:
    for _ in range(2):
        desk.visit().say("my name is Harold Whitcombe, 501-555-0142", **DECLINE)
    made = make(desk, content)
    for text in (page.render(made), report.as_json(made), report.as_csv(made)):
        assert "Whitcombe" not in text
        assert "0142" not in text
    assert "[name]" in page.render(made)


def test_csv_has_the_counts_and_no_text(desk: Desk, content: loader.Content) -> None:
    desk.visit().say("zanzibar", **DECLINE)
    desk.visit().say("zanzibar", **DECLINE)
    rows = list(csv.DictReader(io.StringIO(report.as_csv(make(desk, content)))))
    assert {"day": "2026-11-23", "figure": "conversations", "key": "", "count": "2"} in rows
    assert "zanzibar" not in str(rows)


def test_json_has_rates_with_both_numbers(desk: Desk, content: loader.Content) -> None:
    desk.visit().say("why", ANSWER)
    data = json.loads(report.as_json(make(desk, content)))
    assert data["rates"]["answered"] == {"part": 1, "whole": 1, "share": 1.0}
    assert data["rates"]["helpful"] == {"part": 0, "whole": 0, "share": None}
    assert data["counts"]["asked"] == {"ask_causes": 1}
    assert (data["from"], data["to"], data["time_zone"]) == ("2026-11-23", "2026-11-23", "America/Chicago")


def test_content_is_due_within_sixty_days_and_says_when(desk: Desk, content: loader.Content) -> None:
    desk.visit().say("why", ANSWER)
    topics = dict(content.topics)
    names = list(topics)
    topics[names[0]] = topics[names[0]].copy(update={"review_due": date(2027, 1, 22)})
    topics[names[1]] = topics[names[1]].copy(update={"review_due": date(2027, 1, 23)})
    made = make(desk, replace(content, topics=topics))
    assert [item.topic for item in made.due] == [names[0]]
    assert "2027-01-22 never" in text_of(page.render(made))


def test_by_default_the_period_is_the_last_thirty_days_of_the_clinic(desk: Desk) -> None:
    time = LocalTime.of(desk.clinic)
    late = datetime(2026, 11, 24, 5, 59, tzinfo=timezone.utc)
    assert report.period(time, late, None, None) == (date(2026, 10, 25), DAY)
    assert report.period(time, late, DAY, None) == (DAY, DAY)
    assert report.period(time, late, None, date(2026, 1, 30)) == (date(2026, 1, 1), date(2026, 1, 30))
    with pytest.raises(report.PeriodError, match="before it begins"):
        report.period(time, late, DAY, date(2026, 11, 22))
    with pytest.raises(report.PeriodError, match="ten years"):
        report.period(time, late, date(2000, 1, 1), None)


def test_the_policy_names_the_pages_own_style(desk: Desk, content: loader.Content) -> None:
    assert re.search(r"style-src 'sha256-[\w+/]{43}='", page.content_security_policy())
