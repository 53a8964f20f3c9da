"""Whom the console knows, and what is wrong with an account: without the tables, so that the command starts at once."""

from __future__ import annotations

ROLES = ("agent", "manager")


class AccountError(ValueError):
    """An account cannot be made or changed; the message says why."""


class WeakPasswordError(AccountError):
    """A password is too short, too long or easy to guess; the message says what to take."""
