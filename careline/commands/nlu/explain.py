"""`careline nlu explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from careline.commands.nlu.plumbing import AsJson, ModelOption, in_plain_words, model_folder
from careline.commands.output import console, write_json, write_lines

if TYPE_CHECKING:
    from nlu.evidence import Nearest
    from nlu.explain import Explanation, WordShare

SPEAKS = 0.2
"""A word whose worth is smaller than this, in logits, is shown as speaking neither for nor against."""


def explain(
    text: Annotated[str, typer.Argument(help="What a customer might write.")],
    model: ModelOption = None,
    as_json: AsJson = False,
) -> None:
    """Show why the model understands a text as it does, word by word, and why not as the second intent."""
    from nlu.explain import explain as explain_text
    from nlu.explain import explanation_record
    from nlu.runtime import load
    from nlu.words import without_halves

    with in_plain_words():
        found = explain_text(load(model_folder(model)), without_halves(text))
    if as_json:
        write_json(explanation_record(found))
        return
    out = console()
    for line in _lines(found):
        if out.is_terminal:
            out.print(line)
        else:
            write_lines([line.plain])


def _lines(found: Explanation) -> list[Text]:
    """Say it in lines; the colour of a word only repeats its sign."""
    parse, evidence = found.parse, found.evidence
    lines = [Text(f"{parse.intent or 'nothing'} {parse.confidence:.2f}", style="bold")]
    lines += (
        [_words_line(f"for {parse.intent}", [(w, w.for_first) for w in found.words])] if found.words else []
    )
    if evidence.second is not None and found.words:
        margin = f"behind by {evidence.margin:.2f}, {found.logit_margin:.1f} in logits"
        lines.append(Text(f"not {evidence.second} {parse.ranking[1][1]:.2f}: {margin}"))
        lines.append(_words_line("rather than that", [(w, w.lean) for w in found.words]))
    lines += [
        Text(f"nearest of {example.intent}: {_taught(example)}")
        for example in (found.first_example, found.second_example)
        if example is not None
    ]
    lines += [Text(f"near: {_taught(near)} ({near.intent})") for near in evidence.nearest]
    sign = "<" if parse.is_out_of_scope else "≥"
    scope = "out of scope" if parse.is_out_of_scope else "in scope"
    lines.append(Text(f"{scope}: familiarity {evidence.familiarity:.2f} {sign} {evidence.threshold:.2f}"))
    lines += [
        Text(f"{e.entity}={e.value} {e.confidence:.2f} by {'pattern' if e.is_exact else 'network'}")
        for e in parse.entities
    ]
    return lines


def _taught(near: Nearest) -> str:
    return f"“{' '.join(near.text.split())}” {near.cosine:.2f}"


def _words_line(label: str, shares: list[tuple[WordShare, float]]) -> Text:
    line = Text(f"{label}: ")
    for word, worth in shares:
        style = "green" if worth >= SPEAKS else "red" if worth <= -SPEAKS else "dim"
        line.append(f"{word.word}{worth:+.1f}", style=style).append(" ")
    line.rstrip()
    return line
