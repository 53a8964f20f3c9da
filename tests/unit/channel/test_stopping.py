"""A server that stops says so, and still answers danger."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from valve_clinic.channel import stopping
from valve_clinic.channel.turns import Turns
from valve_clinic.channel.urgent import Look
from valve_clinic.operations import metrics
from valve_clinic.operations.turns import Turns as WatchedTurns
from valve_clinic.safety.levels import Assessment, Level


def request(path: str, stops: bool = True, text: str = "what is MitraClip?") -> Any:
    async def receive_body() -> None:
        return None

    return SimpleNamespace(
        path=f"/webhooks/website/{path}",
        app=SimpleNamespace(ctx=SimpleNamespace(stopping=stops, agent=None)),
        body=json.dumps({"id": "x", "text": text}).encode(),
        headers={"content-type": "application/json"},
        receive_body=receive_body,
        stream=None,
    )


@pytest.fixture(autouse=True)
def _look(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look(_agent: Any, text: str) -> Look:
        urgent = "chest pain" in text
        return Look(Assessment(Level.ACT, "utter_emergency") if urgent else Assessment(Level.NONE))

    monkeypatch.setattr(stopping, "look", look)


@pytest.mark.parametrize("path", ["ready", "messages", "session", "history"])
async def test_nothing_is_refused_before(path: str) -> None:
    assert await stopping._refuse_while_stopping(request(path, stops=False)) is None


@pytest.mark.parametrize("path", ["messages", "session", "history"])
async def test_new_requests_get_the_apology_and_a_closed_connection(path: str) -> None:
    response = await stopping._refuse_while_stopping(request(path))
    assert response is not None
    assert response.status == 503
    assert response.headers["connection"] == "close"
    assert "911" in json.loads(response.body)["replies"][0]["text"]


async def test_ready_says_that_it_stops_and_health_lives_on() -> None:
    response = await stopping._refuse_while_stopping(request("ready"))
    assert response is not None
    assert (response.status, json.loads(response.body)["checks"]) == (503, {"server": "stopping"})
    assert await stopping._refuse_while_stopping(request("health")) is None


async def test_danger_is_answered_to_the_last() -> None:
    response = await stopping._refuse_while_stopping(request("messages", text="I have chest pain"))
    assert response is not None
    assert response.status == 200
    assert json.loads(response.body)["safety"] == "act"


async def test_time_that_turns_took_is_not_granted_again() -> None:
    config = SimpleNamespace(RESPONSE_TIMEOUT=0.05, GRACEFUL_SHUTDOWN_TIMEOUT=12)
    app: Any = SimpleNamespace(ctx=SimpleNamespace(stopping=False), config=config)
    watched, turns, stored = WatchedTurns(), Turns(5), []
    watched.under_way = 1
    watched._idle.clear()

    async def late() -> None:
        await asyncio.sleep(0.02)
        stored.append("late")

    turns.begin(late())
    await stopping.finish(app, watched, turns)
    assert stored == ["late"]
    assert app.ctx.stopping is True
    assert 11 < config.GRACEFUL_SHUTDOWN_TIMEOUT < 11.96


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (422, b'{"error": {"code": "empty"}}', "empty"),
        (500, b"", "other"),
        (404, b'{"error": {"code": "my words"}}', "other"),
        (404, None, "other"),
    ],
)
async def test_errors_are_counted_by_known_codes(status: int, body: bytes | None, code: str) -> None:
    before = metrics.REGISTRY.get_sample_value("valve_clinic_errors_total", {"code": code}) or 0
    response: Any = SimpleNamespace(status=status, body=body)
    await stopping._count_error(request("messages"), response)
    assert metrics.REGISTRY.get_sample_value("valve_clinic_errors_total", {"code": code}) == before + 1


async def test_a_body_that_stalled_is_not_waited_for() -> None:
    stalled = request("messages")
    stalled.stream = SimpleNamespace(request_body=True, keep_alive=True)
    await stopping._count_error(stalled, SimpleNamespace(status=503, body=b""))  # type: ignore[arg-type]
    assert (stalled.stream.request_body, stalled.stream.keep_alive) == (None, False)
    refused = request("messages")
    refused.stream = SimpleNamespace(request_body=True, keep_alive=True)
    await stopping._count_error(refused, SimpleNamespace(status=422, body=b""))  # type: ignore[arg-type]
    assert refused.stream.keep_alive is True
