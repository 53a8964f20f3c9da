"""Titles differ: each is the text of a button."""

from __future__ import annotations

from collections.abc import Iterator

from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem


def check(parsed: Parsed) -> Iterator[Problem]:
    """Refuse a title that another topic of the folder has."""
    seen: dict[str, str] = {}
    for name, topic in parsed.topics.items():
        title = topic.title.lower()
        if title in seen:
            yield parsed.in_topic(
                name, ["title"], f"the title is the same as that of {seen[title]}", "ask the question in other words"
            )
        seen[title] = name
