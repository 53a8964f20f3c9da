"""A quarter of invented conversations, made by talking to the real bot: `make demo-data`.

Nothing is inserted: each message goes through the channel, Rasa with the trained model, the actions and the stores, as
from the website. Only the clock is another one: it is set to the moment of each message and then runs on, so that
response times are real. Everything lies in `var/demo/`, apart from the server's own databases.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import os
import random
import secrets
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from valve_clinic import paths

MESSAGES = Path(__file__).with_name("demo_messages.yml")
FOLDER = paths.VAR / "demo"
DAYS = 91
#: Visits by weekday and by hour of the day, relative to each other: invented, as everything here.
WEEKDAYS = (9, 8, 8, 8, 7, 3, 4)
HOURS = (*(1, 1, 0, 0, 1, 2, 4, 7, 12, 15, 14, 11, 9, 11, 12, 11, 9, 8, 9, 11, 10, 8, 5, 2),)
#: How often a visit is of a kind.
KINDS = {
    **{"looks": 16, "one": 27, "two": 17, "greets": 7, "misses": 13, "books": 8, "records": 4, "human": 4},
    **{"advice": 4, "worry": 3, "emergency": 1.2, "same_day": 1.5, "crisis": 0.3, "complains": 2},
}
_real_time = time.time


class Clock:
    """A time that can be set and then runs on like the real one."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def time(self) -> float:
        """Return seconds since 1970."""
        return _real_time() + self._ahead

    def now(self) -> datetime.datetime:
        """Return the moment in UTC."""
        return datetime.datetime.fromtimestamp(self.time(), datetime.timezone.utc)

    def set(self, moment: datetime.datetime) -> None:
        """Let it be this moment."""
        self._ahead = moment.timestamp() - _real_time()

    def wait(self, seconds: float) -> None:
        """Let time pass without waiting."""
        self._ahead += seconds


class Visitor:
    """Somebody who talks, presses, rates and calls as the dice fall."""

    def __init__(self, talks: Any, domain: Any, clock: Clock, dice: random.Random, words: dict[str, Any]) -> None:
        self._talks, self._domain, self._clock, self._dice, self._words = talks, domain, clock, dice, words
        self._session = ""
        self._replies: list[dict[str, Any]] = []
        self.turns = 0

    async def visit(self, kind: str) -> None:
        """Open the chat and do what a visitor of this kind does."""
        token, self._replies = await self._talks.start(self._domain)
        self._session = await self._talks.session_of(token)
        if kind == "looks":
            return
        for text in self._script(kind):
            await self._say(text)
            await self._react()
        if self._dice.random() < 0.2:
            await self._say(self._pick("thanks"))

    def _script(self, kind: str) -> Iterator[str]:
        if kind == "greets":
            yield self._pick("small_talk")
        if kind == "misses":
            yield self._dice.choice(self._words["missed"][self._dice.choice(list(self._words["missed"]))])
            return
        if kind in self._words and kind != "questions":
            yield self._pick(kind)
        elif kind == "books":
            yield self._pick("booking")
        if kind in ("one", "two", "greets", "complains", "worry"):
            yield self._question()
        if kind == "two":
            yield self._question()
        if kind == "complains":
            yield self._pick("feedback")

    async def _react(self) -> None:
        """Rate, call, press a button or ask again, mostly nothing."""
        kinds = {reply["kind"] for reply in self._replies}
        answer = next((reply for reply in self._replies if reply["kind"] == "answer"), None)
        if answer is not None and self._dice.random() < 0.16:
            await self._rate(answer, self._dice.random() < 0.8)
        if "clarify" in kinds:
            await self._after_clarify()
        elif "handoff" in kinds and self._dice.random() < 0.45:
            await self._call("tel:+15015523400")
        elif "emergency" in kinds and self._dice.random() < 0.5:
            await self._call("tel:911")
        elif answer is not None and answer["buttons"] and self._dice.random() < 0.25:
            await self._press(self._dice.choice(answer["buttons"])["id"])

    async def _after_clarify(self) -> None:
        buttons = [button for reply in self._replies for button in reply["buttons"]]
        fate = self._dice.random()
        if buttons and fate < 0.4:
            await self._press(buttons[0]["id"])
        elif buttons and fate < 0.5:
            await self._press(buttons[-1]["id"])
        elif fate < 0.65:
            await self._say(self._pick("human"))

    async def _say(self, text: str) -> None:
        from valve_clinic.channel.requests import Message
        from valve_clinic.channel.text import clean
        from valve_clinic.privacy import masker

        await self._turn(Message(self._id(), masker.mask(clean(text)), None))

    async def _press(self, button: str) -> None:
        from valve_clinic.channel.requests import Message

        await self._turn(Message(self._id(), None, button))

    async def _turn(self, message: Any) -> None:
        self._clock.wait(self._dice.uniform(8, 90))
        self._replies = (await self._talks.take_turn(self._session, message))["replies"]
        self.turns += 1

    async def _rate(self, reply: dict[str, Any], helpful: bool) -> None:
        from valve_clinic.channel.requests import Feedback

        await self._talks.add_feedback(self._session, Feedback(reply["id"], helpful, None))

    async def _call(self, target: str) -> None:
        from valve_clinic.channel.requests import Event

        await self._talks.add_event(self._session, Event("phone_clicked", None, target))

    def _question(self) -> str:
        return self._dice.choice(self._words["questions"][self._dice.choice(list(self._words["questions"]))])

    def _pick(self, kind: str) -> str:
        return str(self._dice.choice(self._words[kind]))

    def _id(self) -> str:
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))


