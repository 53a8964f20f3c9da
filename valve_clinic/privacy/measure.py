"""Measures the masking on the labelled sentences of tests/privacy/ and on messages without personal data."""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from valve_clinic import paths
from valve_clinic.privacy import masker

FOLDER = paths.ROOT / "tests" / "privacy"
SETS = ("weighed", "exam")
_LABEL = re.compile(r"\{\{([a-z]+)\|([^{}]*)\}\}")
#: Kinds whose recall the first gate is about; names have a gate of their own.
NUMBERS = ("phone", "email", "birth", "record", "ssn", "card", "number")
RECALL_NUMBERS = 0.97
RECALL_NAMES = 0.85
MOST_DAMAGED = 0.01


@dataclass(frozen=True)
class Sentence:
    """A text and the ranges in it that must be masked, with their kinds."""

    text: str
    labels: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True)
class Recall:
    """How many labelled ranges are masked whole."""

    found: int
    all: int
    missed: tuple[str, ...]

    @property
    def share(self) -> float:
        """Return the share found; 1 where there is nothing to find."""
        return self.found / self.all if self.all else 1.0


def parse(marked: str) -> Sentence:
    """Return a sentence of a file: `{{kind|words}}` marks what must be masked."""
    text, labels, last = "", [], 0
    for match in _LABEL.finditer(marked):
        text += marked[last : match.start()]
        labels.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        last = match.end()
    return Sentence(text + marked[last:], tuple(labels))


def read(name: str, folder: Path = FOLDER) -> list[Sentence]:
    """Return the sentences of a set: `weighed` or `exam`."""
    return [parse(line) for line in yaml.safe_load((folder / f"{name}.yml").read_text(encoding="utf-8"))]


def recall(sentences: Sequence[Sentence]) -> dict[str, Recall]:
    """Return the recall of each kind; whatever is written over it counts, but only where nothing of it is left."""
    found: Counter[str] = Counter()
    every: Counter[str] = Counter()
    missed: dict[str, list[str]] = {}
    for sentence in sentences:
        covered = {place for span in masker.find(sentence.text) for place in range(span.start, span.end)}
        for start, end, kind in sentence.labels:
            every[kind] += 1
            if all(place in covered for place in range(start, end) if sentence.text[place].isalnum()):
                found[kind] += 1
            else:
                missed.setdefault(kind, []).append(sentence.text)
    return {kind: Recall(found[kind], every[kind], tuple(missed.get(kind, ()))) for kind in sorted(every)}


def together(figures: dict[str, Recall], kinds: Sequence[str]) -> Recall:
    """Return the recall of several kinds as one."""
    chosen = [figures[kind] for kind in kinds if kind in figures]
    missed = tuple(text for item in chosen for text in item.missed)
    return Recall(sum(item.found for item in chosen), sum(item.all for item in chosen), missed)


def harmless(folder: Path = FOLDER) -> list[str]:
    """Return the held-out messages without those that name somebody (`personal.yml` lists them)."""
    held_out = yaml.safe_load((paths.ROOT / "tests" / "nlu" / "held_out.yml").read_text(encoding="utf-8"))
    personal = set(yaml.safe_load((folder / "personal.yml").read_text(encoding="utf-8")))
    own = yaml.safe_load((folder / "harmless.yml").read_text(encoding="utf-8"))
    return [*own, *(item["text"] for item in held_out if item["text"] not in personal)]


def damaged(texts: Sequence[str]) -> list[str]:
    """Return the masked form of the messages that are changed."""
    return [masker.mask(text) for text in texts if masker.find(text)]


def milliseconds(texts: Sequence[str]) -> float:
    """Return the median time of one message on a processor that does nothing else."""
    taken = []
    for text in texts:
        begin = time.thread_time()
        masker.mask(text)
        taken.append(1000 * (time.thread_time() - begin))
    return statistics.median(taken)
