"""The action server's address as Rasa calls it, with a time limit and without silence.

Rasa swallows what goes wrong in an action: the events are lost and the customer hears nothing. Here every call is
timed and every failure is noted on the turn that is running, so that ``bot.turns`` can break the turn off.
"""

from __future__ import annotations

# mypy: disable-error-code="misc"
import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import aiohttp  # type: ignore[import-not-found]
import structlog
from rasa.core.actions.action import RemoteAction
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

log = structlog.get_logger()

ACTION_TIMEOUT_SECONDS = 10.0
MAX_EVENTS_SENT = 400
REJECTED = 400  # the status by which an action says "not me", which is no failure


@dataclass
class CallRecord:
    """The action server calls of one turn; ``failures`` are (action, code)."""

    failures: list[tuple[str, str]] = field(default_factory=list)
    durations_ms: dict[str, float] = field(default_factory=dict)


current_calls: ContextVar[CallRecord | None] = ContextVar("current_calls", default=None)


class GuardedEndpoint(EndpointConfig):
    """An action endpoint that keeps its connections, limits the time and notes failures."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept_session: aiohttp.ClientSession | None = None
        self.is_available = True

    @classmethod
    def guarding(cls, endpoint: EndpointConfig) -> GuardedEndpoint:
        """Make a guarded copy of the endpoint that endpoints.yml describes."""
        return cls(
            endpoint.url,
            endpoint.params,
            endpoint.headers,
            endpoint.basic_auth,
            endpoint.token,
            endpoint.token_name,
            endpoint.cafile,
            **endpoint.kwargs,
        )

    async def request(self, method: str = "post", *_: Any, **kwargs: Any) -> Any:
        """Call the action server; whatever is raised is noted on the running turn first."""
        body = kwargs.get("json") or {}
        action = str(body.get("next_action"))
        started = perf_counter()
        try:
            return await self._call(method, _trimmed(body))
        except Exception as error:
            self._note(action, error)
            raise
        finally:
            record = current_calls.get()
            if record is not None:
                spent = (perf_counter() - started) * 1000
                record.durations_ms[action] = record.durations_ms.get(action, 0.0) + spent

    async def _call(self, method: str, body: dict[str, Any]) -> Any:
        timeout = aiohttp.ClientTimeout(total=ACTION_TIMEOUT_SECONDS)
        async with self._session().request(method, self.url, json=body, timeout=timeout) as response:
            if response.status >= 400:
                raise ClientResponseError(response.status, response.reason or "", await response.text())
            answer = await response.json()
        self.is_available = True
        return answer

    def _note(self, action: str, error: Exception) -> None:
        if isinstance(error, ClientResponseError) and error.status == REJECTED:
            return
        self.is_available = isinstance(error, ClientResponseError)
        code = failure_code(error)
        log.error("action_call_failed", action=action, code=code)
        record = current_calls.get()
        if record is not None:
            record.failures.append((action, code))

    def _session(self) -> aiohttp.ClientSession:
        if self._kept_session is None or self._kept_session.closed:
            self._kept_session = self.session()
        return self._kept_session

    async def close(self) -> None:
        """Close the kept connections."""
        if self._kept_session is not None:
            await self._kept_session.close()


def failure_code(error: Exception) -> str:
    """Name a failed call by a code, without its text."""
    if isinstance(error, ClientResponseError):
        return f"action_server_answered_{error.status}"
    if isinstance(error, asyncio.TimeoutError):
        return "action_server_timeout"
    if isinstance(error, aiohttp.ClientConnectionError):
        return "action_server_unreachable"
    return f"action_server_{type(error).__name__}"


def _trimmed(body: dict[str, Any]) -> dict[str, Any]:
    """Send the newest events only; slots, form and message travel beside them."""
    tracker = body.get("tracker")
    if not isinstance(tracker, dict) or len(tracker.get("events") or []) <= MAX_EVENTS_SENT:
        return body
    return {**body, "tracker": {**tracker, "events": tracker["events"][-MAX_EVENTS_SENT:]}}


def install_plain_check() -> None:
    """Replace Rasa's check of an action's answer, which compiles its JSON schema anew for every call (18 ms)."""
    RemoteAction._validate_action_result = staticmethod(check_action_result)


def check_action_result(result: Any) -> bool:
    """Check that an action answered with events and responses; raises RasaException."""
    is_object = isinstance(result, dict)
    events = result.get("events", []) if is_object else None
    responses = result.get("responses", []) if is_object else None
    if not isinstance(events, list) or not all(is_event(event) for event in events):
        raise RasaException("The action server answered with something else than events.")
    if not isinstance(responses, list) or not all(isinstance(response, dict) for response in responses):
        raise RasaException("The action server answered with something else than responses.")
    return True


def is_event(event: Any) -> bool:
    """Tell whether this is an object with the name of an event."""
    return isinstance(event, dict) and isinstance(event.get("event"), str)
