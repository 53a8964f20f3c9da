"""Brings a text to the plain letters that the patterns are written in, and remembers where each of them stood."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: Dashes, quotes and blanks that people's keyboards make.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u2032\u00b4`", "'"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " "),
        **dict.fromkeys("\u00b7\u2022\u2024\u2027\u22c5\u3002", "."),
    }
)
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"}
_BLANKS = "\t\n\r\v\f"
_DIGIT = re.compile(r"\d")
#: An o or l that stands for a digit: between digits and their separators.
_LETTER_DIGIT = re.compile(r"(?:(?<=\d)|(?<=\d[-. ]))[oOlI](?=[.\-]?\d)|(?<=\d)[oO](?=-)")


@dataclass(frozen=True)
class Folded:
    """A text in plain letters; `places` holds for each character its place in the original, None where all agree."""

    text: str
    places: tuple[int, ...] | None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where a range of the folded text stands in the original."""
        if self.places is None or start >= end:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """Return the text in NFKC without accents and hidden characters, and with an "o" in a number as a zero."""
    # Blanks but the space are not printable.
    if text.isascii() and text.isprintable():
        return Folded(_digits(text), None)
    letters: list[str] = []
    places: list[int] = []
    for index, character in enumerate(text):
        for plain in _fold_character(character):
            letters.append(plain)
            places.append(index)
    return Folded(_digits("".join(letters)), tuple(places))


def _fold_character(character: str) -> str:
    if character in _BLANKS:
        return " "
    if character.isascii():
        return character
    folded = unicodedata.normalize("NFKD", character.translate(_PLAIN)).translate(_PLAIN)
    return "".join(letter for letter in folded if unicodedata.category(letter) not in _HIDDEN)


def _digits(text: str) -> str:
    if _DIGIT.search(text) is None:
        return text
    return _LETTER_DIGIT.sub(lambda match: "0" if match[0] in "oO" else "1", text)
