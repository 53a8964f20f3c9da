"""The counters behind the limits: many accounts of one address, tries at the same time, and the end of a lock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from valve_clinic.console.guard import (
    LOGINS_PER_ACCOUNT,
    LOOKUPS_PER_ACCOUNT,
    LOOKUPS_PER_ADDRESS,
    WINDOW,
    TooManyError,
    check_lookups,
)
from valve_clinic.console.store import ConsoleStore

from .conftest import Clock


def test_an_address_that_guesses_codes_with_many_accounts_is_stopped_and_others_are_not(store: ConsoleStore) -> None:
    for number in range(LOOKUPS_PER_ADDRESS):
        check_lookups(store, f"nurse{number}", "one address")
    with pytest.raises(TooManyError):
        check_lookups(store, "another", "one address")
    check_lookups(store, "another", "another address")


def test_the_lock_on_codes_ends_with_its_window_and_not_before(store: ConsoleStore, clock: Clock) -> None:
    for _ in range(LOOKUPS_PER_ACCOUNT):
        check_lookups(store, "nurse", "an address")
    clock.pass_minutes(14.9)
    with pytest.raises(TooManyError):
        check_lookups(store, "nurse", "an address")
    clock.pass_minutes(0.2)
    check_lookups(store, "nurse", "an address")


def test_of_tries_at_the_same_time_no_more_pass_than_one_after_the_other(store: ConsoleStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(lambda _: store.count_attempt("key", WINDOW), range(24)))
    assert sum(number <= LOGINS_PER_ACCOUNT for number in seen) <= LOGINS_PER_ACCOUNT
    assert max(seen) == 24
