"""A number stands in a text only when a fact that is cited there has it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem

_NUMBER = re.compile(r"\d(?:[\d,.]*\d)?")


def check(parsed: Parsed, house: House) -> Iterator[Problem]:
    """Compare paragraphs with their own sources, short forms and tables with those of their text."""
    if parsed.facts is None or parsed.clinic is None:
        return
    free = set(parsed.clinic.numbers.values())
    for text in parsed.texts():
        cited = " ".join(parsed.facts[source].fact for source in text.sources if source in parsed.facts)
        for number in sorted(set(_NUMBER.findall(text.text)) - free - set(_NUMBER.findall(cited))):
            named = ", ".join(text.sources) or "none"
            message = f"the number {number} stands in no fact that is cited here ({named})"
            mend = "write the fact's own number, add the fact that has it to sources, or take the number out"
            yield parsed.in_topic(text.topic, text.location, message, mend)
