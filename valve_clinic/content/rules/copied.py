"""Texts are in the clinic's own words: no run of words is copied from a fact."""

from __future__ import annotations

import re
from collections.abc import Iterator

from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem


def check(parsed: Parsed, house: House) -> Iterator[Problem]:
    """Compare every text with every fact, without case, punctuation and the names of organisations."""
    if parsed.facts is None or parsed.clinic is None:
        return
    sources = {fact.source.name.split(",")[0] for fact in parsed.facts.values()}
    names = sorted({*sources, parsed.clinic.name, parsed.clinic.institute}, key=len, reverse=True)
    without = re.compile("|".join(map(re.escape, names)))
    length = house.rules.copied_words
    known = {run: fact.id for fact in parsed.facts.values() for run in _runs(without.sub(" ", fact.fact), length)}
    for text in parsed.texts():
        copied = [run for run in _runs(without.sub(" ", text.text), length) if run in known]
        if copied:
            message = f"{' '.join(copied[0])!r} is copied from the fact {known[copied[0]]}"
            yield parsed.in_topic(text.topic, text.location, message, "say the same in other words")


def _runs(text: str, length: int) -> list[tuple[str, ...]]:
    found = re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))
    return [tuple(found[start : start + length]) for start in range(len(found) - length + 1)]
