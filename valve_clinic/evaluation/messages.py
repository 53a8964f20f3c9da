"""Reads files of labelled messages, and says file and line of what is wrong in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from valve_clinic import paths, training_data
from valve_clinic.content import yaml_file
from valve_clinic.content.problems import ContentError, Problem

#: The project's own messages: invented, written apart from the training data.
HELD_OUT = paths.ROOT / "tests" / "nlu" / "held_out.yml"
#: `source` says where a message comes from, for the reader of the file.
_KEYS = ("text", "intent", "also", "slices", "source")


class MessagesError(Exception):
    """The messages cannot be used; the text has one line for each problem, with file and line."""


@dataclass(frozen=True)
class LabelledMessage:
    """A message with the intent it should be understood as."""

    text: str
    intent: str
    #: Other intents that serve as well.
    also: tuple[str, ...] = ()
    #: Kinds of message that it is an example of.
    slices: tuple[str, ...] = ()
    #: Whether it stands in the training data too, but for case and punctuation.
    in_training: bool = False

    @property
    def accepted(self) -> frozenset[str]:
        """Return every intent that counts as right."""
        return frozenset((self.intent, *self.also))


def domain_intents(domain: Path = paths.DOMAIN_FILE) -> frozenset[str]:
    """Return the names of the domain's intents."""
    listed = yaml.safe_load(domain.read_text(encoding="utf-8"))["intents"]
    return frozenset(next(iter(item)) if isinstance(item, dict) else item for item in listed)


def read(path: Path, intents: Collection[str]) -> list[LabelledMessage]:
    """Return the file's messages in order; raises `MessagesError` when one is not right or there are none."""
    try:
        document = yaml_file.read(path)
    except ContentError as error:
        raise MessagesError("\n".join(str(problem) for problem in error.problems)) from None
    found = document.data
    if not isinstance(found, list) or not found:
        raise MessagesError(str(Problem(path, 1, "not a list of messages, each with text and intent")))
    problems = []
    for number, item in enumerate(found):
        problems += [str(Problem(path, document.line_of([number]), problem)) for problem in _problems(item, intents)]
    if problems:
        raise MessagesError("\n".join(problems))
    return [
        LabelledMessage(item["text"], item["intent"], tuple(item.get("also") or ()), tuple(item.get("slices") or ()))
        for item in found
    ]


def mark_trained(messages: Sequence[LabelledMessage], trained: Iterable[str]) -> list[LabelledMessage]:
    """Return the messages, marked where the training data's texts have them too."""
    keys = {training_data.key(text) for text in trained}
    return [replace(message, in_training=training_data.key(message.text) in keys) for message in messages]


def _problems(item: Any, intents: Collection[str]) -> list[str]:
    """Return what is wrong with one message, without its text."""
    if not isinstance(item, dict):
        return ["not a message with text and intent"]
    problems = [f"unknown key {key}; known are {', '.join(_KEYS)}" for key in item if key not in _KEYS]
    for key in ("text", "intent"):
        value = item.get(key)
        if not isinstance(value, str) or not value.strip():
            problems.append(f"{key} is missing or is not a text")
    for key in ("also", "slices"):
        value = item.get(key)
        if value is not None and not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
            problems.append(f"{key} is not a list of names")
    if not problems:
        named = [item["intent"], *(item.get("also") or [])]
        problems = [f"there is no intent {name} in domain.yml" for name in named if name not in intents]
    return problems
