"""SQLAlchemy tables of the answers.

Written in the 2.0 style on 1.4, which Rasa's pin allows, so that the pin can go.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import registry, relationship

mapper_registry = registry()
Base: Any = mapper_registry.generate_base()


class PublicationRow(Base):
    """One loading of the content; the row with the highest id is the one that is served."""

    __tablename__ = "publication"
    id = Column(Integer, primary_key=True)
    digest = Column(String(64), nullable=False)
    loaded_at = Column(DateTime(timezone=True), nullable=False)
    clinic = Column(JSON, nullable=False)


class SourceRow(Base):
    """A fact's source as the reader sees it."""

    __tablename__ = "source"
    fact_id = Column(String(64), primary_key=True)
    name = Column(Text, nullable=False)
    url = Column(Text)
    date = Column(Text, nullable=False)
    from_clinic = Column(Boolean, nullable=False)


class TopicRow(Base):
    """A topic without its texts."""

    __tablename__ = "topic"
    id = Column(String(64), primary_key=True)
    position = Column(Integer, nullable=False)
    title = Column(Text, nullable=False)
    status = Column(String(16), nullable=False)
    reviewed = Column(Text)
    review_due = Column(String(10), nullable=False)
    kind = Column(String(32), nullable=False)
    handoff = Column(String(32))
    link = Column(String(32))
    context = Column(JSON, nullable=False)
    followups = Column(JSON, nullable=False)
    answers = relationship("AnswerRow", order_by="AnswerRow.position", cascade="all, delete-orphan")


class AnswerRow(Base):
    """The text of one variant; `variant` is "" for the default, else `procedure=surgery`."""

    __tablename__ = "answer"
    id = Column(Integer, primary_key=True)
    topic_id = Column(String(64), ForeignKey("topic.id", ondelete="CASCADE"), nullable=False, index=True)
    position = Column(Integer, nullable=False)
    variant = Column(String(128), nullable=False)
    variant_values = Column(JSON)
    short = Column(Text, nullable=False)
    paragraphs = relationship("ParagraphRow", order_by="ParagraphRow.position", cascade="all, delete-orphan")


class ParagraphRow(Base):
    """A paragraph with the ids of the facts it rests on, first the one the reader is shown."""

    __tablename__ = "paragraph"
    id = Column(Integer, primary_key=True)
    answer_id = Column(Integer, ForeignKey("answer.id", ondelete="CASCADE"), nullable=False, index=True)
    position = Column(Integer, nullable=False)
    text = Column(Text, nullable=False)
    sources = Column(JSON, nullable=False)
