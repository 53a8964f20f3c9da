"""Parses labelled messages with a trained model, as the server would, and keeps what came out."""

from __future__ import annotations

import asyncio
import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from valve_clinic.channel.text import clean
from valve_clinic.dialogue import choices
from valve_clinic.evaluation.messages import LabelledMessage
from valve_clinic.safety.levels import SAFETY, Assessment, Level

#: What the model says when it is not sure enough to answer.
FALLBACK = "nlu_fallback"
OUT_OF_SCOPE = "out_of_scope"
#: The measure "among the first" counts so many.
FIRST = 3
#: Parsed before the clock runs: the first calls set up buffers.
_WARM_UP = 5


@dataclass(frozen=True)
class Prediction:
    """What the model made of one message."""

    message: LabelledMessage
    #: What the chat acts on; `nlu_fallback` when it asks back.
    intent: str
    #: Intents with their confidence, best first, without `nlu_fallback`.
    ranking: tuple[tuple[str, float], ...]
    seconds: float = 0.0
    #: What is answered beside the first intent, where the message asks more than one thing.
    questions: tuple[str, ...] = ()
    #: Whether something is said first because of danger: then nothing is offered below the answer.
    warned: bool = False

    @property
    def top(self) -> str:
        """Return the first intent of the ranking, whether the chat acts on it or asks back."""
        return self.ranking[0][0] if self.ranking else FALLBACK

    @property
    def confidence(self) -> float:
        """Return the confidence in the first intent of the ranking."""
        return self.ranking[0][1] if self.ranking else 0.0

    @property
    def in_scope(self) -> bool:
        """Return whether the message is one that the chat should serve."""
        return self.message.intent != OUT_OF_SCOPE

    @property
    def first_right(self) -> bool:
        """Return whether the first intent of the ranking is right."""
        return self.top in self.message.accepted

    @property
    def answer_right(self) -> bool:
        """Return whether an answer would be right: to the first intent, or to one of several questions."""
        return not self.message.accepted.isdisjoint((self.top, *self.questions))

    @property
    def offered_right(self) -> bool:
        """Return whether the right topic is among the buttons that the chat would offer if it asked back."""
        return not self.message.accepted.isdisjoint(choices.likely(self.ranking, titled()))

    @property
    def near(self) -> bool:
        """Return whether one of the first three intents of the ranking is right."""
        return any(name in self.message.accepted for name, _ in self.ranking[:FIRST])

    @property
    def served(self) -> bool:
        """Return whether the chat answers right, or has the right topic among the buttons that ask what was meant."""
        return self.offered_right if self.clarified else self.answer_right or self.beside_right

    @property
    def beside(self) -> list[str]:
        """Return the topics that the chat would offer below its answer."""
        return [] if self.clarified or self.questions or self.warned else choices.beside(self.ranking, titled())

    @property
    def beside_right(self) -> bool:
        """Return whether the right topic is among those offered below the answer."""
        return not self.message.accepted.isdisjoint(self.beside)

    @property
    def clarified(self) -> bool:
        """Return whether the chat asks back."""
        return self.intent == FALLBACK

    @property
    def declined(self) -> bool:
        """Return whether the chat takes the message for out of scope."""
        return self.intent == OUT_OF_SCOPE

    @property
    def recognised(self) -> bool:
        """Return whether an out-of-scope message is declined, asked back or served by an accepted intent."""
        return self.declined or self.clarified or self.intent in self.message.accepted


@lru_cache(maxsize=1)
def titled() -> frozenset[str]:
    """Return the topics of `content/`, which can be offered as buttons."""
    from valve_clinic.content import loader

    return frozenset(loader.load_files().topics)


def from_parse(message: LabelledMessage, parsed: dict[str, Any], seconds: float = 0.0) -> Prediction:
    """Return the prediction that is in Rasa's parse of a message."""
    ranking = tuple(
        (item["name"], float(item["confidence"]))
        for item in parsed.get("intent_ranking") or []
        if item["name"] and item["name"] != FALLBACK
    )
    questions = tuple(question["intent"] for question in parsed.get("questions") or [])
    intent = (parsed.get("intent") or {}).get("name") or FALLBACK
    warned = Assessment.from_dict(parsed.get(SAFETY)).level is not Level.NONE
    return Prediction(message, intent, ranking, seconds, questions, warned)


def parse_all(
    model: Path, messages: Sequence[LabelledMessage], progress: Callable[[int], None] = lambda _: None
) -> list[Prediction]:
    """Return one prediction per message, in order; `progress` is called with the number of messages done."""
    with parser(model) as parse:
        for message in messages[:_WARM_UP]:
            parse(message.text)
        done = []
        for message in messages:
            begin = time.perf_counter()
            parsed = parse(message.text)
            done.append(from_parse(message, parsed, time.perf_counter() - begin))
            progress(len(done))
    return done


@contextmanager
def parser(model: Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Give a function that returns Rasa's parse of a text, as a typed message of the website would get it."""
    agent = _load(model)
    # uvloop, which Sanic installs, makes no loop by itself.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield lambda text: loop.run_until_complete(agent.parse_message(clean(text)))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _load(model: Path) -> Any:
    """Return the agent; Rasa's logs would print the messages, so that they are silenced first."""
    silence()
    from rasa.core.agent import Agent

    return Agent.load(str(model))


def silence() -> None:
    """Keep Rasa's logs and the warnings of its dependencies, which set their own filters, out of the output."""
    import structlog

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    warnings.showwarning = lambda *_args, **_kwargs: None
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for name in ("rasa", "matplotlib"):
        logging.getLogger(name).setLevel(logging.ERROR)
