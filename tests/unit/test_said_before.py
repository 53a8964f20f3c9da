"""What a visitor's next message may lean on is remembered for a while, for some, and for the right one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from valve_clinic import said_before


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    said_before._kept.clear()
    yield
    said_before._kept.clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(said_before.time, "monotonic", lambda: now[0])
    return now


def test_the_last_words_of_each_conversation_are_known() -> None:
    said_before.note("ann", "what is MR")
    said_before.note("ben", "is it safe")
    said_before.note("ann", "how long?")
    assert (said_before.of("ann"), said_before.of("ben"), said_before.of("cal")) == ("how long?", "is it safe", None)


def test_what_leans_on_nothing_forgets_what_was_there() -> None:
    said_before.note("ann", "what is MR")
    said_before.note("ann", None)
    assert said_before.of("ann") is None


def test_nothing_is_known_after_a_sessions_life(clock: list[float]) -> None:
    said_before.note("ann", "what is MR")
    clock[0] += said_before._SECONDS + 1
    assert said_before.of("ann") is None
    said_before.note("ben", "is it safe")
    assert list(said_before._kept) == ["ben"], "and it is not kept either"


def test_a_crowd_pushes_out_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said_before, "_MOST", 2)
    for name in ("ann", "ben", "cal"):
        said_before.note(name, "what is MR")
    assert [said_before.of(name) for name in ("ann", "ben", "cal")] == [None, "what is MR", "what is MR"]


def test_words_are_expected_while_a_message_is_looked_at() -> None:
    with said_before.expecting("what is MR"):
        assert said_before.expected() == "what is MR"
    assert said_before.expected() is None
