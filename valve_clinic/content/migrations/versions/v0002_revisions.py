"""Each topic becomes a revision, kept whole as JSON; a publication says which revisions are served.

What is served goes on to be served: the rows of the old tables are put together before those are dropped. The code is
that of this version for good, so it shares nothing with the present models.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_WHO, _WHY = "unknown", "not given"


def upgrade() -> None:
    """Make the tables of revisions, fill them from the old tables, and drop those."""
    op.add_column("publication", sa.Column("loaded_by", sa.Text, nullable=False, server_default=_WHO))
    op.add_column("publication", sa.Column("reason", sa.Text, nullable=False, server_default=_WHY))
    revisions = op.create_table(
        "topic_revision",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("topic_id", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.UniqueConstraint("topic_id", "hash", name="uq_topic_revision_topic_id_hash"),
    )
    served = op.create_table(
        "publication_revision",
        sa.Column("publication_id", sa.Integer, sa.ForeignKey("publication.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("topic_revision.id"), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("restored", sa.Boolean, nullable=False),
    )
    op.create_index("ix_publication_revision_revision_id", "publication_revision", ["revision_id"])
    _fill(op.get_bind(), revisions, served)
    for table in ("paragraph", "answer", "topic"):
        op.drop_table(table)


def _fill(connection: Any, revisions: sa.Table, served: sa.Table) -> None:
    publication = sa.table("publication", sa.column("id"), sa.column("loaded_at", sa.DateTime(timezone=True)))
    newest = connection.execute(sa.select(publication).order_by(publication.c.id.desc()).limit(1)).first()
    if newest is None:
        return
    for position, content in enumerate(_topics(connection)):
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        row = {
            "topic_id": content["id"],
            "hash": hashlib.sha256(text.encode()).hexdigest(),
            "content": content,
            "made_at": newest.loaded_at,
            "made_by": _WHO,
            "reason": _WHY,
        }
        made = connection.execute(sa.insert(revisions).values(**row)).inserted_primary_key[0]
        entry = {"publication_id": newest.id, "revision_id": made, "position": position, "restored": False}
        connection.execute(sa.insert(served).values(**entry))


def _topics(connection: Any) -> list[dict[str, Any]]:
    """Return the topics in their order, each as its file says it, without what is null, empty or the default."""
    names = ("id", "position", "title", "status", "reviewed", "review_due", "kind", "handoff", "link")
    topic = sa.table("topic", *map(sa.column, names), *(sa.column(name, sa.JSON) for name in ("context", "followups")))
    found = []
    for row in connection.execute(sa.select(topic).order_by(topic.c.position)).mappings().all():
        content = {key: value for key, value in row.items() if key != "position" and value not in (None, {}, [])}
        if content["kind"] == "answer":
            del content["kind"]
        found.append({**content, "answers": _answers(connection, row["id"])})
    return found


def _answers(connection: Any, topic_id: str) -> list[dict[str, Any]]:
    answer = sa.table(
        "answer",
        *map(sa.column, ("id", "topic_id", "position", "short")),
        sa.column("variant_values", sa.JSON),
    )
    paragraph = sa.table("paragraph", *map(sa.column, ("answer_id", "position", "text")), sa.column("sources", sa.JSON))
    found = []
    mine = sa.select(answer).where(answer.c.topic_id == topic_id).order_by(answer.c.position)
    for row in connection.execute(mine).all():
        parts = sa.select(paragraph).where(paragraph.c.answer_id == row.id).order_by(paragraph.c.position)
        paragraphs = [{"text": part.text, "sources": part.sources} for part in connection.execute(parts)]
        variant = {"variant": row.variant_values} if row.variant_values else {}
        found.append({**variant, "paragraphs": paragraphs, "short": row.short})
    return found
