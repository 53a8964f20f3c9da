"""SQLAlchemy tables of the counts, and of the messages that wait for a person.

They lie in the database of the conversations: what belongs to a conversation goes with it, by foreign key, whoever
deletes it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, Date, DateTime, Float, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.engine import Engine
from sqlalchemy.orm import registry

from valve_clinic import schema_version
from valve_clinic.channel.models import Base as WebsiteBase
from valve_clinic.channel.models import SessionRow
from valve_clinic.storage import schema as storage

mapper_registry = registry()
Base: Any = mapper_registry.generate_base()


class DailyRow(Base):
    """How often something was so on a day. It names no conversation, holds no text, and outlives both."""

    __tablename__ = "insights_daily"
    day = Column(Date, primary_key=True)
    figure = Column(String(32), primary_key=True)
    key = Column(String(80), primary_key=True)
    count = Column(Integer, nullable=False)


class CountedRow(Base):
    """What a conversation has added to the counts, so that it is counted once however often it is looked at.

    The row goes with the conversation; the counts stay, and nothing leads back from them.
    """

    __tablename__ = "insights_counted"
    session_id = Column(String(64), ForeignKey(SessionRow.__table__.c.id, ondelete="CASCADE"), primary_key=True)
    at = Column(DateTime(timezone=True), nullable=False)
    counts = Column(JSON, nullable=False)


class StateRow(Base):
    """Up to which moment everything has been counted."""

    __tablename__ = "insights_state"
    name = Column(String(32), primary_key=True)
    at = Column(DateTime(timezone=True), nullable=False)


class ItemRow(Base):
    """A masked message that was not served well, and what a person made of it."""

    __tablename__ = "insights_item"
    __table_args__ = (UniqueConstraint("session_id", "client_id"),)
    id = Column(Integer, primary_key=True)
    session_id = Column(
        String(64), ForeignKey(SessionRow.__table__.c.id, ondelete="CASCADE"), nullable=False, index=True
    )
    client_id = Column(String(36), nullable=False)
    at = Column(DateTime(timezone=True), nullable=False, index=True)
    text = Column(Text, nullable=False)
    #: Why it is here, sorted and joined with commas.
    reasons = Column(String(80), nullable=False)
    #: What it was taken for, and how surely.
    intent = Column(String(64))
    confidence = Column(Float)
    #: The three likeliest intents: [[name, confidence], …]; null until the model was asked.
    options = Column(JSON(none_as_null=True))
    status = Column(String(12), nullable=False, index=True)
    assigned = Column(String(64))
    #: Other words for the same, without what only this patient would say.
    wording = Column(Text)
    note = Column(Text)
    changed_by = Column(String(64))
    changed_at = Column(DateTime(timezone=True))


class GroupRow(Base):
    """Which messages of the inbox were found alike when they were last put together; it goes with its message."""

    __tablename__ = "insights_group"
    item_id = Column(Integer, ForeignKey(ItemRow.__table__.c.id, ondelete="CASCADE"), primary_key=True)
    #: The group, and the message's place in it: the most typical first.
    number = Column(Integer, nullable=False)
    place = Column(Integer, nullable=False)


class ReportRow(Base):
    """The report that the console shows, and whether another one is being made.

    There are masked words of patients in it: it ends after a day, and goes when a conversation is to be forgotten.
    """

    __tablename__ = "insights_report"
    name = Column(String(16), primary_key=True)
    #: Since when it is being made; null: nobody makes it.
    begun_at = Column(DateTime(timezone=True))
    #: Why the last try made none.
    problem = Column(String(200))
    made_at = Column(DateTime(timezone=True))
    first_day = Column(Date)
    last_day = Column(Date)
    html = Column(Text)
    expires_at = Column(DateTime(timezone=True), nullable=False)


def prepare(engine: Engine) -> Engine:
    """Create or upgrade the tables, and those that they point at; raises `NewerDatabaseError`."""
    storage.prepare(engine)
    schema_version.prepare(engine, WebsiteBase.metadata, "website")
    schema_version.prepare(engine, Base.metadata, "insights")
    return engine
