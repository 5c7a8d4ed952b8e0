"""The golden frames, built by the desk's own builders from fixed data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from desk import wire
from desk.api.explanations import wire_explanation
from desk.engine import Explanation, TaughtText, WordShare
from desk.log import (
    Agent,
    Author,
    Button,
    Comment,
    Conversation,
    Customer,
    Entry,
    EntryKind,
    Handoff,
    Presence,
    Role,
    Source,
    Summary,
    Ticket,
    Viewer,
)
from desk.owner import AGENT, IN_QUEUE, IS_CLOSED, OWNED_BY_BOT, Owner
from tests.golden.knowledge import knowledge

Json = dict[str, Any]

START = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
CONVERSATION_ID = "01KATESTC0NVERSAT10NMAYA01"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.example.signature"
LINDE = Author("bot", "Linde")
SAM = Author("01KATESTAGENTSAM0000000001", "Sam")
MAYA = Customer("maya", "Maya Jansen", "maya.jansen@example.com", is_verified=True)
SENT_AT = wire.wire_time(START + timedelta(minutes=5))

TRACE: Json = {
    "model_id": "nlu-1f0c",
    "evidence": {
        "nearest": [
            {"text": "my parcel is late", "intent": "order_late", "cosine": 0.93},
            {"text": "NL-10245 has not come yet", "intent": "order_late", "cosine": 0.91},
            {"text": "where is my parcel now", "intent": "order_status", "cosine": 0.88},
        ],
        "familiarity": 1.87,
        "threshold": 1.61,
        "second": "order_status",
        "margin": 0.89,
        "model_id": "04ea499fcdfca23b",
    },
    "intent": {"name": "order_late", "confidence": 0.93},
    "intent_ranking": [
        {"name": "order_late", "confidence": 0.93},
        {"name": "order_status", "confidence": 0.04},
    ],
    "entities": [{"entity": "order_number", "value": "NL-10245", "start": 6, "end": 14, "confidence": 0.99}],
    "actions": [
        {"name": "order_late_form", "policy": "RulePolicy", "confidence": 1.0, "duration_ms": 0.4},
        {"name": "action_order_late", "policy": "RulePolicy", "confidence": 1.0, "duration_ms": 12.5},
    ],
    "slots_changed": {"order_number": [None, "NL-10245"]},
    "active_form": None,
    "duration_ms": {"understand": 4.1, "total": 21.8},
}


EXPLANATION = Explanation(
    model_id="04ea499fcdfca23b",
    intent="order_late",
    confidence=0.93,
    second="order_status",
    margin=0.89,
    logit_margin=3.15,
    words_together=1,
    is_whole=True,
    words=[
        WordShare("Where", is_spaced=False, for_first=-0.42, for_second=1.1),
        WordShare("is", is_spaced=True, for_first=0.05, for_second=0.2),
        WordShare("NL", is_spaced=True, for_first=0.31, for_second=0.44),
        WordShare("-", is_spaced=False, for_first=0.02, for_second=0.01),
        WordShare("10245", is_spaced=False, for_first=2.6, for_second=-0.9),
        WordShare("?", is_spaced=False, for_first=0.0, for_second=0.12),
    ],
    first_example=TaughtText("my parcel is late", "order_late", 0.93),
    second_example=TaughtText("where is my parcel now", "order_status", 0.88),
)


def entry(seq: int, kind: EntryKind, text: str, **fields: Any) -> Entry:
    """Build an entry of the golden conversation."""
    client_id = fields.pop("client_id", f"golden-{seq}")
    return Entry(CONVERSATION_ID, seq, client_id, kind, text, START + timedelta(seconds=seq), **fields)


def system(seq: int, code: str, text: str, **params: Any) -> Entry:
    """Build a system entry."""
    return entry(seq, EntryKind.SYSTEM, text, code=code, params=params)


RETURNS = Source(
    "Returns", "/help/returns", "How long you have", "2026-10-01", "returns#0", "returns", "5f0c"
)

ENTRIES: dict[str, Entry] = {
    "customer": entry(1, EntryKind.CUSTOMER, "Where is NL-10245?", author=Author("customer", "Maya Jansen")),
    "bot": entry(2, EntryKind.BOT, "Your parcel left Utrecht yesterday.", author=LINDE, trace=TRACE),
    "bot_buttons": entry(
        3,
        EntryKind.BOT,
        "Shall I look into it?",
        author=LINDE,
        buttons=(Button("b1", "Yes, please", "/affirm"), Button("b2", "No", "/deny")),
    ),
    "bot_buttons_answered": entry(
        3,
        EntryKind.BOT,
        "Shall I look into it?",
        author=LINDE,
        buttons=(Button("b1", "Yes, please", "/affirm"), Button("b2", "No", "/deny")),
        answered_button="b1",
    ),
    "bot_sources": entry(
        4,
        EntryKind.BOT,
        "You can send things back within 30 days.",
        author=LINDE,
        sources=(RETURNS,),
    ),
    "bot_sources_rated": entry(
        4,
        EntryKind.BOT,
        "You can send things back within 30 days.",
        author=LINDE,
        sources=(RETURNS,),
        is_helpful=False,
    ),
    "agent": entry(5, EntryKind.AGENT, "Hello Maya, I am looking at it now.", author=SAM),
    "queue_joined": system(6, "queue_joined", "You are number 2 in the queue.", position=2, wait_minutes=4),
    "agent_joined": system(7, "agent_joined", "Sam has joined.", name="Sam"),
    "agent_left": system(8, "agent_left", "Sam has left.", name="Sam"),
    "returned_to_bot": system(
        9, "returned_to_bot", "You are talking with Linde again.", mode="resume", by="agent"
    ),
    "conversation_closed": system(10, "conversation_closed", "This conversation was closed.", by="agent"),
    "taking_longer": system(11, "taking_longer", "This takes a little longer than usual."),
    "apology": replace(
        system(12, "apology", "I am sorry, I cannot answer right now. Would you like to talk to a person?"),
        buttons=(Button("person", "Talk to a person", "desk:request_person"),),
    ),
    "ticket_opened": system(13, "ticket_opened", "We opened ticket T-1001 for you.", number="T-1001"),
    "ticket_updated": system(
        14, "ticket_updated", "Ticket T-1001 is now solved.", number="T-1001", status="solved"
    ),
    "nobody_available": system(
        15,
        "nobody_available",
        "Nobody is free right now. We opened ticket T-1002 and will write to you. "
        "People are here Mon-Fri 9-18, Sat 10-16.",
        ticket="T-1002",
        hours="Mon-Fri 9-18, Sat 10-16",
    ),
}
NOTE = entry(16, EntryKind.NOTE, "Parcel is stuck in Liege, refund agreed.", author=SAM)
DRAFT = entry(17, EntryKind.BOT, "Your parcel arrives tomorrow.", author=LINDE, is_draft=True, trace=TRACE)

BASE = Conversation(
    id=CONVERSATION_ID,
    owner=OWNED_BY_BOT,
    version=1,
    last_seq=5,
    customer=MAYA,
    channel="widget",
    locale="en",
    created_at=START,
    updated_at=START + timedelta(seconds=5),
    last_intent="order_late",
)
HANDOFF = Handoff(
    "customer_asked",
    "Order NL-10245 is late; wants to know why.",
    "return_item_form",
    START + timedelta(seconds=6),
)
QUEUED = replace(
    BASE,
    owner=IN_QUEUE,
    version=2,
    waiting_since=START + timedelta(seconds=6),
    handoff=HANDOFF,
    is_shaky=True,
)
CLAIMED = replace(QUEUED, owner=Owner(AGENT, SAM.id), agent_name="Sam", version=3, waiting_since=None)

SUMMARIES = {
    "bot": Summary(BASE, ENTRIES["bot_sources"], unread=1, queue_position=None),
    "queue": Summary(QUEUED, ENTRIES["customer"], 1, 2, (Viewer(SAM.id, SAM.name),)),
    "agent": Summary(CLAIMED, ENTRIES["agent"], 0, None, (Viewer(SAM.id, SAM.name),)),
    "closed": Summary(replace(BASE, owner=IS_CLOSED, version=5), ENTRIES["agent"], 0, None),
}
AGENT_SAM = Agent(SAM.id, "sam@example.com", "Sam", Role.AGENT, Presence.ONLINE, START)
TICKET = Ticket(
    "T-1001",
    "open",
    "Late parcel NL-10245",
    "order_late",
    "normal",
    CONVERSATION_ID,
    MAYA,
    version=2,
    created_at=START,
    updated_at=START + timedelta(minutes=1),
    comments=(
        Comment(1, LINDE, "The parcel has not moved for four days.", is_public=True, at=START),
        Comment(2, SAM, "Asked the carrier.", is_public=False, at=START + timedelta(minutes=1)),
    ),
)


def frame(type_: str, **fields: Any) -> Json:
    """Build a frame of the golden conversation with a fixed id."""
    head = {
        "type": type_,
        "id": "01KATESTFRAME0000000000001",
        "sent_at": SENT_AT,
        "conversation_id": CONVERSATION_ID,
    }
    return head | fields


def client(type_: str, **fields: Any) -> Json:
    """Build a frame a browser sends."""
    return {"type": type_, "id": "01KATESTCLIENT000000000001", "sent_at": SENT_AT} | fields


def widget() -> dict[str, Json]:
    """Build every widget frame, by file name."""
    entries = {
        f"server_entry_{name}": frame("entry", entry=wire.customer_entry(e)) for name, e in ENTRIES.items()
    }
    return entries | _widget_client() | _widget_server() | _widget_http()


def _widget_client() -> dict[str, Json]:
    return {
        "client_hello": client("hello", token=TOKEN, after_seq=0),
        "client_post_text": client("post", client_id="01KATESTMESSAGE00000000001", text="Where is NL-10245?"),
        "client_post_button": client(
            "post", client_id="01KATESTMESSAGE00000000002", button={"seq": 3, "id": "b1"}
        ),
        "client_post_starter": client("post", client_id="01KATESTMESSAGE00000000003", starter="track"),
        "client_typing": client("typing", is_typing=True),
        "client_read": client("read", seq=5),
        "client_request_person": client("request_person", client_id="01KATESTMESSAGE00000000004"),
        "client_leave_person": client("leave_person", client_id="01KATESTMESSAGE00000000005"),
        "client_rate": client("rate", client_id="01KATESTMESSAGE00000000006", seq=4, is_helpful=True),
        "client_ping": client("ping"),
    }


def _widget_server() -> dict[str, Json]:
    bot, queue = wire.customer_owner(BASE), wire.customer_owner(QUEUED, 2, 4)
    agent = wire.customer_owner(CLAIMED)
    return {
        "server_welcome": frame("welcome", owner=bot, last_seq=5, heartbeat_seconds=20),
        "server_ack": frame("ack", client_id="01KATESTMESSAGE00000000001", seq=1),
        "server_refused": frame(
            "refused",
            code="text_too_long",
            message="A message holds at most 2000 characters.",
            client_id="01KATESTMESSAGE00000000001",
        ),
        "server_refused_rate_limited": frame(
            "refused",
            code="rate_limited",
            message="That was a lot at once. Please wait a moment.",
            retry_after_seconds=2.5,
            client_id="01KATESTMESSAGE00000000001",
        ),
        "server_refused_token": frame(
            "refused", code="token_invalid", message="The session has ended. Start a new one."
        ),
        "server_typing_bot": frame("typing", who="bot", is_typing=True, ttl_seconds=8),
        "server_typing_agent": frame("typing", who="agent", is_typing=True, ttl_seconds=6),
        "server_typing_off": frame("typing", who="bot", is_typing=False, ttl_seconds=0),
        "server_owner_bot": frame("owner", owner=bot),
        "server_owner_queue": frame("owner", owner=queue),
        "server_owner_queue_unknown_wait": frame("owner", owner=wire.customer_owner(QUEUED, 2, None)),
        "server_owner_agent": frame("owner", owner=agent),
        "server_owner_closed": frame("owner", owner=wire.customer_owner(replace(BASE, owner=IS_CLOSED))),
        "server_read": frame("read", seq=5),
        "server_pong": frame("pong"),
        "server_resync": frame("resync", last_seq=5),
    }


def _widget_http() -> dict[str, Json]:
    settings = {
        "brand_name": "Nook & Linden",
        "assistant_name": "Linde",
        "brand_color": "#2f5d50",
        "greeting": "Hello, I am Linde. How can I help?",
        "starters": [
            {"id": "track", "title": "Where is my order?"},
            {"id": "return", "title": "Return an item"},
        ],
        "max_message_chars": 2000,
        "locale": "en",
    }
    page = [wire.customer_entry(ENTRIES["customer"]), wire.customer_entry(ENTRIES["bot"])]
    return {
        "http_session_request": {"token": None, "identity": None, "locale": "en"},
        "http_session_response": {
            "token": TOKEN,
            "conversation_id": CONVERSATION_ID,
            "expires_at": wire.wire_time(START + timedelta(days=30)),
            "settings": settings,
        },
        "http_entries_response": {
            "conversation_id": CONVERSATION_ID,
            "entries": page,
            "typing": [{"who": "bot", "is_typing": True, "ttl_seconds": 8}],
            "owner": wire.customer_owner(BASE),
            "last_seq": 2,
            "agent_read_seq": 0,
        },
        "http_message_request": client(
            "post", client_id="01KATESTMESSAGE00000000001", text="Where is NL-10245?"
        ),
        "http_message_response": frame("ack", client_id="01KATESTMESSAGE00000000001", seq=1),
        "http_demo_identity_request": {"email": "maya.jansen@example.com"},
        "http_demo_identity_response": {"identity": TOKEN},
        "http_error": {"code": "token_invalid", "message": "The session has ended.", "details": {}},
    }


def console() -> dict[str, Json]:
    """Build every console frame and body, by file name."""
    pages = knowledge(START, BASE, ENTRIES["customer"], ENTRIES["bot_sources"])
    return _console_client() | _console_server() | _console_http() | pages


def _console_client() -> dict[str, Json]:
    return {
        "client_hello": client("hello"),
        "client_watch": client("watch", conversation_id=CONVERSATION_ID, after_seq=0),
        "client_unwatch": client("unwatch", conversation_id=CONVERSATION_ID),
        "client_typing": client("typing", conversation_id=CONVERSATION_ID, is_typing=True),
        "client_ping": client("ping"),
    }


def _console_server() -> dict[str, Json]:
    every = ENTRIES | {"note": NOTE, "draft": DRAFT}
    entries = {f"server_entry_{name}": frame("entry", entry=wire.agent_entry(e)) for name, e in every.items()}
    summaries = {
        f"server_summary_{name}": frame("summary", summary=wire.wire_summary(s))
        for name, s in SUMMARIES.items()
    }
    welcome = frame("welcome", agent=wire.wire_agent(AGENT_SAM), heartbeat_seconds=20)
    presence = frame("presence", agent=wire.wire_agent(AGENT_SAM))
    del welcome["conversation_id"], presence["conversation_id"]
    return (
        entries
        | summaries
        | {
            "server_welcome": welcome,
            "server_presence": presence,
            "server_typing_customer": frame(
                "typing", who="customer", name=None, is_typing=True, ttl_seconds=6
            ),
            "server_typing_agent": frame("typing", who="agent", name="Sam", is_typing=True, ttl_seconds=6),
            "server_viewers": frame("viewers", viewers=[{"agent_id": SAM.id, "name": SAM.name}]),
            "server_read": frame("read", seq=5),
            "server_pong": frame("pong"),
            "server_resync": frame("resync", last_seq=5),
            "server_refused": frame("refused", code="not_found", message="No such conversation."),
        }
    )


def _console_http() -> dict[str, Json]:
    summary, ticket = wire.wire_summary(SUMMARIES["queue"]), wire.wire_ticket(TICKET)
    conversation = summary | {
        "entries": [
            wire.agent_entry(ENTRIES[name]) for name in ("customer", "bot", "bot_buttons", "bot_sources")
        ],
        "tickets": [ticket],
        "earlier": [wire.wire_summary(SUMMARIES["closed"])],
    }
    taken = {"kind": "agent", "agent_id": SAM.id, "agent_name": "Sam"}
    return {
        "http_login_request": {"email": "sam@example.com", "password": "a long pass phrase"},
        "http_login_response": {"agent": wire.wire_agent(AGENT_SAM), "csrf_token": "csrf-example"},
        "http_presence_request": {"status": "away"},
        "http_presence_response": {"agent": wire.wire_agent(AGENT_SAM)},
        "http_overview": {"waiting": 2, "mine": 1, "bot": 7, "closed_today": 12, "agents_online": 3},
        "http_conversations": {"items": [summary, wire.wire_summary(SUMMARIES["bot"])], "next_cursor": None},
        "http_conversation": conversation,
        "http_entries": {
            "entries": [wire.agent_entry(ENTRIES["agent"]), wire.agent_entry(NOTE)],
            "last_seq": 16,
        },
        "http_claim_request": {"version": 2},
        "http_claim_response": wire.wire_summary(SUMMARIES["agent"]),
        "http_reply_request": {"client_id": "01KATESTREPLY0000000000001", "text": "Hello Maya"},
        "http_reply_response": {"entry": wire.agent_entry(ENTRIES["agent"])},
        "http_return_request": {"mode": "resume", "version": 3},
        "http_transfer_request": {"agent_id": SAM.id, "version": 3},
        "http_ticket_request": {
            "client_id": "01KATESTTICKET000000000001",
            "subject": "Late parcel NL-10245",
            "body": "The parcel has not moved for four days.",
            "priority": "normal",
        },
        "http_tickets": {"items": [ticket], "next_cursor": None},
        "http_ticket": wire.wire_ticket(TICKET, with_comments=True),
        "http_ticket_patch": {"version": 2, "status": "solved", "comment": "It arrived.", "is_public": True},
        "http_agents": {"items": [wire.wire_agent(AGENT_SAM)]},
        "http_explanation": wire_explanation(ENTRIES["bot"], ENTRIES["customer"], EXPLANATION),
        "http_error_taken": {
            "code": "conversation_taken",
            "message": "Sam already has this conversation.",
            "details": {"owner": taken},
        },
        "http_error_version": {
            "code": "version_conflict",
            "message": "It changed in the meantime. Look again before you act.",
            "details": {"version": 4},
        },
    }
