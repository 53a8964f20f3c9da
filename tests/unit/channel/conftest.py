"""A store in each database that the channel may be given."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine
from support import missing_service

from valve_clinic.channel.store import WebsiteStore
from valve_clinic.database import make_engine
from valve_clinic.privacy import names

POSTGRES = "postgresql://postgres@127.0.0.1:5432/test"


@dataclass
class Clock:
    """A time that passes when a test says so."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 12, tzinfo=timezone.utc))

    def __call__(self) -> datetime:
        return self.now

    def pass_minutes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path}/website.db")
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql() -> Iterator[Engine]:
    """Tables in a schema of their own, so that tests that run at the same time do not meet."""
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex(("127.0.0.1", 5432)):
            missing_service("no PostgreSQL listens on 127.0.0.1:5432")
    schema = f"channel_{uuid.uuid4().hex}"
    admin = make_engine(POSTGRES)
    with admin.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    engine = make_engine(f"{POSTGRES}?options=-csearch_path%3D{schema}")
    yield engine
    engine.dispose()
    with admin.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each database in turn."""
    database: Engine = request.getfixturevalue(request.param)
    return database


@pytest.fixture
def store(engine: Engine, clock: Clock) -> WebsiteStore:
    return WebsiteStore(engine, clock)


@pytest.fixture(scope="session", autouse=True)
def _names_are_read() -> None:
    """Read the lists of names once, as the server does at its start, so that no test's clock runs meanwhile."""
    names.shared()
