"""A customer comes: which conversation is theirs, and who the shop says they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ulid import ULID

from desk.announce import Topic
from desk.context import Desk
from desk.errors import NotFound, Unauthorized
from desk.log import Customer
from desk.models import ConversationRow
from desk.service.writing import writing
from desk.store import conversations
from desk.tokens import SessionToken, parse_identity, parse_session, sign_session

LOCALES = ("en", "zh")
COME_BACK = timedelta(days=30)


@dataclass(frozen=True)
class Visit:
    """A session that was opened."""

    token: str
    conversation_id: str
    expires_at: datetime
    locale: str


async def open_visit(desk: Desk, old_token: str | None, identity: str | None, locale: str | None) -> Visit:
    """Find or begin the visitor's conversation.

    An old token goes on with its conversation. A signed identity takes an anonymous conversation over, finds
    the customer's last one on a new device, and never sees another customer's. A conversation of a known
    customer is not shown to a visitor whom the shop no longer vouches for.

    Raises:
        Unauthorized: the identity is not the shop's word, or there is none where one is required.
    """
    now = desk.clock()
    customer = parse_identity(identity, desk.config.identity_secret, now) if identity else None
    if customer is None and desk.config.is_identity_required:
        raise Unauthorized("Sign in to the shop to write here.", "identity_required")
    chosen = choose_locale(locale, desk.config.brand.locale)
    old = _read_old(desk, old_token, now)
    conversation_id = await _find(desk, old, customer, now)
    if conversation_id is None:
        conversation_id = await create_conversation(desk, customer or Customer(), chosen)
    else:
        await _set_locale(desk, conversation_id, chosen)
    return _visit(desk, conversation_id, customer, chosen, now)


def choose_locale(asked: str | None, default: str) -> str:
    """Choose a language we speak: `zh-CN` is zh."""
    primary = (asked or "").split("-")[0].split("_")[0].lower()
    return primary if primary in LOCALES else default


async def _set_locale(desk: Desk, conversation_id: str, locale: str) -> None:
    async with desk.database.read() as session:
        row = await conversations.find_row(session, conversation_id)
    if row is not None and row.locale != locale:
        async with writing(desk, conversation_id) as unit:
            unit.head.locale = locale


def _visit(desk: Desk, conversation_id: str, customer: Customer | None, locale: str, now: datetime) -> Visit:
    expires_at = (now + timedelta(days=desk.config.session_days)).replace(microsecond=0)
    token = SessionToken(conversation_id, customer.id if customer else None, expires_at)
    return Visit(sign_session(token, desk.config.session_secret, now), conversation_id, expires_at, locale)


def _read_old(desk: Desk, token: str | None, now: datetime) -> SessionToken | None:
    if not token:
        return None
    try:
        return parse_session(token, desk.config.session_secret, now)
    except Unauthorized:
        return None


async def _find(desk: Desk, old: SessionToken | None, customer: Customer | None, now: datetime) -> str | None:
    if old is not None:
        async with desk.database.read() as session:
            row = await conversations.find_row(session, old.conversation_id)
        if row is not None and _may_go_on(row, customer):
            if customer is not None:
                await _attach(desk, row.id, customer)
            return row.id
    if customer is None or customer.id is None:
        return None
    async with desk.database.read() as session:
        row = await conversations.latest_of_customer(session, customer.id, now - COME_BACK)
    return row.id if row else None


def _may_go_on(row: ConversationRow, customer: Customer | None) -> bool:
    return row.customer_id is None or (customer is not None and row.customer_id == customer.id)


async def _attach(desk: Desk, conversation_id: str, customer: Customer) -> None:
    async with writing(desk, conversation_id) as unit:
        head = unit.head
        if head.customer_id not in (None, customer.id):
            raise NotFound("conversation")
        is_same = (head.customer_id, head.customer_name, head.customer_email) == (
            customer.id,
            customer.name,
            customer.email,
        )
        if not is_same:
            head.customer_id, head.customer_name = customer.id, customer.name
            head.customer_email, head.is_verified = customer.email, True
            unit.tell(Topic.HEAD)
            unit.tell(Topic.IDENTIFIED)


async def create_conversation(desk: Desk, customer: Customer, locale: str, channel: str = "widget") -> str:
    """Begin an empty conversation."""
    conversation_id = str(ULID())
    async with desk.database.write() as session:
        await conversations.create_row(session, conversation_id, customer, channel, locale, desk.clock())
    return conversation_id


def check_token(desk: Desk, token: str) -> SessionToken:
    """Read a widget's token.

    Raises:
        Unauthorized: it is none of ours, or over.
    """
    return parse_session(token, desk.config.session_secret, desk.clock())


async def check_visit(desk: Desk, token: str) -> SessionToken:
    """Read a widget's token and see that its conversation is still the same person's.

    Raises:
        Unauthorized: the token is invalid, its conversation gone, or now a signed-in customer's while the token is not.
    """
    session_token = check_token(desk, token)
    async with desk.database.read() as session:
        row = await conversations.find_row(session, session_token.conversation_id)
    if row is None or (row.customer_id is not None and row.customer_id != session_token.customer_id):
        raise Unauthorized("The session has ended. Start a new one.", "token_invalid")
    if desk.config.is_identity_required and session_token.customer_id is None:
        raise Unauthorized("Sign in to the shop to write here.", "identity_required")
    return session_token
