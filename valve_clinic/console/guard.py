"""Who is let in: limits of logins and look-ups, the login itself, and tokens against forged forms."""

from __future__ import annotations

import datetime
import hashlib
import hmac

from valve_clinic.console.store import ConsoleStore

#: Wrong logins in the window, of one account and of one address, after which even the right password is refused.
LOGINS_PER_ACCOUNT, LOGINS_PER_ADDRESS = 5, 20
#: Look-ups of codes in the window, of one account and of one address; docs/console.md has the arithmetic.
LOOKUPS_PER_ACCOUNT, LOOKUPS_PER_ADDRESS = 30, 60
WINDOW = datetime.timedelta(minutes=15)


class TooManyError(RuntimeError):
    """Too many tries; the account or the address must wait."""


class Guard:
    """Logins and limits. Keys of the counters are hashed with the server's secret: no address is stored."""

    def __init__(self, store: ConsoleStore, secret: str) -> None:
        self._store = store
        self._secret = hashlib.sha256(b"valve-clinic console" + secret.encode()).digest()

    def keyed(self, *parts: str) -> str:
        """Return a hash of the parts that only this server can make."""
        message = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()

    def csrf(self, cookie: str) -> str:
        """Return the token that a form must carry beside the cookie: another site can read neither."""
        return self.keyed("csrf", cookie)

    def is_right(self, csrf: str, cookie: str) -> bool:
        """Return whether the form's token belongs to the cookie, in constant time."""
        return hmac.compare_digest(self.csrf(cookie).encode(), csrf.encode("utf-8", "surrogatepass"))

    def log_in(self, name: str, password: str, address: str) -> str | None:
        """Return a session's token for the right name and password, or None; raises `TooManyError`.

        Names that nobody has are counted and take as long as the others, so that nothing tells which exist.
        """
        name = name.strip().lower()[:64]
        account_key, address_key = self.keyed("login", name), self.keyed("login from", address)
        tries = self._store.count_attempt(account_key, WINDOW), self._store.count_attempt(address_key, WINDOW)
        if tries[0] > LOGINS_PER_ACCOUNT or tries[1] > LOGINS_PER_ADDRESS:
            self._store.audit(self._shown(name), "login", None, "refused")
            raise TooManyError
        account = self._store.authenticate(name, password)
        token = self._store.log_in(account.name) if account is not None else None
        if token is None:
            self._store.audit(self._shown(name), "login", None, "wrong")
            return None
        # The address's count stays: an account of one's own must not buy guesses at others.
        self._store.forgive(account_key)
        self._store.audit(name, "login", None, "ok")
        return token

    def _shown(self, name: str) -> str:
        """Return the name if somebody has it: a password typed into the wrong field must not stand in the log."""
        return name if any(account.name == name for account in self._store.accounts()) else "(nobody)"


def check_lookups(store: ConsoleStore, account: str, address: str) -> None:
    """Count a look-up of a code; raises `TooManyError` beyond the limits of the account and the address."""
    tries = (
        store.count_attempt(hashlib.sha256(f"lookup by {account}".encode()).hexdigest(), WINDOW),
        store.count_attempt(hashlib.sha256(f"lookup from {address}".encode()).hexdigest(), WINDOW),
    )
    if tries[0] > LOOKUPS_PER_ACCOUNT or tries[1] > LOOKUPS_PER_ADDRESS:
        raise TooManyError
