"""Signed tokens: the widget's session, bound to one conversation, and the shop's word for who its customer is.

Both are JWTs under HS256 with different keys and audiences; the algorithm is ours to say, never the token's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from desk.errors import Unauthorized
from desk.log import Customer

ALGORITHM = "HS256"
SESSION_AUDIENCE = "careline-widget"
IDENTITY_AUDIENCE = "careline-identity"
LEEWAY = timedelta(seconds=60)
MAX_IDENTITY_LIFE = timedelta(hours=24)
MAX_TOKEN_CHARS = 4096
MAX_FIELD_CHARS = 300


@dataclass(frozen=True)
class SessionToken:
    """A customer's right to one conversation."""

    conversation_id: str
    customer_id: str | None
    expires_at: datetime


def sign_session(token: SessionToken, secret: str, now: datetime) -> str:
    """Write a session token."""
    claims: dict[str, Any] = {
        "aud": SESSION_AUDIENCE,
        "sub": token.conversation_id,
        "iat": int(now.timestamp()),
        "exp": int(token.expires_at.timestamp()),
    }
    if token.customer_id is not None:
        claims["cid"] = token.customer_id
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def parse_session(raw: str, secret: str, now: datetime) -> SessionToken:
    """Read a session token.

    Raises:
        Unauthorized: ``token_invalid``: forged, damaged, or over; which of these is nobody's business.
    """
    try:
        claims = _decode(raw, secret, SESSION_AUDIENCE, ["sub", "exp", "iat"])
        expires_at = datetime.fromtimestamp(int(claims["exp"]), now.tzinfo)
        if now >= expires_at + LEEWAY:
            raise ValueError("over")
        customer_id = claims.get("cid")
        return SessionToken(
            str(claims["sub"]), str(customer_id) if customer_id is not None else None, expires_at
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as exc:
        raise Unauthorized("The session has ended. Start a new one.", "token_invalid") from exc


def sign_identity(customer: Customer, secret: str, now: datetime, life: timedelta) -> str:
    """Write what a shop's server would: who its signed-in customer is."""
    claims = {
        "aud": IDENTITY_AUDIENCE,
        "sub": customer.id,
        "name": customer.name,
        "email": customer.email,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def parse_identity(raw: str, secret: str, now: datetime) -> Customer:
    """Read who the shop says is there.

    Raises:
        Unauthorized: ``identity_invalid``: not signed by the shop, over, from the future, or living too long.
    """
    try:
        claims = _decode(raw, secret, IDENTITY_AUDIENCE, ["sub", "exp", "iat"])
        _check_life(claims, now)
        return Customer(
            _field(claims, "sub"), _field(claims, "name"), _field(claims, "email"), is_verified=True
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as exc:
        raise Unauthorized(
            "This identity is not signed by the shop, or it is over.", "identity_invalid"
        ) from exc


def _decode(raw: str, secret: str, audience: str, required: list[str]) -> dict[str, Any]:
    if len(raw) > MAX_TOKEN_CHARS:
        raise ValueError("too long")
    # The times are checked against our own clock, which is an argument.
    options: Any = {"require": required, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    return jwt.decode(raw, secret, algorithms=[ALGORITHM], audience=audience, options=options)


def _check_life(claims: dict[str, Any], now: datetime) -> None:
    issued = datetime.fromtimestamp(int(claims["iat"]), now.tzinfo)
    expires = datetime.fromtimestamp(int(claims["exp"]), now.tzinfo)
    if now >= expires + LEEWAY or issued > now + LEEWAY or expires - issued > MAX_IDENTITY_LIFE:
        raise ValueError("not now")


def _field(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is None and name != "sub":
        return None
    if (
        not isinstance(value, str)
        or not value.strip()
        or len(value) > MAX_FIELD_CHARS
        or not value.isprintable()
    ):
        raise ValueError(name)
    return value
