"""A desk as a process of its own, to be killed: `python -m tests.desk.desk_process PORT DATABASE ENGINE_URL`."""

from __future__ import annotations

import asyncio
import logging
import sys

import structlog

from desk.config import EngineConfig, LimitConfig
from desk.main import run
from tests.desk.house import make_config
from tests.desk.stub_engine import TOKEN


def main(port: str, database_url: str, engine_url: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    engine = EngineConfig(
        url=engine_url, token=TOKEN, first_wait_seconds=0.05, max_wait_seconds=0.2, give_up_after_seconds=0.0
    )
    limits = LimitConfig(message_burst=1000, messages_per_second=1000)
    config = make_config(database_url, port=int(port), engine=engine, limits=limits)
    asyncio.run(run(config))


if __name__ == "__main__":
    main(*sys.argv[1:])
