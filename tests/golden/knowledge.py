"""The golden bodies of the console's knowledge pages, built by the desk's own builders from fixed data."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from desk.api.articles import wire_article, wire_article_row
from desk.api.knowledge import wire_correction, wire_group, wire_question, wire_source
from desk.errors import ArticleChanged
from desk.library import ArticleDraft, ArticleRow, OpenedArticle, SourceRow, Work
from desk.log import Conversation, Entry
from desk.models import QuestionGroupRow, QuestionRow, QuotedRow
from desk.service.corrections import Correction
from desk.store.quoted import Helpfulness, PassageText

Json = dict[str, Any]

NEAREST = [
    {
        "title": "How delivery works",
        "url": "/help/delivery",
        "text": "Sofas are brought into the room of your choice by two people.",
        "document_id": "delivery",
        "score": 0.41,
    }
]
OLD = PassageText(
    "Returns", "/help/returns", "2026-10-01", "You can send things back within 30 days, for free."
)
NEW = PassageText(
    "Returns", "/help/returns", "2026-11-20", "You can send things back within 14 days, for free."
)


OPENED = OpenedArticle(
    name="our-showroom",
    document_id="team/our-showroom",
    version="3f9a" * 16,
    updated="2026-11-20",
    draft=ArticleDraft(
        "Our showroom",
        "In Utrecht, every day from 10 to 18.",
        "Visiting",
        questions=("is there a showroom?", "can I sit on the sofas somewhere?"),
        url="/help/our-showroom",
    ),
)
ROWS = (
    ArticleRow(
        "goodwill", "team/goodwill", "When we pay", "", "agents", "en", "/help/goodwill", "2026-11-21", 0
    ),
    ArticleRow(
        name=OPENED.name,
        document_id=OPENED.document_id,
        title=OPENED.draft.title,
        section=OPENED.draft.section,
        audience="public",
        language="en",
        url=OPENED.draft.url,
        updated=OPENED.updated,
        questions=2,
    ),
)


def knowledge(start: datetime, conversation: Conversation, asked: Entry, answer: Entry) -> dict[str, Json]:
    """Build every body, by file name."""
    group = QuestionGroupRow(
        id="01KATESTGROUPSHOWROOM00001",
        question="Is there a showroom where I can sit on the sofas?",
        status="open",
        asked_count=12,
        first_asked_at=start,
        last_asked_at=start + timedelta(hours=3),
        nearest=NEAREST,
    )
    question = QuestionRow(
        conversation_id=conversation.id,
        seq=answer.seq,
        question="can i see the sofas somewhere, my name is <name>",
        locale="en",
        confidence=0.21,
        nearest=NEAREST,
        asked_at=start + timedelta(hours=3),
    )
    changed, gone = (
        QuotedRow(
            conversation_id=conversation.id,
            seq=answer.seq,
            passage_id=passage_id,
            document_id="returns",
            passage_hash="5f0c",
            quoted_at=start,
            outdated_at=start + timedelta(hours=1),
            new_hash="77aa",
        )
        for passage_id in ("returns#0", "returns#1")
    )
    correction = Correction(conversation, changed, asked, answer, OLD, NEW)
    source = SourceRow(
        "articles",
        "folder",
        "partly",
        "2026-11-22T09:00:00.000Z",
        119,
        476,
        ("x.md: it has no title",),
        ("returns",),
    )
    votes = {"returns": Helpfulness(14, 3, 40)}
    work = Work("20261122T090000-5f0c", "2026-11-22T09:00:00.000Z", 119, 476)
    sides = {"newer": asdict(NEW), "older": asdict(OLD)}
    return {
        "http_knowledge_overview": {"open": 2, "written": 1, "dismissed": 0, "outdated": 1},
        "http_knowledge_unanswered": {"items": [wire_group(group)], "next_cursor": None},
        "http_knowledge_group": wire_group(group) | {"questions": [wire_question(question)]},
        "http_knowledge_article_request": {
            "title": "Our showroom",
            "section": "Visiting",
            "audience": "public",
            "language": "en",
            "questions": ["is there a showroom?"],
            "body": "In Utrecht, every day from 10 to 18.",
            "group_id": group.id,
        },
        "http_knowledge_articles": {"items": [wire_article_row(row) for row in ROWS], "next_cursor": None},
        "http_knowledge_team_article": wire_article(OPENED),
        "http_knowledge_article_change_request": {
            "title": "Our showrooms",
            "section": "Visiting",
            "audience": "public",
            "language": "en",
            "questions": ["is there a showroom?"],
            "body": "In Utrecht, every day from 10 to 18. In Gent, on Saturdays.",
            "url": "/help/our-showroom",
            "version": OPENED.version,
        },
        "http_knowledge_article_changed": {
            "code": ArticleChanged.code,
            "message": str(ArticleChanged(OPENED.version)),
            "details": ArticleChanged(OPENED.version).details(),
        },
        "http_knowledge_outdated": {
            "items": [
                wire_correction(correction),
                wire_correction(replace(correction, row=gone, new=None, question=None)),
            ],
            "next_cursor": None,
        },
        "http_knowledge_sources": {
            "index": asdict(work),
            "items": [
                wire_source(source, votes),
                wire_source(
                    replace(
                        source, name="team", state="ok", documents=0, passages=0, failures=(), document_ids=()
                    ),
                    votes,
                ),
            ],
            "conflicts": [sides],
            "unhelpful": [
                {"passage_id": "returns#0", "document_id": "returns", "helpful": 1, "unhelpful": 3}
            ],
        },
    }
