"""Every topic is reached: by training messages, by an intent and by a rule or story."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from valve_clinic import paths
from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem


def check(parsed: Parsed, house: House, data: Path | None = None) -> Iterator[Problem]:
    """Look for data/nlu/<topic>.yml with messages, and the intent in the rules or stories of `data`."""
    data = data or paths.DATA
    steps = "\n".join((data / name).read_text(encoding="utf-8") for name in ("rules.yml", "stories.yml"))
    known = set(re.findall(r"^\s*- intent:\s*(\w+)", steps, re.MULTILINE))
    for name, topic in parsed.topics.items():
        if topic.status != "published":
            continue
        messages = data / "nlu" / f"{name}.yml"
        if not messages.is_file() or not re.search(r"^\s+- \S", messages.read_text(encoding="utf-8"), re.MULTILINE):
            message = f"nobody can ask it: data/nlu/{name}.yml has no training messages"
            yield parsed.in_topic(name, ["id"], message, "have messages written there, or set status: draft")
        if name not in known:
            message = f"nobody is answered: neither data/rules.yml nor data/stories.yml has the intent {name}"
            yield parsed.in_topic(
                name, ["id"], message, "have the intent added to the first rule, or set status: draft"
            )
