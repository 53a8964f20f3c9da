"""Finds people's names: cue phrases matched with spaCy, and the lists of names of the packages `names` and `faker`."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import names as census
import spacy
from spacy.lang.en.stop_words import STOP_WORDS as ENGLISH
from spacy.lang.es.stop_words import STOP_WORDS as SPANISH
from spacy.matcher import PhraseMatcher
from spacy.tokens import Token

from valve_clinic.privacy.folding import Folded, fold
from valve_clinic.privacy.numbers import Found
from valve_clinic.privacy.rules import read_names, read_words

MASK = "[name]"
#: The lists of cues in `names.yml`.
CUES = ("strong", "weak", "near", "relations", "titles")
_LONGEST = 4
#: "St. Vincent", "Fort Smith".
_BEFORE_PLACES = frozenset({"st", "saint", "fort", "mount", "lake", "san", "santa", "el"})
#: A title so short may have a full stop: "Dr.", "Mrs."; behind a longer one it ends the sentence.
_ABBREVIATION = 4
#: Names of so few letters are taken from the census alone.
_SHORT = 3
#: A first name alone in small letters counts when at least so many of 100 people have it.
_COMMON_FIRST = 0.01
#: Surnames rarer than this rank are no surname in small letters: too many are words.
_COMMON_LAST = 20_000
_WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*\.?")
_INITIAL = re.compile(r"[A-Za-z]\.?")


@dataclass(frozen=True)
class _Lists:
    first: frozenset[str]
    plain_first: frozenset[str]
    common_first: frozenset[str]
    last: frozenset[str]
    common_last: frozenset[str]
    words: frozenset[str]
    stop: frozenset[str]
    never: frozenset[str]
    particles: frozenset[str]
    suffixes: frozenset[str]
    things: frozenset[str]
    titles: frozenset[str]
    relations: frozenset[str]
    short: frozenset[str]
    also_words: frozenset[str]
    places: frozenset[str]


class NameFinder:
    """Holds the lists and the compiled cues."""

    def __init__(self) -> None:
        """Read the lists; about 100,000 lines."""
        rules = read_names()
        self._lists = _lists(rules)
        # Only the tokeniser and its vocabulary: no pipeline runs.
        self._language = spacy.blank("en")
        self._matcher = PhraseMatcher(self._language.vocab, attr="LOWER")
        for cue in CUES:
            # The tokeniser keeps "Mrs." whole and parts "mrs.", so that both ways are cues.
            written = [spelling for phrase in rules[cue] for spelling in (phrase, phrase.capitalize())]
            self._matcher.add(cue, [self._language.make_doc(spelling) for spelling in written])

    def find(self, folded: Folded) -> Iterator[Found]:
        """Yield the names of a folded text."""
        document = self._language.make_doc(folded.text)
        tokens = list(document)
        # In a text all in capitals, capitals say nothing.
        shouting = sum(token.is_upper for token in tokens) > sum(token.is_lower for token in tokens)
        reader = _Reader(self._lists, tokens, shouting)
        for key, start, end in sorted(self._matcher(document), key=lambda match: match[1] - match[2]):
            reader.after(self._language.vocab.strings[key], start, end)
        reader.anywhere()
        for start, end in reader.found:
            last = tokens[end - 1]
            yield Found(tokens[start].idx, last.idx + len(last.text.rstrip(".")), "name", MASK)


class _Reader:
    """Reads the names of one message, cue by cue."""

    def __init__(self, lists: _Lists, tokens: list[Token], shouting: bool) -> None:
        self._lists = lists
        self._tokens = tokens
        self._shouting = shouting
        self._lower = [token.lower_.rstrip(".") for token in tokens]
        self.found: list[tuple[int, int]] = []

    def after(self, cue: str, start: int, place: int) -> None:
        """Look for a name behind the cue that stands from `start` to `place`."""
        first = self._tokens[start].text.rstrip(".")
        if cue == "titles" and first == "MR" and not self._shouting:
            return  # a heart clinic's MR is no mister
        between = {"titles": "." if len(first) <= _ABBREVIATION else "", "strong": ':-,"', "relations": ","}.get(
            cue, ""
        )
        while place < len(self._tokens) and self._tokens[place].text in between:
            place += 1
        if cue == "titles":
            self._add(place, self._run(place, self._is_titled))
        elif cue == "strong":
            self._add(place, self._run(place, lambda at: self._may_be_name(at, at > place)))
        else:
            self._add(place, self._full_name(place, cue))
            if cue == "relations" and place < len(self._tokens) and self._capital(place) and self._is_unlisted(place):
                self._add(place, self._run(place, self._is_surname))

    def anywhere(self) -> None:
        """Look for names that nothing announces."""
        for place in range(len(self._tokens)):
            self._add(place, self._full_name(place, ""))
            self._add(place, self._capitals(place))
            self._add(place, self._someones(place))

    def _capitals(self, place: int) -> int:
        """Return the end of an unknown first name, or of an initial, with a surname behind it, both in capitals."""
        if not self._is_word(place) or not self._capital(place):
            return place
        pair = self._second(place)
        if pair == place + 1 and _INITIAL.fullmatch(self._tokens[place].text) and self._tokens[pair - 1].text == ".":
            pair += 1
        unlisted = self._is_unlisted(place) or bool(_INITIAL.fullmatch(self._lower[place]))
        if unlisted and pair < len(self._tokens) and self._capital(pair) and self._is_unlisted(pair):
            return self._run(pair, self._is_surname) if self._lower[pair] in self._lists.last else place
        return place

    def _is_unlisted(self, place: int) -> bool:
        """Return whether a word is none of the ordinary ones, and no place or thing."""
        word, lists = self._lower[place], self._lists
        known = word in lists.stop or word in lists.words or word in lists.places or word in lists.titles
        return self._is_word(place) and len(word) > 1 and not known and not self._is_thing(place)

    def _someones(self, place: int) -> int:
        """Return the end of a first name in "Jerry's wife"."""
        known = self._is_word(place) and self._lower[place] in self._lists.plain_first
        owned = self._lower[place + 1 : place + 3] if place + 2 < len(self._tokens) else []
        whose = len(owned) == 2 and owned[0] == "'s" and owned[1] in self._lists.relations
        return place + 1 if known and whose and not self._is_thing(place) else place

    def _add(self, start: int, end: int) -> None:
        if end > start and not any(start < last and first < end for first, last in self.found):
            self.found.append((start, end))

    def _full_name(self, place: int, cue: str) -> int:
        """Return the end of a name whose first word or first two words say that it is one; `place` when none is."""
        if not self._is_word(place):
            return place
        known = self._is_first(place, cue)
        pair = self._second(place)
        follows = pair < len(self._tokens) and self._is_surname(pair)
        if known or (follows and self._is_any_first(place, cue, pair)):
            end = self._run(place + 1, self._is_surname) if follows else place + 1
            return self._suffixed(end)
        return place

    def _second(self, place: int) -> int:
        """Return where the word behind a first name and its initials stands."""
        place += 1
        while place < len(self._tokens) and _INITIAL.fullmatch(self._tokens[place].text) and self._capital(place):
            place += 1
        while place + 1 < len(self._tokens) and self._lower[place] in self._lists.particles:
            place += 1
        return place

    def _is_first(self, place: int, cue: str) -> bool:
        """Return whether the word is a first name by itself."""
        word, lists = self._lower[place], self._lists
        if word not in lists.first or word in lists.stop or self._is_thing(place):
            return False
        plain = word not in lists.words and word not in lists.places and (len(word) > 3 or word in lists.short)
        if self._capital(place):
            return plain or (cue in ("weak", "relations") and not self._starts(place))
        return plain and word not in lists.also_words and (bool(cue) or word in lists.common_first)

    def _is_any_first(self, place: int, cue: str, pair: int) -> bool:
        """Return whether a word is a first name because a surname follows."""
        word, lists = self._lower[place], self._lists
        capitals = self._capital(place) and self._capital(pair)
        stopped = word in lists.stop and not (capitals and len(word) > _SHORT)
        if stopped or word in lists.never or word in lists.titles:
            return False
        if word in lists.first:
            sure = word not in lists.words and word not in lists.places
            return (sure and (capitals or word not in lists.also_words)) or (
                capitals and self._lower[pair] not in lists.words and self._lower[pair] not in lists.places
            )
        return capitals and cue == "weak" and word not in lists.words and self._lower[pair] not in lists.words

    def _is_surname(self, place: int) -> bool:
        if not self._is_word(place):
            return False
        word, lists = self._lower[place], self._lists
        if word in lists.stop or word in lists.never or self._is_thing(place):
            return False
        if self._capital(place):
            return word in lists.last or word not in lists.words
        return (word in lists.common_last or word in lists.common_first) and word not in lists.words

    def _is_titled(self, place: int) -> bool:
        if not self._is_word(place):
            return False
        word, lists = self._lower[place], self._lists
        if word in lists.stop or word in lists.never or len(word) < 2:
            return False
        if self._capital(place):
            return word in lists.last or word in lists.first or word not in lists.words
        return (word in lists.last or word in lists.first) and word not in lists.words

    def _may_be_name(self, place: int, further: bool) -> bool:
        """Return whether a word behind a strong cue may be part of a name; `further` when one stands before it."""
        if not self._is_word(place):
            return False
        word, lists = self._lower[place], self._lists
        if word in lists.stop:
            return False
        if _INITIAL.fullmatch(word):
            return self._capital(place)
        known = word in lists.first or word in lists.last
        return word not in lists.words or (known and self._capital(place)) or (further and word in lists.first)

    def _run(self, place: int, accept: object) -> int:
        """Return the end of the words that `accept` takes, with initials and particles between them."""
        assert callable(accept)
        end = start = place
        while place < len(self._tokens) and place - start < _LONGEST + 2:
            word = self._lower[place]
            if accept(place):
                place += 1
                end = place
            elif (
                self._is_hyphen(place)
                or word in self._lists.particles
                or (_INITIAL.fullmatch(word) and self._capital(place) and word != "i")
            ):
                place += 1
            else:
                break
        return self._suffixed(end) if end > start else start

    def _is_hyphen(self, place: int) -> bool:
        before = self._tokens[place - 1] if place else None
        return self._tokens[place].text == "-" and before is not None and not before.whitespace_

    def _suffixed(self, end: int) -> int:
        has_suffix = end < len(self._tokens) and self._lower[end] in self._lists.suffixes
        return end + 1 if has_suffix else end

    def _is_word(self, place: int) -> bool:
        return place < len(self._tokens) and bool(_WORD.fullmatch(self._tokens[place].text))

    def _is_thing(self, place: int) -> bool:
        """Return whether a word is never a name, or the words around it make it the name of a thing."""
        following = self._lower[place + 1] if place + 1 < len(self._lower) else ""
        if following == "'s" and place + 2 < len(self._lower):
            following = self._lower[place + 2]
        before = self._lower[place - 1] if place else ""
        return self._lower[place] in self._lists.never or following in self._lists.things or before in _BEFORE_PLACES

    def _capital(self, place: int) -> bool:
        """Return whether the word is written as a name is; NYHA and OK are not."""
        text = self._tokens[place].text
        if len(text) > 2 and text.isupper():
            return False
        return text[:1].isupper() and not self._shouting

    def _starts(self, place: int) -> bool:
        return place == 0 or self._tokens[place - 1].text in ".!?"


def find(folded: Folded) -> Iterator[Found]:
    """Yield the names of a folded text."""
    return shared().find(folded)


@lru_cache(maxsize=1)
def shared() -> NameFinder:
    """Return the finder with the project's own lists."""
    return NameFinder()


