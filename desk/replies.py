"""The engine's replies as entries of the log. Pure."""

from __future__ import annotations

from desk.config import PERSON_PAYLOAD
from desk.engine import MAX_REPLIES, Reply, TurnResult
from desk.log import Author, Button, EntryKind, NewEntry, Source
from desk.text import TALK_TO_PERSON, clip, say, scrub

MAX_REPLY_CHARS = 8000
MAX_BUTTONS = 12
MAX_TITLE_CHARS = 120


def person_button(locale: str) -> Button:
    """Build the button that is always at hand."""
    return Button("person", say(locale, TALK_TO_PERSON), PERSON_PAYLOAD)


def speaking(result: TurnResult) -> list[Reply]:
    """List the replies that say something, in order: those that become entries."""
    return [reply for reply in result.replies[:MAX_REPLIES] if _text_of(reply)]


def build_replies(result: TurnResult, prefix: str, author: Author, *, is_draft: bool) -> list[NewEntry]:
    """Build an entry for each reply that says something; the first carries the trace.

    Args:
        result: what the engine said.
        prefix: where the entries' client_ids begin; derived from the message, so that a repeat is recognised.
        author: the assistant.
        is_draft: whether only agents may see them.

    Returns:
        Entries in order; none where the engine said nothing.
    """
    return [
        NewEntry(
            f"{prefix}:{index}",
            EntryKind.BOT,
            clip(_text_of(reply), MAX_REPLY_CHARS),
            author,
            _buttons_of(reply),
            _sources_of(reply),
            trace=result.trace if index == 0 else None,
            is_draft=is_draft,
        )
        for index, reply in enumerate(speaking(result))
    ]


def _text_of(reply: Reply) -> str:
    """Choose what a reply says: its text, else its buttons' titles."""
    return scrub(reply.text or "") or scrub(" / ".join(button.title for button in reply.buttons))


def _buttons_of(reply: Reply) -> tuple[Button, ...]:
    return tuple(
        Button(f"b{number}", clip(scrub(button.title), MAX_TITLE_CHARS), button.payload)
        for number, button in enumerate(reply.buttons[:MAX_BUTTONS], start=1)
    )


def _sources_of(reply: Reply) -> tuple[Source, ...]:
    """Keep sources that have no address, as a file has none, or one that a browser may open."""
    return tuple(
        Source(
            source.title,
            source.url,
            source.section,
            source.updated,
            source.passage_id or None,
            source.document_id or None,
            source.passage_hash or None,
        )
        for source in reply.sources
        if can_be_shown(source.title, source.url)
    )


def can_be_shown(title: str, url: str) -> bool:
    """Say whether a source may be named: with a link where it has an address, by its title alone where it has none."""
    return is_own_or_web_address(url) if url else bool(title)


def is_own_or_web_address(url: str) -> bool:
    """Say whether a link may be shown: a page of our own site, or one of the web."""
    is_own_path = url.startswith("/") and not url.startswith(("//", "/\\"))
    return is_own_path or url.startswith(("https://", "http://"))
