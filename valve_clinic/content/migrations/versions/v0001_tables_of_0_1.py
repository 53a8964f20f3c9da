"""The tables of release 0.1.0: each topic, text and paragraph in a row of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic", sa.JSON, nullable=False),
    )
    op.create_table(
        "source",
        sa.Column("fact_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("date", sa.Text, nullable=False),
        sa.Column("from_clinic", sa.Boolean, nullable=False),
    )
    op.create_table(
        "topic",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reviewed", sa.Text),
        sa.Column("review_due", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("handoff", sa.String(32)),
        sa.Column("link", sa.String(32)),
        sa.Column("context", sa.JSON, nullable=False),
        sa.Column("followups", sa.JSON, nullable=False),
    )
    op.create_table(
        "answer",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("topic_id", sa.String(64), sa.ForeignKey("topic.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("variant", sa.String(128), nullable=False),
        sa.Column("variant_values", sa.JSON),
        sa.Column("short", sa.Text, nullable=False),
    )
    op.create_table(
        "paragraph",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("answer_id", sa.Integer, sa.ForeignKey("answer.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("sources", sa.JSON, nullable=False),
    )
