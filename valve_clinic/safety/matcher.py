"""Finds danger signs in a message with spaCy's Matcher, and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import spacy
from spacy.matcher import Matcher
from spacy.tokens import Doc

from valve_clinic.safety import words
from valve_clinic.safety.levels import Level
from valve_clinic.safety.signs import Sign, Signs, SignsError, read

#: "..." in a phrase stands for so many words of the same thought that do not deny it.
_GAP = "{0,3}"
#: A cue before a sign counts up to so many words ahead of it.
_REACH = {"not": 4, "unless": 7, "general": 9}
_ITEM = re.compile(r"\.\.\.|\([^()]*\)\??|<[a-z_]+>\??|[^\s()<>]+")


@dataclass(frozen=True)
class Found:
    """A sign in a message, at the level that the words around it leave it."""

    sign: Sign
    level: Level


@dataclass(frozen=True)
class _Phrase:
    """One way to say a sign or a cue: which words it cannot do without, one of each set, and who finds it."""

    name: str
    needed: tuple[frozenset[str], ...]
    matcher: Matcher


#: How many texts are remembered: those of turns that are under way.
_LATELY = 32


class SignMatcher:
    """Holds the compiled signs.

    Of more than a thousand phrases a message has the words of a few, and only those are looked for: spaCy, which tries
    each phrase at each word, took 5 ms for a message.
    """

    def __init__(self, signs: Signs) -> None:
        """Compile; raises `SignsError` when a phrase cannot be read."""
        self._vocab = spacy.blank("en").vocab
        self._words = signs.words
        self._signs = {sign.id: sign for sign in signs.signs}
        self._phrases: dict[str, list[_Phrase]] = {}
        for sign in signs.signs:
            self._add(f"sign:{sign.id}", sign.phrases)
        for cue, phrases in signs.cues.items():
            self._add(f"cue:{cue}", phrases)
        # The channel looks at a message before its turn begins, and triage once or twice in it.
        self._lately = lru_cache(_LATELY)(self._find)

    def find(self, text: str) -> tuple[list[Found], frozenset[str]]:
        """Return the signs found, most urgent first, and the names of the cues found anywhere."""
        return self._lately(text)

    def _find(self, text: str) -> tuple[list[Found], frozenset[str]]:
        read_words = words.normalise(text)
        if not read_words:
            return [], frozenset()
        document = Doc(self._vocab, words=read_words)
        spans: dict[str, list[tuple[int, int]]] = {}
        for phrase in self._possible(frozenset(read_words)):
            for _, start, end in phrase.matcher(document):
                spans.setdefault(phrase.name, []).append((start, end))
        found: dict[str, Level] = {}
        for name, places in spans.items():
            kind, _, item = name.partition(":")
            if kind == "sign":
                level = max(self._level(self._signs[item], place, read_words, spans) for place in places)
                found[item] = level
        # Of two that are as urgent, the one that stands first in the file.
        ordered = sorted((item for item in self._signs if item in found), key=lambda item: -found[item])
        cues = frozenset(name.partition(":")[2] for name in spans if name.startswith("cue:"))
        return [Found(self._signs[item], found[item]) for item in ordered if found[item] > Level.NONE], cues

    def _level(
        self, sign: Sign, place: tuple[int, int], read_words: list[str], spans: dict[str, list[tuple[int, int]]]
    ) -> Level:
        start, end = place
        begin, stop = _thought(read_words, start, end)
        fresh = self._fresh_start(read_words, begin, start)

        def ahead(cue: str) -> bool:
            reach = max(fresh, start - _REACH[cue])
            return any(reach <= first < start for first, _ in spans.get(f"cue:{cue}", []))

        def within(cue: str) -> bool:
            return any(begin <= first and last <= stop for first, last in spans.get(f"cue:{cue}", []))

        if sign.level is Level.ACT:
            softened = any(ahead(cue) for cue in _REACH) or within("past") or within("usual")
            return Level.CHECK if softened else Level.ACT
        if ahead("not") or within("past"):
            return Level.NONE
        if sign.level is Level.CHECK:
            softened = ahead("unless") or ahead("general") or within("usual")
            return Level.ACT if within("now") and not softened else Level.CHECK
        return Level.NONE if ahead("unless") or ahead("general") else sign.level

    def _fresh_start(self, read_words: list[str], begin: int, start: int) -> int:
        """Return where the thought with the sign begins: after "because …", or after "and my …"."""
        for index in range(start - 1, begin - 1, -1):
            word, following = read_words[index], read_words[min(index + 1, start)]
            if word in self._words["joiners"]:
                return index + 1
            if word in ("and", ",") and (following in self._words["self"] or index + 1 == start):
                return index + 1
        return begin

    def _possible(self, said: frozenset[str]) -> Iterator[_Phrase]:
        """Yield the phrases that a text with these words may have; each is listed under one set of its words."""
        for word in said:
            for phrase in self._phrases.get(word, ()):
                if not any(said.isdisjoint(needed) for needed in phrase.needed):
                    yield phrase

    def _add(self, name: str, phrases: tuple[str, ...]) -> None:
        for pattern in (pattern for phrase in phrases for pattern in self._compile(phrase, name)):
            matcher = Matcher(self._vocab)
            matcher.add(name, [pattern])
            needed = [_words_of(token) for token in pattern if "OP" not in token]
            if not needed:
                raise SignsError(f"{name}: a phrase needs a word beside ...")
            for word in min(needed, key=len):
                self._phrases.setdefault(word, []).append(_Phrase(name, tuple(needed), matcher))

    def _compile(self, phrase: str, name: str) -> list[list[dict[str, object]]]:
        """Return the token patterns of a phrase: one, and one more for each choice of several words."""
        patterns: list[list[dict[str, object]]] = [[]]
        for item in _ITEM.findall(phrase):
            alternatives = self._alternatives(item, phrase, name)
            patterns = [[*pattern, *alternative] for pattern in patterns for alternative in alternatives]
        if not all(patterns):
            raise SignsError(f"{name}: {phrase!r} says nothing")
        return patterns

    def _alternatives(self, item: str, phrase: str, name: str) -> list[list[dict[str, object]]]:
        if item == "...":
            return [[{"ORTH": {"NOT_IN": [words.BREAK, *self._words["denied"]]}, "OP": _GAP}]]
        optional = item.endswith("?") and len(item) > 1
        core = item[:-1] if optional else item
        if core.startswith("<") and core[1:-1] not in self._words:
            raise SignsError(f"{name}: {phrase!r} uses <{core[1:-1]}>, which is not under words")
        choices = self._words[core[1:-1]] if core.startswith("<") else core.strip("()").split("|")
        read_choices = [words.normalise(choice) for choice in choices]
        single = [choice[0] for choice in read_choices if len(choice) == 1]
        found: list[list[dict[str, object]]] = [[{"ORTH": {"IN": single}}]] if single else []
        found += [[{"ORTH": word} for word in choice] for choice in read_choices if len(choice) > 1]
        return [*found, []] if optional else found


def _words_of(token: dict[str, object]) -> frozenset[str]:
    """Return the words of which a token of a pattern is one."""
    wanted = token["ORTH"]
    return frozenset(wanted["IN"] if isinstance(wanted, dict) else [str(wanted)])


def _thought(read_words: list[str], start: int, end: int) -> tuple[int, int]:
    """Return the range between the sentence ends around a place."""
    begin = start
    while begin > 0 and read_words[begin - 1] != words.BREAK:
        begin -= 1
    stop = end
    while stop < len(read_words) and read_words[stop] != words.BREAK:
        stop += 1
    return begin, stop


@lru_cache(maxsize=1)
def shared() -> SignMatcher:
    """Return the matcher of the project's own signs."""
    return SignMatcher(read())
