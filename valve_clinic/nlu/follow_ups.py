"""A short message is read together with the one before it: "how long?" means something else after each question."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valve_clinic import paths, plain_yaml
from valve_clinic.nlu import examples, questions

#: The taught pairs; invented, like all training messages.
FILE = paths.DATA / "follow_ups.yml"
#: Where a message's metadata has the words before it (`rasa_patches.py` puts them there).
PREVIOUS = "previous"
#: A message of so many words may lean on the one before it; a longer one speaks for itself.
MAX_WORDS = 9
#: A message of so few words does not tell the topic: the one before it is taken along.
_FEW_WORDS = 4
_JOINT = " "
#: How much the context counts: for a message of up to so few words, for a longer one, and for any that is clear by
#: itself from this confidence on. Chosen on the taught pairs that are kept from fitting, and on short messages behind
#: others that they have nothing to do with (docs/architecture.md).
_LEANING, _MORE_WORDS, _BY_ITSELF, _CLEAR = 0.9, 0.7, 0.35, 0.85
#: From this confidence on a message's own words alone count: with the context's share in it the same topic would come
#: first, and above the threshold from which the chat answers (`leaning_threshold` in config.yml).
_CERTAIN = 0.95
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
#: What a pressed button sends: "/ask_risks{…}".
_BUTTON = re.compile(r"^/(?:ask_)?([a-z_]+)")

Span = tuple[int, int]


class FollowUpsError(ValueError):
    """The file of pairs is not right; the message says which entry and why."""


@dataclass(frozen=True)
class FollowUp:
    """A message that was taught in its context."""

    previous: str
    text: str
    intent: str


def leans(text: str) -> bool:
    """Return whether the message is short enough to lean on the one before it."""
    return len(_WORD.findall(text)) <= MAX_WORDS


def speaks_for_itself(text: str, intent: str) -> bool:
    """Return whether a short message with this meaning needs none before it to have it.

    "Thanks" never needs one; a question of very few words may mean another thing behind another message.
    """
    return leans(text) and (not questions.is_topic(intent) or len(_WORD.findall(text)) >= _FEW_WORDS)


def weight(text: str, confidence: float) -> float:
    """Return the share of the context in the probabilities of a short message, from 0 to 1.

    `confidence` is that of the message read alone: what is clear by itself needs its context less. "How long?" is not:
    it was learnt alone with each of its meanings.
    """
    if confidence >= _CLEAR:
        return _BY_ITSELF
    return _LEANING if len(_WORD.findall(text)) <= _FEW_WORDS else _MORE_WORDS


def is_certain(confidence: float) -> bool:
    """Return whether a short message that is read alone with this confidence needs no reading in its context."""
    return confidence >= _CERTAIN


def joined(previous: str, text: str) -> tuple[str, Span]:
    """Return both as one text, and where the message stands in it."""
    before = previous.strip()
    if before and before[-1].isalnum():
        before += "."
    start = len(before + _JOINT)
    return before + _JOINT + text, (start, start + len(text))


def previous_of(texts: Sequence[str]) -> str | None:
    """Return what the next message may lean on, of a visitor's messages so far.

    A button counts as its topic's name; a greeting or thanks is nothing to lean on.
    """
    words = (_BUTTON.sub(_topic_of, text).partition("{")[0].strip() for text in reversed(texts))
    # From the end, as far as needed: a conversation may be long, and each turn asks twice.
    said = (text for text in words if text and not questions.is_courtesy(text))
    last = next(said, None)
    if last is None or len(_WORD.findall(last)) > _FEW_WORDS:
        return last
    before = next(said, None)
    return joined(before, last)[0] if before else last


def _topic_of(button: re.Match[str]) -> str:
    return button[1].replace("_", " ")


def read(intents: Collection[str] | None = None, path: Path = FILE) -> list[FollowUp]:
    """Return the taught pairs; raises `FollowUpsError` naming the entry that is not right."""
    data = plain_yaml.read(path)
    found: dict[tuple[str, str], FollowUp] = {}
    for number, item in enumerate(data["follow_ups"], 1):
        place = f"{path.name}, entry {number}"
        if not _is_entry(item):
            raise FollowUpsError(f"{place}: it needs previous, text and intent, each with words")
        pair = FollowUp(item["previous"], item["text"], item["intent"])
        if intents is not None and pair.intent not in intents:
            raise FollowUpsError(f"{place}: there is no intent {pair.intent}")
        if not leans(pair.text):
            raise FollowUpsError(f"{place}: longer than {MAX_WORDS} words, so that it would be read alone")
        if found.setdefault((pair.previous.lower(), pair.text.lower()), pair) is not pair:
            raise FollowUpsError(f"{place}: the same pair stands in the file before")
    return list(found.values())


def taught(config: Mapping[str, Any], intents: Collection[str]) -> list[FollowUp]:
    """Return the pairs with one of the intents, for a component that learns; none where `config` leaves them out.

    `config` holds `follow_ups`: the hash of the file, or nothing.
    """
    return [pair for pair in read() if pair.intent in intents] if config["follow_ups"] else []


def alone(pairs: Iterable[FollowUp], known: Iterable[str]) -> list[tuple[str, str]]:
    """Return the taught short messages that are to be learnt alone, once for each meaning, with the intent.

    What is `known` and what is held aside is not among them.

    Danger is looked for in the words of a message alone, and no training message is like "she's 73", which is said in
    the middle of a talk only: that there is none in it has to be learnt.
    """
    messages = {_plain(text) for text in known}
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for pair in pairs:
        if _plain(pair.text) not in messages and not examples.is_held_aside(pair.text):
            found.setdefault((_plain(pair.text), pair.intent), (pair.text, pair.intent))
    return list(found.values())


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def file_hash(path: Path = FILE) -> str:
    """Return a hash of the file, for the configuration of the component that learns from it; see `source_hash`."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _is_entry(item: Any) -> bool:
    keys = ("previous", "text", "intent")
    return isinstance(item, dict) and all(isinstance(item.get(key), str) and item[key].strip() for key in keys)
