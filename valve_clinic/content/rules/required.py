"""The clinic's statements stay in the answers, unchanged in meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator

from valve_clinic.content import schema
from valve_clinic.content.house_rules import House, Statement
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem


def check(parsed: Parsed, house: House) -> Iterator[Problem]:
    """Refuse a text that no longer says what it must, naming both files and lines."""
    path = house.folder / "required.yml"
    for index, item in enumerate(house.required):
        here = parsed.at(path, ["required", index], "", "")
        if parsed.facts is not None and item.fact not in parsed.facts:
            message, mend = f"no fact {item.fact!r} in facts.yml", "write the id of a fact that is there"
            yield parsed.at(path, ["required", index, "fact"], message, mend)
        if item.topic not in parsed.names:
            message, mend = f"there is no topic {item.topic}", "write a topic's id, or put its file back"
            yield parsed.at(path, ["required", index, "topic"], message, mend)
        if item.topic in parsed.topics:
            yield from _topic(parsed, item, here)


def _topic(parsed: Parsed, item: Statement, here: Problem) -> Iterator[Problem]:
    answers = {
        schema.variant_key(answer.variant) or "default": (number, answer)
        for number, answer in enumerate(parsed.topics[item.topic].answers)
    }
    for variant in item.variants:
        if variant not in answers:
            message = f"the text for {variant} is gone; it must say: {item.says} ({here.place}, fact {item.fact})"
            yield parsed.in_topic(item.topic, ["answers"], message, "put the text back")
            continue
        number, answer = answers[variant]
        cited = {source for paragraph in answer.paragraphs for source in paragraph.sources}
        for part, text in (("paragraphs", answer.text), *((("short", answer.short),) if item.short else ())):
            plain = " ".join(text.split())
            if not any(re.search(pattern, plain, re.IGNORECASE) for pattern in item.any_of):
                message = f"the text no longer says: {item.says} ({here.place}, fact {item.fact})"
                yield parsed.in_topic(item.topic, ["answers", number, part], message, f"say again: {item.says}")
        if item.fact not in cited:
            message = f"the fact {item.fact} is no longer cited; it says: {item.says} ({here.place})"
            mend = f"add {item.fact} to the sources of the paragraph that says so"
            yield parsed.in_topic(item.topic, ["answers", number, "paragraphs"], message, mend)
