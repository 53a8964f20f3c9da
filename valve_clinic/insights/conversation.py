"""What is stored of a conversation, reduced to what happened in it: kinds, topics, times; no words but the item's."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from valve_clinic.handoff.hours import STATES

ANSWERED = "answered"
#: Kinds of a reply that speak of danger.
DANGER = ("emergency", "crisis")
SAFETY_KINDS = (*DANGER, "check", "same_day")
_NAME = re.compile(r"^[a-z_]{1,40}$")
_DECLINE = "utter_decline_out_of_scope"
_OTHER_LANGUAGE = "utter_other_language"
_MISSES = ("nlu_fallback", "out_of_scope")

#: Why a conversation was handed off.
ON_REQUEST, ON_A_MISS, BY_TOPIC, ADVICE, OTHER_LANGUAGE, NO_TEXT = HANDOFFS = (
    "request",
    "miss",
    "topic",
    "advice",
    "language",
    "no_text",
)


@dataclass(frozen=True)
class Understood:
    """What Rasa made of a message, as far as it is stored."""

    intent: str | None = None
    confidence: float | None = None
    is_button: bool = False
    #: Names of the fixed responses that were said.
    said: frozenset[str] = frozenset()
    #: When the turn was written, seconds since 1970.
    at: float | None = None


@dataclass(frozen=True)
class Turn:
    """One message and its replies; `client_id` None: the greeting."""

    client_id: str | None
    text: str | None
    is_answered: bool
    replies: Sequence[dict[str, Any]]
    at: datetime.datetime
    understood: Understood = field(default_factory=Understood)

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds of the replies, in order."""
        return [str(reply.get("kind")) for reply in self.replies]

    @cached_property
    def topics(self) -> list[str]:
        """The topics that were answered; personal advice, which is declined, is none."""
        return [name_of(reply.get("topic")) for reply in self.replies if reply.get("kind") == "answer"]

    @property
    def is_danger(self) -> bool:
        """Whether the reply is 911 or 988."""
        return any(kind in DANGER for kind in self.kinds)

    @property
    def is_unanswered(self) -> bool:
        """Whether the message got nothing, or only the apology that there is no answer now."""
        spoken = [kind for kind in self.kinds if kind not in ("notice", "check")]
        return not spoken

    @property
    def is_miss(self) -> bool:
        """Whether the chat asked back, declined as out of scope, or gave up after doing so."""
        if self.is_danger or "answer" in self.kinds or "advice_declined" in self.kinds:
            return False
        asked_back = "clarify" in self.kinds or _DECLINE in self.understood.said
        gave_up = "handoff" in self.kinds and self.understood.intent in _MISSES
        return (asked_back or gave_up) and not self._other_language

    @property
    def handoff(self) -> str | None:
        """Why the turn hands off to the phone line; None when it does not."""
        if "handoff" not in self.kinds:
            return None
        if self._other_language:
            return OTHER_LANGUAGE
        if self.understood.intent == "request_human":
            return ON_REQUEST
        if "answer" in self.kinds:
            return BY_TOPIC
        if "advice_declined" in self.kinds:
            return ADVICE
        return ON_A_MISS if self.is_miss else NO_TEXT

    @property
    def hours(self) -> str | None:
        """Whether the line was open when the turn handed off, as it was told; None where it was not told."""
        told = (str(reply.get("hours")) for reply in self.replies if reply.get("kind") == "handoff")
        return next((state for state in told if state in STATES), None)

    @property
    def milliseconds(self) -> int | None:
        """How long the visitor waited: from the message's arrival to its commit."""
        if not self.is_answered or self.understood.at is None:
            return None
        return max(0, round(1000 * (self.understood.at - self.at.timestamp())))

    @property
    def _other_language(self) -> bool:
        return _OTHER_LANGUAGE in self.understood.said


@dataclass(frozen=True)
class Rating:
    """Whether a reply helped."""

    reply_id: str
    helpful: bool


@dataclass(frozen=True)
class Conversation:
    """One session, with its greeting first; two visits of one person are two, because nobody is recognised."""

    id: str
    started_at: datetime.datetime
    turns: Sequence[Turn]
    ratings: Sequence[Rating] = ()
    #: Targets of clicked phone links.
    calls: Sequence[str] = field(default_factory=tuple)

    @property
    def is_whole(self) -> bool:
        """Whether its greeting is still there; retention deletes the oldest turns first."""
        return bool(self.turns) and self.turns[0].client_id is None

    @property
    def asked(self) -> list[Turn]:
        """The turns in which the visitor said or pressed something."""
        return [turn for turn in self.turns if turn.client_id is not None]

    def rating_of(self, turn: Turn) -> bool | None:
        """Return whether the turn helped; one reply that did not is enough for no, None where nobody said."""
        ids = {reply.get("id") for reply in turn.replies}
        found = [rating.helpful for rating in self.ratings if rating.reply_id in ids]
        return all(found) if found else None


def understood(events: str | None, at: float | None) -> Understood:
    """Return what a stored part (JSON text) says of its message; what cannot be read says nothing."""
    if events is None:
        return Understood()
    try:
        found = json.loads(events)
        users = [event for event in found if event.get("event") == "user"]
        said = {(event.get("metadata") or {}).get("utter_action") for event in found if event.get("event") == "bot"}
        parse = users[-1].get("parse_data", {}) if users else {}
        intent = parse.get("intent") or {}
        confidence = intent.get("confidence")
        return Understood(
            name_of(intent.get("name")) if intent.get("name") else None,
            float(confidence) if confidence is not None else None,
            bool(users) and str(users[-1].get("text") or "").startswith("/"),
            frozenset(str(name) for name in said if name),
            at,
        )
    except (ValueError, TypeError, AttributeError):
        return Understood(at=at)


def name_of(value: object) -> str:
    """Return a name as a key of a count; whatever is no plain name is "other", so that no text gets into a key."""
    return value if isinstance(value, str) and _NAME.match(value) else "other"
