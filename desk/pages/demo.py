"""The demo's stand-in for a shop's server: signs who its customer is. Only where the demo is on."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import post

from desk.api.guard import check_origin
from desk.errors import NotFound
from desk.log import Customer
from desk.requests import AnyRequest, house_of, read_struct
from desk.tokens import sign_identity
from desk.wire import Json

IDENTITY_LIFE = timedelta(hours=1)
CUSTOMERS = {
    customer.email: customer
    for customer in (
        Customer("cust-1001", "Maya Jansen", "maya.jansen@example.com"),
        Customer("cust-1002", "Tom Becker", "tom.becker@example.com"),
        Customer("cust-1003", "Lin Chen", "lin.chen@example.com"),
    )
}


class IdentityRequest(msgspec.Struct, frozen=True):
    """Which of the demo's customers."""

    email: Annotated[str, msgspec.Meta(max_length=320)]


@post("/demo/identity", status_code=200, include_in_schema=False)
async def demo_identity(request: AnyRequest) -> Json:
    """Sign one of the demo's customers in."""
    house = house_of(request)
    if not house.desk.config.demo:
        raise NotFound("page")
    check_origin(house, request)
    asked = await read_struct(request, IdentityRequest)
    customer = CUSTOMERS.get(asked.email.strip().lower())
    if customer is None:
        raise NotFound("customer")
    secret = house.desk.config.identity_secret
    return {"identity": sign_identity(customer, secret, house.desk.clock(), IDENTITY_LIFE)}
