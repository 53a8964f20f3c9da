"""Reads `texts.yml`, the words of a hand-off, and checks it: shape, and what is filled in where."""

from __future__ import annotations

import string
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Extra, Field, validator

from valve_clinic.content import shapes
from valve_clinic.content.opening import WEEKDAYS, check_zone
from valve_clinic.content.schema import ENGLISH, TRANSLATIONS

TEXTS_FILE = Path(__file__).parent / "texts.yml"
#: What each kind of text must have filled in; a text that is not named here has nothing.
_NEEDED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("open", "closing", "closed", "closed_holiday"), ("time",)),
    **dict.fromkeys(("today", "closes_today"), ("clock", "zone")),
    **dict.fromkeys(("tomorrow", "this_week"), ("clock", "day", "zone")),
    **dict.fromkeys(("later", "closes_later"), ("clock", "date", "day", "month", "zone")),
    **dict.fromkeys(("morning", "afternoon"), ("time",)),
    "other_zone": ("city",),
    "code": ("code", "hours", "spelled"),
}


class _Strict(BaseModel):
    class Config:
        extra = Extra.forbid
        anystr_strip_whitespace = True
        min_anystr_length = 1

    @validator("*")
    def _filled_in(cls, value: Any, field: Any) -> Any:  # noqa: N805
        if isinstance(value, str):
            _check_fields(value, _NEEDED.get(field.name, ()))
        return value


class HoursTexts(_Strict):
    """What is said of the hours."""

    unknown: str
    open: str
    open_always: str
    closing: str
    closed: str
    closed_holiday: str
    closed_for_long: str
    holidays_unknown: str


class WhenTexts(_Strict):
    """How a moment is said."""

    today: str
    tomorrow: str
    this_week: str
    later: str
    closes_today: str
    closes_later: str


class ClockTexts(_Strict):
    """How a time of day is said."""

    morning: str
    afternoon: str
    noon: str
    midnight: str


class Texts(_Strict):
    """The whole file."""

    hours: HoursTexts
    cannot_wait: str
    emergency: str
    when: WhenTexts
    clock: ClockTexts
    days: dict[str, str]
    months: list[str] = Field(min_items=12, max_items=12)
    zones: dict[str, str]
    other_zone: str
    code: str

    @validator("emergency")
    def _names_911(cls, value: str) -> str:  # noqa: N805
        if "911" not in value:
            raise ValueError("the line for an emergency must name 911")
        return value

    @validator("days")
    def _every_day(cls, value: dict[str, str]) -> dict[str, str]:  # noqa: N805
        if set(value) != set(WEEKDAYS):
            raise ValueError(f"name each of {', '.join(WEEKDAYS)}, and no others")
        return value

    @validator("zones")
    def _known_zones(cls, value: dict[str, str]) -> dict[str, str]:  # noqa: N805
        for name in value:
            check_zone(name)
        return value


def load(path: Path) -> Texts:
    """Return the texts of a file; raises `ContentError` with file, line and mend of each defect."""
    found, _ = shapes.read_mapping(path, Texts)
    return found


@lru_cache(maxsize=4)
def read(language: str = ENGLISH) -> Texts:
    """Return the project's texts, read once; in English where the language has none; raises `ContentError`."""
    return load(file_of(language) if language in TRANSLATIONS else TEXTS_FILE)


def file_of(language: str) -> Path:
    """Return where the words of a translation stand."""
    return TEXTS_FILE.with_name(f"texts.{language}.yml")


def _check_fields(text: str, needed: tuple[str, ...]) -> None:
    try:
        found = sorted({name for _, name, _, _ in string.Formatter().parse(text) if name is not None})
    except ValueError as error:
        raise ValueError(f"the braces are not right ({error}); write {{name}}") from None
    if found != sorted(needed):
        wanted = ", ".join(f"{{{name}}}" for name in needed) or "nothing in braces"
        raise ValueError(f"it must have {wanted}, and has {', '.join(found) or 'none'}")
