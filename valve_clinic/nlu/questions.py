"""Cuts a message into its questions: sentences, and clauses that begin a new question."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

#: What is left out around a part.
_AROUND = " \n\t,;-"
_WORDS = re.compile(r"[a-z0-9']+")
#: Intents beside `ask_…` that are questions.
_TOPICS = ("book_appointment", "find_provider")


@dataclass(frozen=True)
class Part:
    """A piece of the message, with its place in the text."""

    text: str
    start: int
    end: int
    is_question: bool


@dataclass(frozen=True)
class SplitRules:
    """What `questions.yml` says; `beginning` matches how a question begins."""

    joined_cut: re.Pattern[str]
    open_cut: re.Pattern[str]
    beginning: re.Pattern[str]
    clause_cut: re.Pattern[str]
    fillers: frozenset[str]
    min_words: int
    min_clause_words: int
    max_clauses: int
    clauses_from_words: int
    courtesies: dict[str, re.Pattern[str]]
    nothing_else: re.Pattern[str]
    open_min_words: int
    max_questions: int
    min_confidence: float
    statement_confidence: float
    statement_max_words: int

    def needed(self, part: Part) -> float:
        """Return the confidence from which the part counts as a question of its own; above 1 it never does."""
        if part.is_question:
            return self.min_confidence
        return self.statement_confidence if len(_words(part.text)) <= self.statement_max_words else 2.0


@lru_cache(maxsize=1)
def rules() -> SplitRules:
    """Return the rules of the data file."""
    data = yaml.safe_load((Path(__file__).parent / "questions.yml").read_text(encoding="utf-8"))
    either = {key: "|".join(map(re.escape, data[key])) for key in data if isinstance(data[key], list)}
    asks = rf"(?:(?:{either['question_words']})|(?:{either['auxiliaries']})\s+(?:{either['subjects']})"
    asks += rf"|(?:{either['free_auxiliaries']})\s+(?!(?:{either['continuations']})\b)\w+"
    asks += rf"|(?:{either['requests']}))\b"
    joiners = either["joiners"]
    # The cut is before the joiner, or after a comma alone, where a question begins.
    joined = rf"(?:[,;:]\s*|\s+-+\s*|\s+(?=(?:{joiners})\b))(?:(?:{joiners})\s+)*(?={asks})"
    return SplitRules(
        re.compile(joined, re.IGNORECASE),
        re.compile(rf"\s+(?=(?:{either['open_beginnings']})\b)", re.IGNORECASE),
        re.compile(asks, re.IGNORECASE),
        re.compile(rf"[,;:]\s*|\s+-+\s*|\s+(?=(?:{either['clause_joiners']})\b)", re.IGNORECASE),
        frozenset(data["fillers"]),
        data["min_words"],
        data["min_clause_words"],
        data["max_clauses"],
        data["clauses_from_words"],
        {
            name: re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b")
            for name, phrases in data["courtesies"].items()
        },
        re.compile(
            rf"(?:(?:{'|'.join(re.escape(p) for name in ('greet', 'thank') for p in data['courtesies'][name])})\b\s*"
            rf"(?:(?:{either['around_courtesies']})\b\s*)*)+"
        ),
        data["open_min_words"],
        data["max_questions"],
        data["min_confidence"],
        data["statement_confidence"],
        data["statement_max_words"],
    )


def is_topic(intent: str) -> bool:
    """Return whether the intent is a question that the content answers."""
    return intent.startswith("ask_") or intent in _TOPICS


def split(text: str, sentences: Iterable[tuple[int, int]]) -> list[Part]:
    """Return the parts of a text in order; `sentences` are character spans, as spaCy finds them."""
    plain = text.replace("\u2019", "'")
    parts: list[Part] = []
    for sentence in sentences:
        for joined in _cut(plain, sentence, rules().joined_cut, rules().min_words):
            for start, end in _cut(plain, joined, rules().open_cut, rules().open_min_words):
                piece = text[start:end].strip(_AROUND)
                if parts and piece.endswith("?") and len(_words(piece)) < rules().min_words:
                    # "The groin is purple. Normal?": the word asks about what stands before it.
                    before = parts.pop()
                    parts.append(Part(text[before.start : end].rstrip(), before.start, end, True))
                elif len(_words(piece)) >= rules().min_words:
                    start += len(text[start:end]) - len(text[start:end].lstrip(_AROUND))
                    parts.append(Part(piece, start, start + len(piece), _is_question(piece)))
    return parts


def clauses(text: str, sentences: Iterable[tuple[int, int]]) -> list[Part]:
    """Return the clauses of a text in order, questions and statements alike: what triage looks at one by one.

    A short message is one thought and has none. There are at most `max_clauses`: in a longer text neighbours are put
    together, and nothing is left out.
    """
    if len(_words(text)) < rules().clauses_from_words:
        return []
    plain = text.replace("\u2019", "'")
    spans = []
    for sentence in sentences:
        spans += _cut(plain, sentence, rules().clause_cut, rules().min_clause_words)
    together = -(-len(spans) // rules().max_clauses) or 1
    found = []
    for index in range(0, len(spans), together):
        start, end = spans[index][0], spans[min(index + together, len(spans)) - 1][1]
        piece = text[start:end].strip(_AROUND)
        if piece:
            start += len(text[start:end]) - len(text[start:end].lstrip(_AROUND))
            found.append(Part(piece, start, start + len(piece), _is_question(piece)))
    return found


def courtesy_of(text: str) -> str | None:
    """Return "worry", "thank" or "greet" for a message that has one around its question; a greeting comes first."""
    said = " ".join(_words(text))
    for name, pattern in rules().courtesies.items():
        if pattern.match(said) if name == "greet" else pattern.search(said):
            return name
    return None


def is_courtesy(text: str) -> bool:
    """Return whether the message only greets or thanks."""
    return bool(rules().nothing_else.fullmatch(" ".join(_words(text))))


def _cut(text: str, span: tuple[int, int], where: re.Pattern[str], min_words: int) -> list[tuple[int, int]]:
    """Return the pieces of a span; a cut leaves at least `min_words` before it."""
    begin, end = span
    pieces = []
    for cut in where.finditer(text, begin, end):
        if len(_words(text[begin : cut.start()])) >= min_words:
            pieces.append((begin, cut.start()))
            begin = cut.end()
    return [*pieces, (begin, end)]


def _is_question(piece: str) -> bool:
    if piece.endswith("?"):
        return True
    words = _words(piece)
    while words and words[0] in rules().fillers:
        words = words[1:]
    return bool(rules().beginning.match(" ".join(words)))


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.lower().replace("\u2019", "'"))
