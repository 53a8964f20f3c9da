"""How easy a Spanish text is to read: Szigriszt-Pazos' formula, on the INFLESZ scale for texts about health.

80 and more is very easy, 65 to 80 quite easy, 55 to 65 normal. textstat has the formula, but counts syllables by where
a word may be hyphenated: "una" and "día" are one to it, which flatters every text. The spelling tells the syllables.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_SENTENCE_END = re.compile(r"[.?!]+(?=\s|$|[»\")])")
#: A vowel that carries a syllable of its own, or weak vowels that stand alone; the u of que, qui, gue, gui is mute.
_MUTE = re.compile(r"(?<=[qg])u(?=[eiéí])")
_NUCLEUS = re.compile(r"[aeoáéóíú]|(?<![aeoáéóíú])[iuü]+(?![aeoáéóíúiuü])")


@lru_cache(maxsize=1024)
def ease(text: str) -> float:
    """Return 206.835 - 62.3 × syllables per word - words per sentence; the phone number counts as two plain words."""
    plain = text.replace("{phone}", "ese número")
    words = _WORD.findall(plain.lower())
    if not words:
        return 100.0
    sentences = max(len(_SENTENCE_END.findall(plain)), 1)
    return round(206.835 - 62.3 * sum(map(syllables, words)) / len(words) - len(words) / sentences, 1)


def syllables(word: str) -> int:
    """Return the syllables of a Spanish word in lower case; a number or an abbreviation is one."""
    return max(len(_NUCLEUS.findall(_MUTE.sub("", word))), 1)
