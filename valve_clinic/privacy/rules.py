"""Reads the patterns and the names that are masked: data files with a check of their shape."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

PATTERNS_FILE = Path(__file__).parent / "patterns.yml"
NAMES_FILE = Path(__file__).parent / "names.yml"
WORDS_FILE = Path(__file__).parent / "words.txt"
CHECKS = ("luhn", "phone", "long")
_KIND_KEYS = {"id", "mask", "check", "patterns", "must", "must_not"}
_PART = re.compile(r"\{([a-z_]+)\}")
_NAME_LISTS = (
    *("strong", "weak", "near", "relations", "titles", "particles", "suffixes", "things", "never", "more_first"),
    *("short_first", "also_words", "places", "locales", "must", "must_not"),
)


class RulesError(ValueError):
    """A data file cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Kind:
    """One kind of number, address or date: what finds it and what is written in its place."""

    id: str
    mask: str
    check: str | None
    patterns: tuple[re.Pattern[str], ...]
    must: tuple[str, ...]
    must_not: tuple[str, ...]


@lru_cache(maxsize=4)
def read_kinds(path: Path = PATTERNS_FILE) -> tuple[Kind, ...]:
    """Return the kinds in the order in which they win; raises `RulesError` for a wrong shape or pattern."""
    data = _load(path)
    if set(data) != {"parts", "kinds"} or not isinstance(data["kinds"], list):
        raise RulesError(f"{path.name} must have the keys parts and kinds, and no others")
    kinds = tuple(_kind(item, data["parts"], path.name) for item in data["kinds"])
    ids = [kind.id for kind in kinds]
    if len(set(ids)) != len(ids):
        raise RulesError(f"{path.name}: two kinds have the same id")
    return kinds


@lru_cache(maxsize=4)
def read_names(path: Path = NAMES_FILE) -> dict[str, tuple[str, ...]]:
    """Return the lists of the names' file; raises `RulesError` where one is missing, empty or unknown."""
    data = _load(path)
    if set(data) != set(_NAME_LISTS):
        raise RulesError(f"{path.name} must have the keys {', '.join(_NAME_LISTS)}, and no others")
    for key, value in data.items():
        if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
            raise RulesError(f"{path.name}: {key} must be a list of texts; put quotes round yes, no and numbers")
    return {key: tuple(value) for key, value in data.items()}


@lru_cache(maxsize=1)
def read_words() -> frozenset[str]:
    """Return the ordinary words that are names too."""
    lines = WORDS_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _load(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RulesError(f"{path.name} is not YAML: {error}") from error
    if not isinstance(data, dict):
        raise RulesError(f"{path.name} must be a mapping")
    return data


def _kind(item: Any, parts: dict[str, str], file: str) -> Kind:
    name = item.get("id", "without id") if isinstance(item, dict) else "without id"
    if not isinstance(item, dict) or set(item) - _KIND_KEYS:
        raise RulesError(f"{file}: the kind {name} may have the keys {', '.join(sorted(_KIND_KEYS))} only")
    for key in ("id", "mask", "patterns", "must", "must_not"):
        if not item.get(key):
            raise RulesError(f"{file}: the kind {name} needs {key}")
    if not re.fullmatch(r"\[[a-z ]+\]", item["mask"]):
        raise RulesError(f"{file}: the mask of {name} must be small letters in square brackets")
    if item.get("check") not in (None, *CHECKS):
        raise RulesError(f"{file}: the check of {name} must be one of {', '.join(CHECKS)}")
    patterns = tuple(_compile(pattern, parts, f"{file}: {name}") for pattern in item["patterns"])
    return Kind(name, item["mask"], item.get("check"), patterns, tuple(item["must"]), tuple(item["must_not"]))


def _compile(pattern: str, parts: dict[str, str], place: str) -> re.Pattern[str]:
    def fill(match: re.Match[str]) -> str:
        if match[1] not in parts:
            raise RulesError(f"{place}: {{{match[1]}}} is not one of the parts")
        return parts[match[1]]

    try:
        return re.compile(_PART.sub(fill, pattern), re.IGNORECASE)
    except re.error as error:
        raise RulesError(f"{place}: {pattern!r} is no regular expression: {error}") from error
