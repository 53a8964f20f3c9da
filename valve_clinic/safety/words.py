"""Reads a message the way the signs are written: lower case, one word a token, no disguise."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: Ends a thought: a sign does not reach across it, and neither does a word like "not" or "if".
BREAK = "|"
_BREAKS = frozenset(".!?;\n")
_TOKEN = re.compile(r"[a-z0-9]+(?:['\u2019`]?[a-z]+)*|[.!?;,\n]|[^\sa-z0-9]")
_APOSTROPHES = re.compile(r"['\u2019`\u00b4]")
#: "heeeelp": no English word has a letter three times in a row.
_STRETCHED = re.compile(r"([a-z])\1{2,}")
#: Letters of other alphabets that look like Latin ones, as in disguised text.
_LOOKALIKES = str.maketrans("\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u03bf\u03b1\u03b9", "aeopcyxisoai")


@dataclass(frozen=True)
class Word:
    """A word as signs are matched on it, with its place in the text."""

    text: str
    start: int
    end: int


def read(text: str) -> list[Word]:
    """Return the words of a text; sentence ends become `BREAK`, commas "," and emoji stay as they are.

    The places refer to `text` as it was typed.
    """
    plain = "".join(_plain(character) for character in text)
    found = []
    for match in _TOKEN.finditer(plain):
        token = match[0]
        if token in _BREAKS:
            token = BREAK
        elif token[0].isalnum():
            token = _STRETCHED.sub(r"\1", _APOSTROPHES.sub("", token))
        found.append(Word(token, match.start(), match.end()))
    return found


def normalise(text: str) -> list[str]:
    """Return the words' texts alone."""
    return [word.text for word in read(text)]


def _plain(character: str) -> str:
    """Return one lower-case character without accents for one character, so that places stay the same."""
    folded = unicodedata.normalize("NFKD", character.lower())
    base = folded[0] if folded else character
    return base.translate(_LOOKALIKES) if len(base) == 1 else " "
