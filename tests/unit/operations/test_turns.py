"""Turns are counted and timed whatever comes of them, and a stop waits for them."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from valve_clinic.channel.errors import ApiError
from valve_clinic.operations import logs, metrics
from valve_clinic.operations.turns import Turns

TURN = "7d8f1c1e-0000-4000-8000-000000000001"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = []
    monkeypatch.setattr(logs, "turn", lambda **fields: written.append(fields))
    return written


def request(body: object = None, conversation: str | None = "abc") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body or {"id": TURN, "text": "zebrafish"}).encode()
    return SimpleNamespace(body=raw, ctx=SimpleNamespace(conversation=conversation))


def answer(kind: str = "answer", safety: str = "none") -> Any:
    body = json.dumps({"replies": [{"kind": kind, "text": "zebrafish"}], "safety": safety}).encode()
    return SimpleNamespace(status=200, body=body)


def sample(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


async def test_an_answered_turn_is_counted_timed_and_written(lines: list[dict[str, Any]]) -> None:
    turns = Turns()

    async def handler(_request: Any) -> Any:
        assert (turns.under_way, sample("valve_clinic_turns_in_flight")) == (1, 1)
        return answer("emergency", "act")

    counted = sample("valve_clinic_turns_total", kind="emergency", safety="act")
    timed = sample("valve_clinic_turn_seconds_count")
    await turns.watched(handler)(request())
    assert sample("valve_clinic_turns_total", kind="emergency", safety="act") == counted + 1
    assert sample("valve_clinic_turn_seconds_count") == timed + 1
    assert (turns.under_way, sample("valve_clinic_turns_in_flight")) == (0, 0)
    assert lines[0].pop("duration") >= 0
    assert lines == [
        {
            "conversation": logs.conversation_hash("abc"),
            "turn": TURN,
            "status": 200,
            "kind": "emergency",
            "safety": "act",
        }
    ]
    assert "zebrafish" not in str(lines)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(ApiError.too_many(3), 429, "too_many_requests"), (RuntimeError("zebrafish"), 503, "unavailable")],
)
async def test_a_refused_turn_goes_on_as_it_was(
    lines: list[dict[str, Any]], error: Exception, status: int, code: str
) -> None:
    async def handler(_request: Any) -> Any:
        raise error

    with pytest.raises(type(error)):
        await Turns().watched(handler)(request())
    assert (lines[0]["status"], lines[0]["code"]) == (status, code)
    assert "zebrafish" not in str(lines)


async def test_a_visitor_that_leaves_is_counted(lines: list[dict[str, Any]]) -> None:
    turns = Turns()

    async def handler(_request: Any) -> Any:
        await asyncio.Event().wait()

    before = sample("valve_clinic_errors_total", code="abandoned")
    task = asyncio.ensure_future(turns.watched(handler)(request()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sample("valve_clinic_errors_total", code="abandoned") == before + 1
    assert (turns.under_way, lines[0]["code"]) == (0, "abandoned")


@pytest.mark.parametrize(
    "body",
    [b"\xff", b"[]", b"null", b'{"id": 5}', b'{"id": "zebrafish"}', b"[" * 100_000],
    ids=["no text", "list", "null", "number", "words", "deep"],
)
async def test_whatever_bytes_come_only_a_uuid_is_written(lines: list[dict[str, Any]], body: bytes) -> None:
    async def handler(_request: Any) -> Any:
        return SimpleNamespace(status=200, body=body)

    await Turns().watched(handler)(request(body, None))
    assert (lines[0]["turn"], lines[0]["conversation"]) == (None, None)


async def test_a_stop_waits_for_the_last_turn_but_not_for_ever() -> None:
    turns, go = Turns(), asyncio.Event()

    async def handler(_request: Any) -> Any:
        await go.wait()
        return answer()

    await turns.ended(0.01)
    task = asyncio.ensure_future(turns.watched(handler)(request()))
    await asyncio.sleep(0)
    await turns.ended(0.01)
    assert not task.done()
    asyncio.get_running_loop().call_soon(go.set)
    await turns.ended(5)
    assert turns.under_way == 0
    await task
