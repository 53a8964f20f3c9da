"""An emergency goes through a refusal, with the fixed words and without a database; nothing else does."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from valve_clinic.channel import urgent
from valve_clinic.channel.urgent import REFUSALS, emergency_answer

RESPONSE = [{"text": "Call 911 now.", "custom": {"kind": "emergency"}}]


def agent(intent: str | Exception, **responses: Any) -> Any:
    async def parse_message(text: str) -> dict[str, Any]:
        if isinstance(intent, Exception):
            raise intent
        return {"text": text, "intent": {"name": intent}}

    responses = responses or {"utter_emergency": RESPONSE}
    return SimpleNamespace(parse_message=parse_message, domain=SimpleNamespace(responses=responses))


async def test_an_emergency_is_answered_with_the_fixed_text_and_act() -> None:
    answer = await emergency_answer(agent("report_emergency"), "i cannot breathe")
    assert answer is not None
    assert answer["safety"] == "act"
    assert [(reply["kind"], reply["text"]) for reply in answer["replies"]] == [("emergency", "Call 911 now.")]


@pytest.mark.parametrize("intent", ["ask_definition", "nlu_fallback", "greet", RuntimeError("no model")])
async def test_anything_else_keeps_its_refusal(intent: str | Exception) -> None:
    assert await emergency_answer(agent(intent), "what is MR?") is None


async def test_without_a_model_the_refusal_stands() -> None:
    assert await emergency_answer(None, "i cannot breathe") is None
    assert await emergency_answer(agent("report_emergency", utter_other=RESPONSE), "i cannot breathe") is None


async def test_a_model_that_hangs_does_not_hold_up_the_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_text: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(urgent, "_SECONDS", 0.01)
    assert await emergency_answer(SimpleNamespace(parse_message=hang), "i cannot breathe") is None


def test_no_emergency_is_looked_for_where_there_is_no_message_or_no_visitor() -> None:
    assert {422, 429, 503} == REFUSALS
