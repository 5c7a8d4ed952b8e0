"""what answers quote, whether they helped, and what had no answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "marks",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "passage_texts",
        sa.Column("passage_hash", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("updated", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("passage_hash"),
    )
    op.create_table(
        "unanswered_groups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("asked_count", sa.Integer(), nullable=False),
        sa.Column("first_asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nearest", sa.JSON(), nullable=False),
        sa.Column("document_id", sa.String(length=500), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.String(length=64), nullable=True),
        sa.Column("done_by_name", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("unanswered_groups", schema=None) as batch_op:
        batch_op.create_index(
            "ix_unanswered_groups_rank", ["status", "asked_count", "last_asked_at"], unique=False
        )

    op.create_table(
        "answer_votes",
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_helpful", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("conversation_id", "seq"),
    )
    op.create_table(
        "quoted_passages",
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("passage_id", sa.String(length=500), nullable=False),
        sa.Column("document_id", sa.String(length=500), nullable=False),
        sa.Column("passage_hash", sa.String(length=64), nullable=False),
        sa.Column("quoted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outdated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("new_hash", sa.String(length=64), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.String(length=64), nullable=True),
        sa.Column("done_by_name", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("conversation_id", "seq", "passage_id"),
    )
    with op.batch_alter_table("quoted_passages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quoted_passages_document_id"), ["document_id"], unique=False)
        batch_op.create_index("ix_quoted_passages_outdated", ["outdated_at", "quoted_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_quoted_passages_passage_hash"), ["passage_hash"], unique=False)

    op.create_table(
        "unanswered_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("question_key", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("nearest", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.ForeignKeyConstraint(["group_id"], ["unanswered_groups.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "seq", name="uq_unanswered_questions_entry"),
    )
    with op.batch_alter_table("unanswered_questions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unanswered_questions_group_id"), ["group_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_unanswered_questions_question_key"), ["question_key"], unique=False
        )


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("unanswered_questions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unanswered_questions_question_key"))
        batch_op.drop_index(batch_op.f("ix_unanswered_questions_group_id"))

    op.drop_table("unanswered_questions")
    with op.batch_alter_table("quoted_passages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quoted_passages_passage_hash"))
        batch_op.drop_index("ix_quoted_passages_outdated")
        batch_op.drop_index(batch_op.f("ix_quoted_passages_document_id"))

    op.drop_table("quoted_passages")
    op.drop_table("answer_votes")
    with op.batch_alter_table("unanswered_groups", schema=None) as batch_op:
        batch_op.drop_index("ix_unanswered_groups_rank")

    op.drop_table("unanswered_groups")
    op.drop_table("passage_texts")
    op.drop_table("marks")
