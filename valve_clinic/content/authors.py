"""Who puts content in service: as they say, as git knows them, or by the account's name."""

from __future__ import annotations

import getpass
import subprocess

from valve_clinic import paths
from valve_clinic.content.publishing import Author

#: Seconds that git may take to tell the name.
_GIT_SECONDS = 2


def author(by: str | None = None, reason: str | None = None) -> Author:
    """Return who and why, with the defaults for what is not given."""
    name = (by or "").strip() or _git_name() or _account_name() or Author.name
    return Author(name, (reason or "").strip() or Author.reason)


def _git_name() -> str:
    """Return the author that git would write into a commit of the content, or nothing."""
    command = ["git", "-C", str(paths.CONTENT), "config", "user.name"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_GIT_SECONDS)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _account_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return ""
