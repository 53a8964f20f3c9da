"""Servers, services and figures of the fault suite."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import train

from faults.figures import FIGURES
from faults.processes import FaultServer, Zygote
from faults.services import Postgres, Redis

Factory = Callable[..., FaultServer]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "faults" in item.path.parts:
            item.add_marker(pytest.mark.faults)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        FIGURES.note(report.nodeid, report.outcome)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("FAULTS_WRITE"):
        FIGURES.write()


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    train()
    running = Zygote()
    yield running
    running.close()


@pytest.fixture(scope="session")
def start(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Factory]:
    """Start servers with settings; all that still run at the end are ended."""
    servers: list[FaultServer] = []

    def make(folder: Path | None = None, main: str = "faults.mains:server", **settings: str) -> FaultServer:
        folder = folder or tmp_path_factory.mktemp("server")
        server = FaultServer(zygote, folder, {"FAULTS_SABOTAGE": str(folder), **settings}, main)
        servers.append(server)
        return server.start()

    yield make
    for server in servers:
        server.kill()


@pytest.fixture(scope="session")
def plain(start: Factory) -> FaultServer:
    """One server on SQLite for all that does not hurt it for good."""
    return start()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    cluster = Postgres()
    yield cluster
    cluster.close()


@pytest.fixture
def database(postgres: Postgres) -> str:
    return postgres.new_database(f"t{uuid.uuid4().hex}")


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    running = Redis()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def on_postgres(start: Factory, postgres: Postgres) -> FaultServer:
    """One server on PostgreSQL."""
    return start(WEBSITE_DATABASE_URL=postgres.new_database("shared"))
