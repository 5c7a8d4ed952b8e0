"""Sign in, sign out, who am I, how am I here."""

from __future__ import annotations

from time import monotonic
from typing import Annotated

import msgspec
from litestar import Response, get, post, put

from desk.api.guard import Signed, check_origin, session_cookie
from desk.log import Presence
from desk.requests import AnyRequest, house_of, read_struct
from desk.security import client_address
from desk.service import agents
from desk.wire import Json, wire_agent


class LoginRequest(msgspec.Struct, frozen=True):
    """E-mail address and password."""

    email: Annotated[str, msgspec.Meta(max_length=320)]
    password: Annotated[str, msgspec.Meta(max_length=1024)]


class PresenceRequest(msgspec.Struct, frozen=True):
    """How one is here."""

    status: Presence


@post("/login", status_code=200, opt={"body": LoginRequest})
async def login(request: AnyRequest) -> Response[Json]:
    """Sign in. An unknown address and a wrong password get the same answer in the same time."""
    asked = await read_struct(request, LoginRequest)
    house = house_of(request)
    check_origin(house, request)
    house.check_address(house.logins, request.scope)
    email, address = asked.email.strip().casefold(), client_address(request.scope)
    if (email, address) not in house.known_places:
        house.login_emails.check(email, monotonic())
    new = await agents.sign_in(house.desk, asked.email, asked.password)
    house.known_places.add(email, address)
    return Response(_me(new.session), cookies=[session_cookie(house.desk.config, new.token)])


@post("/logout", status_code=204)
async def logout(request: AnyRequest, session: Signed) -> Response[None]:
    """Sign out; open sockets of the session close."""
    house = house_of(request)
    await agents.sign_out(house.desk, session)
    return Response(None, status_code=204, cookies=[session_cookie(house.desk.config, "")])


@get("/me")
async def me(session: Signed) -> Json:
    """Tell who is signed in."""
    return _me(session)


@put("/me/presence", opt={"body": PresenceRequest})
async def put_presence(request: AnyRequest, session: Signed) -> Json:
    """Say how one is here."""
    asked = await read_struct(request, PresenceRequest)
    agent = await agents.set_presence(house_of(request).desk, session.agent, asked.status)
    return {"agent": wire_agent(agent)}


@get("/agents")
async def list_agents(request: AnyRequest, session: Signed) -> Json:  # noqa: ARG001 - signed in is enough
    """List colleagues."""
    return {"items": [wire_agent(agent) for agent in await agents.access_agents(house_of(request).desk)]}


def _me(session: Signed) -> Json:
    return {"agent": wire_agent(session.agent), "csrf_token": session.csrf_token}
