"""The engine channel's wire: what the desk sends, and what it gets back.

Pure, and without Rasa: JSON objects become frozen dataclasses at once, and the events of a turn (as plain
dicts, the way Rasa stores them) become replies and a trace. Runs on Python 3.10.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.errors import BadRequest

MAX_BODY_BYTES = 512 * 1024
MAX_ID_CHARACTERS = 128
MAX_TEXT_CHARACTERS = 8_000
MAX_PAYLOAD_CHARACTERS = 2_000
MAX_ENTRIES = 500
MAX_TEXTS = 256
MAX_RANKING = 5
MAX_NEAREST = 3
QUOTED_PASSAGE = ("passage_id", "document_id", "passage_hash")

RESUME = "resume"
MENU = "menu"

_PAYLOAD = re.compile(r"/([a-z][a-z0-9_]{0,63})(\{.*\})?", re.DOTALL)
_FLOW = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Payload:
    """What a button says: an intent and entity values; only the desk can send one."""

    intent: str
    entities: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class MessageIn:
    """One customer message. ``metadata`` holds the allow-listed fields only."""

    conversation_id: str
    message_id: str
    text: str
    payload: Payload | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class StretchEntry:
    """One entry of the time when a person had the conversation; ``at`` is an ISO time or empty."""

    kind: str
    text: str
    at: str


@dataclass(frozen=True)
class ResumeIn:
    """A person gives the conversation back: ``mode`` is resume, menu or the intent of a flow."""

    conversation_id: str
    message_id: str
    mode: str
    entries: tuple[StretchEntry, ...]


@dataclass(frozen=True)
class UnderstandIn:
    """Texts to understand; `is_many` says that a list was asked for, and that a list is the answer."""

    texts: tuple[str, ...]
    is_many: bool


@dataclass(frozen=True)
class ActionTrace:
    """One action of a turn; ``error`` is a code."""

    name: str
    policy: str | None
    confidence: float | None
    duration_ms: float
    error: str | None = None


@dataclass
class TurnTrace:
    """What a turn did, collected while it runs."""

    model_id: str | None = None
    actions: list[ActionTrace] = field(default_factory=list)
    slots_changed: dict[str, list[Any]] = field(default_factory=dict)
    active_form: str | None = None
    understand_ms: float = 0.0
    total_ms: float = 0.0


# --- reading --------------------------------------------------------------------------------------


def parse_message(body: bytes) -> MessageIn:
    """Read the body of ``/messages``; raises BadRequest."""
    members = _parse_object(body)
    payload = _optional_text(members, "payload", MAX_PAYLOAD_CHARACTERS)
    return MessageIn(
        conversation_id=_identifier(members, "conversation_id"),
        message_id=_identifier(members, "message_id"),
        text=_text(members, "text", MAX_TEXT_CHARACTERS),
        payload=parse_payload(payload) if payload is not None else None,
        metadata=_parse_metadata(members.get("metadata")),
    )


def parse_understand(body: bytes) -> UnderstandIn:
    """Read the body of ``/understand``: its text, or its texts; raises BadRequest."""
    members = _parse_object(body)
    if "texts" not in members:
        return UnderstandIn((_text(members, "text", MAX_TEXT_CHARACTERS),), is_many=False)
    texts = members["texts"]
    if not isinstance(texts, list) or len(texts) > MAX_TEXTS:
        raise BadRequest(f"texts is not a list of at most {MAX_TEXTS}")
    return UnderstandIn(
        tuple(_text({"text": text}, "text", MAX_TEXT_CHARACTERS) for text in texts), is_many=True
    )


def parse_explain(body: bytes) -> str:
    """Read the body of ``/explain``: its text; raises BadRequest."""
    return _text(_parse_object(body), "text", MAX_TEXT_CHARACTERS)


def parse_resume(body: bytes) -> ResumeIn:
    """Read the body of ``/resume``; raises BadRequest."""
    members = _parse_object(body)
    mode = _text(members, "mode", 64)
    if not _FLOW.fullmatch(mode):
        raise BadRequest("mode is not resume, menu or the name of an intent")
    entries = members.get("entries", [])
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        raise BadRequest("entries is not a list, or too long")
    return ResumeIn(
        conversation_id=_identifier(members, "conversation_id"),
        message_id=_identifier(members, "message_id"),
        mode=mode,
        entries=tuple(_parse_entry(entry) for entry in entries),
    )


def parse_payload(text: str) -> Payload:
    """Read ``/intent`` or ``/intent{"entity": "value"}``; raises BadRequest."""
    match = _PAYLOAD.fullmatch(text)
    if match is None:
        raise BadRequest("payload is not /intent or /intent{...}")
    values = _parse_object(match.group(2).encode()) if match.group(2) else {}
    if not all(isinstance(value, (str, int, float)) for value in values.values()):
        raise BadRequest("payload holds an entity that is not a text or number")
    return Payload(match.group(1), tuple((name, str(value)) for name, value in values.items()))


def _parse_object(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body, parse_constant=_refuse_constant)
        json.dumps(members, ensure_ascii=False).encode()  # refuses lone surrogates
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(members, dict):
        raise BadRequest("the body is not an object")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _text(members: Mapping[str, Any], name: str, longest: int) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise BadRequest(f"{name} is not a text")
    if len(value) > longest:
        raise BadRequest(f"{name} is longer than {longest} characters")
    return value.replace("\x00", "")


def _optional_text(members: Mapping[str, Any], name: str, longest: int) -> str | None:
    return None if members.get(name) is None else _text(members, name, longest)


def _identifier(members: Mapping[str, Any], name: str) -> str:
    value = _text(members, name, MAX_ID_CHARACTERS)
    if not value.strip():
        raise BadRequest(f"{name} is empty")
    return value


def _parse_metadata(value: Any) -> Mapping[str, Any]:
    """Keep locale, channel and the customer's three fields; whatever else there is falls away."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest("metadata is not an object")
    kept: dict[str, Any] = {
        name: _text(value, name, 64) for name in ("locale", "channel") if value.get(name) is not None
    }
    kept["customer"] = _parse_customer(value.get("customer"))
    return kept


