"""A thread's own event loop: kept from call to call, and no other thread's."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from valve_clinic import thread_loop


async def running() -> asyncio.AbstractEventLoop:
    await asyncio.sleep(0)
    return asyncio.get_running_loop()


async def failing() -> None:
    raise KeyError("words")


def in_thread() -> list[asyncio.AbstractEventLoop]:
    with ThreadPoolExecutor(1) as pool:
        return [pool.submit(lambda: thread_loop.run(running())).result() for _ in range(2)]


def test_a_thread_keeps_its_loop():
    first, second = in_thread()
    assert first is second


def test_two_threads_have_a_loop_each():
    assert in_thread()[0] is not in_thread()[0]


def test_what_the_work_raises_is_raised_and_the_loop_goes_on():
    def work() -> bool:
        with pytest.raises(KeyError):
            thread_loop.run(failing())
        return thread_loop.run(running()) is thread_loop.run(running())

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result()
