"""Has Rasa answer a message, in time: what was said by then goes out, and what does not end is given up."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from rasa.core.channels.channel import UserMessage

from valve_clinic.channel import requests, turns
from valve_clinic.channel.replies import ReplyCollector
from valve_clinic.channel.urgent import Look
from valve_clinic.content.schema import ENGLISH
from valve_clinic.operations import metrics
from valve_clinic.rasa_patches import ParsedMessage
from valve_clinic.safety.turn import CHECK

logger = logging.getLogger(__name__)

#: Seconds before the deadline at which a turn is answered with what there is, so that it can be stored in time.
STORE_SECONDS = 0.25
#: Seconds that work which is given up may take to notice.
_GIVING_UP_SECONDS = 0.1


@dataclass(frozen=True)
class Said:
    """What Rasa said, and whether that is all: a line on what to do in danger is no answer."""

    messages: list[dict[str, Any]]
    is_whole: bool


class Asking:
    """What Rasa is doing now, for each conversation."""

    def __init__(self, on_new_message: Callable[[UserMessage], Awaitable[Any]], under_way: turns.Turns) -> None:
        self._on_new_message = on_new_message
        self._turns = under_way
        self._working: WeakValueDictionary[str, asyncio.Task[Any]] = WeakValueDictionary()

    async def ask(self, session: str, text: str, message: requests.Message, seen: Look | None, deadline: float) -> Said:
        """Return what Rasa says to the text; `seen` has its parse, where it was made already."""
        collector = ReplyCollector()
        loop = asyncio.get_running_loop()
        asked = ParsedMessage(
            text,
            output_channel=collector,
            sender_id=session,
            input_channel=ReplyCollector.name(),
            message_id=message.client_id,
            # English is not said: most conversations are, and each event keeps its metadata.
            metadata={} if message.language == ENGLISH else {"language": message.language},
        )
        if seen is not None:
            asked.parsed, asked.parsed_behind = seen.parse, seen.behind

        async def answer() -> None:
            await self._on_new_message(asked)

        working = self._turns.begin(answer())
        self._working[session] = working
        giving_up = loop.call_later(turns.LATE_SECONDS, working.cancel)
        working.add_done_callback(lambda _: giving_up.cancel())
        in_time = None if deadline == math.inf else max(0.0, deadline - loop.time() - STORE_SECONDS)
        await asyncio.wait({working}, timeout=in_time)
        if not collector.messages:
            await asyncio.wait({working})
        messages, is_late = collector.close(), not working.done()
        if is_late:
            metrics.deadlines.inc()
            # What was said goes out and is stored with what Rasa made of it until now: the rest is of no use.
            await _give_up(working)
        is_whole = _went_well(working) and not is_late and not (messages and messages[-1].get("utter_action") == CHECK)
        return Said(messages, is_whole)

    def give_up_after(self, session: str, seconds: float) -> None:
        """End what is being done for the conversation now, if it has not ended by then."""
        working = self._working.get(session)
        if working is not None:
            asyncio.get_running_loop().call_later(seconds, working.cancel)

    async def give_up(self, session: str) -> None:
        """End what is being done for the conversation."""
        await _give_up(self._working.get(session))


def _went_well(working: asyncio.Task[Any]) -> bool:
    """Return whether Rasa came to its end; it may have been given up, or have failed."""
    if not working.done() or working.cancelled():
        logger.error("a turn took too long")
        return False
    error = working.exception()
    if error is not None:
        # The error's text may quote what a patient typed: its type is logged, its words are not.
        logger.error("a turn failed: %s", type(error).__name__)
    return error is None


async def _give_up(working: asyncio.Task[Any] | None) -> None:
    if working is not None and not working.done():
        working.cancel()
        await asyncio.wait({working}, timeout=_GIVING_UP_SECONDS)
