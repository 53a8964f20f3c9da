"""Who is too fast is told how long to wait; nobody else notices."""

from __future__ import annotations

import time
from typing import Any

import pytest

from valve_clinic.channel.errors import ApiError
from valve_clinic.channel.limiter import Limiter


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the time that the limiter sees, in seconds."""
    start = time.time()

    def set_time(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: start + seconds)

    set_time(0)
    return set_time


def refused(check: Any, key: str) -> ApiError:
    with pytest.raises(ApiError) as caught:
        check(key)
    return caught.value


def test_the_message_after_the_limit_is_refused_with_the_seconds_to_wait() -> None:
    limiter = Limiter(per_session=3, per_address=0)
    for _ in range(3):
        limiter.check_session("ann")
    error = refused(limiter.check_session, "ann")
    assert error.status == 429
    assert 1 <= int(error.headers["Retry-After"]) <= 60


def test_after_the_named_seconds_the_next_message_passes(at: Any) -> None:
    limiter = Limiter(per_session=2, per_address=0)
    limiter.check_session("ann")
    at(20)
    limiter.check_session("ann")
    at(30)
    wait = int(refused(limiter.check_session, "ann").headers["Retry-After"])
    assert wait == pytest.approx(30, abs=1)
    at(30 + wait + 1)
    limiter.check_session("ann")


def test_a_refused_message_does_not_make_the_wait_longer(at: Any) -> None:
    limiter = Limiter(per_session=1, per_address=0)
    limiter.check_session("ann")
    for second in range(1, 60, 5):
        at(second)
        refused(limiter.check_session, "ann")
    at(61)
    limiter.check_session("ann")


def test_the_limit_of_one_visitor_is_not_that_of_another() -> None:
    limiter = Limiter(per_session=1, per_address=1)
    limiter.check_session("ann")
    limiter.check_session("ben")
    limiter.check_address("192.0.2.1")
    limiter.check_address("192.0.2.2")
    assert refused(limiter.check_session, "ann").status == 429
    assert refused(limiter.check_address, "192.0.2.1").status == 429


def test_sessions_and_addresses_are_counted_apart() -> None:
    limiter = Limiter(per_session=1, per_address=1)
    limiter.check_session("same")
    limiter.check_address("same")


def test_a_limit_of_0_is_no_limit() -> None:
    limiter = Limiter(per_session=0, per_address=0)
    for _ in range(500):
        limiter.check_session("ann")
        limiter.check_address("192.0.2.1")


def test_refused_messages_are_looked_at_for_danger_only_so_often_from_one_address() -> None:
    limiter = Limiter(per_session=3, per_address=0)
    assert [limiter.may_be_urgent("192.0.2.1") for _ in range(5)] == [True, True, True, False, False]
    assert limiter.may_be_urgent("192.0.2.2")
    limiter.check_session("192.0.2.1")
    assert all(Limiter(per_session=0, per_address=0).may_be_urgent("192.0.2.1") for _ in range(100))
