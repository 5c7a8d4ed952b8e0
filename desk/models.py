"""The tables. The same on SQLite and PostgreSQL; changes travel by Alembic (desk/migrations)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time in both databases; SQLite has no zones and would forget ours."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Store UTC; a naive time is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive time")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table's parent."""

    type_annotation_map = {dict[str, Any]: JSON, list[dict[str, Any]]: JSON, datetime: UtcDateTime}  # noqa: RUF012


ID = String(64)


class ConversationRow(Base):
    """The head of a log. ``version`` counts owner changes, ``last_seq`` entries, ``work_seq`` what the engine must do."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    locale: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    owner_kind: Mapped[str] = mapped_column(String(8), default="bot")
    owner_agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    version: Mapped[int] = mapped_column(Integer, default=1)
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    customer_id: Mapped[str | None] = mapped_column(String(200), index=True)
    customer_name: Mapped[str | None] = mapped_column(String(300))
    customer_email: Mapped[str | None] = mapped_column(String(320))
    is_verified: Mapped[bool] = mapped_column(Boolean, default=False)
    waiting_since: Mapped[datetime | None]
    queue_rank: Mapped[int] = mapped_column(Integer, default=1)
    assigned_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    last_customer_at: Mapped[datetime | None]
    last_agent_at: Mapped[datetime | None]
    handoff_reason: Mapped[str | None] = mapped_column(String(64))
    handoff_brief: Mapped[str | None] = mapped_column(Text)
    handoff_at: Mapped[datetime | None]
    interrupted_form: Mapped[str | None] = mapped_column(String(200))
    active_form: Mapped[str | None] = mapped_column(String(200))
    last_intent: Mapped[str | None] = mapped_column(String(200))
    is_shaky: Mapped[bool] = mapped_column(Boolean, default=False)
    human_turns: Mapped[int] = mapped_column(Integer, default=0)
    work_seq: Mapped[int] = mapped_column(Integer, default=0)
    handled_seq: Mapped[int] = mapped_column(Integer, default=0)
    agent_read_seq: Mapped[int] = mapped_column(Integer, default=0)
    customer_read_seq: Mapped[int] = mapped_column(Integer, default=0)
    lease_holder: Mapped[str | None] = mapped_column(ID)
    lease_until: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_conversations_owner", "owner_kind", "queue_rank", "waiting_since"),
        Index("ix_conversations_agent", "owner_agent_id", "updated_at"),
        Index("ix_conversations_updated", "updated_at"),
    )


class EntryRow(Base):
    """One line of a log; never changed and never removed."""

    __tablename__ = "entries"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    client_id: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    author_id: Mapped[str | None] = mapped_column(ID)
    author_name: Mapped[str | None] = mapped_column(String(300))
    buttons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    code: Mapped[str | None] = mapped_column(String(32))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    trace: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    is_draft: Mapped[bool] = mapped_column(Boolean, default=False)
    payload: Mapped[str | None] = mapped_column(Text)
    owner_kind: Mapped[str] = mapped_column(String(8))
    owner_agent_id: Mapped[str | None] = mapped_column(ID)
    work: Mapped[str | None] = mapped_column(String(8))

    __table_args__ = (
        UniqueConstraint("conversation_id", "client_id", name="uq_entries_client_id"),
        Index("ix_entries_kind", "conversation_id", "kind", "seq"),
    )


class AnswerRow(Base):
    """Which button of an entry was pressed; at most one."""

    __tablename__ = "button_answers"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    button_id: Mapped[str] = mapped_column(ID)


class TraceRow(Base):
    """What was understood of a customer's entry that the bot did not answer."""

    __tablename__ = "traces"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    trace: Mapped[dict[str, Any]] = mapped_column(JSON)


class HandoffRow(Base):
    """Every handoff there was: when it was asked for, taken, ended."""

    __tablename__ = "handoffs"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    reason: Mapped[str] = mapped_column(String(64))
    brief: Mapped[str] = mapped_column(Text)
    interrupted_form: Mapped[str | None] = mapped_column(String(200))
    asked_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    claimed_by: Mapped[str | None] = mapped_column(ID)
    ended_at: Mapped[datetime | None]


