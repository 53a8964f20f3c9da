"""What the chat says around an answer, in the language of the answer; the words are in `phrases.yml`."""

from __future__ import annotations

import string
from functools import lru_cache
from pathlib import Path

import yaml

from valve_clinic.content.schema import ENGLISH


def phrase(name: str, language: str = ENGLISH, /, **values: str) -> str:
    """Return the phrase with its places filled in; in English where the language has none."""
    table = phrases()
    return table.get(language, table[ENGLISH])[name].format(**values)


@lru_cache(maxsize=1)
def phrases() -> dict[str, dict[str, str]]:
    """Return the phrases by language and name; raises `ValueError` for a language that says less, or something else."""
    path = Path(__file__).with_name("phrases.yml")
    table: dict[str, dict[str, str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for language, words in table.items():
        for name in table[ENGLISH].keys() | words.keys():
            places = [_places(part.get(name)) for part in (table[ENGLISH], words)]
            if places[0] != places[1]:
                raise ValueError(f"{path.name}: {language}.{name} must have the places of the English phrase")
    return table


def _places(text: object) -> set[str] | None:
    """Return the names in braces, or None where there is no phrase."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name} if isinstance(text, str) else None
