"""Accounts, sessions, limits and the audit log of the console. All methods block: call them off the event loop."""

from __future__ import annotations

import datetime
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from valve_clinic import schema_version
from valve_clinic.clock import utc_now
from valve_clinic.console import passwords
from valve_clinic.console.models import AccountRow, AttemptRow, AuditRow, Base, LoginRow
from valve_clinic.console.roles import ROLES, AccountError

if TYPE_CHECKING:
    from valve_clinic.channel.store import WebsiteStore

#: A session ends this long after its last page, and this long after the login whatever happens.
IDLE, ABSOLUTE = datetime.timedelta(minutes=15), datetime.timedelta(hours=8)
#: How long the audit log is kept.
AUDIT_LIFE = datetime.timedelta(days=365)
_NAME = re.compile(r"[a-z][a-z0-9._-]{1,63}")


@dataclass(frozen=True)
class Account:
    """Somebody who may log in."""

    name: str
    role: str
    enabled: bool

    def may(self, role: str) -> bool:
        """Return whether the account may see pages of the role; a manager may see an agent's."""
        return self.enabled and ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True)
class Entry:
    """A line of the audit log."""

    at: datetime.datetime
    account: str
    action: str
    subject: str | None
    outcome: str


class ConsoleStore:
    """The console's tables in the website's database."""

    def __init__(self, engine: Engine, now: Callable[[], datetime.datetime] = utc_now) -> None:
        self.engine = engine
        self.now = now
        schema_version.prepare(engine, Base.metadata, "console")

    @cached_property
    def website(self) -> WebsiteStore:
        """The conversations, which lie in the same database; they are opened at the first look-up."""
        from valve_clinic.channel.store import WebsiteStore

        return WebsiteStore(self.engine, self.now)

    def add_account(self, name: str, role: str, password: str) -> None:
        """Make an account; raises `AccountError` and `WeakPasswordError`."""
        name = name.strip().lower()
        if not _NAME.fullmatch(name):
            raise AccountError("a name has 2 to 64 of a-z, 0-9, dot, dash and underscore, and begins with a letter")
        if role not in ROLES:
            raise AccountError(f"the role must be one of {', '.join(ROLES)}")
        passwords.check_strength(password, name)
        row = AccountRow(
            name=name, role=role, password=passwords.make_hash(password), enabled=True, created_at=self.now()
        )
        try:
            with Session(self.engine, future=True) as session, session.begin():
                session.add(row)
        except IntegrityError:
            raise AccountError(f"there is an account {name} already; disabled ones keep their name") from None

    def disable_account(self, name: str) -> None:
        """Shut an account and end its sessions; raises `AccountError` when there is none."""
        name = name.strip().lower()
        with Session(self.engine, future=True) as session, session.begin():
            shut = update(AccountRow).where(AccountRow.name == name).values(enabled=False)
            if session.execute(shut.execution_options(synchronize_session=False)).rowcount == 0:
                raise AccountError(f"there is no account {name}")
            session.execute(delete(LoginRow).where(LoginRow.account == name))

    def accounts(self) -> list[Account]:
        """Return all accounts by name."""
        with Session(self.engine, future=True) as session:
            rows = session.execute(select(AccountRow).order_by(AccountRow.name)).scalars()
            return [Account(row.name, row.role, row.enabled) for row in rows]

    def has_accounts(self) -> bool:
        """Return whether anybody may log in: without, there is no console."""
        with Session(self.engine, future=True) as session:
            query = select(AccountRow.name).where(AccountRow.enabled.is_(True)).limit(1)
            return session.execute(query).first() is not None

    def authenticate(self, name: str, password: str) -> Account | None:
        """Return the account of a right name and password; a wrong name takes the time of a wrong password."""
        with Session(self.engine, future=True) as session:
            row = session.get(AccountRow, name)
            stored = row.password if row is not None and row.enabled else None
            found = Account(row.name, row.role, row.enabled) if row is not None else None
        return found if passwords.matches(password, stored) else None

    def log_in(self, account: str) -> str | None:
        """Begin a session and return its token, 256 random bits; None when the account was disabled meanwhile."""
        token = secrets.token_urlsafe(32)
        now = self.now()
        with Session(self.engine, future=True) as session, session.begin():
            session.execute(delete(LoginRow).where(LoginRow.expires_at <= now))
            # The lock is held to the commit, so that disabling an account cannot pass between check and insert.
            row = session.get(AccountRow, account, with_for_update=True)
            if row is None or not row.enabled:
                return None
            session.add(LoginRow(token=_hash(token), account=account, seen_at=now, expires_at=now + ABSOLUTE))
        return token

    def account_of(self, token: str) -> Account | None:
        """Return whose live session it is, and keep it from being idle."""
        now = self.now()
        live = (LoginRow.token == _hash(token), LoginRow.expires_at > now, LoginRow.seen_at > now - IDLE)
        with Session(self.engine, future=True) as session, session.begin():
            seen = update(LoginRow).where(*live).values(seen_at=now)
            if session.execute(seen.execution_options(synchronize_session=False)).rowcount == 0:
                return None
            query = select(AccountRow).join(LoginRow, LoginRow.account == AccountRow.name).where(*live[:1])
            row = session.execute(query).scalar_one_or_none()
            return Account(row.name, row.role, True) if row is not None and row.enabled else None

    def log_out(self, token: str) -> None:
        """End a session."""
        with Session(self.engine, future=True) as session, session.begin():
            session.execute(delete(LoginRow).where(LoginRow.token == _hash(token)))

    def count_attempt(self, key: str, window: datetime.timedelta) -> int:
        """Count one more try under the key; returns how many there are in the window, this one among them.

        It is stored before it is counted: of tries at the same time, no two see the same number and pass both.
        """
        now = self.now()
        with Session(self.engine, future=True) as session, session.begin():
            session.execute(delete(AttemptRow).where(AttemptRow.expires_at <= now))
            session.add(AttemptRow(key=key, expires_at=now + window))
        with Session(self.engine, future=True) as session:
            query = select(func.count()).select_from(AttemptRow)
            return int(session.execute(query.where(AttemptRow.key == key, AttemptRow.expires_at > now)).scalar_one())

    def forgive(self, key: str) -> None:
        """Forget the tries under the key, after one that was right."""
        with Session(self.engine, future=True) as session, session.begin():
            session.execute(delete(AttemptRow).where(AttemptRow.key == key))

    def audit(self, account: str, action: str, subject: str | None, outcome: str) -> None:
        """Write a line of the audit log, and remove those that are older than a year."""
        now = self.now()
        row = AuditRow(
            at=now, account=account, action=action, subject=subject, outcome=outcome, expires_at=now + AUDIT_LIFE
        )
        with Session(self.engine, future=True) as session, session.begin():
            session.execute(delete(AuditRow).where(AuditRow.expires_at <= now))
            session.add(row)

    def audit_log(self, newest: int = 200) -> list[Entry]:
        """Return the newest lines of the audit log, newest first."""
        with Session(self.engine, future=True) as session:
            rows = session.execute(select(AuditRow).order_by(AuditRow.id.desc()).limit(newest)).scalars()
            return [Entry(row.at, row.account, row.action, row.subject, row.outcome) for row in rows]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
