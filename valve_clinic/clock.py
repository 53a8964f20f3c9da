"""The time, apart from everything else: commands that need no more of the channel than the clock start without Rasa."""

from __future__ import annotations

import datetime


def utc_now() -> datetime.datetime:
    """Return the time, with its zone."""
    return datetime.datetime.now(datetime.timezone.utc)
