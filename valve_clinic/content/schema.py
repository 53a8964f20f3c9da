"""The shape of the content files: topics, facts and the clinic's own data."""

from __future__ import annotations

import datetime
import re
from typing import Any, Literal

from pydantic import BaseModel, Extra, Field, validator

#: What a variant may depend on, and its values: the slots of the same names hold them.
VARIANT_KEYS: dict[str, tuple[str, ...]] = {
    "procedure": ("mitraclip", "surgery"),
    "severity": ("mild", "moderate", "severe"),
}
WORDS_MIN, WORDS_MAX = 40, 130
SHORT_WORDS_MAX = 45
TITLE_MAX = 45
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_SPAN = re.compile(r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")


class _Strict(BaseModel):
    """A mapping in which a misspelt key is an error, not a silent nothing."""

    class Config:
        extra = Extra.forbid
        anystr_strip_whitespace = True


class Source(_Strict):
    """Where a fact comes from; `url` is null for the clinic's own page, which has no address in our copy."""

    name: str = Field(min_length=3)
    url: str | None
    date: str = Field(min_length=4)

    @validator("url")
    def _https_only(cls, value: str | None) -> str | None:  # noqa: N805
        if value is not None and not value.startswith("https://"):
            raise ValueError("a link must start with https://")
        return value


class Fact(_Strict):
    """One supplied fact in plain words."""

    id: str
    topic: str
    fact: str = Field(min_length=10)
    source: Source
    confidence: Literal["high", "medium"]

    @property
    def from_clinic(self) -> bool:
        """Whether the fact is the clinic's own statement."""
        return self.source.url is None


class Paragraph(_Strict):
    """A paragraph and the ids of the facts it rests on."""

    text: str = Field(min_length=10)
    sources: list[str] = Field(min_items=1)


class Answer(_Strict):
    """The text for one variant of a topic; `variant` null is the default text."""

    variant: dict[str, str] | None
    paragraphs: list[Paragraph] = Field(min_items=1)
    short: str = Field(min_length=10)

    @validator("variant")
    def _known_variant(cls, value: dict[str, str] | None) -> dict[str, str] | None:  # noqa: N805
        for key, choice in (value or {}).items():
            if key not in VARIANT_KEYS:
                raise ValueError(f"unknown variant {key!r}; known: {', '.join(VARIANT_KEYS)}")
            if choice not in VARIANT_KEYS[key]:
                raise ValueError(f"{key} cannot be {choice!r}; known: {', '.join(VARIANT_KEYS[key])}")
        if value == {}:
            raise ValueError("an empty variant: write null for the default text")
        return value

    @validator("short")
    def _short_is_short(cls, value: str) -> str:  # noqa: N805
        words = len(value.split())
        if words > SHORT_WORDS_MAX:
            raise ValueError(f"the short form has {words} words; at most {SHORT_WORDS_MAX}")
        return value

    @property
    def text(self) -> str:
        """The paragraphs as one text, separated by blank lines."""
        return "\n\n".join(paragraph.text for paragraph in self.paragraphs)


class Topic(_Strict):
    """One topic: a file `content/<id>.yml`."""

    id: str = Field(regex=r"^[a-z_]+$")
    title: str = Field(min_length=3, max_length=TITLE_MAX)
    status: Literal["draft", "published"]
    reviewed: str | None
    review_due: datetime.date

    @validator("review_due", pre=True)
    def _whole_date(cls, value: object) -> object:  # noqa: N805
        if isinstance(value, datetime.date) or (isinstance(value, str) and _DATE.match(value)):
            return value
        raise ValueError('invalid date: write one such as "2027-05-23"')

    followups: list[str] = Field(min_items=2, max_items=3)
    handoff: str | None
    kind: Literal["answer", "advice_declined"] = "answer"
    context: dict[str, str] = Field(default_factory=dict)
    link: str | None = None
    answers: list[Answer] = Field(min_items=1)

    @validator("context")
    def _known_context(cls, value: dict[str, str]) -> dict[str, str]:  # noqa: N805
        for key, choice in value.items():
            if choice not in VARIANT_KEYS.get(key, ()):
                raise ValueError(f"unknown context {key}: {choice}")
        return value

    @validator("answers")
    def _one_default_no_doubles(cls, value: list[Answer]) -> list[Answer]:  # noqa: N805
        variants = [variant_key(answer.variant) for answer in value]
        if variants[0] != "":
            raise ValueError("the first answer must be the default text (variant: null)")
        doubles = {name for name in variants if variants.count(name) > 1}
        if doubles:
            raise ValueError(
                f"two texts for the same variant: {', '.join(sorted(name or 'default' for name in doubles))}"
            )
        return value


class Link(_Strict):
    """A heading of the clinic's page; `url` null: its address is not known."""

    title: str
    url: str | None

    @validator("url")
    def _https_only(cls, value: str | None) -> str | None:  # noqa: N805
        if value is not None and not value.startswith(("https://", "/")):
            raise ValueError("a link must start with https:// or be a path of the clinic's site")
        return value


class HandoffKind(_Strict):
    """What a call of this kind is for and what to have ready."""

    purpose: str
    have_ready: list[str] = Field(min_items=1)
    source: str | None


class Clinic(_Strict):
    """What is known about the clinic; null where nothing is known."""

    name: str
    institute: str
    phone: str = Field(regex=r"^\d{3}\.\d{3}\.\d{4}$")
    phone_is_for: str
    time_zone: str
    hours: dict[str, list[str]] | None
    holidays: list[datetime.date] | None
    links: dict[str, Link]
    numbers: dict[str, str]
    handoffs: dict[str, HandoffKind]

    @validator("hours")
    def _weekday_spans(cls, value: dict[str, list[str]] | None) -> dict[str, list[str]] | None:  # noqa: N805
        for day, spans in (value or {}).items():
            if day not in _WEEKDAYS:
                raise ValueError(f"unknown day {day!r}; use {', '.join(_WEEKDAYS)}")
            for span in spans:
                if not _SPAN.match(span) or span[:5] >= span[6:]:
                    raise ValueError(f'{day}: {span!r} is not a span such as "08:00-16:30"')
        return value

    @property
    def tel(self) -> str:
        """The Valve Clinic's number as a `tel:` address."""
        return "tel:+1" + self.phone.replace(".", "")


def variant_key(variant: dict[str, Any] | None) -> str:
    """Return the variant as a canonical text, `procedure=surgery`; the default is the empty text."""
    return ",".join(f"{key}={variant[key]}" for key in sorted(variant)) if variant else ""
