"""An emergency is seen before anything can refuse it, and its fixed text needs neither model nor database."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from valve_clinic.channel import urgent
from valve_clinic.safety.levels import Assessment, Level

CALM = {"level": "none"}
ACT = {"level": "act", "says": "utter_emergency_other"}


def agent(safety: dict[str, Any] | Exception | None, heard: list[str] | None = None, **responses: Any) -> Any:
    async def parse_message(text: str) -> dict[str, Any]:
        if heard is not None:
            heard.append(text)
        if isinstance(safety, Exception):
            raise safety
        return {"text": text, "intent": {"name": "greet"}, **({"safety": safety} if safety else {})}

    return SimpleNamespace(parse_message=parse_message, domain=SimpleNamespace(responses=responses))


async def test_what_the_model_sees_is_urgent_and_its_parse_is_kept() -> None:
    seen = await urgent.look(agent(ACT), "he just slid off the chair")
    assert seen.is_urgent
    assert seen.assessment.says == "utter_emergency_other"
    assert seen.parse is not None


async def test_an_ordinary_message_is_not_urgent() -> None:
    seen = await urgent.look(agent(CALM), "what is MitraClip")
    assert not seen.is_urgent
    assert seen.parse is not None


@pytest.mark.parametrize("broken", [RuntimeError("no model"), None])
async def test_without_a_model_the_signs_decide(broken: Exception | None) -> None:
    assert (await urgent.look(agent(broken), "I can't breathe")).is_urgent
    assert (await urgent.look(None, "I can't breathe")).is_urgent
    assert (await urgent.look(None, "bla " * 400 + "I can't breathe")).is_urgent
    assert not (await urgent.look(None, "what is MitraClip")).is_urgent


async def test_a_model_that_hangs_does_not_hold_up_the_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = threading.Event()

    async def hang(_text: str) -> None:
        ends.wait()  # as a reading does: it computes, and lets no event loop go on

    monkeypatch.setattr(urgent, "_PARSE_SECONDS", 0.01)
    assert (await urgent.look(SimpleNamespace(parse_message=hang), "I can't breathe")).is_urgent
    ends.set()


async def test_signs_that_fail_leave_the_model_to_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(urgent.matcher, "shared", fail)
    assert (await urgent.look(agent(ACT), "words")).is_urgent
    assert not (await urgent.look(agent(CALM), "words")).is_urgent


async def test_the_whole_of_a_long_text_is_read_and_it_has_no_parse() -> None:
    heard: list[str] = []
    seen = await urgent.look(agent(CALM, heard), "bla " * 2000)
    assert not seen.is_urgent
    assert seen.parse is None
    assert sum(map(len, heard)) >= 8000
    assert max(map(len, heard)) <= urgent.MAX_CHARACTERS


@pytest.mark.parametrize("place", [0, 1000, 1999])
async def test_a_sign_anywhere_in_a_long_text_is_seen(place: int) -> None:
    words = ["bla"] * 2000
    words[place] = "I can't breathe"
    assert (await urgent.look(agent(CALM), " ".join(words))).is_urgent


async def test_what_only_the_model_sees_in_a_long_text_is_seen() -> None:
    async def parse_message(text: str) -> dict[str, Any]:
        return {"safety": ACT if "slid off the chair" in text else CALM}

    text = "bla " * 400 + "he slid off the chair " + "bla " * 400
    assert (await urgent.look(SimpleNamespace(parse_message=parse_message), text)).is_urgent


def test_the_fixed_text_is_the_domains() -> None:
    response = [{"text": "Call 911 now.", "custom": {"kind": "emergency"}}]
    turn = urgent.fixed_turn(agent(CALM, utter_emergency=response), Assessment(Level.ACT, "utter_emergency"))
    assert turn["safety"] == "act"
    assert [(reply["kind"], reply["text"]) for reply in turn["replies"]] == [("emergency", "Call 911 now.")]


@pytest.mark.parametrize("says", ["utter_emergency", "utter_emergency_es", "utter_crisis"])
def test_without_a_domain_the_text_is_read_from_the_file(says: str) -> None:
    turn = urgent.fixed_turn(None, Assessment(Level.ACT, says))
    assert "911" in turn["replies"][0]["text"]


async def test_a_long_text_is_not_read_by_a_slow_model_for_longer_than_a_patient_waits(monkeypatch):
    read = []

    class Slow:
        async def parse_message(self, text):
            read.append(text)
            return {}

    monkeypatch.setattr(urgent, "_WINDOWS_SECONDS", -1.0)
    assert not (await urgent.look(Slow(), "what is a leaky valve " * 300)).is_urgent
    assert read == []
    assert (await urgent.look(Slow(), "my valve leaks. " * 300 + "I have crushing chest pain right now")).is_urgent
