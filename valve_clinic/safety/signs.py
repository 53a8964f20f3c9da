"""Reads `signs.yml`, the clinician's list of danger signs, and checks it: shape, sources, and every example."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from valve_clinic.safety.levels import Level

SIGNS_FILE = Path(__file__).parent / "signs.yml"
#: Cues around a sign; `signs.yml` says what each does.
CUES = ("now", "not", "unless", "past", "usual", "general", "safe", "happening", "other_person")
_LEVELS = {level.name.lower(): level for level in (Level.ACT, Level.CHECK, Level.SAME_DAY, Level.CRISIS)}
_SIGN_KEYS = {"id", "name", "level", "says", "unsure", "sources", "phrases", "must", "must_not"}


class SignsError(ValueError):
    """The list of signs cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Sign:
    """One danger sign: how people say it, what it leads to, and where that is written."""

    id: str
    name: str
    level: Level
    says: str | None
    sources: tuple[str, ...]
    phrases: tuple[str, ...]
    must: tuple[str, ...]
    must_not: tuple[str, ...]
    #: Where the models see nothing behind it, it is no sign.
    unsure: bool = False


@dataclass(frozen=True)
class Signs:
    """The whole file: word groups, cues and signs."""

    words: dict[str, tuple[str, ...]]
    cues: dict[str, tuple[str, ...]]
    signs: tuple[Sign, ...]


@lru_cache(maxsize=4)
def read(path: Path = SIGNS_FILE) -> Signs:
    """Return the signs of a file; raises `SignsError` for a wrong shape."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SignsError(f"{path.name} is not YAML: {error}") from error
    if not isinstance(data, dict) or set(data) != {"words", "cues", "signs"}:
        raise SignsError(f"{path.name} must have the keys words, cues and signs, and no others")
    if set(data["cues"]) != set(CUES):
        raise SignsError(f"{path.name}: cues must be {', '.join(CUES)}")
    words = {name: tuple(str(word) for word in group) for name, group in data["words"].items()}
    for needed in ("joiners", "self", "denied"):
        if not words.get(needed):
            raise SignsError(f"{path.name}: words needs {needed}")
    cues = {name: tuple(group) for name, group in data["cues"].items()}
    signs = tuple(_sign(item, path.name) for item in data["signs"])
    doubled = {sign.id for sign in signs if [other.id for other in signs].count(sign.id) > 1}
    if doubled:
        raise SignsError(f"{path.name}: two signs have the id {sorted(doubled)[0]}")
    return Signs(words, cues, signs)


def _sign(item: dict[str, Any], file: str) -> Sign:
    name = item.get("id", "without id") if isinstance(item, dict) else "without id"
    if not isinstance(item, dict) or set(item) - _SIGN_KEYS:
        raise SignsError(f"{file}: the sign {name} may have the keys {', '.join(sorted(_SIGN_KEYS))} only")
    for key in ("id", "name", "level", "sources", "phrases", "must", "must_not"):
        if not item.get(key):
            raise SignsError(f"{file}: the sign {name} needs {key}")
    if item["level"] not in _LEVELS:
        raise SignsError(f"{file}: the level of {name} must be one of {', '.join(_LEVELS)}")
    lists = {key: tuple(item[key]) for key in ("sources", "phrases", "must", "must_not")}
    unsure = item.get("unsure", False)
    if not isinstance(unsure, bool) or (unsure and item["level"] != "crisis"):
        raise SignsError(f"{file}: unsure of {name} must be true or false, and true at level crisis only")
    return Sign(item["id"], item["name"], _LEVELS[item["level"]], item.get("says"), **lists, unsure=unsure)
