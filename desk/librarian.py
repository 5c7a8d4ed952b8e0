"""Looks after what was answered, in one periodic task: keeps the quoted texts, finds the old ones, groups open questions."""

from __future__ import annotations

import asyncio

import structlog

from desk.context import Desk
from desk.library import Library
from desk.service import corrections, unanswered

log = structlog.get_logger()

LOOK_SECONDS = 15.0
# Grouping loads an encoder in a process of its own; questions that wait for it stand by themselves meanwhile.
GROUP_SECONDS = 60.0


class Librarian:
    """Looks around every few seconds; what fails is logged and tried again at the next look."""

    def __init__(self, desk: Desk, library: Library, look_seconds: float = LOOK_SECONDS) -> None:
        self._desk = desk
        self._library = library
        self._look_seconds = look_seconds
        self._seconds_to_grouping = 0.0

    async def run(self) -> None:
        """Look around until cancelled."""
        while True:
            await asyncio.sleep(self._look_seconds)
            try:
                await self.look_around()
            except Exception:
                log.exception("librarian_failed")

    async def look_around(self) -> None:
        """Do once what is to be done."""
        await corrections.keep_quoted_texts(self._desk, self._library)
        await corrections.find_outdated(self._desk, self._library)
        self._seconds_to_grouping -= self._look_seconds
        if self._seconds_to_grouping <= 0 and await group_questions(self._desk, self._library):
            self._seconds_to_grouping = GROUP_SECONDS


async def group_questions(desk: Desk, library: Library) -> bool:
    """Group open questions; says whether there were new ones."""
    questions = await unanswered.questions_to_group(desk)
    if not questions:
        return False
    grouping = await asyncio.to_thread(library.group, [row.question for row in questions])
    groups = await unanswered.keep_grouping(desk, questions, grouping)
    log.info("questions_grouped", questions=len(questions), groups=groups)
    return True
