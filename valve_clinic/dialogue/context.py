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
        key, value = str(entity.get("entity")), str(entity.get("value")).lower()
        if key in VARIANT_KEYS and value in VARIANT_KEYS[key]:
            found.setdefault(key, set()).add(value)
            if "start" in entity and "end" in entity:
                spans.append((entity["start"], entity["end"]))
    values = {key: next(iter(choices)) for key, choices in found.items() if len(choices) == 1}
    return Mentions(values, len(found.get("procedure", ())) > 1, tuple(spans))


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
    age = 0 if fresh else int(slots.get("turns_since_mention") or 0) + 1
    if age > FADES_AFTER:
        return Context(topic, {}, age, cleared=True)
    # Rasa fills these slots with the words as they were typed: "MitraClip" is mitraclip.
    typed = {key: str(slots.get(key)).lower() for key in VARIANT_KEYS}
    carried = {key: value for key, value in typed.items() if value in VARIANT_KEYS[key]}
    return Context(topic, {**carried, **fresh}, age, cleared=False)


@lru_cache(maxsize=1)
def _follow_up_words() -> tuple[tuple[str, ...], frozenset[str]]:
    data = yaml.safe_load((Path(__file__).parent / "follow_ups.yml").read_text(encoding="utf-8"))
    return tuple(data["openers"]), frozenset(data["small_words"].split())
