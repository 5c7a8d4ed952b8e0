"""`careline knowledge search` and `careline knowledge conflicts`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from careline.commands.knowledge.plumbing import AsJson, Root, in_plain_words, root_folder
from careline.commands.output import print_table, say, write_json

_SHOWN_CHARS = 80


def search(
    query: Annotated[str, typer.Argument(help="The question, as a customer would ask it.")],
    top_k: Annotated[int, typer.Option(min=1, max=100, help="Passages to show.")] = 5,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Show what customers would get for a question: the answer, or none, and the nearest passages."""
    from knowledge.base import KnowledgeBase

    with in_plain_words():
        base = KnowledgeBase.open(root_folder(root))
        response = base.respond(query)
        hits = base.search(query, top_k)
    answer = response.answer
    if as_json:
        record = {"answer": asdict(answer) if answer else None, "confidence": response.confidence}
        write_json({**record, "hits": [asdict(hit) for hit in hits]})
        return
    if answer:
        say(f"{answer.text}\n")
        for source in answer.sources:
            say(f"{source.title} · {source.url} · {source.updated}")
    else:
        say("No answer: nothing found is sure enough.")
    rows = [
        [f"{hit.score:.3f}", hit.document_id, " – ".join(hit.headings), _start_of(hit.text)] for hit in hits
    ]
    print_table(f"confidence {response.confidence:.2f}", ["score", "article", "heading", "text"], rows)


def conflicts(root: Root = None, as_json: AsJson = False) -> None:
    """List passages of different articles that contradict each other; the newer one is what customers are told."""
    from knowledge.conflicts import list_conflicts

    found = list_conflicts(root_folder(root))
    if as_json:
        write_json({"conflicts": [conflict.to_json() for conflict in found]})
        return
    if not found:
        say("No two articles contradict each other, as far as could be seen.")
        return
    rows = [
        [text for side in (one.newer, one.older) for text in (side.title, side.updated, side.text)]
        for one in found
    ]
    print_table("contradictions", ["newer", "updated", "says", "older", "updated", "says"], rows)


def _start_of(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 1] + "…"
