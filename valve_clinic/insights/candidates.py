"""Which messages a person should look at: missed, asked back, rated unhelpful, or answered without much confidence."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from valve_clinic.insights.conversation import Conversation, Turn

CLARIFIED, MISSED, UNANSWERED, UNHELPFUL, UNSURE = REASONS = (
    "clarified",
    "missed",
    "unanswered",
    "unhelpful",
    "unsure",
)
#: An answer that was given with less confidence than this is looked at. The chat itself asks back below 0.7
#: (config.yml); what lies between is answered, and is where a look is most likely to find a wrong answer.
UNSURE_BELOW = 0.8
OPEN = "open"


@dataclass(frozen=True)
class Candidate:
    """A masked message and why it is worth a look."""

    session_id: str
    client_id: str
    at: datetime.datetime
    text: str
    reasons: str
    intent: str | None
    confidence: float | None

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same message when it is found again."""
        return self.session_id, self.client_id

    def row(self) -> dict[str, Any]:
        """Return it as a new row of the inbox."""
        return {**self.__dict__, "options": None, "status": OPEN}


def find(talk: Conversation) -> Iterator[Candidate]:
    """Yield the typed messages of a conversation that are worth a look."""
    for turn in talk.asked:
        reasons = sorted(_reasons(talk, turn))
        if reasons and turn.text and turn.client_id and not turn.understood.is_button:
            made = turn.understood
            yield Candidate(
                *(talk.id, turn.client_id, turn.at, _masked(turn.text), ",".join(reasons)),
                *(made.intent, made.confidence),
            )


def _masked(text: str) -> str:
    # The masking loads spaCy, which the report, and an update without such a message, do without.
    from valve_clinic.privacy import masker

    return masker.mask(text)


def _reasons(talk: Conversation, turn: Turn) -> Iterator[str]:
    if turn.is_danger:
        return
    if turn.is_unanswered:
        yield UNANSWERED
    elif "clarify" in turn.kinds and not turn.topics:
        yield CLARIFIED
    elif turn.is_miss:
        yield MISSED
    if talk.rating_of(turn) is False:
        yield UNHELPFUL
    confidence = turn.understood.confidence
    if turn.topics and confidence is not None and confidence < UNSURE_BELOW:
        yield UNSURE
