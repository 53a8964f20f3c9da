"""Passwords of the console: how strong one must be, and how it is kept."""

from __future__ import annotations

import re
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from valve_clinic.console.roles import WeakPasswordError

#: NIST SP 800-63B asks for 8 at least and 64 at least allowed; argon2's time does not depend on the length.
MIN_LENGTH, MAX_LENGTH = 12, 128
#: zxcvbn's scale is 0 to 4; 3 is "safely unguessable": more than 10^8 guesses.
MIN_SCORE = 3
#: zxcvbn's time grows with the length; it judges this many characters.
_JUDGED = 72
#: What everybody who guesses at this console tries first (NIST SP 800-63B: context-specific words).
_OURS = ("valveclinic", "stvincent")
_hasher = PasswordHasher()


def check_strength(password: str, name: str) -> None:
    """Raise `WeakPasswordError` when the password is too short, too long, or easy to guess for who knows the name."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPasswordError(f"the password must have {MIN_LENGTH} to {MAX_LENGTH} characters")
    letters = re.sub(r"[^a-z0-9]", "", password.lower())
    if any(re.sub(r"[^a-z0-9]", "", word) in letters for word in (name.lower(), *_OURS)):
        raise WeakPasswordError("the password must not hold the account's name or the clinic's")
    judged = zxcvbn(password[:_JUDGED], user_inputs=[name, "valve", "clinic", "mitral", "console"])
    if judged["score"] < MIN_SCORE:
        why = judged["feedback"]["warning"] or "It is easy to guess."
        raise WeakPasswordError(f"{why} Take four or more words that do not belong together")


def make_hash(password: str) -> str:
    """Return the password's argon2id hash, with its salt and parameters."""
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Return whether the password is that of the hash; without one it takes the same time and is False."""
    try:
        right = _hasher.verify(stored or _nobodys(), password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """Return a hash for names that nobody has, so that the time does not tell which names exist."""
    return _hasher.hash("no account has this password")
