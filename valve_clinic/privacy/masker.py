"""Writes `[name]`, `[phone]` and the like over what tells who somebody is."""

from __future__ import annotations

from dataclasses import dataclass

from valve_clinic.privacy import names, numbers
from valve_clinic.privacy.folding import fold


@dataclass(frozen=True)
class Span:
    """A range of a text that is masked: its kind (`phone`, `name`, …) and what is written in its place."""

    start: int
    end: int
    kind: str
    mask: str


def find(text: str) -> list[Span]:
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
    return sorted(taken, key=lambda span: span.start)


def mask(text: str) -> str:
    """Return the text with everything that `find` finds written over; a masked text stays as it is."""
    return replace(text, find(text))


def replace(text: str, spans: list[Span]) -> str:
    """Return the text with the spans' masks in their places."""
    parts, last = [], 0
    for span in spans:
        parts += [text[last : span.start], span.mask]
        last = span.end
    return "".join([*parts, text[last:]])
