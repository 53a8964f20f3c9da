"""What the tuned branch learns from: a text with spans, each with what it means.

Messages of patients come as several sentences, and a danger can stand in one clause of many. The branch therefore
learns on spans inside their text: the whole message; its questions, which mean what the message means; its clauses,
which are harmless where the message is; and, in two messages put one after the other, each of both. What a short
message means behind another one is written by hand (`data/follow_ups.yml`), and is learnt of it alone as well; that it
often means what it means alone is learnt from messages put behind others at random. What is put together exists during
training only: the files in `data/` have whole messages that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from valve_clinic.nlu import follow_ups, questions

Span = tuple[int, int]
#: Means that a label or a flag is not known.
UNKNOWN = -1
#: More spans of one text than this add little.
_MAX_SPANS = 8
#: What stands between two messages that are put together, as people join them.
_JOINTS = (". ", "? ", " ", ", ", " and ", " also ", "... ", " but ", " - ")


@dataclass(frozen=True)
class Lesson:
    """A text with spans (characters); labels (spans,), and flags (spans, flags) that are 1, 0 or `UNKNOWN`.

    The first span is the whole text. Where the whole text has a flag and its other spans are unknown, at least one of
    them has it.
    """

    text: str
    spans: list[Span]
    labels: np.ndarray
    flags: np.ndarray


def of_message(text: str, sentences: Iterable[Span], label: int, flags: np.ndarray) -> Lesson:
    """Return what is learnt from one training message; `flags` are 1.0 or 0.0."""
    sentences = list(sentences)
    parts = questions.split(text, sentences)
    asked = [(part.start, part.end) for part in parts if part.is_question] if len(parts) > 1 else []
    clauses = [(part.start, part.end) for part in questions.clauses(text, sentences)]
    clauses = [span for span in clauses if span not in asked] if len(clauses) > 1 else []
    spans = [(0, len(text)), *asked, *clauses][:_MAX_SPANS]
    labels = [label] + [label if span in asked else UNKNOWN for span in spans[1:]]
    # Nobody said which clause of a dangerous message has the danger.
    inner = np.where(flags > 0, UNKNOWN, 0.0)
    rows = np.vstack([flags, *[inner] * (len(spans) - 1)]).astype(np.float32)
    return Lesson(text, spans, np.array(labels, dtype=np.int32), rows)


def of_follow_up(text: str, span: Span, label: int, flags: np.ndarray) -> Lesson:
    """Return what is learnt from a message that stands in `span`, behind the harmless one that it leans on."""
    spans = [(0, len(text)), span]
    return Lesson(text, spans, np.array([UNKNOWN, label], dtype=np.int32), np.vstack([flags, flags]).astype(np.float32))


def behind_others(
    lessons: Sequence[Lesson], alone: Sequence[Lesson], share: float, max_length: int, random: np.random.Generator
) -> list[Lesson]:
    """Return `share` times as many lessons, each of one of `alone` behind a message that it has nothing to do with.

    `alone` are short harmless messages that say by themselves what they mean. Messages up to `max_length` characters
    stand before them.
    """
    short = [lesson for lesson in lessons if len(lesson.text) <= max_length]
    found = []
    for _ in range(int(share * len(lessons)) if short and alone else 0):
        first, second = _pick(short, random), _pick(alone, random)
        if first.labels[0] == second.labels[0] or first.flags[0].any():
            continue
        text, span = follow_ups.joined(first.text, second.text)
        found.append(of_follow_up(text, span, int(second.labels[0]), second.flags[0]))
    return found


def together(lessons: Sequence[Lesson], share: float, max_length: int, random: np.random.Generator) -> list[Lesson]:
    """Return `share` times as many lessons of two messages each; of messages up to `max_length` characters only.

    One in three has a message with a flag, so that danger is learnt beside other things.
    """
    short = [lesson for lesson in lessons if len(lesson.text) <= max_length]
    flagged = [lesson for lesson in short if lesson.flags[0].any()]
    found = []
    for _ in range(int(share * len(lessons)) if short else 0):
        first = _pick(short, random)
        second = _pick(flagged if flagged and random.random() < 1 / 3 else short, random)
        if first.labels[0] == second.labels[0]:
            continue
        pair = (first, second) if random.random() < 0.5 else (second, first)
        found.append(_join(*pair, _JOINTS[random.integers(len(_JOINTS))]))
    return found


def _pick(lessons: Sequence[Lesson], random: np.random.Generator) -> Lesson:
    return lessons[random.integers(len(lessons))]


def _join(first: Lesson, second: Lesson, joint: str) -> Lesson:
    before = first.text.rstrip(" .!?,;") if joint[0] in ".?,." else first.text
    text = before + joint + second.text
    begin = len(before + joint)
    spans = [(0, len(text)), (0, len(before)), (begin, len(text))]
    whole = np.maximum(first.flags[0], second.flags[0])
    labels = np.array([UNKNOWN, first.labels[0], second.labels[0]], dtype=np.int32)
    return Lesson(text, spans, labels, np.vstack([whole, first.flags[0], second.flags[0]]))
