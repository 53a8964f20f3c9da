"""Whose statements are served: under `clinic-only` nothing of others, and no button leads to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actions import answer, miss
from valve_clinic import settings
from valve_clinic.content import policy, schema, store
from valve_clinic.content.policy import Policy
from valve_clinic.content.store import ContentStore
from valve_clinic.database import make_engine
from valve_clinic.operations import environment

from ..actions.conftest import talk
from ..conftest import changed, sample_answer, sample_topic

__all__ = ["talk"]


def two_voices() -> schema.Topic:
    """A topic of which one paragraph is the clinic's, and one the clinic's and another's."""
    mixed = sample_answer("The clinic says this.", "clinic-01")
    mixed["paragraphs"].append({"text": "Both say this one.", "sources": ["clinic-02", "heart-01"]})
    return sample_topic("ask_symptoms", mixed)


@pytest.fixture
def strict(tmp_path: Path, sample_content) -> Iterator[ContentStore]:
    """The sample under `clinic-only`, with the topic of two voices and one of others alone."""
    others = sample_topic("ask_risks", sample_answer("Only others say so.", "heart-01"))
    advice = sample_topic("ask_personal_advice", sample_answer("Others say so.", "lung-01"), kind="advice_declined")
    causes = sample_topic("ask_causes", followups=["ask_risks", "ask_recovery_time"])
    content = changed(
        sample_content,
        "strict",
        ask_symptoms=two_voices(),
        ask_risks=others,
        ask_personal_advice=advice,
        ask_causes=causes,
    )
    made = ContentStore(make_engine(f"sqlite:///{tmp_path}/strict.db"), Policy.CLINIC_ONLY)
    made.publish(content)
    yield made
    made.close()


def test_a_paragraph_of_others_is_left_out_and_with_it_the_short_form(strict):
    found = strict.answer("ask_symptoms")
    assert found.text == found.short == "The clinic says this."
    assert [source.from_clinic for source in found.sources] == [True]


def test_a_text_that_is_all_the_clinics_is_served_whole(strict):
    assert strict.answer("book_appointment").short.startswith("In short")


def test_a_variant_with_nothing_left_has_no_answer_and_no_other_variants_text(strict):
    assert strict.answer("ask_recovery_time").text == "Recovery in general."
    assert strict.answer("ask_recovery_time", {"procedure": "surgery"}) is None


def test_titles_offer_only_what_has_an_answer_for_what_the_talk_is_about(strict):
    assert not {"ask_risks", "ask_personal_advice", "ask_results"} & set(strict.titles())
    assert "ask_recovery_time" in strict.titles({"procedure": "mitraclip"})
    assert "ask_recovery_time" not in strict.titles({"procedure": "surgery"})
    assert strict.count() == len(strict.titles())


def test_a_topic_with_nothing_left_is_handed_to_the_phone_line(strict, talk):
    talk.hear("ask_risks", "what are the risks")
    message, details = talk.run(answer.answer_topic, strict)
    assert message["response"] == "utter_hand_off"
    assert details["custom"]["kind"] == "handoff"


def test_declined_advice_is_still_declined_when_nothing_is_left_of_its_text(strict, talk):
    talk.hear("ask_causes", "why, and should I have it")
    questions = [{"intent": name, "text": "x", "start": 0, "end": 1} for name in ("ask_causes", "ask_personal_advice")]
    talk.events[-1]["parse_data"]["questions"] = questions
    responses = [message.get("response") for message in talk.run(answer.answer_topic, strict)]
    # The last are the hand-off's details: what to have ready, and the hours.
    assert responses == [None, "utter_advice_declined", "utter_hand_off", None]


def test_follow_up_and_clarify_buttons_lead_to_answers_only(strict, talk):
    talk.hear("ask_causes", "why")
    (message,) = talk.run(answer.answer_topic, strict)
    assert [button["payload"] for button in message["buttons"]] == ["/ask_recovery_time"]
    talk.hear("nlu_fallback", "hm", ranking={"ask_risks": 0.4, "ask_results": 0.3, "ask_symptoms": 0.2})
    (message,) = talk.run(miss.ask_clarification, strict)
    assert [button["payload"] for button in message["buttons"]] == ["/ask_symptoms", "/out_of_scope"]


def test_all_is_the_default(monkeypatch):
    monkeypatch.delenv("CONTENT_POLICY", raising=False)
    assert policy.from_settings() is Policy.ALL
    monkeypatch.setenv("CONTENT_POLICY", "clinic-only")
    assert policy.from_settings() is Policy.CLINIC_ONLY


def test_an_unknown_policy_refuses_to_start(monkeypatch, tmp_path):
    monkeypatch.setenv("CONTENT_POLICY", "clinic")
    wanted = "CONTENT_POLICY must be all or clinic-only, not 'clinic'"
    assert wanted in str(environment.check_values(tmp_path / "none.yml")[0])
    with pytest.raises(settings.SettingError, match=wanted):
        store.open_empty_store(f"sqlite:///{tmp_path}/content.db")


def test_the_check_before_the_start_knows_the_policies():
    assert tuple(item.value for item in Policy) == environment.POLICIES


def test_a_draft_is_in_no_title_follow_up_or_button(sample_store, talk):
    assert "ask_results" not in sample_store.titles()
    assert sample_store.variant_keys("ask_results") == set()
    talk.hear("nlu_fallback", "hm", ranking={"ask_results": 0.9, "ask_causes": 0.5})
    (message,) = talk.run(miss.ask_clarification, sample_store)
    assert "/ask_results" not in [button["payload"] for button in message["buttons"]]


def test_the_real_content_under_the_policy_has_the_clinics_sources_alone(tmp_path, real_content):
    made = ContentStore(make_engine(f"sqlite:///{tmp_path}/real.db"), Policy.CLINIC_ONLY)
    made.publish(real_content)
    answers = [made.answer(topic) for topic in made.titles()]
    assert answers
    assert all(source.from_clinic for found in answers for source in found.sources)
    assert made.answer("ask_definition") is not None, "the canary of /ready has an answer"
    made.close()
