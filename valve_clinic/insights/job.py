"""Starts `valve-clinic insights refresh` beside a server: in a process of its own, so that no patient waits for it."""

from __future__ import annotations

import datetime
import subprocess
import sys
import threading
from collections.abc import Sequence

from valve_clinic import paths
from valve_clinic.clock import utc_now

#: The command that does the work.
COMMAND = (sys.executable, "-m", "valve_clinic.cli", "insights", "refresh")


class Job:
    """At most one process at a time of this server's; what it has done stands in the database."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._began = utc_now()
        self._lock = threading.Lock()

    def start(self, *words: str) -> bool:
        """Begin with these further words of the command; returns False when a process is at work."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return False
            nowhere, self._began = subprocess.DEVNULL, utc_now()
            self._process = subprocess.Popen(  # noqa: S603
                [*self._command, *words], cwd=paths.ROOT, stdin=nowhere, stdout=nowhere, stderr=nowhere
            )
            return True

    @property
    def is_running(self) -> bool:
        """Whether a process of this server's is at work."""
        with self._lock:
            return self._process is not None and self._process.poll() is None

    def failed(self, made_at: datetime.datetime | None) -> bool:
        """Return whether the last process ended with an error and no report was made since it began."""
        with self._lock:
            is_bad = self._process is not None and self._process.poll() not in (None, 0)
            return is_bad and (made_at is None or made_at < self._began)

    def wait(self, seconds: float) -> int | None:
        """Return with which code the process ended; raises `subprocess.TimeoutExpired` when it has not."""
        return self._process.wait(seconds) if self._process is not None else None
