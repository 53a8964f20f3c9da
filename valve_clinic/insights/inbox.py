"""The review inbox: masked messages that were not served well, and what a person makes of each of them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from sqlalchemy import select, update
from sqlalchemy.engine import Engine, Row

from valve_clinic import paths
from valve_clinic.channel.text import clean
from valve_clinic.clock import utc_now
from valve_clinic.insights import themes
from valve_clinic.insights.candidates import OPEN
from valve_clinic.insights.models import ItemRow
from valve_clinic.insights.reading import aware
from valve_clinic.privacy import masker

ASSIGNED, DISMISSED, EXPORTED = "assigned", "dismissed", "exported"
STATES = (OPEN, ASSIGNED, DISMISSED, EXPORTED)
#: Intents that no message is taught: what the chat says when it is not sure.
_NEVER_TAUGHT = frozenset({"nlu_fallback"})
OPTIONS = 3
MOST_CHARACTERS = 500
#: Items of one list, the newest.
MOST = themes.MOST
Parse = Callable[[str], dict[str, Any]]


class InboxError(ValueError):
    """Something cannot be done; the message says what and how to mend it."""


@dataclass(frozen=True)
class Item:
    """A message of the inbox."""

    id: int
    at: datetime.datetime
    text: str
    reasons: tuple[str, ...]
    intent: str | None
    confidence: float | None
    #: The likeliest intents with their confidence, best first; None until the model was asked.
    options: tuple[tuple[str, float], ...] | None
    status: str
    assigned: str | None
    wording: str | None
    note: str | None
    changed_by: str | None
    changed_at: datetime.datetime | None


class Inbox:
    """Reads and changes the items; all methods block."""

    def __init__(self, engine: Engine, now: Callable[[], datetime.datetime] = utc_now) -> None:
        """Use an engine whose tables are made (`insights.models.prepare`)."""
        self._engine = engine
        self._now = now

    def items(self, status: str | None = OPEN, reason: str | None = None) -> list[Item]:
        """Return the newest items of a status (None: of any), the newest first."""
        query = select(ItemRow.__table__).order_by(ItemRow.at.desc(), ItemRow.id.desc())
        if status is not None:
            query = query.where(ItemRow.status == status)
        with self._engine.connect() as connection:
            found = [_item(row) for row in connection.execute(query.limit(MOST))]
        return [item for item in found if reason is None or reason in item.reasons]

    def item(self, number: int) -> Item:
        """Return one item; raises `InboxError` when there is none: it may have been deleted with its conversation."""
        with self._engine.connect() as connection:
            row = connection.execute(select(ItemRow.__table__).where(ItemRow.id == number)).one_or_none()
        if row is None:
            raise InboxError(f"there is no item {number}; messages are deleted with their conversation")
        return _item(row)

    def assign(self, number: int, intent: str, wording: str | None = None, by: str | None = None) -> Item:
        """Say what the message means, and how to say it without what only this patient would say.

        Open items with the very same words are decided with it.
        Raises `InboxError` for an intent that the domain does not have, and for a wording that holds personal data.
        """
        if intent not in teachable_intents():
            raise InboxError(f"domain.yml has no intent {intent!r} that messages are written for")
        values: dict[str, Any] = {"status": ASSIGNED, "assigned": intent}
        if wording is not None:
            values["wording"] = _checked(wording)
        return self._change(number, values, by, and_alike=True)

    def note(self, number: int, note: str, by: str | None = None) -> Item:
        """Write a note beside the message, masked as messages are; an empty one takes it away."""
        text = masker.mask(clean(note))
        if len(text) > MOST_CHARACTERS:
            raise InboxError(f"the note has {len(text)} characters; at most {MOST_CHARACTERS}")
        return self._change(number, {"note": text or None}, by)

    def dismiss(self, number: int, by: str | None = None) -> Item:
        """Say that nothing is to be learnt from the message, and from open items with the very same words."""
        return self._change(number, {"status": DISMISSED, "assigned": None}, by, and_alike=True)

    def reopen(self, number: int, by: str | None = None) -> Item:
        """Take a decision back."""
        return self._change(number, {"status": OPEN, "assigned": None}, by)

    def mark_exported(self, numbers: Sequence[int], by: str | None = None) -> None:
        """Note that the items have been written to a file."""
        changed = {"status": EXPORTED, "changed_at": self._now(), "changed_by": by}
        with self._engine.begin() as connection:
            connection.execute(
                update(ItemRow.__table__)
                .where(ItemRow.id.in_(list(numbers)), ItemRow.status == ASSIGNED)
                .values(**changed)
            )

    def rank(self, parse: Parse) -> int:
        """Ask the model for the likeliest intents of the newest items that have none; returns how many were asked.

        Each message is read alone, as it is kept: without the words before it, and masked.
        """
        query = (
            select(ItemRow.id, ItemRow.text).where(ItemRow.options.is_(None)).order_by(ItemRow.at.desc()).limit(MOST)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            ranking = parse(row.text).get("intent_ranking") or []
            best = [[item["name"], round(float(item["confidence"]), 4)] for item in ranking if item["name"]]
            best = [pair for pair in best if pair[0] not in _NEVER_TAUGHT][:OPTIONS]
            with self._engine.begin() as connection:
                connection.execute(update(ItemRow.__table__).where(ItemRow.id == row.id).values(options=best))
        return len(rows)

    def needs_ranking(self) -> bool:
        """Return whether there are items for which the model was not asked."""
        with self._engine.connect() as connection:
            return connection.execute(select(ItemRow.id).where(ItemRow.options.is_(None)).limit(1)).first() is not None

    def _change(self, number: int, values: dict[str, Any], by: str | None, and_alike: bool = False) -> Item:
        chosen = ItemRow.id == number
        if and_alike:
            chosen |= (ItemRow.text == self.item(number).text) & (ItemRow.status == OPEN)
        changed = {**values, "changed_at": self._now(), "changed_by": by[:64] if by else None}
        with self._engine.begin() as connection:
            connection.execute(update(ItemRow.__table__).where(chosen).values(**changed))
        return self.item(number)


def grouped(items: Sequence[Item], encode: themes.Encode | None) -> list[list[Item]]:
    """Return the items with those that say much the same together, the largest group first.

    Without a model (`encode` None) each stands alone.
    """
    if encode is None:
        return [[item] for item in items]
    return [[items[row] for row in group.rows] for group in themes.group([item.text for item in items], encode)]


@lru_cache(maxsize=1)
def teachable_intents() -> tuple[str, ...]:
    """Return the domain's intents that a message may be assigned to, in its order."""
    domain = yaml.safe_load(paths.DOMAIN_FILE.read_text(encoding="utf-8"))
    return tuple(name for name in domain["intents"] if name not in _NEVER_TAUGHT)


