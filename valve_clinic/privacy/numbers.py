"""Finds numbers, addresses and dates that tell who somebody is: patterns, check digits, and digits in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from valve_clinic.content.loader import load_clinic
from valve_clinic.privacy.folding import Folded
from valve_clinic.privacy.rules import Kind, read_kinds

_DIGITS = re.compile(r"\D")
_TOKEN = re.compile(r"[a-z]+|\d+|[^\sa-z\d,.\-()/:_*]")
#: So many digits in words are a number that tells who somebody is; fewer are a count or a stage.
SPOKEN_DIGITS = 7
#: Of a spoken number at least so many parts are words: figures alone are the patterns' work.
_SPOKEN_WORDS = 3
_UNITS = "zero one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_UNITS_ES = "cero uno dos tres cuatro cinco seis siete ocho nueve".split()
_TEENS_ES = "diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve".split()
_TENS_ES = "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_VALUES = {
    **{word: str(value) for words in (_UNITS, _UNITS_ES) for value, word in enumerate(words)},
    **{word: str(10 + value) for words in (_TEENS, _TEENS_ES) for value, word in enumerate(words)},
    **{word: str(20 + 10 * value) for words in (_TENS, _TENS_ES) for value, word in enumerate(words)},
    **{"o": "0", "oh": "0", "nought": "0", "hundred": "00", "un": "1", "una": "1"},
}
_VALUE = re.compile(rf"(?<![a-z])(?:{'|'.join(_VALUES)})(?![a-z])")
_REPEATS = {"double": 2, "triple": 3, "doble": 2}
#: Words inside a spoken number that are no digit.
_JOINTS = frozenset({"dash", "dot", "hyphen", "space", "guion", "punto", "y", "area", "code", "plus", "then"})


@dataclass(frozen=True)
class Found:
    """A range of the folded text and what is written in its place."""

    start: int
    end: int
    kind: str
    mask: str


@lru_cache(maxsize=1)
def public_numbers() -> frozenset[str]:
    """Return the digits of the numbers that everybody may know: the clinic's, and those of the fixed texts."""
    clinic = load_clinic()
    shown = {_DIGITS.sub("", number) for number in (clinic.phone, *clinic.numbers.values())}
    shown |= {number[-7:] for number in shown if len(number) == 10}  # as it is dialled next door
    return frozenset({*shown, *(number.removeprefix("1") for number in shown if len(number) == 11)})


def is_public(text: str) -> bool:
    """Return whether the digits of a text are one of the public numbers."""
    digits = _DIGITS.sub("", text)
    return digits in public_numbers() or (len(digits) == 11 and digits[0] == "1" and digits[1:] in public_numbers())


def find(folded: Folded) -> Iterator[Found]:
    """Yield what the patterns find, the winning kinds first."""
    text = folded.text
    has_digit = any(character.isdigit() for character in text)
    for kind in read_kinds():
        if has_digit or kind.id in ("email", "birth"):
            yield from _of_kind(kind, text)
        if kind.id == "phone" and has_digit:
            yield from _international(text)
    yield from _spoken(text)


def _of_kind(kind: Kind, text: str) -> Iterator[Found]:
    accept = _CHECKS[kind.check]
    for pattern in kind.patterns:
        match = pattern.search(text)
        while match is not None:
            start, end = match.span("span" if "span" in pattern.groupindex else 0)
            trimmed = end
            if not is_public(text[start:end]) and accept(text[start:end]):
                trimmed = _trim(text, start, end)
                yield Found(start, trimmed, kind.id, kind.mask)
            # What was trimmed off may begin the next one: "5@-@5" is two.
            match = pattern.search(text, max(match.start() + 1, match.end() - (end - trimmed)))


def _trim(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in " \t,;:-":
        end -= 1
    return end


def _international(text: str) -> Iterator[Found]:
    """Numbers as they are written abroad, which the library knows better than a pattern could."""
    if "+" not in text and "00" not in text:
        return
    for match in phonenumbers.PhoneNumberMatcher(text, "US", leniency=phonenumbers.Leniency.POSSIBLE):
        if match.raw_string.startswith(("+", "00")) and not is_public(match.raw_string):
            yield Found(match.start, match.end, "phone", "[phone]")


def _spoken(text: str) -> Iterator[Found]:
    """Yield numbers that are spelt out: "five oh one, five five five, twelve thirty four"."""
    lower = text.lower()
    if len(_VALUE.findall(lower)) < _SPOKEN_WORDS:
        return
    run = _Run()
    for match in _TOKEN.finditer(lower):
        if not run.take(match):
            found = run.found()
            if found:
                yield found
            run = _Run()
            run.take(match)
    found = run.found()
    if found:
        yield found


class _Run:
    """Number words in a row."""

    def __init__(self) -> None:
        self._digits = ""
        self._words = 0
        self._start = self._end = -1
        self._repeat = 1

    def take(self, match: re.Match[str]) -> bool:
        """Add the token; return whether the run goes on."""
        token = match[0]
        if token in _REPEATS:
            self._repeat = _REPEATS[token]
        elif token in _VALUES or token.isdecimal():
            self._words += token in _VALUES
            value = _VALUES.get(token, token)
            if self._digits.endswith("0") and self._tens and value in "123456789":
                self._digits = self._digits[:-1]
            self._digits += value * self._repeat
            self._repeat = 1
            self._tens = token in _TENS or token in _TENS_ES
            self._start = match.start() if self._start < 0 else self._start
            self._end = match.end()
        else:
            return token in _JOINTS and self._start >= 0
        return True

    _tens = False

    def found(self) -> Found | None:
        """Return the number when it is long enough and not a public one."""
        if len(self._digits) < SPOKEN_DIGITS or self._words < _SPOKEN_WORDS or is_public(self._digits):
            return None
        phone = len(self._digits) in (7, 10, 11)
        return Found(self._start, self._end, "phone" if phone else "number", "[phone]" if phone else "[number]")


def _luhn(text: str) -> bool:
    digits = [int(digit) for digit in _DIGITS.sub("", text)]
    doubled = [sum(divmod(2 * digit, 10)) if index % 2 else digit for index, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _count(text: str) -> int:
    return len(_DIGITS.sub("", text))


_CHECKS: dict[str | None, Callable[[str], bool]] = {
    None: lambda _: True,
    "luhn": _luhn,
    "phone": lambda text: 7 <= _count(text) <= 21,
    "long": lambda text: _count(text) >= 7,
}
