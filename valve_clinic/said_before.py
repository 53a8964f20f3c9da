"""What each visitor's next message may lean on, kept in memory so that it can be read in its context before its turn.

A message is looked at for danger before anything else, and in its turn it is read behind the message before it. When
this process knows what was said before, both are one reading. It is a guess: another process may have answered since.
The turn compares it with the conversation, and reads again where it was wrong.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Conversations that are remembered, and seconds after which one is not: a session's life.
_MOST, _SECONDS = 2000, 1800.0
_kept: OrderedDict[str, tuple[float, str]] = OrderedDict()
_expected: ContextVar[str | None] = ContextVar("expected", default=None)


def note(conversation: str, words: str | None) -> None:
    """Remember what the conversation's next message may lean on."""
    _kept.pop(conversation, None)
    if words:
        _kept[conversation] = time.monotonic(), words
    oldest = time.monotonic() - _SECONDS
    while _kept and (len(_kept) > _MOST or next(iter(_kept.values()))[0] < oldest):
        _kept.popitem(last=False)


def of(conversation: str) -> str | None:
    """Return what the conversation's next message may lean on, as far as this process knows."""
    found = _kept.get(conversation)
    return found[1] if found is not None and found[0] > time.monotonic() - _SECONDS else None


def forget(conversation: str) -> None:
    """Remember nothing of the conversation."""
    _kept.pop(conversation, None)


@contextmanager
def expecting(words: str | None) -> Iterator[None]:
    """Let messages without a conversation be read behind these words while this lasts."""
    token = _expected.set(words)
    try:
        yield
    finally:
        _expected.reset(token)


def expected() -> str | None:
    """Return the words behind which a message without a conversation is read now."""
    return _expected.get()
