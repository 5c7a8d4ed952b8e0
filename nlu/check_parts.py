"""What one part of the examples has that another lacks: intents, entities and values that are never taught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nlu.examples import Dataset
from nlu.findings import Finding, Severity, counted, percent, place_of

_EXAMPLES_TOLD = 5


def find_gaps(dataset: Dataset, validation: Dataset | None) -> Iterator[Finding]:
    """Find what the patterns, synonyms and validation part name and no example teaches."""
    yield from _untaught_patterns(dataset)
    yield from _untaught_synonyms(dataset)
    if validation is not None:
        yield from _unknown_intents(dataset, validation)
        yield from _unknown_entities(dataset, validation)
        yield from _unseen_values(dataset, validation)


def _untaught_patterns(dataset: Dataset) -> Iterator[Finding]:
    for entity in sorted({pattern.entity for pattern in dataset.patterns} - set(dataset.entity_names)):
        message = f"pattern of {entity!r}: no example annotates it, so only what the pattern matches is found"
        yield Finding("untaught_pattern", message, Severity.NOTE)


def _untaught_synonyms(dataset: Dataset) -> Iterator[Finding]:
    taught = {
        form.casefold()
        for example in dataset.in_scope
        for entity in example.entities
        for form in (entity.value, example.text[entity.start : entity.end])
    }
    listed: dict[str, set[str]] = {}
    for surface, value in dataset.synonyms:
        listed.setdefault(value, {value.casefold()}).add(surface.casefold())
    for value, forms in sorted(listed.items()):
        if not forms & taught:
            message = f"synonyms of {value!r}: no annotation has this value or one of its forms"
            yield Finding("untaught_synonym", message, Severity.NOTE)


def _unknown_intents(dataset: Dataset, validation: Dataset) -> Iterator[Finding]:
    counts = Counter(example.intent for example in validation.in_scope)
    for intent, count in sorted(counts.items()):
        if intent not in dataset.intents:
            message = f"intent {intent!r} has {counted(count, 'validation example')} and none to learn from"
            yield Finding("unknown_intent", message, Severity.GRAVE)


def _unknown_entities(dataset: Dataset, validation: Dataset) -> Iterator[Finding]:
    places: dict[str, list[str]] = {}
    for example in validation.in_scope:
        for entity in example.entities:
            places.setdefault(entity.entity, []).append(place_of(example))
    for name, found in sorted(places.items()):
        if name not in dataset.entity_names:
            times = counted(len(found), "time")
            message = (
                f"entity {name!r} is annotated {times} for validation ({found[0]}) and never to learn from"
            )
            yield Finding("unknown_entity", message, Severity.GRAVE)


def _unseen_values(dataset: Dataset, validation: Dataset) -> Iterator[Finding]:
    """Say how many of the annotated values the model meets for the first time; a high share is no fault in itself."""
    taught, unseen = set(_values(dataset)), Counter(_values(validation))
    total = unseen.total()
    for known in taught & set(unseen):
        del unseen[known]
    if unseen:
        some = ", ".join(f"{value!r} ({entity})" for (entity, value), _ in unseen.most_common(_EXAMPLES_TOLD))
        share = percent(unseen.total() / total)
        message = (
            f"{share} of the values annotated for validation are never seen to learn from, such as {some}"
        )
        yield Finding("unseen_values", message, Severity.NOTE)


def _values(dataset: Dataset) -> Iterator[tuple[str, str]]:
    for example in dataset.in_scope:
        for entity in example.entities:
            yield entity.entity, example.text[entity.start : entity.end].casefold()