def census_list(which: str) -> dict[str, tuple[float, int]]:
    """Return the names of a census list in small letters with the percentage of people and the rank.

    `which` is `first:female`, `first:male` or `last`.
    """
    found: dict[str, tuple[float, int]] = {}
    for line in Path(census.FILES[which]).read_text(encoding="ascii").splitlines():
        name, share, _, rank = line.split()
        found[name.lower()] = (float(share), int(rank))
    return found


def given_names(locale: str) -> Iterator[str]:
    """Yield the first names, in plain small letters, of a locale of the package `faker`."""
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    for attribute in dir(provider):
        listed = getattr(provider, attribute)
        if attribute.startswith("first_name") and isinstance(listed, tuple | list | dict):
            plain = (fold(name).text.lower() for name in listed)
            yield from (name for name in plain if _WORD.fullmatch(name) and len(name) > _SHORT)


def _lists(rules: dict[str, tuple[str, ...]]) -> _Lists:
    first = {**census_list("first:female"), **census_list("first:male")}
    last = census_list("last")
    stop = {fold(word).text for word in ENGLISH | SPANISH}
    more = set(rules["more_first"])
    abroad = {name for locale in rules["locales"] for name in given_names(locale)}
    return _Lists(
        first=frozenset({*first, *more, *abroad}),
        plain_first=frozenset({*first, *more, *abroad}) - read_words(),
        common_first=frozenset({*(name for name, (share, _) in first.items() if share >= _COMMON_FIRST), *more}),
        last=frozenset(last),
        common_last=frozenset(name for name, (_, rank) in last.items() if rank <= _COMMON_LAST),
        words=read_words(),
        stop=frozenset(stop),
        never=frozenset(rules["never"]),
        particles=frozenset(word.rstrip(".") for word in rules["particles"]),
        suffixes=frozenset(word.rstrip(".") for word in rules["suffixes"]),
        things=frozenset(rules["things"]),
        titles=frozenset(word.rstrip(".") for word in rules["titles"]),
        relations=frozenset(rules["relations"]),
        short=frozenset(rules["short_first"]),
        also_words=frozenset(rules["also_words"]),
        places=frozenset(rules["places"]),
    )
