"""SQLAlchemy tables of the answers.

Written in the 2.0 style on 1.4, which Rasa's pin allows, so that the pin can go.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import registry

mapper_registry = registry()
Base: Any = mapper_registry.generate_base()


class PublicationRow(Base):
    """A set of revisions that was put in service; the row with the highest id is the one that is served.

    `digest` is that of the files that were loaded last: a restored revision keeps the digest of the one before.
    """

    __tablename__ = "publication"
    id = Column(Integer, primary_key=True)
    digest = Column(String(64), nullable=False)
    loaded_at = Column(DateTime(timezone=True), nullable=False)
    clinic = Column(JSON, nullable=False)
    loaded_by = Column(Text, nullable=False, server_default="unknown")
    reason = Column(Text, nullable=False, server_default="not given")


class RevisionRow(Base):
    """A topic as its file said it once, kept for good: the whole of it as JSON, once per distinct content."""

    __tablename__ = "topic_revision"
    __table_args__ = (UniqueConstraint("topic_id", "hash", name="uq_topic_revision_topic_id_hash"),)
    id = Column(Integer, primary_key=True)
    topic_id = Column(String(64), nullable=False)
    hash = Column(String(64), nullable=False)
    content = Column(JSON, nullable=False)
    made_at = Column(DateTime(timezone=True), nullable=False)
    made_by = Column(Text, nullable=False)
    reason = Column(Text, nullable=False)


class PublicationRevisionRow(Base):
    """A revision of a publication, in the files' order; `restored`: it is served in place of what the file says."""

    __tablename__ = "publication_revision"
    publication_id = Column(Integer, ForeignKey("publication.id", ondelete="CASCADE"), primary_key=True)
    revision_id = Column(Integer, ForeignKey("topic_revision.id"), primary_key=True, index=True)
    position = Column(Integer, nullable=False)
    restored = Column(Boolean, nullable=False)


class SourceRow(Base):
    """A fact's source as the reader sees it, of what is served now."""

    __tablename__ = "source"
    fact_id = Column(String(64), primary_key=True)
    name = Column(Text, nullable=False)
    url = Column(Text)
    date = Column(Text, nullable=False)
    from_clinic = Column(Boolean, nullable=False)
