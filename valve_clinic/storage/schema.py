"""Opens the database of the conversations and brings its tables up to date."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy.engine import Engine

from valve_clinic import schema_version, settings
from valve_clinic.database import make_engine
from valve_clinic.storage.models import Base


def database_url() -> str:
    """Return the URL of the database that has the website's turns and Rasa's events: one commit stores both."""
    return settings.value("WEBSITE_DATABASE_URL")


@lru_cache(maxsize=1)
def shared_engine() -> Engine:
    """Return this process's engine for the conversations, with its tables made.

    Raises `NewerDatabaseError` and SQLAlchemy's errors.
    """
    engine = make_engine(database_url())
    prepare(engine)
    return engine


def prepare(engine: Engine) -> None:
    """Create or upgrade the tables; raises `NewerDatabaseError`."""
    schema_version.prepare(engine, Base.metadata, "conversations")
