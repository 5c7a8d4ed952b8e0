"""The ports of the goals, over what really stands behind them: the link to the desk, the knowledge base."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

import structlog

from actions.errors import DeskUnavailable, KnowledgeUnavailable, TicketNotFound
from actions.link import LinkClient, Queued
from actions.ports import (
    ANYBODY,
    Asker,
    HandoffReceipt,
    HandoffRequest,
    KnowledgeAnswer,
    KnowledgeReply,
    KnowledgeSource,
    NearPassage,
    TicketReceipt,
    TicketRequest,
    TicketState,
)
from desk.link_protocol import (
    HandoffPlace,
    LinkCustomer,
    LinkProtocolError,
    LinkRefused,
    OpenedTicket,
    OpenTicket,
    Params,
    Priority,
    RequestHandoff,
    Result,
    TicketStatus,
)
from desk.link_protocol import TicketState as LinkTicketState
from knowledge.documents import Audience
from knowledge.filters import CUSTOMER, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actions.generator import Generator
    from knowledge.answer import Answer, Near, Response

log = structlog.get_logger()

MAX_LINE = 300
MAX_BODY = 8_000
MAX_NUMBER = 32
KNOWLEDGE_TIMEOUT_SECONDS = 4.0
# A generator has what is left of this since the question came; a little less than the goal's own four seconds.
PHRASED_WITHIN_SECONDS = 3.7
OPEN_AGAIN_SECONDS = 10.0


class Base(Protocol):
    """The part of ``knowledge.base.KnowledgeBase`` that is used here."""

    def respond(self, query: str, *, before: Sequence[str] = (), reader: Reader = CUSTOMER) -> Response:
        """Find the answer to a question, or what is nearest when no passage is good enough."""

    def rephrased(self, response: Response, written: str) -> Response:
        """Say an answer in a generator's words, as far as its passages support them."""


class DeskClient:
    """``actions.ports.Desk`` over the link."""

    def __init__(self, link: LinkClient) -> None:
        self._link = link

    async def open_ticket(self, request: TicketRequest, key: str) -> TicketReceipt:
        """Open a ticket, or keep the request for when the desk is back (``is_waiting``).

        Raises:
            DeskUnavailable: neither was possible.
        """
        params = OpenTicket(
            conversation_id=request.conversation_id,
            subject=line(request.subject) or "(no subject)",
            body=text(request.body),
            priority=priority_of(request.priority),
            kind=request.kind,
            customer=LinkCustomer(name=line(request.name), email=line(request.email)),
        )
        result = await self._submit(params, key)
        if isinstance(result, OpenedTicket):
            return TicketReceipt(result.number)
        return TicketReceipt(None, is_waiting=True)

    async def request_handoff(self, request: HandoffRequest, key: str) -> HandoffReceipt:
        """Ask for a person, or keep the request for when the desk is back (``is_waiting``).

        Raises:
            DeskUnavailable: neither was possible.
        """
        params = RequestHandoff(
            conversation_id=request.conversation_id,
            reason=request.reason,
            brief=text(request.brief),
            interrupted_form=request.interrupted_form,
        )
        result = await self._submit(params, key)
        if isinstance(result, HandoffPlace):
            return HandoffReceipt(result.position, result.wait_minutes, result.is_open)
        return HandoffReceipt(None, None, is_open=True, is_waiting=True)

    async def ticket_status(self, number: str, email: str | None) -> TicketState:
        """Look a ticket up.

        Raises:
            TicketNotFound: no such ticket for this address.
            DeskUnavailable: the desk did not answer.
        """
        if not 0 < len(number) <= MAX_NUMBER:
            raise TicketNotFound(number)
        params = TicketStatus(number=number, email=line(email))
        try:
            result = await self._link.request(params, f"ticket_status:{secrets.token_hex(8)}")
        except LinkRefused as refused:
            if refused.code == "not_found":
                raise TicketNotFound(number) from refused
            raise DeskUnavailable(refused.code) from refused
        except LinkProtocolError as error:
            raise TicketNotFound(number) from error
        if not isinstance(result, LinkTicketState):
            raise DeskUnavailable("answered_something_else")
        return TicketState(
            result.number, result.status, result.subject, result.updated_at, result.last_public_comment
        )

    async def _submit(self, params: Params, key: str) -> Result | Queued:
        try:
            return await self._link.submit(params, key)
        except (LinkRefused, LinkProtocolError) as refused:
            log.error("desk_refused", code=refused.code, method=type(params).__name__)
            raise DeskUnavailable(refused.code) from refused


