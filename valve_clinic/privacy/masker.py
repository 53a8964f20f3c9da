"""Writes `[name]`, `[phone]` and the like over what tells who somebody is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from valve_clinic.privacy import names, numbers
from valve_clinic.privacy.folding import fold

#: How many texts are remembered by `find_in_turn`.
_LATELY = 16


@dataclass(frozen=True)
class Span:
    """A range of a text that is masked: its kind (`phone`, `name`, …) and what is written in its place."""

    start: int
    end: int
    kind: str
    mask: str


def find(text: str) -> tuple[Span, ...]:
    """Return what is masked in a text, in order, without overlaps."""
    folded = fold(text)
    taken: list[Span] = []
    for found in (*numbers.find(folded), *names.find(folded)):
        start, end = folded.place(found.start, found.end)
        met = [other for other in taken if start < other.end and other.start < end]
        if all(other.kind == found.kind for other in met):
            # Two patterns of a kind that meet are one range.
            taken = [other for other in taken if other not in met]
            first, last = min([start, *(other.start for other in met)]), max([end, *(other.end for other in met)])
            taken.append(Span(first, last, found.kind, found.mask))
    return tuple(sorted(taken, key=lambda span: span.start))


@lru_cache(maxsize=_LATELY)
def find_in_turn(text: str) -> tuple[Span, ...]:
    """Return what `find` does, for a message of a turn that is under way: it is asked for twice."""
    return find(text)


def mask(text: str) -> str:
    """Return the text with everything that `find` finds written over; a masked text stays as it is."""
    return replace(text, find(text))


def replace(text: str, spans: Sequence[Span]) -> str:
    """Return the text with the spans' masks in their places."""
    parts, last = [], 0
    for span in spans:
        parts += [text[last : span.start], span.mask]
        last = span.end
    return "".join([*parts, text[last:]])
