"""Ready means: able to answer a question now. The canary is asked seldom and stored nowhere."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from valve_clinic.channel import health
from valve_clinic.channel.health import CACHE_SECONDS, CANARY, Health


class Model:
    """An agent that understands every message as `intent`."""

    def __init__(self, intent: str = "ask_definition", error: Exception | None = None, loaded: bool = True) -> None:
        self.intent, self.error, self.loaded = intent, error, loaded
        self.asked: list[str] = []

    def is_ready(self) -> bool:
        return self.loaded

    async def parse_message(self, text: str) -> dict[str, Any]:
        self.asked.append(text)
        if self.error:
            raise self.error
        return {"intent": {"name": self.intent}}


class Content:
    def __init__(self, answer: object) -> None:
        self._answer = answer

    def answer(self, topic: str) -> object:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.fixture(autouse=True)
def content(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Content that has the canary's answer; call it to give it another one."""

    def holds(answer: object) -> None:
        monkeypatch.setattr(health, "shared_store", lambda: Content(answer))

    holds("an answer")
    return holds


async def test_a_model_and_content_that_answer_the_canary_are_ready() -> None:
    assert await Health().ready(Model()) == (200, {"status": "ok", "checks": {"model": "ok", "content": "ok"}})


@pytest.mark.parametrize(
    "model",
    [
        None,
        Model(loaded=False),
        Model("out_of_scope"),
        Model("nlu_fallback"),
        Model(error=RuntimeError("patient words")),
    ],
    ids=["no agent", "no model", "misunderstood", "unsure", "crashed"],
)
async def test_a_model_that_cannot_answer_is_not_ready(model: Any) -> None:
    status, body = await Health().ready(model)
    assert (status, body["status"]) == (503, "unavailable")
    assert body["checks"]["model"] != "ok"
    assert "patient words" not in str(body)


async def test_a_model_that_hangs_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hangs(Model):
        async def parse_message(self, text: str) -> dict[str, Any]:
            await asyncio.Event().wait()
            return {}

    monkeypatch.setattr(health, "_CANARY_SECONDS", 0.01)
    status, body = await Health().ready(Hangs())
    assert status == 503
    assert "TimeoutError" in body["checks"]["model"]


@pytest.mark.parametrize("answer", [None, OSError("no such table")])
async def test_content_without_the_canarys_answer_is_not_ready(content: Any, answer: object) -> None:
    content(answer)
    status, body = await Health().ready(Model())
    assert status == 503
    assert body["checks"]["model"] == "ok"
    assert body["checks"]["content"] != "ok"


async def test_the_canary_is_asked_once_in_a_while_however_often_somebody_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    model, probe = Model(), Health()
    for _ in range(20):
        assert (await probe.ready(model))[0] == 200
    assert model.asked == [CANARY]
    monkeypatch.setattr(time, "monotonic", lambda: now + CACHE_SECONDS)
    model.intent = "out_of_scope"
    assert (await probe.ready(model))[0] == 503
    assert len(model.asked) == 2


async def test_who_asks_at_the_same_time_is_told_the_same_and_the_canary_is_asked_once() -> None:
    class Slow(Model):
        async def parse_message(self, text: str) -> dict[str, Any]:
            await asyncio.sleep(0.01)
            return await super().parse_message(text)

    model, probe = Slow(), Health()
    answers = await asyncio.gather(*(probe.ready(model) for _ in range(10)))
    assert {status for status, _ in answers} == {200}
    assert model.asked == [CANARY]


async def test_a_database_that_cannot_be_asked_is_not_ready() -> None:
    class Store:
        def check(self) -> None:
            raise ConnectionError("a patient's words")

    status, body = await Health(Store()).ready(Model())  # type: ignore[arg-type]
    assert status == 503
    assert body["checks"]["conversations"] == "the database cannot be used (ConnectionError)"
