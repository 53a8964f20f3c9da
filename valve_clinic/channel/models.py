"""SQLAlchemy tables of the website's conversations."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import registry

from valve_clinic.channel.kept_replies import KeptReplies

#: A session lives this long after its last message.
SESSION_LIFE = datetime.timedelta(minutes=30)
mapper_registry = registry()
Base: Any = mapper_registry.generate_base()


class SessionRow(Base):
    """A visit; it lives for 30 minutes after its last message."""

    __tablename__ = "website_session"
    id = Column(String(64), primary_key=True)
    started_at = Column(DateTime(timezone=True), nullable=False)
    last_at = Column(DateTime(timezone=True), nullable=False)


class TurnRow(Base):
    """What was said in one turn; `client_id` makes a repeated request the same turn.

    A message is "received" before anything is made of it, and "answered" in the commit that has its replies.
    """

    __tablename__ = "website_turn"
    __table_args__ = (UniqueConstraint("session_id", "client_id"),)
    id = Column(Integer, primary_key=True)
    session_id = Column(String(64), ForeignKey("website_session.id", ondelete="CASCADE"), nullable=False, index=True)
    client_id = Column(String(36))
    text = Column(Text)
    state = Column(String(8), nullable=False, server_default="answered")
    replies = Column(KeptReplies, nullable=False)
    safety = Column(String(8), nullable=False)
    at = Column(DateTime(timezone=True), nullable=False)


class ButtonRow(Base):
    """A button that was handed out: an opaque id for what pressing it means."""

    __tablename__ = "website_button"
    id = Column(String(32), primary_key=True)
    session_id = Column(String(64), ForeignKey("website_session.id", ondelete="CASCADE"), nullable=False, index=True)
    title = Column(Text, nullable=False)
    payload = Column(Text, nullable=False)


class FeedbackRow(Base):
    """Whether a reply helped; the last word on a reply counts."""

    __tablename__ = "website_feedback"
    reply_id = Column(String(32), primary_key=True)
    session_id = Column(String(64), ForeignKey("website_session.id", ondelete="CASCADE"), nullable=False, index=True)
    helpful = Column(Boolean, nullable=False)
    comment = Column(Text)
    at = Column(DateTime(timezone=True), nullable=False)


class EventRow(Base):
    """Something the visitor did beside typing."""

    __tablename__ = "website_event"
    id = Column(Integer, primary_key=True)
    session_id = Column(String(64), ForeignKey("website_session.id", ondelete="CASCADE"), nullable=False, index=True)
    event = Column(String(32), nullable=False)
    reply_id = Column(String(32))
    target = Column(Text)
    at = Column(DateTime(timezone=True), nullable=False)


class ReferenceRow(Base):
    """A conversation's reference code, which a patient names on the phone; `shared`: the words may be seen, too.

    The code is kept as it is: the reply that tells it lies in `website_turn`, beside what it opens.
    """

    __tablename__ = "website_reference"
    code = Column(String(16), primary_key=True)
    session_id = Column(String(64), ForeignKey("website_session.id", ondelete="CASCADE"), nullable=False, unique=True)
    expires_at = Column(DateTime(timezone=True), nullable=False, index=True)
    shared = Column(Boolean, nullable=False)
