"""Who is calling the console: the session cookie, the CSRF token, the origin."""

from __future__ import annotations

from hmac import compare_digest
from http.cookies import SimpleCookie

from litestar.datastructures import Cookie
from litestar.di import NamedDependency

from desk.config import DeskConfig
from desk.errors import Forbidden, Unauthorized
from desk.house import House
from desk.requests import AnyRequest, house_of
from desk.security import is_origin_allowed
from desk.service import agents
from desk.service.agents import ConsoleSession

COOKIE = "careline_session"
CSRF_HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD"})

Signed = NamedDependency[ConsoleSession]


async def provide_session(request: AnyRequest) -> ConsoleSession:
    """Find out who is calling, and for changes that the console itself is asking.

    Raises:
        Unauthorized: no session, or it ran out.
        Forbidden: ``csrf_failed``, ``origin_refused``.
    """
    house = house_of(request)
    token = request.cookies.get(COOKIE)
    if not token:
        raise Unauthorized
    session = await agents.access_session(house.desk, token)
    if request.method not in SAFE_METHODS:
        check_origin(house, request)
        if not compare_digest(request.headers.get(CSRF_HEADER, "").encode(), session.csrf_token.encode()):
            raise Forbidden("The request does not come from the console.", "csrf_failed")
    return session


def check_origin(house: House, request: AnyRequest) -> None:
    """Refuse other sites' pages; what is no browser sends no origin and has no cookie to steal.

    Raises:
        Forbidden: ``origin_refused``.
    """
    origin, host = request.headers.get("origin"), request.headers.get("host")
    if origin is not None and not is_origin_allowed(house.desk.config, origin, host, widget=False):
        raise Forbidden("This site may not use the console.", "origin_refused")


def session_cookie(config: DeskConfig, token: str) -> Cookie:
    """Build the cookie that holds a session; an empty token takes it away."""
    return Cookie(
        key=COOKIE,
        value=token,
        path="/console",
        httponly=True,
        secure=config.is_secure,
        samesite="strict",
        max_age=int(config.console_absolute_hours * 3600) if token else 0,
    )


def cookie_of(header: str | None) -> str | None:
    """Read the session token from a Cookie header, for the socket's handshake."""
    jar: SimpleCookie = SimpleCookie()
    jar.load(header or "")
    return jar[COOKIE].value if COOKIE in jar else None
