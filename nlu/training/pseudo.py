"""Labels that the model itself gives to messages nobody labelled, so that a second training learns from them too.

A message is taken if the model is sure of it and finds it familiar. What it is wrong about and sure of, it learns; so few
are taken for an intent, and none that stands among the examples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from nlu.checks import comparable
from nlu.examples import Entity, Example, Made
from nlu.runtime import Parse


def choose(
    parses: Sequence[Parse], known: Collection[str], *, least_confidence: float, most_per_intent: int
) -> tuple[Made, ...]:
    """Choose the messages that the model may learn from.

    Args:
        parses: what the model understood from each message.
        known: texts that are taught or measured by; no copy of one is taken.
        least_confidence: of the intent and of every entity found.
        most_per_intent: the surest of each intent are taken.

    Returns:
        Intent by intent in the order of their names, the surest first.
    """
    seen = {comparable(text) for text in known}
    by_intent: dict[str, list[Parse]] = defaultdict(list)
    for parse in sorted(parses, key=lambda parse: (-parse.confidence, parse.text)):
        if _is_sure(parse, least_confidence) and comparable(parse.text) not in seen:
            seen.add(comparable(parse.text))
            by_intent[str(parse.intent)].append(parse)
    return tuple(
        Made(_example_of(parse))
        for intent in sorted(by_intent)
        for parse in by_intent[intent][:most_per_intent]
    )


def _is_sure(parse: Parse, least: float) -> bool:
    sure = all(
        confidence >= least for confidence in (parse.confidence, *(e.confidence for e in parse.entities))
    )
    return sure and parse.intent is not None and not parse.is_out_of_scope


def _example_of(parse: Parse) -> Example:
    entities = tuple(Entity(e.start, e.end, e.entity, e.value) for e in parse.entities)
    return Example(parse.text, str(parse.intent), entities)
