"""One turn of a conversation at a time, whichever process; a holder that is gone holds nothing."""

from __future__ import annotations

import asyncio
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
from rasa.core.lock_store import LockStore
from rasa.utils.endpoints import EndpointConfig
from support import missing_service

from unit.channel.conftest import POSTGRES
from valve_clinic.settings import SettingError
from valve_clinic.storage import locks as module
from valve_clinic.storage import turn
from valve_clinic.storage.errors import BusyError
from valve_clinic.storage.locks import ConversationLockStore, Locks, make

URLS = {"redis": ("redis://127.0.0.1:6379/9", 6379), "postgresql": (POSTGRES, 5432)}
Process = Callable[[], Locks]


@pytest.fixture(params=["one process", "redis", "postgresql"])
async def process(request: pytest.FixtureRequest) -> AsyncIterator[Process]:
    """Make locks as another process would; those of one process are the same object."""
    made: list[Locks] = []
    if request.param == "one process":
        alone = Locks(seconds=1)
        yield lambda: alone
        return
    url, port = URLS[request.param]
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex(("127.0.0.1", port)):
            missing_service(f"no {request.param} listens on 127.0.0.1:{port}")

    def another() -> Locks:
        locks = make(url)
        locks._seconds = 1
        made.append(locks)
        return locks

    yield another
    for locks in made:
        await locks.close()


@pytest.fixture
def name() -> str:
    return uuid.uuid4().hex


async def test_two_never_hold_the_same_conversation(process: Process, name: str) -> None:
    both = [process(), process()]
    running, most = 0, 0

    async def one(locks: Locks) -> None:
        nonlocal running, most
        async with locks.hold(name):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1

    await asyncio.gather(*(one(both[number % 2]) for number in range(10)))
    assert most == 1


async def test_conversations_do_not_wait_for_each_other(process: Process, name: str) -> None:
    locks = process()
    async with locks.hold(name), locks.hold(name + "2"):
        pass


async def test_who_waits_too_long_is_told_so(process: Process, name: str) -> None:
    first, second = process(), process()
    async with first.hold(name):
        begun = time.monotonic()
        with pytest.raises(BusyError):
            async with second.hold(name):
                pass
        assert time.monotonic() - begun < 5
    async with second.hold(name):
        pass


async def test_a_block_that_fails_gives_the_lock_back(process: Process, name: str) -> None:
    locks = process()
    with pytest.raises(ZeroDivisionError):
        async with locks.hold(name):
            raise ZeroDivisionError
    async with process().hold(name):
        pass


async def test_a_waiting_message_that_is_cancelled_leaves_nothing(process: Process, name: str) -> None:
    first, second = process(), process()
    async with first.hold(name):
        waiting = asyncio.ensure_future(second.hold(name).__aenter__())
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with second.hold(name):
        pass


class DeafRedis:
    """A Redis whose first command takes a cancellation for its own timeout, as redis-py's can, and goes on."""

    def __init__(self, gets_the_lock: bool) -> None:
        self.tries = 0
        self.asked, self.answers = asyncio.Event(), asyncio.Event()
        self.given_back: list[str] = []
        self._gets_the_lock = gets_the_lock

    async def set(self, key: str, token: str, **_: object) -> bool:
        self.tries += 1
        self.asked.set()
        try:
            await self.answers.wait()
        except asyncio.CancelledError:
            return False
        return self._gets_the_lock

    async def eval(self, script: str, keys: int, key: str, token: str) -> int:
        self.given_back.append(key)
        return 1


@pytest.mark.parametrize("gets_the_lock", [False, True])
async def test_a_cancellation_that_redis_does_not_hear_ends_the_wait(gets_the_lock: bool, name: str) -> None:
    from valve_clinic.storage import redis_lock

    lock, deaf = redis_lock.RedisLock(URLS["redis"][0]), DeafRedis(gets_the_lock)
    lock._redis = deaf  # type: ignore[assignment]
    waiting = asyncio.ensure_future(lock.acquire(name, 1))
    await deaf.asked.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    deaf.answers.set()
    for _ in range(5):  # the command ends, and what it got is given back
        await asyncio.sleep(0)
    assert deaf.tries == 1
    assert len(deaf.given_back) == gets_the_lock, "what came late is given back"


async def test_a_redis_lock_of_a_killed_holder_expires_and_a_living_one_does_not(name: str) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 6379)):
            missing_service("no redis listens on 127.0.0.1:6379")
    from valve_clinic.storage import redis_lock

    lock, other = (redis_lock.RedisLock(URLS["redis"][0]) for _ in range(2))
    held = await lock.acquire(name, 1)
    assert held is not None
    assert await other.acquire(name, redis_lock.LIFE_MS / 1000 + 0.5) is None, "it is renewed while it is held"
    held.renewal.cancel()
    taken = await other.acquire(name, redis_lock.LIFE_MS / 1000 + 1)
    assert taken is not None, "it is gone"
    await lock.release(held)
    assert await lock.acquire(name, 0.1) is None, "the late holder gave back a lock that was not its own"
    await other.release(taken)
    await lock.close()
    await other.close()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:9/0", "postgresql://nobody@127.0.0.1:9/none"])
async def test_a_place_that_cannot_be_reached_leaves_this_process_its_own_lock(
    url: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    locks = make(url)
    begun = time.monotonic()
    async with locks.hold(name):
        pass
    async with locks.hold(name):  # not asked again at once
        pass
    assert time.monotonic() - begun < 5
    assert caplog.text.count("ALERT locks") == 1
    await locks.close()


@pytest.mark.parametrize("url", ["memcached://x", "nonsense"])
def test_a_place_that_is_none_is_named(url: str) -> None:
    with pytest.raises(SettingError, match="LOCK_URL"):
        make(url)


async def test_rasa_uses_the_same_locks_and_a_turn_holds_its_own_already(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = Locks(seconds=0.05)
    monkeypatch.setattr(module, "shared_locks", lambda: locks)
    config = EndpointConfig(type="valve_clinic.storage.locks.ConversationLockStore")
    rasas = LockStore.create(config)
    assert isinstance(rasas, ConversationLockStore)
    async with locks.hold(name):
        with pytest.raises(BusyError):
            async with rasas.lock(name):
                pass
        with turn.under_way(name, "a message"):
            async with rasas.lock(name):
                pass
    async with rasas.lock(name):
        assert not turn.current(name)
