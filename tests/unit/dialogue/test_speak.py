"""How a reply is put together."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timezone

import pytest

from valve_clinic.dialogue import speak

from ..conftest import SAMPLE_PHONE

MONDAY = datetime(2026, 11, 23, 18, 30, tzinfo=timezone.utc)  # half past noon in the clinic


@pytest.fixture
def titles(sample_store):
    return sample_store.titles()


def message(sample_store, topic, repeated=False, **wanted):
    return speak.answer_message(
        sample_store.answer(topic, wanted), sample_store.titles(), sample_store.clinic(), repeated
    )


def test_an_answer_names_its_first_source_beside_and_the_others_below(sample_store):
    spoken = message(sample_store, "ask_causes")
    assert spoken["text"] == "Causes of it.\n\nAlso from: Heart Group; Lung Group."
    assert spoken["json_message"]["source"] == {
        "name": "The clinic's page",
        "url": None,
        "date": "2026-01-02",
        "reviewed": None,
    }


def test_an_organisation_is_named_once_whatever_pages_are_cited(sample_store):
    pages = ["Heart Group, Page one", "Heart Group: page two", "Lung Group, Air", "Lung Group, More air"]
    answer = sample_store.answer("ask_causes")
    sources = [dataclasses.replace(answer.sources[0], name=page) for page in pages]
    spoken = speak.answer_message(dataclasses.replace(answer, sources=sources), {}, sample_store.clinic(), False)
    assert spoken["text"] == "Causes of it.\n\nAlso from: Lung Group."
    assert spoken["json_message"]["source"]["name"] == "Heart Group, Page one"


def test_an_answer_with_one_source_names_no_others(sample_store):
    assert message(sample_store, "ask_recovery_time")["text"] == "Recovery in general."


def test_a_repeated_answer_is_short_and_keeps_its_source(sample_store):
    spoken = message(sample_store, "ask_causes", repeated=True)
    assert spoken["text"] == "In short: Causes of it."
    assert spoken["json_message"]["source"]["name"] == "The clinic's page"


def test_kind_topic_and_variant_go_with_the_answer(sample_store):
    custom = message(sample_store, "ask_recovery_time", procedure="surgery")["json_message"]
    assert (custom["kind"], custom["topic"], custom["variant"]) == (
        "answer",
        "ask_recovery_time",
        {"procedure": "surgery"},
    )
    assert message(sample_store, "ask_personal_advice")["json_message"]["kind"] == "advice_declined"


def test_who_reviewed_the_text_goes_with_the_source(sample_store):
    answer = dataclasses.replace(sample_store.answer("ask_causes"), reviewed="A. Doctor, 2027-01-01")
    spoken = speak.answer_message(answer, {}, sample_store.clinic(), repeated=False)
    assert spoken["json_message"]["source"]["reviewed"] == "A. Doctor, 2027-01-01"


def test_follow_ups_are_buttons_with_titles_and_intents(sample_store):
    assert message(sample_store, "ask_mitraclip")["buttons"] == [
        {"title": "The title of ask causes", "payload": "/ask_causes"},
        {"title": "The title of book appointment", "payload": "/book_appointment"},
    ]


def test_a_follow_up_that_is_not_published_has_no_button(sample_store, titles):
    answer = dataclasses.replace(sample_store.answer("ask_causes"), followups=["ask_results", "ask_mitraclip"])
    buttons = speak.answer_message(answer, titles, sample_store.clinic(), repeated=False)["buttons"]
    assert [button["payload"] for button in buttons] == ["/ask_mitraclip"]


def test_there_are_at_most_three_follow_ups(sample_store, titles):
    answer = dataclasses.replace(sample_store.answer("ask_causes"), followups=["ask_mitraclip"] * 5)
    assert len(speak.answer_message(answer, titles, sample_store.clinic(), repeated=False)["buttons"]) == 3


def test_a_button_may_carry_values():
    button = speak.topic_button("ask_risks", "Risks?", {"severity": "mild", "procedure": "surgery"})
    assert button == {"title": "Risks?", "payload": '/ask_risks{"procedure": "surgery", "severity": "mild"}'}


@pytest.mark.parametrize(
    ("topic", "links"),
    [
        ("book_appointment", [{"title": "A page", "url": "https://example.org/a"}]),
        ("find_provider", []),
        ("ask_causes", []),
    ],
)
def test_a_link_is_shown_when_its_address_is_known(sample_store, topic, links):
    assert message(sample_store, topic)["json_message"]["links"] == links


def test_hand_off_details_name_number_purpose_and_what_to_have_ready(sample_clinic):
    spoken = speak.handoff_details(sample_clinic, sample_clinic.handoffs["appointment"], moment=MONDAY)
    assert spoken["text"] == (
        f"Call {SAMPLE_PHONE} to make an appointment.\n\n"
        "Good to have ready:\n- your card\n\n"
        "I do not know the hours of the line. If it cannot wait, call your care team. "
        "If their line is closed, call the after-hours number on your papers. In an emergency, call 911."
    )
    assert spoken["json_message"] == {
        "kind": "handoff",
        "hours": "hours_unknown",
        "links": [{"title": "Call the Sample Clinic", "url": "tel:+15550100199"}],
    }


def test_known_hours_are_said_for_the_moment_and_stored_with_the_reply(sample_clinic):
    clinic = sample_clinic.copy(update={"hours": {"mon": ["08:00-12:00", "13:00-16:30"]}, "holidays": []})
    spoken = speak.handoff_details(clinic, clinic.handoffs["appointment"], moment=MONDAY)
    assert "The line is closed now. It opens today at 1 p.m. Central time." in spoken["text"]
    assert spoken["json_message"]["hours"] == "out_of_hours"


def test_without_a_moment_it_is_now(sample_clinic):
    always = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    clinic = sample_clinic.copy(update={"hours": always, "holidays": []})
    assert speak.handoff_details(clinic, clinic.handoffs["general"])["json_message"]["hours"] == "in_hours"
