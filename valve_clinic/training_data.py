"""Reads the training messages and checks what Rasa's own validator does not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from valve_clinic import paths

#: Intents of small talk and vocabulary stay in this file; every other intent has a file of its own in `data/nlu/`.
COMMON_FILE = "nlu.yml"
#: Each question intent needs at least this many messages.
MIN_MESSAGES = 30
#: Two messages of one intent that are this alike (see `alike`) count as one.
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


def by_intent(messages: Sequence[TrainingMessage]) -> list[list[TrainingMessage]]:
    """Return the messages of each intent that are long enough to be nearly the same as another one."""
    groups: dict[str, list[TrainingMessage]] = {}
    for message in messages:
        if len(message.text.split()) >= NEAR_DOUBLE_WORDS:
            groups.setdefault(message.intent, []).append(message)
    return list(groups.values())


def alike(group: Sequence[TrainingMessage], least: int) -> list[tuple[TrainingMessage, TrainingMessage]]:
    """Return the pairs whose likeness is `least` or more, later message first."""
    words = [in_order(message.text) for message in group]
    found = likeness(words, words, least)
    return [(group[second], group[first]) for first, second in np.argwhere(np.triu(found, k=1))]


def in_order(text: str) -> str:
    """Return the text's key with its words in alphabetical order: whoever turns a sentence round says the same."""
    return " ".join(sorted(key(text).split()))


def likeness(some: Sequence[str], others: Sequence[str], least: int) -> np.ndarray:
    """Return how alike the letters of texts are, 0 to 100, shape (some, others); 0 where it is below `least`.

    Of texts with their words in order this is rapidfuzz's `token_sort_ratio`, in a twentieth of its time.
    """
    found: np.ndarray = cdist(some, others, scorer=ratio, score_cutoff=least, dtype=np.uint8, workers=-1)
    return found


def _near_doubles(messages: list[TrainingMessage]) -> list[str]:
    """Return a sentence for each pair of one intent that differs in little but the order of words or a few letters."""
    return [
        f"{later.place}: nearly the same as {earlier.place}: {earlier.text!r}"
        for group in by_intent(messages)
        for later, earlier in alike(group, NEAR_DOUBLE)
    ]
