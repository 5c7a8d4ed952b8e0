"""The action server as it is run: put together, reachable, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

import actions.main
from actions.config import ActionsConfig
from tests.link.conftest import TOKEN, Desk, MemoryDesk, until

ACTIONS_TOKEN = "actions-token-for-tests"


def call(action: str, text: str, intent: str) -> dict[str, Any]:
    message = {
        "text": text,
        "message_id": "m1",
        "intent": {"name": intent, "confidence": 1.0},
        "entities": [],
    }
    tracker = {"sender_id": "c1", "slots": {}, "latest_message": message, "events": [], "active_loop": {}}
    return {"next_action": action, "tracker": {**tracker, "latest_action_name": "action_listen"}}


async def test_the_whole_process_answers_and_stops(tmp_path: Path, free_port: Callable[[], int]) -> None:
    desk, port = Desk(MemoryDesk()), free_port()
    await desk.start()
    config = ActionsConfig(
        token=ACTIONS_TOKEN,
        link_token=TOKEN,
        database=str(tmp_path / "actions.db"),
        shop_database=str(tmp_path / "shop.db"),
        knowledge_root=tmp_path / "knowledge",
        port=port,
        link_url=f"ws://127.0.0.1:{desk.port}",
    )
    process = asyncio.create_task(actions.main.run(config))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:

        async def is_linked() -> bool:
            try:
                return bool(
                    (await client.get("/health")).json()
                    == {
                        "status": "degraded",
                        "degraded": ["knowledge_missing"],
                    }
                )
            except httpx.HTTPError:
                return False

        await until(is_linked, 20)
        headers = {"Authorization": f"Bearer {ACTIONS_TOKEN}"}
        body = call("action_handoff", "a person please", "talk_to_person")
        answer = await client.post("/webhook", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        await until(lambda: bool(desk.memory.handoffs))
        assert desk.memory.handoffs[0].conversation_id == "c1"
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(process, 10)
    await desk.kill()