def moments(dice: random.Random, number: int, last: datetime.date, zone: ZoneInfo) -> list[datetime.datetime]:
    """Return when the visits begin, in order: more on weekdays, by day and evening, and towards the end."""
    days = [last - datetime.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    weights = [WEEKDAYS[day.weekday()] * (0.6 + 0.8 * place / DAYS) for place, day in enumerate(days)]
    found = []
    for day in dice.choices(days, weights, k=number):
        hour = dice.choices(range(24), HOURS)[0]
        clock = datetime.time(hour, dice.randrange(60), dice.randrange(60))
        found.append(datetime.datetime.combine(day, clock, zone).astimezone(datetime.timezone.utc))
    return sorted(found)


async def talk(number: int, minutes: float, last: datetime.date, seed: int) -> tuple[int, int]:
    """Hold the conversations until they or the minutes are used up; returns conversations and turns."""
    from rasa.core.agent import load_agent
    from rasa.core.utils import AvailableEndpoints

    from valve_clinic import training
    from valve_clinic.channel.conversation import Conversations
    from valve_clinic.channel.secret import Tokens
    from valve_clinic.channel.store import WebsiteStore
    from valve_clinic.content.loader import load_clinic
    from valve_clinic.storage.schema import shared_engine

    clock, dice = Clock(), random.Random(seed)  # noqa: S311
    words = yaml.safe_load(MESSAGES.read_text(encoding="utf-8"))
    endpoints = AvailableEndpoints.read_endpoints(str(paths.ENDPOINTS_FILE))
    agent = await load_agent(model_path=str(training.model_path()), endpoints=endpoints)
    store = WebsiteStore(shared_engine(), clock.now)
    talks = Conversations(store, Tokens(secrets.token_urlsafe(48)), agent.handle_message, turn_seconds=20)
    zone = ZoneInfo(load_clinic().time_zone)
    kinds = dice.choices(list(KINDS), list(KINDS.values()), k=number)
    until = time.monotonic() + 60 * minutes
    # Rasa and the store of its events ask the time module: they get the same clock.
    time.time = clock.time  # type: ignore[assignment]
    done = turns = 0
    try:
        for moment, kind in zip(moments(dice, number, last, zone), kinds, strict=True):
            if time.monotonic() > until:
                break
            clock.set(moment)
            visitor = Visitor(talks, agent.domain, clock, dice, words)
            await visitor.visit(kind)
            done, turns = done + 1, turns + visitor.turns
    finally:
        time.time = _real_time
        await talks.close()
    return done, turns


def main() -> None:
    """Read the options and talk."""
    yesterday = datetime.date.today() - datetime.timedelta(days=1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=900)
    parser.add_argument("--minutes", type=float, default=8.0, help="stop then, with what there is")
    parser.add_argument("--last", type=datetime.date.fromisoformat, default=yesterday, help="last day")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in FOLDER.glob("*.db*"):
        file.unlink()
    os.environ["WEBSITE_DATABASE_URL"] = f"sqlite:///{FOLDER}/website.db"
    os.environ["CONTENT_DATABASE_URL"] = f"sqlite:///{FOLDER}/content.db"
    from valve_clinic.evaluation.predictions import silence

    silence()
    begun = time.monotonic()
    done, turns = asyncio.run(talk(options.conversations, options.minutes, options.last, options.seed))
    seconds = time.monotonic() - begun
    print(f"{done} of {options.conversations} conversations with {turns} turns in {seconds / 60:.1f} min")
    print(f"Look at them: WEBSITE_DATABASE_URL={os.environ['WEBSITE_DATABASE_URL']} valve-clinic insights update")


if __name__ == "__main__":
    main()