def _parse_customer(value: Any) -> dict[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadRequest("metadata.customer is not an object")
    return {name: _optional_text(value, name, 300) or "" for name in ("id", "name", "email")}


def _parse_entry(value: Any) -> StretchEntry:
    if not isinstance(value, dict):
        raise BadRequest("an entry is not an object")
    kind = _text(value, "kind", 16)
    if kind not in ("customer", "agent"):
        raise BadRequest("an entry's kind is not customer or agent")
    return StretchEntry(
        kind, _text(value, "text", MAX_TEXT_CHARACTERS), _optional_text(value, "at", 64) or ""
    )


# --- answering ------------------------------------------------------------------------------------


def build_answer(
    message_id: str, events: Sequence[Mapping[str, Any]], trace: TurnTrace, *, is_repeated: bool
) -> dict[str, Any]:
    """Answer a turn from its events, the first of which is the customer's message.

    The same events give the same replies, so that a repeated message is answered as it was the first time.
    """
    return {
        "message_id": message_id,
        "replies": build_replies(events),
        "trace": build_trace(events, trace),
        "repeated": is_repeated,
    }


def build_replies(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn the bot's utterances into replies; one without text joins the reply before it (or after, if first)."""
    replies: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    for event in events:
        if event.get("event") != "bot":
            continue
        reply = _build_reply(event)
        if reply["text"] or reply["buttons"]:
            replies.append(_merge([reply, *waiting]))
            waiting = []
        elif replies:
            replies[-1] = _merge([replies[-1], reply])
        else:
            waiting.append(reply)
    return replies or ([_merge(waiting)] if waiting else [])


def _build_reply(event: Mapping[str, Any]) -> dict[str, Any]:
    data = event.get("data") or {}
    custom = data["custom"] if isinstance(data.get("custom"), dict) else {}
    rest = {name: value for name, value in custom.items() if name != "sources"}
    extra = {name: data[name] for name in ("image", "attachment", "elements") if data.get(name)}
    buttons = (data.get("buttons") or []) + (data.get("quick_replies") or [])
    return {
        "text": (event.get("text") or "").strip(),
        "buttons": [_build_button(button) for button in buttons if isinstance(button, dict)],
        "sources": [
            _build_source(source) for source in custom.get("sources") or [] if isinstance(source, dict)
        ],
        "data": {**extra, **rest},
    }


def _build_button(button: Mapping[str, Any]) -> dict[str, str]:
    return {"title": str(button.get("title") or ""), "payload": str(button.get("payload") or "")}


def _build_source(source: Mapping[str, Any]) -> dict[str, str]:
    """Keep where an answer stands, and where it is told which passage it was."""
    shown = {name: str(source.get(name) or "") for name in ("title", "url", "section", "updated")}
    quoted = {name: str(source[name]) for name in QUOTED_PASSAGE if source.get(name)}
    return {**shown, **quoted}


def _merge(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    merged_data: dict[str, Any] = {}
    for part in parts:
        merged_data.update(part["data"])
    return {
        "text": parts[0]["text"],
        "buttons": [button for part in parts for button in part["buttons"]],
        "sources": [source for part in parts for source in part["sources"]],
        "data": merged_data,
    }


def build_trace(events: Sequence[Mapping[str, Any]], trace: TurnTrace) -> dict[str, Any]:
    """Build the trace that explains a turn."""
    understood = understanding_of(events[0].get("parse_data") or {} if events else {})
    return {
        "model_id": trace.model_id,
        **understood,
        "actions": [_build_action(action) for action in trace.actions],
        "slots_changed": trace.slots_changed,
        "active_form": trace.active_form,
        "duration_ms": {"understand": round(trace.understand_ms, 2), "total": round(trace.total_ms, 2)},
    }


def understanding_of(parse: Mapping[str, Any]) -> dict[str, Any]:
    """Take intent, ranking (at most five), entities and the evidence for them out of Rasa's parse data."""
    ranking = parse.get("intent_ranking") or []
    return {
        "intent": _build_intent(parse.get("intent") or {}),
        "intent_ranking": [_build_intent(intent) for intent in ranking[:MAX_RANKING]],
        "entities": [_build_entity(entity) for entity in parse.get("entities") or []],
        "evidence": _build_evidence(parse.get("understanding")),
    }


def _build_evidence(understanding: Any) -> dict[str, Any] | None:
    """Keep what nlu.evidence wrote (nearest texts, familiarity, second intent), and which model it was."""
    evidence = understanding.get("evidence") if isinstance(understanding, dict) else None
    if not isinstance(evidence, dict):
        return None
    kept = {name: evidence.get(name) for name in ("familiarity", "threshold", "second", "margin")}
    near = [
        {name: entry.get(name) for name in ("text", "intent", "cosine")}
        for entry in (evidence.get("nearest") or [])[:MAX_NEAREST]
    ]
    return {"nearest": near, **kept, "model_id": understanding.get("model_id")}


def _build_intent(intent: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": intent.get("name"), "confidence": round(float(intent.get("confidence") or 0.0), 4)}


def _build_entity(entity: Mapping[str, Any]) -> dict[str, Any]:
    confidence = entity.get("confidence_entity", entity.get("confidence"))
    kept = {name: entity.get(name) for name in ("entity", "value", "start", "end")}
    return {**kept, "confidence": None if confidence is None else round(float(confidence), 4)}


def _build_action(action: ActionTrace) -> dict[str, Any]:
    built: dict[str, Any] = {
        "name": action.name,
        "policy": action.policy,
        "confidence": action.confidence,
        "duration_ms": round(action.duration_ms, 2),
    }
    return {**built, "error": action.error} if action.error else built


def actions_of(events: Iterable[Mapping[str, Any]]) -> list[ActionTrace]:
    """Read the actions of a recorded turn; how long they took is not recorded and is 0."""
    return [
        ActionTrace(event["name"], event.get("policy"), event.get("confidence"), 0.0)
        for event in events
        if event.get("event") == "action" and event.get("name") and event["name"] != "action_listen"
    ]


def turn_of(events: Sequence[Mapping[str, Any]], message_id: str) -> list[Mapping[str, Any]] | None:
    """Find the recorded turn of a message: its user event and what follows up to the next one; None if none.

    A wish that waited and was taken up in this turn is a user event too, and no new message (``part_of``).
    """
    start = next(
        (
            index
            for index in range(len(events) - 1, -1, -1)
            if events[index].get("event") == "user" and events[index].get("message_id") == message_id
        ),
        None,
    )
    if start is None:
        return None
    end = next(
        (index for index in range(start + 1, len(events)) if _is_next_message(events[index], message_id)),
        len(events),
    )
    return list(events[start:end])


def _is_next_message(event: Mapping[str, Any], message_id: str) -> bool:
    part_of = (event.get("metadata") or {}).get("part_of")
    return event.get("event") == "user" and part_of != message_id
