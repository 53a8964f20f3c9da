"""The clinic's texts as they stand: complete, plain, and no more than the facts say."""

from __future__ import annotations

import pytest
import yaml

from valve_clinic import paths
from valve_clinic.content import checking

from ..conftest import load_real_content as content


def test_the_real_texts_pass_every_rule():
    assert [str(problem) for problem in checking.check().problems] == []


def test_every_question_intent_has_a_topic_and_every_topic_an_intent():
    intents = yaml.safe_load(paths.DOMAIN_FILE.read_text(encoding="utf-8"))["intents"]
    asked = {name for name in intents if name.startswith("ask_")} | {"book_appointment", "find_provider"}
    assert set(content().topics) == asked


def test_every_topic_is_published_and_no_text_claims_a_review():
    assert {topic.status for topic in content().topics.values()} == {"published"}
    assert {topic.reviewed for topic in content().topics.values()} == {None}


def test_every_topic_can_be_reached_from_another():
    reached = {followup for topic in content().topics.values() for followup in topic.followups}
    alone = set(content().topics) - reached - {"ask_personal_advice"}
    assert len(alone) <= 6, f"no answer leads to {sorted(alone)}"


def test_recovery_after_the_clip_says_what_the_clinics_page_says():
    (answer,) = [a for a in content().topics["ask_recovery_time"].answers if a.variant == {"procedure": "mitraclip"}]
    assert "2 to 3 days" in answer.text
    assert "2 to 3 days" in answer.short


@pytest.mark.parametrize("procedure", ["mitraclip", "surgery"])
def test_recovery_depends_on_the_procedure(procedure):
    assert {"procedure": procedure} in [answer.variant for answer in content().topics["ask_recovery_time"].answers]


@pytest.mark.parametrize("topic", ["ask_post_procedure_symptom", "ask_personal_advice", "ask_capabilities"])
def test_texts_that_danger_is_near_to_name_911_in_every_variant(topic):
    for answer in content().topics[topic].answers:
        assert "911" in answer.text


def test_the_topics_that_end_at_the_phone_have_a_hand_off():
    handoffs = {name: topic.handoff for name, topic in content().topics.items() if topic.handoff}
    assert handoffs["book_appointment"] == "appointment"
    assert handoffs["ask_personal_advice"] == "general"


def test_what_is_not_known_of_the_clinic_is_not_made_up():
    clinic = content().clinic
    assert (clinic.hours, clinic.holidays) == (None, None)
    assert clinic.phone == "501.552.3400"
    assert clinic.numbers == {"emergency": "911", "crisis": "988", "poison_help": "1-800-222-1222"}
    assert all(link.url is None for link in clinic.links.values())


def test_every_fact_of_another_source_than_the_clinics_page_has_an_address():
    facts = content().facts.values()
    assert {fact.source.name for fact in facts if fact.from_clinic} == {
        "CHI St. Vincent Heart Institute, Mitral Valve Regurgitation page"
    }
    assert all(fact.source.url.startswith("https://") for fact in facts if not fact.from_clinic)
