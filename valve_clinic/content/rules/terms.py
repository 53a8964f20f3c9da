"""A medical term is explained where a text uses it first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from valve_clinic.content.house_rules import House, Term
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


def check(parsed: Parsed, house: House) -> Iterator[Problem]:
    """Look at the first sentence with the term, and the two after it; short forms come after a whole text."""
    for name, topic in parsed.topics.items():
        for number, answer in enumerate(topic.answers):
            sentences = [
                (part, sentence)
                for part, paragraph in enumerate(answer.paragraphs)
                for sentence in _SENTENCE_END.split(" ".join(paragraph.text.split()))
            ]
            for term in house.terms:
                part = _unexplained(term, sentences)
                if part is not None:
                    message = f"{term.term!r} is not explained where it is used first"
                    mend = f"explain it there, for example: {term.example}"
                    yield parsed.in_topic(name, ["answers", number, "paragraphs", part, "text"], message, mend)


def _unexplained(term: Term, sentences: list[tuple[int, str]]) -> int | None:
    """Return the paragraph in which the term is used first and left unexplained, or None."""
    for index, (part, sentence) in enumerate(sentences):
        if re.search(term.pattern, sentence):
            near = " ".join(text for _, text in sentences[max(index - 1, 0) : index + 3])
            explained = any(re.search(pattern, near, re.IGNORECASE) for pattern in term.explained)
            return None if explained else part
    return None
