"""Why a message was understood as it was: asked of the engine when an agent wants to know."""

from __future__ import annotations

from time import monotonic

import msgspec
from litestar import get
from litestar.params import FromPath

from desk.api.guard import Signed
from desk.engine import Explanation
from desk.log import Entry
from desk.requests import AnyRequest, house_of
from desk.service import access
from desk.wire import Json


@get("/conversations/{conversation_id:str}/entries/{seq:int}/explanation")
async def explain_entry(
    request: AnyRequest, session: Signed, conversation_id: FromPath[str], seq: FromPath[int]
) -> Json:
    """Tell word by word what speaks for the meaning of a customer's message, or of the one that an entry answers."""
    house = house_of(request)
    asked, message = await access.access_understood(house.desk, session.agent, conversation_id, seq)
    house.explanations.check(session.agent.id, monotonic())
    return wire_explanation(asked, message, await house.engine.explain(message.text))


def wire_explanation(asked: Entry, message: Entry, explanation: Explanation) -> Json:
    """Write an explanation for the console.

    Args:
        asked: the entry whose trace the agent looks at.
        message: the customer's message that was explained.
        explanation: what the model that serves now says; ``is_same_model`` tells whether the trace is of that one too,
            and is None where the trace does not name its model.
    """
    body: Json = msgspec.to_builtins(explanation)
    model_id = traced_model_id(asked)
    is_same_model = None if model_id is None else model_id == explanation.model_id
    return {"seq": message.seq, "is_same_model": is_same_model, **body}


def traced_model_id(entry: Entry) -> str | None:
    """Read which understanding model an entry's trace is of; None where it does not say."""
    evidence = (entry.trace or {}).get("evidence")
    model_id = evidence.get("model_id") if isinstance(evidence, dict) else None
    return model_id if isinstance(model_id, str) else None
