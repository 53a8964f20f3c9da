"""Each figure on conversations whose right number is known."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from valve_clinic.insights import counting, local_time
from valve_clinic.insights.local_time import LocalTime

from .conftest import ANSWER, CLARIFY, HANDOFF, Desk, reply

TOPIC_AND_PHONE = [reply("answer", "book_appointment"), reply("handoff")]
ADVICE = [reply("advice_declined", "ask_personal_advice")]
DECLINE = {"replies": [reply("chitchat")], "intent": "out_of_scope", "said": "utter_decline_out_of_scope"}
SMALL_TALK = {"replies": [reply("chitchat")], "intent": "greet"}
UNAVAILABLE = [reply("notice")]


def outcomes(desk: Desk) -> dict[str, int]:
    desk.update()
    return desk.counts("outcome")


def test_a_visit_without_a_word_is_a_conversation_and_not_an_engaged_one(desk: Desk) -> None:
    desk.visit()
    desk.visit().say("why", ANSWER)
    desk.update()
    assert (desk.counts("conversations"), desk.counts("engaged")) == ({"": 2}, {"": 1})
    assert desk.counts("outcome") == {"answered": 1}


def test_an_answer_with_nothing_against_it_is_answered_in_chat(desk: Desk) -> None:
    desk.visit().say("hello", **SMALL_TALK).say("why", ANSWER)
    desk.visit().say("hm", CLARIFY, "nlu_fallback").say("why", ANSWER)
    desk.visit().say("why", ANSWER).rate(True)
    assert outcomes(desk) == {"answered": 3}


def test_silence_after_a_miss_is_unresolved_whatever_was_answered_before(desk: Desk) -> None:
    desk.visit().say("why", ANSWER).say("hm", CLARIFY, "nlu_fallback")
    desk.visit().say("why", ANSWER).say("football?", **DECLINE)
    desk.visit().say("hm", CLARIFY, "nlu_fallback")
    desk.visit().say("hm", CLARIFY, "nlu_fallback").say("thanks anyway", **SMALL_TALK)
    assert outcomes(desk) == {"unresolved": 4}
    assert desk.counts("missed") == {"clarified": 3, "declined_or_handed_off": 1}


def test_a_message_without_an_answer_is_unresolved(desk: Desk) -> None:
    desk.visit().say("why", None)
    desk.visit().say("why", UNAVAILABLE)
    desk.visit().say("why", ANSWER).say("and then", None)
    assert outcomes(desk) == {"unresolved": 3}
    assert desk.counts("missed") == {"unanswered": 3}


def test_an_answer_that_somebody_doubts_is_not_answered_in_chat(desk: Desk) -> None:
    desk.visit().say("why", ANSWER).rate(False)
    desk.visit().say("why", ANSWER).rate(True).say("why", ANSWER).rate(False)
    desk.visit().say("why", ANSWER).say("that did not help", [reply("chitchat")], "give_feedback")
    assert outcomes(desk) == {"doubted": 3}
    desk.visit().say("why", ANSWER).rate(True).say("great answer", [reply("chitchat")], "give_feedback")
    assert outcomes(desk) == {"doubted": 3, "answered": 1}, "typed feedback and a rating that says what it was"


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([{"text": "a person please", "replies": [*HANDOFF, *HANDOFF], "intent": "request_human"}], "request"),
        (
            [
                {"text": "hm", "replies": CLARIFY, "intent": "nlu_fallback"},
                {"text": "hmm", "replies": HANDOFF, "intent": "nlu_fallback"},
            ],
            "miss",
        ),
        ([{"text": "book", "replies": TOPIC_AND_PHONE, "intent": "book_appointment"}], "topic"),
        (
            [{"text": "hola", "replies": HANDOFF, "intent": "out_of_scope", "said": "utter_other_language"}],
            "language",
        ),
        ([{"text": "stop it?", "replies": [*ADVICE, *HANDOFF], "intent": "ask_personal_advice"}], "advice"),
        ([{"text": "why", "replies": HANDOFF, "intent": "ask_causes"}], "no_text"),
    ],
)
def test_a_hand_off_has_its_reason_and_is_never_answered_in_chat(desk: Desk, turns, reason) -> None:
    talk = desk.visit().say("why", ANSWER)
    for turn in turns:
        talk.say(**turn)
    assert outcomes(desk) == {"handed_off": 1}
    assert desk.counts("handed_off") == {f"{reason}:hours_unknown": 1}


def test_a_conversation_is_handed_off_once_for_its_first_reason(desk: Desk) -> None:
    talk = desk.visit().say("book", TOPIC_AND_PHONE, "book_appointment")
    talk.say("a person", HANDOFF, "request_human").say("why", ANSWER).rate(True)
    desk.update()
    assert desk.counts("handed_off") == {"topic:hours_unknown": 1}


def test_danger_is_an_outcome_of_its_own_and_every_safety_reply_counts(desk: Desk) -> None:
    talk = desk.visit().say("why", ANSWER)
    talk.say("chest pain", [reply("emergency")], "report_emergency").say("more", [reply("emergency")])
    desk.visit().say("tired", [reply("check"), *ANSWER])
    desk.visit().say("swollen", [reply("same_day")])
    desk.visit().say("sad", [reply("crisis")])
    assert outcomes(desk) == {"danger": 2, "answered": 1, "declined": 1}
    assert desk.counts("safety") == {"emergency": 2, "crisis": 1, "check": 1, "same_day": 1}
    conversations = {"any": 2, "emergency": 1, "crisis": 1, "check": 1, "same_day": 1}
    assert desk.counts("safety_conversations") == conversations


def test_declined_advice_alone_is_no_answer_and_small_talk_no_question(desk: Desk) -> None:
    desk.visit().say("should i stop it", ADVICE, "ask_personal_advice")
    desk.visit().say("hello", **SMALL_TALK)
    assert outcomes(desk) == {"declined": 1, "no_question": 1}


def test_every_engaged_conversation_has_one_outcome(desk: Desk) -> None:
    for replies in (ANSWER, CLARIFY, HANDOFF, ADVICE, TOPIC_AND_PHONE, UNAVAILABLE, [reply("emergency")], None):
        desk.visit().say("words", replies)
    desk.visit()
    desk.update()
    assert sum(desk.counts("outcome").values()) == desk.counts("engaged")[""] == 8
    assert set(desk.counts("outcome")) <= set(counting.OUTCOMES)


def test_topics_ratings_and_messages_are_counted_by_topic_and_kind(desk: Desk) -> None:
    talk = desk.visit().say("why and how long", [reply("answer", "ask_causes"), reply("answer", "ask_results")])
    talk.rate(True, 0).rate(False, 1).say("/ask_risks", [reply("answer", "ask_risks")]).rate(True)
    desk.visit().say("hello", **SMALL_TALK).rate(False)
    desk.update()
    assert desk.counts("asked") == {"ask_causes": 1, "ask_results": 1, "ask_risks": 1}
    assert desk.counts("helpful") == {"ask_causes": 1, "ask_risks": 1}
    assert desk.counts("unhelpful") == {"ask_results": 1, "no_topic": 1}
    assert desk.counts("messages") == {"typed": 2, "button": 1}


def test_calls_are_counted_by_number_and_those_after_an_answer_apart(desk: Desk) -> None:
    desk.visit().say("why", ANSWER).click().click().click("tel:911")
    desk.visit().click("sms:988").say("person", HANDOFF, "request_human").click().click("tel:[phone]")
    desk.update()
    assert desk.counts("phone_clicks") == {"clinic": 3, "911": 1, "988": 1, "other": 1}
    assert desk.counts("phone_conversations") == {"clinic": 2, "911": 1, "988": 1, "other": 1}
    assert desk.counts("answered_then_phone") == {"": 1}


def test_response_times_fall_into_the_bin_that_ends_above_them(desk: Desk) -> None:
    talk = desk.visit()
    for seconds in (0.05, 0.051, 4.999, 5.2):
        talk.say("why", ANSWER, seconds=seconds)
    desk.update()
    assert desk.counts("response") == {"50": 1, "100": 1, "5000": 1, "more": 1}


def test_no_word_of_a_patient_gets_into_the_counts(desk: Desk) -> None:
    talk = desk.visit().say("zanzibar", [reply("answer", "zanzibar my words")], "zanzibar 12")
    talk.rate(True).click("https://zanzibar")
    desk.update()
    assert "zanzibar" not in str(desk.daily())


HOURS = {"mon": ["08:00-16:30"], "fri": ["08:00-12:00", "13:00-16:00"]}


@pytest.mark.parametrize(
    ("utc", "state"),
    [
        ((2026, 11, 23, 13, 59), "out_of_hours"),
        ((2026, 11, 23, 14, 0), "in_hours"),
        ((2026, 11, 23, 22, 29), "in_hours"),
        ((2026, 11, 23, 22, 30), "out_of_hours"),
        ((2026, 7, 20, 13, 0), "in_hours"),  # an hour earlier in summer
        ((2026, 11, 27, 18, 30), "out_of_hours"),  # between two spans
        ((2026, 11, 28, 18, 0), "out_of_hours"),  # a day without hours
        ((2026, 12, 25, 15, 0), "out_of_hours"),  # a Friday, and a holiday
        ((2026, 12, 18, 15, 0), "in_hours"),
    ],
)
def test_a_hand_off_knows_the_clinics_hours_and_holidays(desk: Desk, utc, state) -> None:
    desk.clinic = desk.clinic.copy(update={"hours": HOURS, "holidays": [date(2026, 12, 25)]})
    desk.visit(datetime(*utc, tzinfo=timezone.utc)).say("a person", HANDOFF, "request_human")
    desk.update()
    assert desk.counts("handed_off") == {f"request:{state}": 1}


def test_the_hours_that_the_patient_was_told_count_whatever_is_known_later(desk: Desk) -> None:
    told = [{**reply("handoff"), "hours": "in_hours"}]
    desk.visit().say("a person", [*HANDOFF, *told], "request_human")
    desk.clinic = desk.clinic.copy(update={"hours": {"sun": ["08:00-09:00"]}})
    desk.visit().say("a person", told, "request_human")
    desk.visit().say("a person", [{**reply("handoff"), "hours": "words of mine"}], "request_human")
    desk.update()
    assert desk.counts("handed_off") == {"request:in_hours": 2, "request:out_of_hours": 1}


@pytest.mark.parametrize(
    ("utc", "day", "slot"),
    [
        ((2026, 11, 24, 5, 59), "2026-11-23", "mon-23"),
        ((2026, 11, 24, 6, 0), "2026-11-24", "tue-00"),
        ((2026, 7, 1, 4, 59), "2026-06-30", "tue-23"),
        ((2026, 7, 1, 5, 0), "2026-07-01", "wed-00"),
        ((2026, 3, 8, 7, 59), "2026-03-08", "sun-01"),
        ((2026, 3, 8, 8, 0), "2026-03-08", "sun-03"),  # the hour that is not there
        ((2026, 11, 1, 6, 30), "2026-11-01", "sun-01"),
        ((2026, 11, 1, 7, 30), "2026-11-01", "sun-01"),  # the hour that is there twice
        ((2026, 11, 2, 5, 59), "2026-11-01", "sun-23"),  # a day of 25 hours
    ],
)
def test_a_conversation_belongs_to_the_clinics_day_and_hour(desk: Desk, utc, day, slot) -> None:
    desk.visit(datetime(*utc, tzinfo=timezone.utc)).say("why", ANSWER)
    desk.update()
    assert [key for key in desk.daily() if key[1] == "hour"] == [(day, "hour", slot)]


def test_a_talk_across_midnight_counts_once_on_the_day_it_began(desk: Desk) -> None:
    talk = desk.visit(datetime(2026, 11, 24, 5, 55, tzinfo=timezone.utc)).say("why", ANSWER)
    desk.clock.pass_minutes(10)
    talk.say("a person", HANDOFF, "request_human").rate(True)
    desk.update()
    assert {day for day, _, _ in desk.daily()} == {"2026-11-23"}
    assert desk.counts("conversations") == {"": 1}


def test_days_are_given_with_both_ends() -> None:
    first = date(2026, 2, 27)
    assert list(local_time.days(first, first)) == [first]
    assert list(local_time.days(first, first + timedelta(days=3)))[-1] == date(2026, 3, 2)
    assert list(local_time.days(first, first - timedelta(days=1))) == []


def test_unknown_hours_stay_unknown(sample_clinic) -> None:
    assert LocalTime.of(sample_clinic).state(datetime.now(timezone.utc)) == "hours_unknown"
