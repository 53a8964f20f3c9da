"""What a server under test or measurement needs to have everything of its own: a port, a key, an environment."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_secret(file: Path) -> None:
    """Make a server's key unless it is there: one that a setting names must be."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))


def server_environment(folder: Path, port: int, **environment: str) -> dict[str, str]:
    """Return an environment in which a server has databases of its own in `folder` and no limits."""
    return {
        **os.environ,
        "PORT": str(port),
        "CONTENT_DATABASE_URL": f"sqlite:///{folder}/content.db",
        "WEBSITE_DATABASE_URL": f"sqlite:///{folder}/website.db",
        "WEBSITE_SECRET_FILE": f"{folder}/secret",
        "WEBSITE_MESSAGES_PER_MINUTE": "0",
        "WEBSITE_REQUESTS_PER_MINUTE": "0",
        **environment,
    }
