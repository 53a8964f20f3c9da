"""Reads the training messages and checks what Rasa's own validator does not."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from rapidfuzz.fuzz import token_sort_ratio
from rapidfuzz.process import cdist

from valve_clinic import paths

#: Intents of small talk and vocabulary stay in this file; every other intent has a file of its own in `data/nlu/`.
COMMON_FILE = "nlu.yml"
#: Each question intent needs at least this many messages.
MIN_MESSAGES = 30
#: Two messages of one intent that are this alike (rapidfuzz's token_sort_ratio, 0 to 100) count as one.
NEAR_DOUBLE = 90
#: Shorter messages are alike by nature ("sure", "sure thing") and are left alone.
NEAR_DOUBLE_WORDS = 5
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class TrainingMessage:
    """One example with its place."""

    text: str
    intent: str
    file: Path
    line: int
    #: Safety level of the message beside its intent, where the block's metadata names one.
    level: str | None = None

    @property
    def place(self) -> str:
        """Return file and line as a reader finds them."""
        return f"{self.file.parent.name}/{self.file.name}:{self.line}"


def read(folder: Path = paths.DATA) -> list[TrainingMessage]:
    """Return all messages of `nlu.yml` and `nlu/*.yml` in the order of the files."""
    messages = []
    for path in [folder / COMMON_FILE, *sorted((folder / "nlu").glob("*.yml"))]:
        intent = level = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            head = re.match(r"^- (\w+): (.+)$", line)
            if head:
                intent, level = head[2].strip() if head[1] == "intent" else None, None
            elif line.startswith("    level: "):
                level = line.partition(":")[2].strip()
            elif intent and line.startswith("    - "):
                messages.append(TrainingMessage(line[6:].strip(), intent, path, number, level))
    return messages


def key(text: str) -> str:
    """Return the text without case and punctuation: two messages with the same key are one; emoji keep theirs."""
    return _NOT_WORD.sub(" ", text.lower()).strip() or text


def check(messages: list[TrainingMessage], domain: Path = paths.DOMAIN_FILE) -> list[str]:
    """Return a sentence for each problem: doubles, near-doubles, misplaced intents, too few messages."""
    problems = []
    first: dict[str, TrainingMessage] = {}
    for message in messages:
        double = first.setdefault(key(message.text), message)
        if double is not message:
            problems.append(f"{message.place}: the same message stands at {double.place} ({double.intent})")
        own_file = message.file.name != COMMON_FILE
        if own_file and message.file.stem != message.intent:
            problems.append(f"{message.place}: {message.intent} in the file of {message.file.stem}")
    counts = Counter(message.intent for message in messages)
    intents = yaml.safe_load(domain.read_text(encoding="utf-8"))["intents"]
    problems += [
        f"{intent} has {counts[intent]} messages; it needs {MIN_MESSAGES}"
        for intent in intents
        if intent != "nlu_fallback" and counts[intent] < MIN_MESSAGES
    ]
    problems += _near_doubles(messages)
    problems += [f"{intent} is not in domain.yml" for intent in counts if intent not in intents]
    return problems


def _near_doubles(messages: list[TrainingMessage]) -> list[str]:
    """Return a sentence for each pair of one intent that differs in little but the order of words or a few letters."""
    by_intent: dict[str, list[TrainingMessage]] = {}
    for message in messages:
        if len(message.text.split()) >= NEAR_DOUBLE_WORDS:
            by_intent.setdefault(message.intent, []).append(message)
    problems = []
    for group in by_intent.values():
        keys = [key(message.text) for message in group]
        likeness = cdist(keys, keys, scorer=token_sort_ratio, score_cutoff=NEAR_DOUBLE, dtype=np.uint8, workers=-1)
        for first, second in np.argwhere(np.triu(likeness, k=1)):
            pair = group[second], group[first]
            problems.append(f"{pair[0].place}: nearly the same as {pair[1].place}: {pair[1].text!r}")
    return problems
