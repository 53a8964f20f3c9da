"""A text is easy to read: English by the grade of Flesch and Kincaid, as textstat counts it, Spanish on INFLESZ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import textstat

from valve_clinic.content import schema
from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem
from valve_clinic.content.rules.spanish_ease import ease

#: What measures a text, by language: for English less is easier, for Spanish more.
_SPANISH = "es"


@dataclass(frozen=True)
class Figures:
    """Words of one text and its short form, and the school grade of each; of Spanish texts the ease instead."""

    topic: str
    variant: str
    words: int
    grade: float
    short_words: int
    short_grade: float


@lru_cache(maxsize=1024)
def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade; the phone number counts as two plain words."""
    return float(textstat.flesch_kincaid_grade(text.replace("{phone}", "the number")))


def figures(parsed: Parsed) -> Iterator[Figures]:
    """Return the figures of every text."""
    for name, topic in parsed.topics.items():
        for answer in topic.answers:
            variant = schema.variant_key(answer.variant) or "default"
            words, short_words = len(answer.text.split()), len(answer.short.split())
            measured = ease if parsed.language == _SPANISH else grade
            yield Figures(name, variant, words, measured(answer.text), short_words, measured(answer.short))


def check(parsed: Parsed, house: House) -> Iterator[Problem]:
    """Refuse a text or short form above the grade or below the ease; other languages have no formula here."""
    for name, topic in parsed.topics.items():
        for number, answer in enumerate(topic.answers):
            for part, text in (("paragraphs", answer.text), ("short", answer.short)):
                said = _too_hard(parsed, house, text)
                if said:
                    what = "short form" if part == "short" else "text"
                    mend = "cut long sentences in two and take shorter words"
                    yield parsed.in_topic(name, ["answers", number, part], f"the {what} reads at {said}", mend)


def _too_hard(parsed: Parsed, house: House, text: str) -> str | None:
    if parsed.english:
        measured = grade(text)
        most = house.rules.grade_max
        return f"grade {measured:g}; at most {most:g}" if measured > most else None
    if parsed.language == _SPANISH and house.ease_min is not None:
        measured = ease(text)
        return f"ease {measured:g}; at least {house.ease_min:g}" if measured < house.ease_min else None
    return None