class KnowledgeClient:
    """``actions.ports.Knowledge`` over a knowledge base in this process.

    One that cannot be opened yet (nothing was built) is tried again with a question, at most every
    OPEN_AGAIN_SECONDS; until then every question is KnowledgeUnavailable.
    """

    def __init__(
        self,
        open_base: Callable[[], Base],
        monotonic: Callable[[], float],
        generator: Generator | None = None,
    ) -> None:
        self._open_base = open_base
        self._generator = generator
        self._monotonic = monotonic
        self._base: Base | None = None
        self._tried_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether there is a knowledge base."""
        return self._base is not None

    async def open(self) -> None:
        """Try to open it; a failure is logged and left for later."""
        self._tried_at = self._monotonic()
        try:
            self._base = await asyncio.to_thread(self._open_base)
        except Exception as error:  # noqa: BLE001 - the edge: the rest of the actions works without it
            log.error("knowledge_missing", error=type(error).__name__, reason=str(error), alarm=True)

    async def answer(
        self, query: str, *, before: Sequence[str] = (), asker: Asker = ANYBODY
    ) -> KnowledgeReply:
        """Find the answer; a reply without one when no passage is good enough.

        Raises:
            KnowledgeUnavailable: it could not be read, or not in time.
        """
        base = await self._opened()
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(KNOWLEDGE_TIMEOUT_SECONDS):
                found = await asyncio.to_thread(base.respond, query, before=before, reader=reader_of(asker))
        except Exception as error:
            log.exception("knowledge_failed", error=type(error).__name__)
            raise KnowledgeUnavailable(type(error).__name__) from error
        return reply_of(await self._phrased(base, query, found, began + PHRASED_WITHIN_SECONDS))

    async def _phrased(self, base: Base, query: str, found: Response, until: float) -> Response:
        """Let a generator phrase the answer, where there is one; when it fails or is late, the answer is as it was."""
        if self._generator is None or found.answer is None:
            return found
        try:
            async with asyncio.timeout_at(until):
                written = await self._generator.write(query, found.quoted)
                return await asyncio.to_thread(base.rephrased, found, written) if written else found
        except TimeoutError:
            log.warning("generator_late")
        except Exception as error:  # noqa: BLE001 - the quoted answer is there, whatever became of its phrasing
            log.error("generator_failed", error=type(error).__name__)
        return found

    async def _opened(self) -> Base:
        if self._base is None and self._may_try():
            await self.open()
        if self._base is None:
            raise KnowledgeUnavailable("not_built")
        return self._base

    def _may_try(self) -> bool:
        return self._tried_at is None or self._monotonic() - self._tried_at >= OPEN_AGAIN_SECONDS


def reader_of(asker: Asker) -> Reader:
    """Say in the knowledge base's words who asks; agents' passages are never among what a customer reads."""
    audiences = {Audience.PUBLIC, Audience.SIGNED_IN} if asker.is_signed_in else {Audience.PUBLIC}
    return Reader(frozenset(audiences), asker.language)


def reply_of(found: Response) -> KnowledgeReply:
    """Say in the goals' words what the knowledge base found."""
    answer = answer_of(found.answer) if found.answer else None
    return KnowledgeReply(answer, found.confidence, tuple(near_passage(near) for near in found.nearest))


def answer_of(answer: Answer) -> KnowledgeAnswer:
    """Take over an answer with its sources."""
    sources = tuple(KnowledgeSource(**asdict(source)) for source in answer.sources)
    return KnowledgeAnswer(answer.text, sources, answer.confidence)


def near_passage(near: Near) -> NearPassage:
    """Name a passage that is near."""
    passage = near.passage
    return NearPassage(
        passage.passage_id, passage.document_id, passage.title, passage.url, passage.text, near.score
    )


def line(value: str | None) -> str | None:
    """Make a text fit a line of the link; None when nothing is left."""
    cleaned = " ".join((value or "").split())
    return printable(cleaned)[:MAX_LINE] or None


def text(value: str) -> str:
    """Make a text fit a body of the link."""
    return printable(value)[:MAX_BODY]


def printable(value: str) -> str:
    """Take away control characters, which cannot be stored, and would grow sixfold as JSON."""
    return "".join(c for c in value if (c >= " " and not "\ud800" <= c <= "\udfff") or c in "\n\t")


def priority_of(name: str) -> Priority:
    """Read a priority; normal when the desk does not know it."""
    return Priority(name) if name in set(Priority) else Priority.NORMAL
