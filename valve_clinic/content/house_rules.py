"""The shape of the files that hold the rules' words: rules.yml, terms.yml and required.yml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Extra, Field, validator

from valve_clinic.content.parsed import Parsed

_Model = TypeVar("_Model", bound=BaseModel)


class _Strict(BaseModel):
    class Config:
        extra = Extra.forbid
        anystr_strip_whitespace = True


def _compiles(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a pattern: {error}") from None
    return value


class Forbidden(_Strict):
    """What no text may say, with examples that are tried at every check."""

    id: str = Field(regex=r"^[a-z_]+$")
    pattern: str
    reason: str
    advice: str
    must: list[str] = Field(min_items=1)
    must_not: list[str] = Field(min_items=1)

    _pattern = validator("pattern", allow_reuse=True)(_compiles)


class LanguageRules(_Strict):
    """`rules.yml` in a folder of another language: how easy a text must be, and what is forbidden in its words."""

    ease_min: float = Field(gt=0, le=100)
    forbidden: list[Forbidden] = Field(min_items=1)


class HouseRules(_Strict):
    """`rules.yml`: limits, hosts that a link may lead to, and what is forbidden."""

    grade_max: float = Field(gt=0, le=12)
    copied_words: int = Field(ge=5, le=20)
    hosts: list[str] = Field(min_items=1)
    forbidden: list[Forbidden] = Field(min_items=1)


class Term(_Strict):
    """A medical term: where it is used first, one of the explanations stands in that sentence or the next."""

    term: str
    pattern: str
    explained: list[str] = Field(min_items=1)
    example: str

    _pattern = validator("pattern", allow_reuse=True)(_compiles)
    _explained = validator("explained", each_item=True, allow_reuse=True)(_compiles)


class Terms(_Strict):
    """`terms.yml`."""

    terms: list[Term] = Field(min_items=1)


class Statement(_Strict):
    """Something that a text must go on saying, and the fact that says so."""

    says: str
    fact: str
    topic: str
    #: The texts of the topic that must say it, as `variant_key` names them ("default", "procedure=surgery").
    variants: list[str] = Field(min_items=1)
    any_of: list[str] = Field(min_items=1)
    #: Whether the short form must say it, too.
    short: bool = False

    _patterns = validator("any_of", each_item=True, allow_reuse=True)(_compiles)


class Required(_Strict):
    """`required.yml`."""

    required: list[Statement] = Field(min_items=1)


@dataclass(frozen=True)
class House:
    """All three files; words are those of the texts' language, from the files in `folder`."""

    rules: HouseRules
    folder: Path
    forbidden: list[Forbidden]
    terms: list[Term]
    required: list[Statement]
    #: How easy a text of another language must be; None where nothing says so.
    ease_min: float | None = None


def read(parsed: Parsed) -> House | None:
    """Return the rules of the texts' language, or None when a file is wrong: `parsed.problems` says why.

    Hosts and the length of a copied sentence are those beside the clinic's data in every language. A folder of another
    language without a file of its own is not held to that file's rules.
    """
    rules = _read(parsed, parsed.base, "rules", HouseRules)
    own: LanguageRules | HouseRules | None = rules
    if not parsed.english:
        own = _read(parsed, parsed.folder, "rules", LanguageRules, LanguageRules.construct(ease_min=None, forbidden=[]))
    terms = _read(parsed, parsed.folder, "terms", Terms, None if parsed.english else Terms.construct(terms=[]))
    nothing = None if parsed.english else Required.construct(required=[])
    required = _read(parsed, parsed.folder, "required", Required, nothing)
    if rules is None or own is None or terms is None or required is None:
        return None
    ease = own.ease_min if isinstance(own, LanguageRules) else None
    return House(rules, parsed.folder, own.forbidden, terms.terms, required.required, ease)


def _read(parsed: Parsed, folder: Path, name: str, model: type[_Model], without: _Model | None = None) -> _Model | None:
    """Return the file's data, `without` where there is none, or None when it is wrong."""
    path = folder / f"{name}.yml"
    if without is not None and not path.is_file():
        return without
    return parsed.read(path, model)
