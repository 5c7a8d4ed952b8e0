"""Everything the desk can refuse, as one tree.

DeskError                      code, status, may_retry
├── OwnerError                 the owner table has no such move
│   ├── WrongOwner             wrong_owner
│   ├── ConversationTaken      conversation_taken (another agent has it)
│   └── VersionConflict        version_conflict (somebody was faster)
├── NotFound                   not_found (also: not yours to see)
├── BadRequest                 bad_request (shape, length, value)
│   ├── UnknownFrame           unknown_type
│   ├── TextTooLong            text_too_long
│   ├── ButtonRefused          button_unknown, button_answered
│   └── VoteRefused            not_an_answer
├── NotAllowed
│   ├── Unauthorized           unauthorized, token_invalid, identity_invalid, bad_credentials
│   └── Forbidden              forbidden, csrf_failed, origin_refused
├── StoreUnavailable           unavailable (the database is away: nothing was kept, try again)
├── RateLimited                rate_limited (retry_after_seconds)
├── TicketMoveRefused          ticket_move_refused
├── ArticleChanged             article_changed (somebody was faster)
├── NothingToExplain           nothing_to_explain (the entry is no words of a customer that were understood)
└── EngineError                the engine channel's side
    ├── EngineDown             engine_down (not reachable, not ready: wait)
    ├── EngineSlow             engine_slow (no answer in time)
    ├── EngineRefused          engine_refused (401/400: our fault, a retry does not help)
    └── TurnFailed             turn_failed (the turn broke: may be tried again)
"""

from __future__ import annotations

from typing import Any, ClassVar


class DeskError(Exception):
    """Base of the tree; ``code`` is stable and goes over the wire, ``str()`` goes to logs and agents."""

    code: str = "desk_error"
    status: ClassVar[int] = 500
    may_retry: ClassVar[bool] = False

    def details(self) -> dict[str, Any]:
        """Return what a client may know beyond the code."""
        return {}


class OwnerError(DeskError):
    """The owner table does not allow this."""

    status = 409


class WrongOwner(OwnerError):
    """The event makes no sense while this owner has the conversation."""

    code = "wrong_owner"

    def __init__(self, owner: str, event: str) -> None:
        super().__init__(f"'{event}' is not possible while the conversation belongs to '{owner}'.")
        self.owner = owner
        self.event = event

    def details(self) -> dict[str, Any]:
        """Return the owner and the event that met."""
        return {"owner": self.owner, "event": self.event}


class ConversationTaken(OwnerError):
    """Another agent owns the conversation."""

    code = "conversation_taken"

    def __init__(self, agent_id: str, agent_name: str | None = None) -> None:
        super().__init__(f"{agent_name or 'Another agent'} already has this conversation.")
        self.agent_id = agent_id
        self.agent_name = agent_name

    def details(self) -> dict[str, Any]:
        """Return who has it."""
        return {"owner": {"kind": "agent", "agent_id": self.agent_id, "agent_name": self.agent_name}}


class VersionConflict(OwnerError):
    """The caller acted on an old version."""

    code = "version_conflict"
    may_retry = True

    def __init__(self, version: int) -> None:
        super().__init__("It changed in the meantime. Look again before you act.")
        self.version = version

    def details(self) -> dict[str, Any]:
        """Return the present version."""
        return {"version": self.version}


class NotFound(DeskError):
    """There is no such thing, or the asker may not know of it."""

    code = "not_found"
    status = 404

    def __init__(self, what: str) -> None:
        super().__init__(f"No such {what}.")
        self.what = what


class BadRequest(DeskError):
    """The request's shape or value is wrong; ``message`` never quotes the request."""

    code = "bad_request"
    status = 400

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class UnknownFrame(BadRequest):
    """A frame of a type the desk does not know."""

    code = "unknown_type"


class TextTooLong(BadRequest):
    """More characters than one message may hold."""

    code = "text_too_long"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A message holds at most {limit} characters.")
        self.limit = limit

    def details(self) -> dict[str, Any]:
        """Return the limit."""
        return {"max_message_chars": self.limit}


class ButtonRefused(BadRequest):
    """A button that is not there, or was pressed before."""


class VoteRefused(BadRequest):
    """A vote on what is no answer from an article."""

    def __init__(self) -> None:
        super().__init__("There is no answer to rate.", "not_an_answer")


class NotAllowed(DeskError):
    """The caller may not."""


class Unauthorized(NotAllowed):
    """No valid proof of who is calling."""

    code = "unauthorized"
    status = 401

    def __init__(self, message: str = "Sign in first.", code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class Forbidden(NotAllowed):
    """Known, but not allowed."""

    code = "forbidden"
    status = 403

    def __init__(self, message: str = "That is not allowed.", code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class RateLimited(DeskError):
    """Too much at once."""

    code = "rate_limited"
    status = 429
    may_retry = True

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__("That was a lot at once. Please wait a moment.")
        self.retry_after_seconds = round(max(retry_after_seconds, 0.1), 1)

    def details(self) -> dict[str, Any]:
        """Return when to try again."""
        return {"retry_after_seconds": self.retry_after_seconds}


class StoreUnavailable(DeskError):
    """The database cannot be asked; nothing was kept and nothing is acknowledged."""

    code = "unavailable"
    status = 503
    may_retry = True
    retry_after_seconds = 2.0

    def __init__(self) -> None:
        super().__init__("This cannot be stored right now. Please try again in a moment.")

    def details(self) -> dict[str, Any]:
        """Return when to try again."""
        return {"retry_after_seconds": self.retry_after_seconds}


class TicketMoveRefused(DeskError):
    """The ticket's life does not allow this status now."""

    code = "ticket_move_refused"
    status = 409

    def __init__(self, status_now: str, status_wanted: str) -> None:
        super().__init__(f"A ticket that is '{status_now}' cannot become '{status_wanted}'.")
        self.status_now = status_now
        self.status_wanted = status_wanted

    def details(self) -> dict[str, Any]:
        """Return both statuses."""
        return {"status": self.status_now, "wanted": self.status_wanted}


class ArticleChanged(DeskError):
    """The caller read an article that was changed since; ``version`` is the one of today."""

    code = "article_changed"
    status = 409

    def __init__(self, version: str) -> None:
        super().__init__("The article was changed in the meantime. Read it again before you change it.")
        self.version = version

    def details(self) -> dict[str, Any]:
        """Return the present version."""
        return {"version": self.version}


class NothingToExplain(DeskError):
    """The entry does not come from words of a customer; ``reason`` is ``not_a_message`` or ``button``."""

    code = "nothing_to_explain"
    status = 409

    def __init__(self, reason: str) -> None:
        super().__init__("Nothing that a customer wrote was understood here.")
        self.reason = reason

    def details(self) -> dict[str, Any]:
        """Return why not."""
        return {"reason": self.reason}


class EngineError(DeskError):
    """The engine did not answer as it should."""

    status = 502
    may_retry = True


class EngineDown(EngineError):
    """The engine is not reachable or not ready; the message waits."""

    code = "engine_down"


class EngineSlow(EngineError):
    """The engine did not answer in time."""

    code = "engine_slow"


class EngineRefused(EngineError):
    """The engine refused the request itself; repeating it does not help."""

    code = "engine_refused"
    may_retry = False


class TurnFailed(EngineError):
    """The turn broke inside the engine; it was not recorded and may be tried again."""

    code = "turn_failed"
