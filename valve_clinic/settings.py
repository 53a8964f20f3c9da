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
    Setting("CONTENT_POLICY", "all", "whose statements are served: all, or clinic-only (docs/content.md)"),
    Setting(
        "CONTENT_TRANSLATIONS",
        "published",
        "translations that are served: published, or drafts that no translator has signed as well (docs/content.md)",
    ),
    Setting(
        "WEBSITE_DATABASE_URL",
        "sqlite:///var/website.db",
        "SQLAlchemy URL of all conversations: the website's turns and Rasa's events (SQLite or PostgreSQL)",
    ),
    Setting("LOCK_URL", "", "Redis or PostgreSQL URL of the locks that several server processes share"),
    Setting("EVENT_BROKER_URL", "", "AMQP URL of the RabbitMQ that gets all events; not set: nothing is published"),
    Setting("EVENT_BROKER_QUEUE", "valve_clinic_events", "durable queue that gets the events"),
    Setting(
        "ACTION_ENDPOINT_URL",
        "in process",
        "URL of a separate action server, for example http://localhost:5055/webhook",
    ),
    Setting("WEBSITE_SECRET_FILE", "var/secret", "file with the key that signs website sessions (mode 600)"),
    Setting("WEBSITE_SECRET", "", "the key itself, at least 32 characters, instead of a file"),
    Setting("WEBSITE_MESSAGES_PER_MINUTE", "20", "messages per minute of one session; 0 switches the limit off"),
    Setting("WEBSITE_REQUESTS_PER_MINUTE", "120", "requests per minute of one address; 0 switches the limit off"),
    Setting(
        "WEBSITE_TRUSTED_PROXIES",
        "0",
        "proxies in front whose X-Forwarded-For is believed; 0: the address is that of the connection",
    ),
    Setting("WEBSITE_TURN_SECONDS", "5", "seconds a turn may take before a plain apology is sent"),
    Setting("WEBSITE_ORIGINS", "", "comma-separated origins of other sites that may embed the widget"),
    Setting("LOG_FORMAT", "plain", "plain, or json: one object a line, with a line for each turn and never its words"),
    Setting("METRICS_PORT", "", "port of the metrics for Prometheus; unset: there are none"),
    Setting("METRICS_HOST", "127.0.0.1", "address of the metrics; never one that patients can reach"),
    Setting("SANIC_REQUEST_MAX_SIZE", "65536", "bytes after which the server stops reading a request"),
    Setting("SANIC_REQUEST_TIMEOUT", "4", "seconds in which a request's head must have come"),
    Setting("SANIC_RESPONSE_TIMEOUT", "8", "seconds in which a request must have come whole and be answered"),
    Setting("SANIC_GRACEFUL_SHUTDOWN_TIMEOUT", "12", "seconds that a stopping server waits for what is under way"),
    Setting("RASA_TELEMETRY_ENABLED", "false", "anything else is refused: nothing is reported to Rasa"),
    Setting("RETENTION_DAYS", "30", "days for which what patients typed is kept (docs/privacy.md)"),
    Setting("CHROMIUM", "/usr/bin/chromium", "browser that the website tests drive"),
    Setting("FAULTS_PATIENCE", "1", "factor on all times of `make faults`, for a machine that does other work"),
    Setting("FAULTS_SEED", "random", "seed of the randomised run of `make faults`"),
    Setting("REQUIRE_SERVICES", "", "set to 1: a missing service or browser fails the tests instead of skipping them"),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def get(name: str) -> str | None:
    """Return the variable's value, or None when it is unset or empty; `name` must be in the table."""
    return os.environ.get(_BY_NAME[name].name, "").strip() or None


def value(name: str) -> str:
    """Return the variable's value, or the default of the table when it is unset or empty."""
    return get(name) or _BY_NAME[name].default


def get_int(name: str, fallback: int | None = None) -> int:
    """Return the variable as a whole number of at least 0; raises `SettingError` naming the variable.

    An unset or empty one is the `fallback`, by default the table's default.
    """
    raw = get(name)
    if raw is None:
        return int(_BY_NAME[name].default) if fallback is None else fallback
    if not raw.isdecimal() or not raw.isascii():
        raise SettingError(f"{name} must be a whole number of at least 0, not {raw!r}")
    return int(raw)
