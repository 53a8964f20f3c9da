"""SQLAlchemy tables of what Rasa remembers of a conversation, and of what the event broker has not had yet."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Text
from sqlalchemy.orm import registry

mapper_registry = registry()
Base: Any = mapper_registry.generate_base()
#: SQLite counts only INTEGER keys up by itself.
_Counted = BigInteger().with_variant(Integer, "sqlite")


class PartRow(Base):
    """What one turn added to a conversation.

    Conversation and position are the key: of two writers that go on from the same point, one fails. `turn` tells
    whether a part that is there already is the same turn's. `events` is JSON as text, so that a row that cannot be
    read is still a row.
    """

    __tablename__ = "conversation_part"
    conversation = Column(String(255), primary_key=True)
    position = Column(Integer, primary_key=True, autoincrement=False)
    turn = Column(String(64), nullable=False)
    at = Column(Float, nullable=False, index=True)
    events = Column(Text, nullable=False)


class WindowRow(Base):
    """Where reading a conversation begins, and the slots it had there: a long talk costs no more than a short one."""

    __tablename__ = "conversation_window"
    conversation = Column(String(255), primary_key=True)
    first = Column(Integer, nullable=False)
    slots = Column(Text, nullable=False)


class QuarantineRow(Base):
    """A part of a conversation that could not be read, as it was."""

    __tablename__ = "conversation_quarantine"
    id = Column(_Counted, primary_key=True)
    conversation = Column(String(255), nullable=False, index=True)
    position = Column(Integer, nullable=False)
    at = Column(Float, nullable=False, index=True)
    events = Column(Text, nullable=False)
    reason = Column(String(64), nullable=False)


class OutboxRow(Base):
    """Events for the broker, in the transaction that stored them; a row goes when the broker has confirmed it."""

    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_conversation", "conversation"),)
    id = Column(_Counted, primary_key=True)
    conversation = Column(String(255), nullable=False)
    position = Column(Integer, nullable=False)
    at = Column(Float, nullable=False)
    events = Column(Text, nullable=False)


class LeaseRow(Base):
    """Which process does a job that only one may do, and until when (seconds since 1970)."""

    __tablename__ = "lease"
    name = Column(String(32), primary_key=True)
    owner = Column(String(64), nullable=False)
    until = Column(Float, nullable=False)
