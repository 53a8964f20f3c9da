"""Conversations with the whole bot in this process: two questions in one message, and follow-ups that need context."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from valve_clinic import paths
from valve_clinic.channel.text import clean
from valve_clinic.evaluation.figures import Measure, share
from valve_clinic.evaluation.predictions import silence

FOLDER = paths.ROOT / "tests" / "nlu"
#: How a reply of a kind answers an intent that no topic of the content answers.
_KINDS = {"request_human": "handoff", "ask_personal_advice": "advice_declined", "report_emergency": "emergency"}


@dataclass(frozen=True)
class Reply:
    """One reply of the bot, as far as these figures ask."""

    kind: str
    topic: str | None
    variant: dict[str, str] = field(default_factory=dict)


#: What the variant of an expected answer may depend on.
_CONTEXT = ("procedure", "severity")
#: Takes the messages of one visitor, one after the other, and returns the replies to the last one.
Talk = Callable[[Sequence[str]], list[Reply]]


@contextmanager
def bot(model: Path) -> Iterator[Talk]:
    """Give the whole bot: the trained model with its actions and the answers of `content/`, without a channel."""
    silence()
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage
    from rasa.utils.endpoints import EndpointConfig

    from valve_clinic.channel.replies import ReplyCollector
    from valve_clinic.content import loader, store

    store.open_empty_store().publish(loader.load_files())
    agent = Agent.load(str(model), action_endpoint=EndpointConfig("inprocess://actions"))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def talk(messages: Sequence[str]) -> list[Reply]:
        visitor = str(uuid.uuid4())
        collected: list[dict[str, Any]] = []
        for message in messages:
            collector = ReplyCollector()
            loop.run_until_complete(agent.handle_message(UserMessage(clean(message), collector, visitor)))
            collected = collector.messages
        return [_reply(message.get("custom") or {}) for message in collected]

    try:
        yield talk
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _reply(custom: dict[str, Any]) -> Reply:
    return Reply(str(custom.get("kind")), custom.get("topic"), dict(custom.get("variant") or {}))


#: The messages looked at during work, and those that other hands wrote for an examination.
SETS = {"": "", "exam_": ", examination"}


def measure(talk: Talk, folder: Path = FOLDER) -> list[Measure]:
    """Return the shares of two questions answered in full and of follow-ups answered in their context, of each set."""
    measures = []
    for prefix, told in SETS.items():
        asked, followed = (_read(folder / f"{prefix}{name}.yml") for name in ("two_questions", "follow_ups"))
        two = share(both(talk, item) for item in asked)
        one = share(in_context(talk, item) for item in followed)
        measures += [
            Measure(f"{prefix}two_questions", f"two questions in one message: both answered{told}", two),
            Measure(f"{prefix}follow_ups", f"follow-ups: answered in their context{told}", one),
        ]
    return measures


def both(talk: Talk, item: dict[str, Any]) -> bool:
    """Return whether each question of a message was answered."""
    replies = talk([item["text"]])
    answered = {reply.topic for reply in replies} | {reply.kind for reply in replies}
    return all(intent in answered or _KINDS.get(intent) in answered for intent in item["intents"])


def in_context(talk: Talk, item: dict[str, Any]) -> bool:
    """Return whether the last message's first answer has the topic and the variant that are expected.

    A topic whose text does not depend on the procedure or the severity answers for any of them, and where neither is
    named, not even as null, any text of the topic does. Where a decision is
    declined first and the question then answered in general, the general answer is the one that counts.
    """
    from valve_clinic.content.store import shared_store

    replies = talk([turn["text"] for turn in item["turns"]])
    wanted = item["expect"]
    found = next((reply for reply in replies if reply.topic and reply.kind != _KINDS["ask_personal_advice"]), None)
    if found is None or found.topic != wanted["topic"]:
        return False
    if wanted.keys().isdisjoint(_CONTEXT):
        return True
    values = {key: wanted[key] for key in _CONTEXT if wanted.get(key)}
    meant = shared_store().answer(found.topic, values)
    return meant is not None and found.variant == dict(meant.variant or {})


def _read(path: Path) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return items
