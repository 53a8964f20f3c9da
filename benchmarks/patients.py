"""Patients for measuring: varied messages in a fixed order, sent at a fixed rate whatever the server does."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np

from benchmarks.servers import Running

#: Invented for this, and in no set that is trained on or tested with.
MESSAGES = (Path(__file__).parent / "messages.txt").read_text(encoding="utf-8").splitlines()
SEED = 20261125


@dataclass
class Outcome:
    """Seconds of each answered message; `failed` are those without a usable answer."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    took: float = 0.0

    def ms(self, percentile: float) -> float:
        """Return a percentile of the latencies in milliseconds."""
        return float(np.percentile(self.seconds, percentile)) * 1000 if self.seconds else float("nan")

    @property
    def rate(self) -> float:
        """Answered messages a second."""
        return len(self.seconds) / self.took if self.took else 0.0


class Patient:
    """One conversation, on the website's channel or on stock Rasa's `rest`."""

    def __init__(self, service: Running, client: aiohttp.ClientSession, number: int) -> None:
        self._service, self._client = service, client
        self._words = random.Random(SEED + number)  # noqa: S311
        self._ids = random.Random(uuid.uuid4().int)  # noqa: S311
        self._token = ""
        self._sender = uuid.uuid4().hex
        self._turn = asyncio.Lock()

    async def begin(self) -> Patient:
        """Start the conversation; stock Rasa takes any sender."""
        if not self._service.is_stock:
            async with self._client.post(f"{self._service.url}/webhooks/website/session", json={}) as response:
                response.raise_for_status()
                self._token = (await response.json())["session"]
        return self

    async def ask(self) -> bool:
        """Send the next message; returns whether it was answered with words."""
        text = self._words.choice(MESSAGES)
        async with self._turn:
            try:
                return await self._send(text)
            except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
                return False

    async def _send(self, text: str) -> bool:
        base = self._service.url
        if self._service.is_stock:
            body = {"sender": self._sender, "message": text}
            async with self._client.post(f"{base}/webhooks/rest/webhook", json=body) as response:
                return response.status == 200 and bool(await response.json())
        body = {"id": str(uuid.UUID(int=self._ids.getrandbits(128), version=4)), "text": text}
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._client.post(f"{base}/webhooks/website/messages", json=body, headers=headers) as response:
            return response.status == 200 and bool((await response.json())["replies"])


async def at_rate(service: Running, patients: int, per_second: float, seconds: float) -> Outcome:
    """Send at a fixed rate from many patients; the time counts from when a message was due, not from when it left."""
    outcome = Outcome()
    async with _client(patients) as client:
        people = [await Patient(service, client, number).begin() for number in range(patients)]
        await asyncio.gather(*(people[number].ask() for number in range(min(4, patients))))  # warm
        loop = asyncio.get_running_loop()
        begun = loop.time()

        async def send(number: int) -> None:
            due = begun + number / per_second
            await asyncio.sleep(max(0.0, due - loop.time()))
            answered = await people[number % patients].ask()
            if answered:
                outcome.seconds.append(loop.time() - due)
            else:
                outcome.failed += 1

        await asyncio.gather(*(send(number) for number in range(max(1, int(per_second * seconds)))))
        outcome.took = loop.time() - begun
    return outcome


async def one_after_another(service: Running, turns: int) -> Outcome:
    """Have one conversation of so many turns."""
    outcome = Outcome()
    async with _client(1) as client:
        patient = await Patient(service, client, 0).begin()
        begun = time.monotonic()
        for _ in range(turns):
            sent = time.monotonic()
            if await patient.ask():
                outcome.seconds.append(time.monotonic() - sent)
            else:
                outcome.failed += 1
        outcome.took = time.monotonic() - begun
    return outcome


async def many(service: Running, messages: int, at_once: int = 8) -> Outcome:
    """Send so many messages as fast as the server takes them, in conversations of ten turns."""
    outcome = Outcome()
    left = iter(range(max(1, messages // 10)))
    async with _client(at_once) as client:

        async def talk() -> None:
            for number in left:
                patient = await Patient(service, client, number).begin()
                for _ in range(10):
                    sent = time.monotonic()
                    if await patient.ask():
                        outcome.seconds.append(time.monotonic() - sent)
                    else:
                        outcome.failed += 1

        begun = time.monotonic()
        await asyncio.gather(*(talk() for _ in range(at_once)))
        outcome.took = time.monotonic() - begun
    return outcome


def _client(connections: int) -> aiohttp.ClientSession:
    # What the client takes counts as the server's time, on its processors: aiohttp 0.5 ms a message, httpx 2.6.
    connector = aiohttp.TCPConnector(limit=connections + 4)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30))
