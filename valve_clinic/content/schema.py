"""The shape of the content files: topics, facts and the clinic's own data."""

from __future__ import annotations

import datetime
import re
from typing import Any, Literal

from pydantic import BaseModel, Extra, Field, validator

from valve_clinic.content import opening

#: What a variant may depend on, and its values: the slots of the same names hold them.
#: In order of weight: of two texts that fit with as many keys, the one with the earlier key is used.
VARIANT_KEYS: dict[str, tuple[str, ...]] = {
    "procedure": ("mitraclip", "surgery"),
    "severity": ("mild", "moderate", "severe"),
    "relation": ("other",),  # the question is about somebody else: a mother, a friend
}
WORDS_MIN, WORDS_MAX = 40, 130
SHORT_WORDS_MAX = 45
TITLE_MAX = 45
#: A table must be readable on a phone 320 pixels wide.
TABLE_COLUMNS_MAX, TABLE_ROWS_MAX, CELL_WORDS_MAX = 4, 8, 14
#: Languages of the answers; the first is the one that the others are translations of.
ENGLISH = "en"
TRANSLATIONS = ("es",)
#: A translation may be a fifth longer: Spanish needs more words to say the same.
WORDS_MAX_TRANSLATED = WORDS_MAX * 6 // 5
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def _whole_date(value: object) -> object:
    """Take a day written whole, and nothing that pydantic would turn into one, such as a number."""
    if isinstance(value, datetime.date) or (isinstance(value, str) and _DATE.match(value)):
        return value
    raise ValueError('invalid date: write one such as "2027-05-23"')


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


class TableRow(_Strict):
    """A row of a table, its first cell the row's name, and the ids of the facts it rests on."""

    cells: list[str] = Field(min_items=2, max_items=TABLE_COLUMNS_MAX)
    sources: list[str] = Field(min_items=1)


class Table(_Strict):
    """A small table below an answer: it compares, and never says what the text does not let one ask."""

    caption: str = Field(min_length=5, max_length=80)
    head: list[str] = Field(min_items=2, max_items=TABLE_COLUMNS_MAX)
    rows: list[TableRow] = Field(min_items=2, max_items=TABLE_ROWS_MAX)

    @validator("head")
    def _columns_have_names(cls, value: list[str]) -> list[str]:  # noqa: N805
        if not all(value):
            raise ValueError("every column needs a name, the first one too: a screen reader says it with each cell")
        return value

    @validator("rows", each_item=True)
    def _as_wide_as_the_head(cls, value: TableRow, values: dict[str, Any]) -> TableRow:  # noqa: N805
        if "head" in values and len(value.cells) != len(values["head"]):
            raise ValueError(f"the row has {len(value.cells)} cells; the head has {len(values['head'])}")
        if not all(value.cells):
            raise ValueError("a cell is empty; say that it is not known, or leave the row out")
        long = [cell for cell in value.cells if len(cell.split()) > CELL_WORDS_MAX]
        if long:
            raise ValueError(f"the cell {long[0]!r} has more than {CELL_WORDS_MAX} words; it must fit a phone")
        return value

    @property
    def texts(self) -> list[str]:
        """Everything that is read in the table."""
        return [self.caption, *self.head, *(cell for row in self.rows for cell in row.cells)]


class Answer(_Strict):
    """The text for one variant of a topic; `variant` null is the default text."""

    variant: dict[str, str] | None
    paragraphs: list[Paragraph] = Field(min_items=1)
    short: str = Field(min_length=10)
    table: Table | None = None

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


class Review(_Strict):
    """Who signed a text, by role, and when; only the clinic may write one."""

    role: str = Field(min_length=5)
    date: datetime.date

    _whole_date = validator("date", pre=True, allow_reuse=True)(_whole_date)