class AgentRow(Base):
    """A person who answers customers."""

    __tablename__ = "agents"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    password_hash: Mapped[str] = mapped_column(String(300))
    role: Mapped[str] = mapped_column(String(16))
    presence: Mapped[str] = mapped_column(String(16), default="offline")
    last_seen_at: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime]


class SessionRow(Base):
    """A console session; the cookie's digest, never the cookie."""

    __tablename__ = "sessions"

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]


class TicketRow(Base):
    """Something promised to a customer."""

    __tablename__ = "tickets"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(16), index=True)
    subject: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(64))
    priority: Mapped[str] = mapped_column(String(16))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    customer_id: Mapped[str | None] = mapped_column(String(200))
    customer_name: Mapped[str | None] = mapped_column(String(300))
    customer_email: Mapped[str | None] = mapped_column(String(320))
    is_verified: Mapped[bool] = mapped_column(Boolean, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CommentRow(Base):
    """A remark on a ticket."""

    __tablename__ = "ticket_comments"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    ticket_number: Mapped[int] = mapped_column(ForeignKey("tickets.number"), index=True)
    author_id: Mapped[str] = mapped_column(ID)
    author_name: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    is_public: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime]


class CounterRow(Base):
    """Numbers without gaps: the row is locked until the transaction that took one has ended."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(Integer)


class LinkEventRow(Base):
    """What the action servers are told, in order."""

    __tablename__ = "link_events"

    event_seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[str | None] = mapped_column(ID)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]


class DoneRow(Base):
    """What was done under an idempotency key, and its result."""

    __tablename__ = "done_requests"

    key: Mapped[str] = mapped_column(String(400), primary_key=True)
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class VoteRow(Base):
    """Whether an answer helped its customer; one vote an answer."""

    __tablename__ = "answer_votes"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    is_helpful: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime]


class QuotedRow(Base):
    """A passage that an answer quoted, as it was then; ``outdated_at`` once the articles say something else."""

    __tablename__ = "quoted_passages"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    passage_id: Mapped[str] = mapped_column(String(500), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(500), index=True)
    passage_hash: Mapped[str] = mapped_column(String(64), index=True)
    quoted_at: Mapped[datetime]
    outdated_at: Mapped[datetime | None]
    new_hash: Mapped[str | None] = mapped_column(String(64))
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[str | None] = mapped_column(ID)
    done_by_name: Mapped[str | None] = mapped_column(String(300))

    __table_args__ = (Index("ix_quoted_passages_outdated", "outdated_at", "quoted_at"),)


class PassageTextRow(Base):
    """What a passage said; kept because indexes go and answers stay. An empty text: it was gone before it was read."""

    __tablename__ = "passage_texts"

    passage_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(500))
    url: Mapped[str] = mapped_column(Text)
    updated: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)


class QuestionGroupRow(Base):
    """Questions that ask for the same and had no answer."""

    __tablename__ = "unanswered_groups"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    question: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    asked_count: Mapped[int] = mapped_column(Integer)
    first_asked_at: Mapped[datetime]
    last_asked_at: Mapped[datetime]
    nearest: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    document_id: Mapped[str | None] = mapped_column(String(500))
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[str | None] = mapped_column(ID)
    done_by_name: Mapped[str | None] = mapped_column(String(300))

    __table_args__ = (Index("ix_unanswered_groups_rank", "status", "asked_count", "last_asked_at"),)


class QuestionRow(Base):
    """A customer's question that had no answer, without personal details."""

    __tablename__ = "unanswered_questions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[int] = mapped_column(Integer)
    group_id: Mapped[str] = mapped_column(ForeignKey("unanswered_groups.id"), index=True)
    question: Mapped[str] = mapped_column(Text)
    question_key: Mapped[str] = mapped_column(String(64), index=True)
    locale: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[float] = mapped_column(Float)
    nearest: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    asked_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("conversation_id", "seq", name="uq_unanswered_questions_entry"),)


class MarkRow(Base):
    """How far a periodic task has come."""

    __tablename__ = "marks"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
