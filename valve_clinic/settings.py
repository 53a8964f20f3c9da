"""The environment variables the project reads: name, default and meaning in one table."""

from __future__ import annotations

import os
from dataclasses import dataclass


class SettingError(ValueError):
    """An environment variable holds something that cannot be used; the message names it."""


@dataclass(frozen=True)
class Setting:
    """One environment variable."""

    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting("HOST", "127.0.0.1", "address the server listens on"),
    Setting("PORT", "5005", "port the server listens on"),
    Setting("VALVE_CLINIC_HOME", "the checkout", "folder that holds content/, data/ and config.yml"),
    Setting("CONTENT_DATABASE_URL", "sqlite:///var/content.db", "SQLAlchemy URL of the answers"),
    Setting("WEBSITE_DATABASE_URL", "sqlite:///var/website.db", "SQLAlchemy URL of the website's sessions and turns"),
    Setting("CONVERSATIONS_DATABASE", "var/conversations.db", "SQLite file of Rasa's conversations"),
    Setting(
        "ACTION_ENDPOINT_URL",
        "in process",
        "URL of a separate action server, for example http://localhost:5055/webhook",
    ),
    Setting("WEBSITE_SECRET_FILE", "var/secret", "file with the key that signs website sessions (mode 600)"),
    Setting("WEBSITE_MESSAGES_PER_MINUTE", "20", "messages per minute of one session; 0 switches the limit off"),
    Setting("WEBSITE_REQUESTS_PER_MINUTE", "120", "requests per minute of one address; 0 switches the limit off"),
    Setting("WEBSITE_TURN_SECONDS", "5", "seconds a turn may take before a plain apology is sent"),
    Setting("WEBSITE_ORIGINS", "", "comma-separated origins of other sites that may embed the widget"),
    Setting("CHROMIUM", "/usr/bin/chromium", "browser that the website tests drive"),
    Setting("REQUIRE_SERVICES", "", "set to 1: a missing service or browser fails the tests instead of skipping them"),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def get(name: str) -> str | None:
    """Return the variable's value, or None when it is unset or empty; `name` must be in the table."""
    return os.environ.get(_BY_NAME[name].name, "").strip() or None


def get_int(name: str, fallback: int) -> int:
    """Return the variable as a whole number of at least 0; raises `SettingError` naming the variable."""
    raw = get(name)
    if raw is None:
        return fallback
    if not raw.isdecimal() or not raw.isascii():
        raise SettingError(f"{name} must be a whole number of at least 0, not {raw!r}")
    return int(raw)
