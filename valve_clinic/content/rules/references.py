"""What a topic names exists: follow-ups, hand-offs, links and facts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from valve_clinic.content.parsed import Location, Parsed
from valve_clinic.content.problems import Problem


def check(parsed: Parsed) -> Iterator[Problem]:
    """Check every name; what needs the facts or the clinic's data is left out while those are broken themselves."""
    for name in parsed.topics:
        yield from _topic(parsed, name)
    if parsed.clinic is not None and parsed.facts is not None:
        path = parsed.base / "clinic.yml"
        for kind, handoff in parsed.clinic.handoffs.items():
            if handoff.source is not None:
                yield from _fact(parsed, handoff.source, path, ["handoffs", kind, "source"])


def _topic(parsed: Parsed, name: str) -> Iterator[Problem]:
    topic, clinic = parsed.topics[name], parsed.clinic
    if topic.id != name:
        yield parsed.in_topic(name, ["id"], f"the id must be the file's name, {name}", f"write id: {name}")
    for index, other in enumerate(topic.followups):
        place: Location = ["followups", index]
        if other not in parsed.names or other == name:
            yield parsed.in_topic(
                name, place, f"{other} is not another topic of this folder", "name a topic file, without .yml"
            )
        elif other in parsed.topics and parsed.topics[other].status != "published" and topic.status == "published":
            mend = f"name another topic, or set status: published in {other}.yml"
            yield parsed.in_topic(name, place, f"{other} is a draft: its button would lead nowhere", mend)
    if clinic is not None:
        for key, value, known in (("handoff", topic.handoff, clinic.handoffs), ("link", topic.link, clinic.links)):
            if value is not None and value not in known:
                what = "kind of hand-off" if key == "handoff" else "link"
                message = f"unknown {what} {value!r}; clinic.yml has {', '.join(known)}"
                yield parsed.in_topic(name, [key], message, f"write one of those, or {key}: null")
    for number, answer in enumerate(topic.answers):
        at: list[str | int] = ["answers", number]
        for part, paragraph in enumerate(answer.paragraphs):
            for index, source in enumerate(paragraph.sources):
                spot = [*at, "paragraphs", part, "sources", index]
                yield from _fact(parsed, source, parsed.path(name), spot)
        table = getattr(answer, "table", None)
        for row, item in enumerate(table.rows if table is not None else ()):
            for index, source in enumerate(item.sources):
                spot = [*at, "table", "rows", row, "sources", index]
                yield from _fact(parsed, source, parsed.path(name), spot)


def _fact(parsed: Parsed, source: str, path: Path, location: Location) -> Iterator[Problem]:
    if parsed.facts is not None and source not in parsed.facts:
        mend = "write the id of a fact that is there, or add the fact with its source"
        yield parsed.at(path, location, f"no fact {source!r} in facts.yml", mend)
