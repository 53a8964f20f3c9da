"""The clinic's texts as they stand: complete, plain, and no more than the facts say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import pytest
import textstat
import yaml

from valve_clinic import paths
from valve_clinic.content import loader, schema

from ..conftest import load_real_content as content

MAX_GRADE = 7
RUN = 8
#: What a chat of a clinic must never say.
FORBIDDEN = (
    r"\d\s*(mg|mcg|milligrams?|micrograms?)\b",
    r"\byou (do )?(not )?qualify\b",
    r"\bguarantee",
    r"\bit is safe\b",
    r"\bwill cure\b",
)
#: Numbers that every text may name.
FREE_NUMBERS = {"911", "988"}


class Text(NamedTuple):
    topic: str
    answer: schema.Answer

    @property
    def spoken(self) -> str:
        return self.answer.text.replace("{phone}", "the number")

    @property
    def short(self) -> str:
        return self.answer.short.replace("{phone}", "the number")


def texts() -> Iterator[object]:
    for path in sorted(paths.CONTENT.glob("*.yml")):
        if path.name in loader.NOT_TOPICS:
            continue
        topic = schema.Topic.parse_obj(yaml.safe_load(path.read_text(encoding="utf-8")))
        for answer in topic.answers:
            yield pytest.param(Text(topic.id, answer), id=f"{topic.id} {schema.variant_key(answer.variant)}".strip())


def words(text: str) -> list[str]:
    """The words without case, punctuation and the names of organisations."""
    for name in names():
        text = text.replace(name, " ")
    return re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + RUN]) for start in range(len(found) - RUN + 1)}


@lru_cache(maxsize=1)
def names() -> list[str]:
    sources = {fact.source.name.split(",")[0] for fact in content().facts.values()}
    return sorted({*sources, content().clinic.name, content().clinic.institute}, key=len, reverse=True)


@lru_cache(maxsize=1)
def runs_of_facts() -> dict[tuple[str, ...], str]:
    return {run: fact.id for fact in content().facts.values() for run in runs(fact.fact)}


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d(?:[\d,.]*\d)?", text))


@pytest.mark.parametrize("text", texts())
def test_a_text_has_40_to_130_words(text):
    assert 40 <= len(text.spoken.split()) <= 130


@pytest.mark.parametrize("text", texts())
def test_text_and_short_form_read_at_grade_7_or_below(text):
    grades = textstat.flesch_kincaid_grade(text.spoken), textstat.flesch_kincaid_grade(text.short)
    assert max(grades) <= MAX_GRADE


@pytest.mark.parametrize("text", texts())
def test_no_text_promises_or_doses(text):
    for spoken in (text.spoken, text.short):
        assert not [phrase for phrase in FORBIDDEN if re.search(phrase, spoken, re.IGNORECASE)]


@pytest.mark.parametrize("text", texts())
def test_every_number_stands_in_a_fact_that_its_paragraph_cites(text):
    for paragraph in text.answer.paragraphs:
        cited = " ".join(content().facts[source].fact for source in paragraph.sources)
        assert numbers(paragraph.text) - FREE_NUMBERS <= numbers(cited), paragraph.text


@pytest.mark.parametrize("text", texts())
def test_every_number_of_a_short_form_stands_in_a_fact_that_the_text_cites(text):
    cited = " ".join(content().facts[source].fact for part in text.answer.paragraphs for source in part.sources)
    assert numbers(text.answer.short) - FREE_NUMBERS <= numbers(cited)


@pytest.mark.parametrize("text", texts())
def test_no_text_copies_eight_words_in_a_row_from_a_fact(text):
    for spoken in [*(paragraph.text for paragraph in text.answer.paragraphs), text.answer.short]:
        copied = runs(spoken) & runs_of_facts().keys()
        assert not copied, {" ".join(run): runs_of_facts()[run] for run in copied}


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
