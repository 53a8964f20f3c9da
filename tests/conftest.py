"""Fixtures that several folders of tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openapi import HOOKS
from support import Chat, Server, start_server, train, visiting


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real server for all tests that only talk to it."""
    train()
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture
def chat(server: Server) -> Iterator[Chat]:
    """A new visitor, who checks each answer against the OpenAPI document."""
    with visiting(server, event_hooks=HOOKS) as chat:
        yield chat
