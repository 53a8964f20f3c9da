"""SQLAlchemy tables of the console. They lie in the website's database and hold nothing that a patient typed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, String
from sqlalchemy.orm import registry

mapper_registry = registry()
Base: Any = mapper_registry.generate_base()


class AccountRow(Base):
    """Somebody who may log in. An account is disabled, never removed: the audit log names it."""

    __tablename__ = "console_account"
    name = Column(String(64), primary_key=True)
    role = Column(String(16), nullable=False)
    password = Column(String(255), nullable=False)
    enabled = Column(Boolean, nullable=False)
    created_at = Column(DateTime(timezone=True), nullable=False)


class LoginRow(Base):
    """A session of the console: the hash of its token, so that a stolen database opens none."""

    __tablename__ = "console_session"
    token = Column(String(64), primary_key=True)
    account = Column(String(64), ForeignKey("console_account.name", ondelete="CASCADE"), nullable=False, index=True)
    seen_at = Column(DateTime(timezone=True), nullable=False)
    expires_at = Column(DateTime(timezone=True), nullable=False)


class AttemptRow(Base):
    """Something that is limited, counted by a keyed hash of who did it; the row goes when its window is over."""

    __tablename__ = "console_attempt"
    id = Column(Integer, primary_key=True)
    key = Column(String(64), nullable=False, index=True)
    expires_at = Column(DateTime(timezone=True), nullable=False)


class AuditRow(Base):
    """Who did what in the console, and when."""

    __tablename__ = "console_audit"
    id = Column(Integer, primary_key=True)
    at = Column(DateTime(timezone=True), nullable=False)
    account = Column(String(64), nullable=False)
    action = Column(String(32), nullable=False)
    subject = Column(String(64))
    outcome = Column(String(16), nullable=False)
    expires_at = Column(DateTime(timezone=True), nullable=False)
