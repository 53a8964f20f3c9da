"""A message is read beside the event loop, and for no longer than somebody waits."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from valve_clinic import said_before
from valve_clinic.channel import reading

LONG = 30.0


def agent(parse: Any) -> Any:
    async def parse_message(text: str) -> dict[str, Any]:
        result: dict[str, Any] = parse(text)
        return result

    return SimpleNamespace(parse_message=parse_message)


async def test_others_are_served_while_a_message_is_read() -> None:
    served = threading.Event()

    async def serve() -> None:
        served.set()

    slow = agent(lambda text: {"text": text, "served": served.wait(LONG)})
    parsed, _ = await asyncio.gather(reading.read(slow, "how long?", LONG), serve())
    assert parsed == {"text": "how long?", "served": True}


async def test_nobody_waits_longer_than_they_would() -> None:
    ends = threading.Event()
    slow = agent(lambda _: {"ended": ends.wait(LONG)})
    with pytest.raises(asyncio.TimeoutError):
        await reading.read(slow, "how long?", 0.01)
    ends.set()
    assert await reading.read(agent(lambda text: {"text": text}), "the next one", LONG) == {"text": "the next one"}


async def test_what_is_given_up_while_it_waits_is_never_read() -> None:
    ends, heard = threading.Event(), []

    def parse(text: str) -> dict[str, Any]:
        heard.append(text)
        return {"ended": ends.wait(LONG)}

    first = asyncio.create_task(reading.read(agent(parse), "the first", LONG))
    await asyncio.sleep(0)
    with pytest.raises(asyncio.TimeoutError):
        await reading.read(agent(parse), "the second", 0.01)
    ends.set()
    await first
    await reading.read(agent(parse), "the third", LONG)
    assert heard == ["the first", "the third"]


async def test_a_message_is_read_behind_the_words_that_are_expected() -> None:
    with said_before.expecting("what is the MitraClip"):
        parsed = await reading.read(agent(lambda _: {"behind": said_before.expected()}), "how long?", LONG)
    assert parsed == {"behind": "what is the MitraClip"}
    assert said_before.expected() is None


async def test_what_goes_wrong_is_raised_where_somebody_waits() -> None:
    def fail(_text: str) -> None:
        raise RuntimeError("no model")

    with pytest.raises(RuntimeError, match="no model"):
        await reading.read(agent(fail), "how long?", LONG)
