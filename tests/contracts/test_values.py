"""Values that PostgreSQL cannot hold are the sender's fault on every database, and never look like a failure of ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from desk.errors import DeskError
from desk.service import access, agents, messages
from tests.desk.house import House

Use = Callable[[House, str], Awaitable[object]]

USES: dict[str, Use] = {
    "id of a conversation": lambda house, _: access.access_summary(house.desk, None, "a\x00b"),
    "client id": lambda house, id_: messages.post_text(house.desk, id_, "a\x00b", "hello"),
    "e-mail address": lambda house, _: agents.sign_in(house.desk, "a\x00@b", "correct horse battery"),
    "place of a button": lambda house, id_: messages.post_button(house.desk, id_, "c1", 2**53, "b1"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
async def test_a_value_no_database_can_hold_is_refused_as_the_callers_fault(house: House, use: Use) -> None:
    conversation_id = await house.conversation()
    codes = set()
    try:
        await use(house, conversation_id)
    except DeskError as error:
        codes.add(error.status // 100)
    assert codes <= {4}
    await messages.post_text(house.desk, conversation_id, "c2", "still here")
