"""Tells whether a message is in English, in Spanish, or in a language that the chat does not know."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from valve_clinic.safety import words

ENGLISH, SPANISH, OTHER = "en", "es", "other"


@dataclass(frozen=True)
class _Lists:
    min_words: int
    other_script: float
    english: frozenset[str]
    es: frozenset[str]
    other: frozenset[str]


def of(text: str) -> str:
    """Return `ENGLISH`, `SPANISH` or `OTHER`; what cannot be told counts as English."""
    if is_in_other_script(text):
        return OTHER
    lists = _lists()
    found = words.normalise(text)
    english = sum(word in lists.english for word in found)
    counts = {SPANISH: sum(word in lists.es for word in found), OTHER: sum(word in lists.other for word in found)}
    best = max(counts, key=lambda language: counts[language])
    marked = any(mark in text for mark in "¿¡ñ")
    if best == SPANISH or marked:
        return SPANISH if (counts[SPANISH] >= lists.min_words or marked) and counts[SPANISH] > english else ENGLISH
    return OTHER if counts[OTHER] >= lists.min_words and counts[OTHER] > english else ENGLISH


def is_in_other_script(text: str) -> bool:
    """Return whether most letters are of a script that neither the signs nor the models can read."""
    letters = [character for character in text if character.isalpha()]
    foreign = sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return bool(letters) and foreign / len(letters) > _lists().other_script


@lru_cache(maxsize=1)
def _lists() -> _Lists:
    data = yaml.safe_load((Path(__file__).parent / "languages.yml").read_text(encoding="utf-8"))
    plain = {
        name: frozenset(w for item in data[name] for w in words.normalise(str(item)))
        for name in ("english", "es", "other")
    }
    return _Lists(data["min_words"], data["other_script"], **plain)
