"""Texts are plain: no typed phone number, no unknown placeholder, no markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem

#: Ten digits however they are parted: dots, blanks, brackets, and all kinds of hyphens.
_PHONE = re.compile(r"(?<!\d)(?:1\W?)?\(?\d{3}\)?\W?\d{3}\W?\d{4}(?!\d)")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def check(parsed: Parsed) -> Iterator[Problem]:
    """Look through everything that is read; a title or a cell of a table has no placeholder at all."""
    for text in parsed.texts():
        fixed = text.part in ("title", "table")
        for message, mend in _look_through(text.text, fixed, "table" if text.part == "table" else "title"):
            yield parsed.in_topic(text.topic, text.location, message, mend)


def _look_through(text: str, fixed: bool, what: str) -> Iterator[tuple[str, str]]:
    if _PHONE.search(text):
        yield "a phone number is typed", "write {phone}: numbers stand in clinic.yml only"
    unknown = [name for name in _PLACEHOLDER.findall(text) if name != "phone"]
    if fixed and "{" in text:
        yield f"a {what} has no placeholders", "write the words out, or leave them away"
    elif unknown:
        yield f"unknown placeholder {{{unknown[0]}}}; known: {{phone}}", "write {phone}, or words"
    if "<" in text:
        yield "markup is not shown", "write plain text, without <"
