"""What the talk is about: which procedure, which severity, which topic, and when that fades."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from valve_clinic.content.schema import VARIANT_KEYS

#: After this many answers without a mention, what was said before no longer chooses the text.
FADES_AFTER = 3
#: A bare follow-up has at most this many words beside what it names.
_MAX_WORDS = 6
#: The value of the entity `relation` for the writer.
_WRITER = "self"
_WORD = re.compile(r"[a-z0-9'+]+")


@dataclass(frozen=True)
class Mentions:
    """The variant values a message names, by key; both procedures in one message are named as a comparison."""

    values: dict[str, str] = field(default_factory=dict)
    compared: bool = False
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Context:
    """What the answer action knows before it answers."""

    topic: str
    wanted: dict[str, str]
    turns_since_mention: int
    cleared: bool


def read_mentions(entities: Iterable[dict[str, Any]]) -> Mentions:
    """Return the variant values among Rasa's entities; two procedures together count as a comparison."""
    found: dict[str, set[str]] = {}
    spans = []
    for entity in entities:
        key = str(entity.get("entity"))
        value = variant_value(key, entity.get("value"))
        if value is not None:
            found.setdefault(key, set()).add(value)
            if "start" in entity and "end" in entity:
                spans.append((entity["start"], entity["end"]))
    values = {key: next(iter(choices)) for key, choices in found.items() if len(choices) == 1}
    return Mentions(values, len(found.get("procedure", ())) > 1, tuple(spans))


def variant_value(key: str, said: object) -> str | None:
    """Return the variant value that an entity or slot stands for, or None: any person but the writer is `other`."""
    choices = VARIANT_KEYS.get(key, ())
    value = str(said).lower() if said is not None else ""
    if key == "relation" and value:
        return None if value == _WRITER else "other"
    return value if value in choices else None


def is_bare_follow_up(text: str, mentions: Mentions) -> bool:
    """Return whether the message names a procedure or severity and asks nothing else: "and after surgery?"."""
    if not mentions.values or mentions.compared:
        return False
    openers, small_words = _follow_up_words()
    rest = list(text)
    for start, end in mentions.spans:
        rest[start:end] = " " * (end - start)
    words = _WORD.findall("".join(rest).lower())
    spoken = " ".join(words) + " "
    opened = any(spoken.startswith(opener + " ") for opener in openers)
    return opened and len(words) <= _MAX_WORDS and all(word in small_words for word in words)


def resolve(
    intent: str,
    text: str,
    mentions: Mentions,
    slots: dict[str, Any],
    follow_up_topics: Iterable[str],
    topic_context: dict[str, str],
) -> Context:
    """Return which topic is asked and with which variant values.

    `follow_up_topics` are the topics whose text depends on what was mentioned; a bare follow-up keeps the last topic
    when it is one of them. `topic_context` is what asking this topic says about the talk (MitraClip's own topic is
    about MitraClip).
    """
    topic = intent
    last = slots.get("last_topic")
    if last and last in set(follow_up_topics) and is_bare_follow_up(text, mentions):
        topic = last
    if mentions.compared:
        return Context(topic, {}, 0, cleared=True)
    own = topic_context if topic == intent else {}
    fresh = {**own, **mentions.values}
    about_writer = is_about_the_writer(text)
    if about_writer:
        fresh.pop("relation", None)
    age = 0 if fresh else int(slots.get("turns_since_mention") or 0) + 1
    if age > FADES_AFTER:
        return Context(topic, {}, age, cleared=True)
    kept = carried(slots)
    if about_writer:
        kept.pop("relation", None)
    return Context(topic, {**kept, **fresh}, age, cleared=False)


def carried(slots: dict[str, Any]) -> dict[str, str]:
    """Return what the talk is about by its slots, as the keys and values of variants."""
    # Rasa fills these slots with the words as they were typed: "MitraClip" is mitraclip.
    typed = {key: variant_value(key, slots.get(key)) for key in VARIANT_KEYS}
    return {key: value for key, value in typed.items() if value is not None}


def is_about_the_writer(text: str) -> bool:
    """Return whether the writer asks about themselves, whoever else is named: "my daughter says I need surgery"."""
    spoken = f" {' '.join(_WORD.findall(text.lower().replace('’', chr(39))))} "
    return any(f" {phrase} " in spoken for phrase in _words_of_context()["about_the_writer"])


def _follow_up_words() -> tuple[tuple[str, ...], frozenset[str]]:
    data = _words_of_context()
    return tuple(data["openers"]), frozenset(data["small_words"].split())


@lru_cache(maxsize=1)
def _words_of_context() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "follow_ups.yml").read_text(encoding="utf-8"))
    return data