def personal(text: str) -> list[str]:
    """Return what in a text still looks like personal data: kinds that the masking finds, and masks."""
    found = [span.kind for span in masker.find(text)]
    return sorted({*found, *(f"the mask {mask}" for mask in masks() if mask in text.lower())})


@lru_cache(maxsize=1)
def masks() -> tuple[str, ...]:
    """Return what is written over personal data: `[name]`, `[phone]` and the like."""
    from valve_clinic.privacy.rules import read_kinds

    return tuple(dict.fromkeys(["[name]", *(kind.mask for kind in read_kinds())]))


def _checked(wording: str) -> str:
    text = " ".join(clean(wording).split())
    if not text:
        raise InboxError("the wording is empty")
    if len(text) > MOST_CHARACTERS:
        raise InboxError(f"the wording has {len(text)} characters; at most {MOST_CHARACTERS}")
    found = personal(text)
    if found:
        raise InboxError(f"the wording looks like personal data ({', '.join(found)}); say it without")
    return text


def _item(row: Row) -> Item:
    options = tuple((str(name), float(value)) for name, value in row.options) if row.options is not None else None
    return Item(
        id=row.id,
        at=aware(row.at),
        text=row.text,
        reasons=tuple(row.reasons.split(",")),
        intent=row.intent,
        confidence=row.confidence,
        options=options,
        status=row.status,
        assigned=row.assigned,
        wording=row.wording,
        note=row.note,
        changed_by=row.changed_by,
        changed_at=aware(row.changed_at) if row.changed_at else None,
    )
