"""Ends a wait for a PostgreSQL server that has stopped answering: its own timeouts need a server that runs."""

from __future__ import annotations

import select
from typing import Any

import psycopg2
from psycopg2 import extensions

#: Seconds that are granted beyond the statement's own timeout, so that the server can say first what is wrong.
_GRACE = 0.5


class _Connection(extensions.connection):
    """A connection that knows how long one wait may take."""

    deadline: float | None = None


def connect_args(seconds: float) -> dict[str, Any]:
    """Return the arguments of `psycopg2.connect` for a connection whose waits end after about `seconds`."""
    extensions.set_wait_callback(_wait)
    limit = seconds + _GRACE

    class Connection(_Connection):
        deadline = limit

    return {"connection_factory": Connection, "connect_timeout": max(2, int(limit))}


def _wait(connection: Any) -> None:
    """Wait as psycopg2's own `wait_select`, but not for ever; psycopg2 closes a connection whose wait failed."""
    seconds = getattr(connection, "deadline", None)
    while True:
        state = connection.poll()
        if state == extensions.POLL_OK:
            return
        # Descriptors above 1023 are beyond select(2).
        poller = select.poll()
        poller.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
        if not poller.poll(None if seconds is None else seconds * 1000):
            raise psycopg2.OperationalError(f"the database did not answer within {seconds:g} seconds")
