"""The turn that is under way: Rasa hands its events to it, and they are stored with the replies, in one commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from rasa.shared.core.trackers import DialogueStateTracker

from valve_clinic.storage import parts


@dataclass
class TurnRecord:
    """What Rasa makes of one message, from its arrival to its commit; who waits for it is `channel/turns.py`."""

    conversation: str
    key: str
    tracker: DialogueStateTracker | None = None
    #: What was read of the conversation before Rasa asks for it; empty where nothing was.
    _ahead: list[DialogueStateTracker | None] = field(default_factory=list)

    def read_ahead(self, tracker: DialogueStateTracker | None) -> None:
        """Keep what was read of the conversation, None where there is none, for when Rasa first asks for it."""
        self._ahead = [tracker]

    def take_ahead(self) -> list[DialogueStateTracker | None]:
        """Return what was read ahead, once: one entry, or none where nothing was read or it was taken already."""
        ahead, self._ahead = self._ahead, []
        return ahead

    def part(self) -> parts.Part | None:
        """Return what Rasa made of the turn, also when it was cut off; None when it made nothing."""
        if self.tracker is None:
            return None
        parts.finish(self.tracker)
        return parts.part_of(self.tracker, self.key, keep_bot_text=False)


_current: ContextVar[TurnRecord | None] = ContextVar("turn", default=None)


def current(conversation: str) -> TurnRecord | None:
    """Return the turn of this conversation that is under way in this task, or None."""
    turn = _current.get()
    return turn if turn is not None and turn.conversation == conversation else None


@contextmanager
def under_way(conversation: str, key: str) -> Iterator[TurnRecord]:
    """Collect what Rasa stores of the conversation instead of writing it; `key` is the message's own id."""
    turn = TurnRecord(conversation, key)
    token = _current.set(turn)
    try:
        yield turn
    finally:
        _current.reset(token)