class Topic(_Strict):
    """One topic: a file `content/<id>.yml`."""

    id: str = Field(regex=r"^[a-z_]+$")
    language: Literal["en", "es"] = "en"
    title: str = Field(min_length=3, max_length=TITLE_MAX)
    status: Literal["draft", "published"]
    reviewed: Review | None
    review_due: datetime.date

    _whole_date = validator("review_due", pre=True, allow_reuse=True)(_whole_date)

    followups: list[str] = Field(min_items=2, max_items=3)
    handoff: str | None
    kind: Literal["answer", "advice_declined"] = "answer"
    context: dict[str, str] = Field(default_factory=dict)
    link: str | None = None
    answers: list[Answer] = Field(min_items=1)

    @property
    def key(self) -> str:
        """The name under which revisions are kept: the id, after the language where it is not English."""
        return key_of(self.id, self.language)

    @property
    def signed_on(self) -> str | None:
        """The day of the review as text, or None while nobody has signed."""
        return self.reviewed.date.isoformat() if self.reviewed else None

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
    """What a call of this kind is for and what to have ready.

    It takes the place of the kind `instead_of` when the question has one of the `words`.
    """

    purpose: str
    have_ready: list[str] = Field(min_items=1)
    source: str | None
    instead_of: str | None = None
    words: list[str] = Field(default_factory=list)

    @validator("words", always=True)
    def _words_choose_it(cls, value: list[str], values: dict[str, Any]) -> list[str]:  # noqa: N805
        if bool(value) != bool(values.get("instead_of")):
            raise ValueError("instead_of and words go together: which kind it replaces, and on which words")
        return value


class CallWords(_Strict):
    """A hand-off in another language."""

    purpose: str
    have_ready: list[str] = Field(min_items=1)


class ClinicWords(_Strict):
    """What the clinic's data says in another language; numbers, hours and addresses stand in `clinic.yml` only."""

    name: str
    phone_is_for: str
    links: dict[str, str]
    handoffs: dict[str, CallWords]


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

    _whole_dates = validator("holidays", pre=True, each_item=True, allow_reuse=True)(_whole_date)

    @validator("time_zone")
    def _known_zone(cls, value: str) -> str:  # noqa: N805
        opening.check_zone(value)
        return value

    @validator("hours")
    def _weekday_spans(cls, value: dict[str, list[str]] | None) -> dict[str, list[str]] | None:  # noqa: N805
        opening.check_hours(value or {})
        return value

    @validator("holidays")
    def _each_holiday_once(cls, value: list[datetime.date] | None) -> list[datetime.date] | None:  # noqa: N805
        opening.check_holidays(value or ())
        return value

    @validator("handoffs")
    def _replaces_another_kind(cls, value: dict[str, HandoffKind]) -> dict[str, HandoffKind]:  # noqa: N805
        for name, kind in value.items():
            if kind.instead_of is not None and kind.instead_of not in set(value) - {name}:
                raise ValueError(f"{name}: there is no other kind {kind.instead_of!r}; use {', '.join(value)}")
        return value

    def kind_of_call(self, kind: str, question: str) -> str:
        """Return the kind of call for a question whose topic ends in `kind`: another where its words say so."""
        asked = set(re.findall(r"[a-z]+", question.lower())) if not question.startswith("/") else set()
        special = (name for name, other in self.handoffs.items() if other.instead_of == kind)
        return next((name for name in special if asked & set(self.handoffs[name].words)), kind)

    @property
    def tel(self) -> str:
        """The Valve Clinic's number as a `tel:` address."""
        return "tel:+1" + self.phone.replace(".", "")


def key_of(topic_id: str, language: str = ENGLISH) -> str:
    """Return the name under which the topic's revisions are kept: `ask_risks`, `es/ask_risks`."""
    return topic_id if language == ENGLISH else f"{language}/{topic_id}"


def variant_key(variant: dict[str, Any] | None) -> str:
    """Return the variant as a canonical text, `procedure=surgery`; the default is the empty text."""
    return ",".join(f"{key}={variant[key]}" for key in sorted(variant)) if variant else ""


def weight_of(variant: dict[str, Any] | None) -> tuple[int, ...]:
    """Return how closely a fitting text fits: more keys weigh more, then the earlier keys of `VARIANT_KEYS`."""
    given = variant or {}
    return (len(given), *(int(key in given) for key in VARIANT_KEYS))
