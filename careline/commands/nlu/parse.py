"""`careline nlu parse`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from careline.commands.nlu.plumbing import AsJson, ModelOption, in_plain_words, model_folder
from careline.commands.output import print_table, write_json
from careline.errors import CarelineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nlu.runtime import FoundEntity, Parse, Part

RANKED = 3


def parse(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]...", help="What a customer might write.")
    ] = None,
    file: Annotated[
        typer.FileBinaryRead | None, typer.Option(help="Texts, one a line; - reads standard input.")
    ] = None,
    model: ModelOption = None,
    as_json: AsJson = False,
) -> None:
    """Show what the model understands from each text; many are computed side by side."""
    from nlu.runtime import load
    from nlu.words import without_halves

    texts = [without_halves(text) for text in [*(texts or []), *(_lines(file) if file else ())]]
    if not texts:
        raise CarelineError("name a text, or a file of texts with --file")
    with in_plain_words():
        parses = load(model_folder(model)).parse(texts)
    if as_json:
        write_json([_parse_record(one) for one in parses])
        return
    rows = [
        (one.text, _intent_of(one), _others_of(one), "\n".join(_entities_of(one)), "\n".join(_parts_of(one)))
        for one in parses
    ]
    lines = ["\t".join([one.text, _intent_of(one), *_entities_of(one), *_parts_of(one)]) for one in parses]
    print_table("", ["text", "intent", "next likely", "entities", "parts"], rows, lines)


def _lines(file: typer.FileBinaryRead) -> list[str]:
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CarelineError(f"{file.name}: not UTF-8: {error.reason} at byte {error.start}") from error
    return text.removesuffix("\n").replace("\r\n", "\n").split("\n") if text else []


def _intent_of(one: Parse) -> str:
    refused = " (out of scope)" if one.is_out_of_scope else ""
    return f"{one.intent or '-'} {one.confidence:.2f}{refused}"


def _others_of(one: Parse) -> str:
    return "\n".join(f"{name} {share:.2f}" for name, share in one.ranking[1:RANKED])


def _entities_of(one: Parse) -> list[str]:
    return [f"{entity.entity}={entity.value}" for entity in one.entities]


def _parts_of(one: Parse) -> list[str]:
    return [f"{part.intent} {part.confidence:.2f}: {one.text[part.start : part.end]}" for part in one.parts]


def _parse_record(one: Parse) -> dict[str, Any]:
    return {
        "text": one.text,
        "intent": one.intent,
        "confidence": round(one.confidence, 4),
        "is_out_of_scope": one.is_out_of_scope,
        "ranking": _ranking_record(one.ranking),
        "entities": [_entity_record(entity) for entity in one.entities],
        "parts": [_part_record(part) for part in one.parts],
    }


def _part_record(part: Part) -> dict[str, Any]:
    return {
        "intent": part.intent,
        "confidence": round(part.confidence, 4),
        "start": part.start,
        "end": part.end,
        "ranking": _ranking_record(part.ranking),
        "entities": [_entity_record(entity) for entity in part.entities],
    }


def _entity_record(entity: FoundEntity) -> dict[str, Any]:
    return {
        "start": entity.start,
        "end": entity.end,
        "entity": entity.entity,
        "value": entity.value,
        "confidence": round(entity.confidence, 4),
    }


def _ranking_record(ranking: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"name": name, "confidence": round(share, 4)} for name, share in ranking]
